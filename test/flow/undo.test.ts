import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { JsonObject } from '../../src/base/index.ts';
import type { Connector } from '../../src/connect/index.ts';
import type { CapabilityContract, CarriedChange } from '../../src/contract/index.ts';
import { effectsFold, fact } from '../../src/kernel/index.ts';
import { DEFAULT_POLICY, sealPolicy } from '../../src/policy/index.ts';
import {
  act,
  approve,
  ask,
  cardOf,
  grantDraft,
  openTrustWorld,
  type TrustWorld,
} from './trust-kit.ts';

let home: string;
let world: TrustWorld;
/** what stands on the shelf outside, by the place that the other side gave it */
let shelf: Map<string, string>;

beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'steward-undo-'));
  shelf = new Map();
  world = await openTrustWorld({ home, connectors: [shelfConnector(shelf)], playbooks });
});
afterEach(async () => {
  expect(world.problems).toEqual([]);
  await world.kernel.close();
  rmSync(home, { recursive: true, force: true });
});

describe('what was done is taken back by its receipt', () => {
  test('in a run that asks first, and is then undone', async () => {
    const [put] = await effectsOf((await putThere('A')).id);
    expect([...shelf.values()]).toEqual(['A']);
    const undo = await world.kernel.undo(put?.hash ?? '', 'operator:test');
    expect(await world.kernel.rest(undo.run)).toMatchObject({ waitingFor: 'approval' });
    expect(shelf.size).toBe(1);
    // the card says what it takes back, with the place that only the receipt knew
    const { effects } = await cardOf(world, undo.run);
    expect(effects[0]?.effect.arguments).toContainEqual(
      expect.objectContaining({ path: 'place', value: 'place-1' }),
    );

    expect((await approve(world, undo.run)).status).toBe('done');
    expect(shelf.size).toBe(0);
    expect((await effectsOf(put?.run ?? ''))[0]?.status).toBe('undone');
    await expect(world.kernel.undo(put?.hash ?? '', 'operator:test')).rejects.toMatchObject({
      code: 'already_decided',
    });
  });

  test('asking twice opens one card', async () => {
    const [put] = await effectsOf((await putThere('A')).id);
    const first = await world.kernel.undo(put?.hash ?? '', 'operator:test');
    await world.kernel.rest(first.run);
    expect(await world.kernel.undo(put?.hash ?? '', 'operator:test')).toEqual(first);
    expect(await world.kernel.items.list()).toHaveLength(1);
  });

  test('asking twice opens one card, however many runs wait', async () => {
    const [put] = await effectsOf((await putThere('A')).id);
    const waiting = Array.from({ length: 1_001 }, (_, n) => ({
      stream: `run/00${n}`,
      expectedVersion: 0,
      events: [
        fact('intent.recorded', { words: `words ${n}`, queue: 'soon' }),
        fact('run.claimed', { epoch: 1, worker: 'gone', until: 0 }),
        fact('run.waiting', { for: 'time', words: 'Waits.' }),
      ],
    }));
    await world.log.append(waiting);
    const first = await world.kernel.undo(put?.hash ?? '', 'operator:test');
    await world.kernel.rest(first.run);
    expect(await world.kernel.undo(put?.hash ?? '', 'operator:test')).toEqual(first);
  });

  test('or it is said that nothing can, before and after', async () => {
    const run = await ask(world, 'engrave', { text: 'A' });
    const card = await cardOf(world, run.id);
    expect(card.effects[0]?.effect.undo).toEqual({ possible: false, how: 'It is cut in stone.' });
    const hash = card.effects[0]?.hash ?? '';
    await expect(world.kernel.undo(hash, 'operator:test')).rejects.toMatchObject({
      code: 'not_possible',
      remedy: expect.stringContaining('steward cancel'),
    });
    await approve(world, run.id);
    await expect(world.kernel.undo(hash, 'operator:test')).rejects.toMatchObject({
      code: 'not_possible',
      message: expect.stringContaining('It is cut in stone.'),
    });
    await expect(world.kernel.undo('0'.repeat(64), 'operator:test')).rejects.toMatchObject({
      code: 'not_found',
    });
  });
});

