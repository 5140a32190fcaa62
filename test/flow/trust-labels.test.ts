import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { type Agent, defineAgent } from '../../src/agent/index.ts';
import type { JsonObject } from '../../src/base/index.ts';
import { COUNTERPARTY, type Label, PUBLIC } from '../../src/contract/index.ts';
import { labelsOfRecord } from '../../src/records/index.ts';
import { COMPANY_FOLDS } from '../support/compose-kernel.ts';
import { typedBy } from '../support/operator.ts';
import {
  act,
  ask,
  cardOf,
  deputy,
  grantDraft,
  openTrustWorld,
  PLAYBOOKS,
  pageRead,
  signAct,
  type TrustWorld,
} from './trust-kit.ts';

let home: string;
let world: TrustWorld;

const contract = {
  version: 1,
  idempotency: 'idempotent',
  failures: {},
  roles: {},
  timeoutMs: 120_000,
  cost: { microUsd: 0, latencyMs: 1 },
  placement: 'this-machine',
} as const;

/** Reads a party and hands on its address, saying nothing of where it came from. */
const lookUp: Agent = defineAgent(
  {
    ...{ ...contract, name: 'party.look-up', title: 'Look up', effect: 'read' },
    reads: { party: ['email', 'name'] },
    input: z.strictObject({ id: z.string() }),
    output: z.strictObject({ email: z.string(), name: z.string() }),
  },
  async ({ id }, { records }) => {
    const party = await records.find('party', id);
    return { output: { email: String(party?.fields.email), name: String(party?.fields.name) } };
  },
);

/** Writes a note onto a party, as its input says. */
const note: Agent = defineAgent(
  {
    ...{ ...contract, name: 'party.note', title: 'Note', effect: 'record', reads: {} },
    input: z.strictObject({ id: z.string(), email: z.string() }),
    output: z.strictObject({ id: z.string() }),
  },
  ({ id, email }) => ({
    output: { id },
    commands: [{ type: 'change', record: 'party', id, set: { email } }],
  }),
);

const step = (id: string, capability: string, input: JsonObject): JsonObject => ({
  id,
  call: capability,
  with: input,
});
const out = (to: JsonObject, text: JsonObject | string = 'Hello') =>
  step('out', 'post.send@1', { to: [to], text });

const form = {
  type: 'object',
  properties: { id: { type: 'string' }, says: { type: 'object' } },
};
const plans: readonly (readonly [string, readonly JsonObject[]])[] = [
  ['by-ref', [out({ $ref: ['party', { $expr: 'input.id' }, 'email'] })]],
  [
    'by-agent',
    [step('who', 'party.look-up@1', { id: { $expr: 'input.id' } }), out({ $expr: 'who.email' })],
  ],
  [
    'page-names-party',
    [
      step('page', 'page.read@1', { says: { $expr: 'input.says' } }),
      out({ $ref: ['party', { $expr: 'page.id' }, 'email'] }),
    ],
  ],
  [
    'page-through-deputy',
    [
      step('page', 'page.read@1', { says: { $expr: 'input.says' } }),
      step('pass', 'deputy.pass@1', { to: { $expr: 'page.to' } }),
      out({ $expr: 'pass.to' }),
    ],
  ],
  [
    'page-decides',
    [
      step('page', 'page.read@1', { says: { $expr: 'input.says' } }),
      { ...out({ $expr: '"zoe@example.org"' }), when: 'page.go == true' },
    ],
  ],
  [
    'page-lists',
    [
      step('page', 'page.read@1', { says: { $expr: 'input.says' } }),
      {
        id: 'all',
        each: {
          over: { $expr: 'page.list' },
          as: 'one',
          do: [out({ $expr: 'one' })],
        },
      },
    ],
  ],
  [
    'page-writes-record',
    [
      step('page', 'page.read@1', { says: { $expr: 'input.says' } }),
      step('keep', 'party.note@1', { id: { $expr: 'input.id' }, email: { $expr: 'page.to' } }),
    ],
  ],
  [
    'page-is-content',
    [
      step('page', 'page.read@1', { says: { $expr: 'input.says' } }),
      out({ $expr: '"zoe@example.org"' }, { $expr: 'page.text' }),
    ],
  ],
];

beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'steward-labels-'));
  world = await openTrustWorld({
    home,
    agents: [pageRead, deputy, lookUp, note],
    playbooks: [
      ...PLAYBOOKS,
      ...plans.map(([name, steps]) => ({
        ...{ name, version: 1, title: name, autonomy: 'ask', input: form },
        plan: { steps: [...steps] },
      })),
    ],
  });
  await act(world, 'grant', { grant: grantDraft(world) });
});
afterEach(async () => {
  await world.close();
  rmSync(home, { recursive: true, force: true, maxRetries: 3 });
});

async function party(label?: Label, email = 'zoe@example.org'): Promise<string> {
  const id = world.newId();
  const command = { type: 'create', record: 'party', id, set: { name: 'Zoe', email } } as const;
  await world.kernel.change([command], { by: 'operator:test', ...(label ? { label } : {}) });
  return id;
}

/** The grant covers letters to Zoe: what is asked all the same is asked for its labels. */
async function outcome(playbook: string, input: JsonObject): Promise<string> {
  const run = await ask(world, playbook, input);
  return run.status === 'done' ? 'done' : String(run.waitingFor);
}

describe('a destination', () => {
  test('that the operator wrote into a record needs no card under a grant', async () => {
    expect(await outcome('by-ref', { id: await party() })).toBe('done');
    expect(await outcome('by-agent', { id: await party() })).toBe('done');
  });

  test('that a counterparty wrote into a record is asked, read by reference or by an agent', async () => {
    const id = await party(COUNTERPARTY);
    expect(await outcome('by-ref', { id })).toBe('approval');
    expect(await outcome('by-agent', { id })).toBe('approval');
    expect(world.sent).toEqual([]);
  });

  test('in a record that a page named is selected, not clean', async () => {
    const run = await ask(world, 'page-names-party', { says: { id: await party() } });
    expect(run.waitingFor).toBe('approval');
    const [effect] = (await cardOf(world, run.id)).effects;
    expect(effect?.effect.arguments[0]?.label).toMatchObject({ selected: true });
  });

  test('keeps its label through a second agent that passes it on', async () => {
    expect(await outcome('page-through-deputy', { says: { to: 'zoe@example.org' } })).toBe(
      'approval',
    );
  });

  test('keeps its label through a list that a page wrote, item by item', async () => {
    expect(await outcome('page-lists', { says: { list: ['zoe@example.org'] } })).toBe('approval');
  });

  test('keeps its label in the record that an agent wrote it to, the next day too', async () => {
    const id = await party(undefined, 'old@example.org');
    await ask(world, 'page-writes-record', { id, says: { to: 'zoe@example.org' } });
    world.clock.advance(86_400_000);
    const state = await world.kernel.records.get('party', id);
    expect(labelsOfRecord(state).at).toEqual({ email: PUBLIC });
    expect(await outcome('by-ref', { id })).toBe('approval');
  });
});

describe('the decision to act', () => {
  test('that hangs on what a page says is asked, however clean the arguments are', async () => {
    expect(await outcome('page-decides', { says: { go: true } })).toBe('approval');
    expect(world.sent).toEqual([]);
  });

  test('is not tainted by content that is only passed on', async () => {
    expect(await outcome('page-is-content', { says: { text: 'Quoted words' } })).toBe('done');
  });
});

describe('a yes to what somebody else asked for', () => {
  test('starts it, and makes their words no words of the operator', async () => {
    const mine = { words: 'write to them', playbook: 'pay', by: 'operator:test' };
    const first = await world.kernel.submit({ ...mine, input: { to: ['a@b.c'], text: 'Mine' } });
    await world.kernel.rest(first.run);
    const theirs = { ...mine, by: 'agent:1', label: COUNTERPARTY };
    const asked = await world.kernel.submit({
      ...theirs,
      input: { to: ['zoe@example.org'], text: 'Theirs' },
    });
    await world.kernel.rest(asked.run);
    const item = (await world.kernel.items.list()).find(({ run }) => run === asked.run);
    expect(item?.kind).toBe('question');
    await world.kernel.items.answer(
      item?.id ?? '',
      { both: 'do this one too' },
      typedBy('operator:test'),
    );
    await world.kernel.rest(asked.run);
    const events = await world.log.readStream(`run/${asked.run}`);
    const decided = events.find(({ type }) => type === 'plan.decided');
    expect(decided?.data.inputLabels).toEqual({ base: COUNTERPARTY });
    const [effect] = (await cardOf(world, asked.run)).effects;
    expect(effect?.effect.arguments[0]?.label.integrity).toBe('counterparty');
  });
});