describe('while it is held', () => {
  test('what the signature made true in our own books is done, and what goes out waits', async () => {
    const policy = sealPolicy({ ...DEFAULT_POLICY, undoWindowsMs: { final: 60_000 } });
    await act(world, 'policy', { policy, because: 'Time to think.' });
    await world.kernel.change(
      [{ type: 'create', record: 'party', id: 'zoe', set: { name: 'Zoe' } }],
      {
        by: 'operator:test',
      },
    );
    expect((await approve(world, (await ask(world, 'note', { text: 'Met.' })).id)).status).toBe(
      'done',
    );
    expect((await world.kernel.records.find('party', 'zoe'))?.fields.notes).toBe('Met.');
    const engraved = await approve(world, (await ask(world, 'engrave', { text: 'A' })).id);
    expect(engraved.waitingFor).toBe('undo');
    expect((await effectsOf(engraved.id))[0]?.heldUntil).toBe(world.clock.now() + 60_000);
    expect(shelf.size).toBe(0);
  });
});

describe('a run that is cancelled', () => {
  test('has what it did taken back, last first, each signed on a card', async () => {
    const run = await ask(world, 'two', { first: 'A', second: 'B' });
    await approve(world, run.id);
    expect([...shelf.values()]).toEqual(['A', 'B']);
    await world.kernel.cancel(run.id, 'Not wanted.', 'operator:test');
    const back = await onlyItem();
    const card = await world.kernel.items.open(back.id);
    const places = card.effects.map(({ effect }) => effect.arguments[0]?.value);
    expect(places).toEqual(['place-2', 'place-1']);
    await approve(world, back.run ?? '');
    expect(shelf.size).toBe(0);
    await expect.poll(async () => (await world.kernel.rest(run.id)).status).toBe('cancelled');
    expect((await effectsOf(run.id)).map(({ status }) => status)).toEqual(['undone', 'undone']);
    const events = await world.log.readStream(`run/${run.id}`);
    expect(events.filter(({ type }) => type === 'step.compensated')).toHaveLength(2);
  });

  test('does not launder outside text: taking back what a page named is still of that page', async () => {
    const grant = grantDraft(world, {
      scope: { capability: 'shelf.remove@1', connector: 'shelf', destinations: ['place-1'] },
    });
    await act(world, 'grant', { grant });
    const run = await ask(world, 'page-puts', { says: { text: 'A' } });
    await approve(world, run.id);
    await world.kernel.cancel(run.id, 'Not wanted.', 'operator:test');
    const back = await onlyItem();
    expect(shelf.size).toBe(1);
    const card = await world.kernel.items.open(back.id);
    expect(card.effects[0]?.effect.arguments[0]?.label.integrity).toBe('public');
    expect(card.effects[0]?.reasons.join(' ')).toContain('outside text');
  });

  test('what the operator asked for is taken back under a grant, unasked', async () => {
    const grant = grantDraft(world, {
      scope: { capability: 'shelf.remove@1', connector: 'shelf', destinations: ['place-1'] },
    });
    await act(world, 'grant', { grant });
    const run = await ask(world, 'put-then-wait', { text: 'A' });
    await approve(world, run.id);
    await world.kernel.cancel(run.id, 'Not wanted.', 'operator:test');
    await expect.poll(() => shelf.size).toBe(0);
  });
});

async function putThere(text: string) {
  const run = await ask(world, 'put', { text });
  return approve(world, run.id);
}

/** What waits, once the run that takes back has come so far. */
async function onlyItem() {
  await expect.poll(async () => (await world.kernel.items.list()).length).toBe(1);
  const [item] = await world.kernel.items.list();
  if (!item) throw new Error('nothing waits');
  return item;
}

async function effectsOf(run: string) {
  const rows = await world.log.fold(effectsFold).list({ index: 'run', equals: run });
  return rows.map(({ row }) => row);
}

const waits: JsonObject = { id: 'later', wait: { for: 'P1D' } };
const put = (id: string, text: JsonObject): JsonObject => ({
  id,
  call: 'shelf.put@1',
  with: { text },
});
const plans: readonly (readonly [string, readonly JsonObject[]])[] = [
  ['put', [put('out', { $expr: 'input.text' })]],
  ['put-then-wait', [put('out', { $expr: 'input.text' }), waits]],
  ['two', [put('one', { $expr: 'input.first' }), put('two', { $expr: 'input.second' }), waits]],
  [
    'page-puts',
    [
      { id: 'page', call: 'page.read@1', with: { says: { $expr: 'input.says' } } },
      put('out', { $expr: 'page.text' }),
      waits,
    ],
  ],
  ['note', [{ id: 'out', call: 'shelf.note@1', with: { text: { $expr: 'input.text' } } }]],
  ['engrave', [{ id: 'out', call: 'shelf.engrave@1', with: { text: { $expr: 'input.text' } } }]],
];
const playbooks: readonly JsonObject[] = plans.map(([name, steps]) => ({
  ...{ name, version: 1, title: name, autonomy: 'ask', input: { type: 'object' } },
  plan: { steps: [...steps] },
}));

const base = {
  version: 1,
  output: z.record(z.string(), z.json()),
  idempotency: 'keyed',
  failures: {},
  reads: {},
  timeoutMs: 120_000,
  cost: { microUsd: 0, latencyMs: 1 },
  placement: 'anywhere',
  connector: 'shelf',
} as const;
const text = z.strictObject({ text: z.string() });
const contracts: readonly CapabilityContract[] = [
  {
    ...{ ...base, input: text, roles: { text: 'content' } },
    ...{ name: 'shelf.put', title: 'Put it there', effect: 'reversible' },
  },
  {
    ...{ ...base, input: text, roles: { text: 'content' } },
    ...{ name: 'shelf.engrave', title: 'Engrave it', effect: 'final' },
  },
  {
    ...{ ...base, input: text, roles: { text: 'content' } },
    ...{ name: 'shelf.note', title: 'Note it in the books', effect: 'final' },
  },
  {
    ...{ ...base, input: z.strictObject({ place: z.string() }), roles: { place: 'destination' } },
    ...{ name: 'shelf.remove', title: 'Take it away', effect: 'reversible' },
  },
];

function noted(note: string): CarriedChange {
  const command = { type: 'change', set: { notes: note } };
  return { when: 'signed', record: 'party', id: 'zoe', command };
}

/** Gives each thing a place of its own choice, and takes away what stands at a place. */
function shelfConnector(there: Map<string, string>): Connector {
  let count = 0;
  return {
    name: 'shelf',
    version: 1,
    contracts,
    finalise: async ({ contract, input: { value } }) => {
      const place = typeof value.place === 'string' ? value.place : undefined;
      const isFinal = contract.effect === 'final';
      return {
        ...{ account: 'main', summary: `${contract.title}: ${String(value.text ?? place)}` },
        ...{ to: place === undefined ? [] : [place], amount: null, parts: [] },
        carries: contract.name === 'shelf.note' ? [noted(String(value.text))] : [],
        undo: isFinal
          ? { possible: false, how: 'It is cut in stone.' }
          : { possible: true, how: 'It is taken away again.' },
        preview: { text: JSON.stringify(value), blobs: [] },
        output: {},
      };
    },
    commit: async (effect) => {
      const [target] = effect.to;
      if (target !== undefined) {
        there.delete(target);
        return { status: 'committed', receipt: { said: 'Taken away.', provider: {} } };
      }
      if (effect.carries.length > 0) {
        return { status: 'committed', receipt: { said: 'Noted.', provider: {} } };
      }
      const place = `place-${++count}`;
      there.set(place, String(effect.arguments[0]?.value));
      return { status: 'committed', receipt: { said: 'It is there.', provider: { place } } };
    },
    probe: async () => ({ status: 'not-committed' }),
    undo: ({ capability }, receipt) => {
      const place = receipt?.provider.place;
      if (capability !== 'shelf.put@1') return undefined;
      return { capability: 'shelf.remove@1', input: { place: String(place ?? 'unknown') } };
    },
  };
}