describe('raising a label', () => {
  test('takes a signed act, after which the address counts as our own', async () => {
    const id = await party(COUNTERPARTY);
    const proposed = await world.kernel.trust.propose('label', {
      ...{ record: 'party', id, paths: ['email'], to: 'own' },
    });
    expect(proposed.sentences.join(' ')).toContain('zoe@example.org');
    await act(world, 'label', { record: 'party', id, paths: ['email'], to: 'own' });
    expect(await outcome('by-ref', { id })).toBe('done');
  });

  test('counts for the value that was shown, never for one that was written meanwhile', async () => {
    const id = await party(COUNTERPARTY);
    const wanted = { record: 'party', id, paths: ['email'], to: 'own' };
    const shown = await world.kernel.trust.propose('label', wanted);
    expect(shown.sentences.join(' ')).toContain('zoe@example.org');
    const body = shown.act.body as JsonObject; // read by its schema, so it is plain JSON
    const signed = await signAct(world, 'label', body);
    const set = { email: 'mallory@example.org' };
    await world.kernel.change([{ type: 'change', record: 'party', id, set }], {
      by: 'agent:post',
      label: COUNTERPARTY,
    });
    for (const sent of [body, wanted]) {
      await expect(world.kernel.trust.perform('label', sent, signed)).rejects.toMatchObject({
        code: 'stale',
      });
    }
    expect(await outcome('by-ref', { id })).toBe('approval');
  });

  test('is not done by changing another field', async () => {
    const id = await party(COUNTERPARTY);
    const command = { type: 'change', record: 'party', id, set: { name: 'Zoë' } } as const;
    await world.kernel.change([command], { by: 'operator:test' });
    expect(await outcome('by-ref', { id })).toBe('approval');
  });

  test('leaves folds that a rebuild finds again', async () => {
    const id = await party(COUNTERPARTY);
    await act(world, 'label', { record: 'party', id, paths: ['email'], to: 'own' });
    const digests = () => Promise.all(COMPANY_FOLDS.map(({ name }) => world.log.digest(name)));
    const kept = await digests();
    await world.log.rebuild();
    expect(await digests()).toEqual(kept);
  });
});

describe('a destination that a connector took from a record', () => {
  test('written there by a counterparty is on its own card', async () => {
    const id = await party(COUNTERPARTY, 'mallory@example.org');
    const run = await ask(world, 'send-party', {
      ...{ to: ['zoe@example.org'], text: 'Hello', party: id },
    });
    const [effect] = (await cardOf(world, run.id)).effects;
    expect(effect?.effect.arguments).toContainEqual({
      path: `party/${id}.email`,
      role: 'destination',
      value: 'mallory@example.org',
      label: COUNTERPARTY,
    });
    expect(effect?.reasons.join(' ')).toContain('outside text');
  });
});

describe('what a capability reads', () => {
  test('is only what its contract lists, and asking cannot find out the rest', async () => {
    const { limitReads } = await import('../../src/kernel/record-reads.ts');
    const id = await party();
    const reads = limitReads(world.kernel.records, {
      ...lookUp.contract,
      reads: { party: ['name'] },
    });
    expect((await reads.find('party', id))?.fields).toEqual({ name: 'Zoe' });
    expect(await reads.list('party', { email: 'zoe@example.org' })).toEqual([]);
    await expect(reads.find('invoice', 'x')).rejects.toMatchObject({ code: 'denied' });
  });

  test('is nothing personal by "*" where the capability hands data on', async () => {
    const { limitReads } = await import('../../src/kernel/record-reads.ts');
    const id = await party();
    const star = { ...lookUp.contract, reads: { party: '*' } } as const;
    const stays = limitReads(world.kernel.records, star);
    expect((await stays.find('party', id))?.fields).toMatchObject({ email: 'zoe@example.org' });
    const leaves = limitReads(world.kernel.records, { ...star, placement: 'anywhere' });
    expect((await leaves.find('party', id))?.fields).toEqual({ kinds: ['customer'] });
  });
});
