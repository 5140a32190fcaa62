import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { JsonObject } from '../../src/base/index.ts';
import type { Connector } from '../../src/connect/index.ts';
import { type CapabilityContract, failure } from '../../src/contract/index.ts';
import { signEffects, typedBy } from '../support/operator.ts';
import { ask, cardOf, openTrustWorld, type TrustWorld } from './trust-kit.ts';

let home: string;
let world: TrustWorld;
let sent: string[];

beforeEach(async () => {
  sent = [];
  home = mkdtempSync(join(tmpdir(), 'steward-stale-'));
  world = await openTrustWorld({ home, connectors: [letters], playbooks: [playbook] });
  await write('create', { name: 'Zoe', email: 'zoe@example.org' });
});
afterEach(async () => {
  await world.kernel.close();
  rmSync(home, { recursive: true, force: true });
});

describe('a card that went stale and cannot be prepared again', () => {
  test('says why and what to do, instead of waiting for what will never happen', async () => {
    const { card } = await openCard();
    await write('change', { name: 'Gone' });
    const now = await world.kernel.items.open(card.item.id);
    expect(now.item).toMatchObject({ status: 'closed', end: 'stale' });
    expect(now.effects[0]).toMatchObject({
      status: 'stale',
      because: 'It could not be prepared again: Zoe moved away. Ask somebody where to.',
    });
    // one thing waits, and it is not the card
    const [task, ...others] = await world.kernel.items.list();
    expect(others).toEqual([]);
    expect(task).toMatchObject({ kind: 'task', title: expect.stringContaining('Zoe moved away.') });
  });

  test('refuses a signature over it with the reason, and names what asks instead', async () => {
    const { card } = await openCard();
    await write('change', { name: 'Gone' });
    const refused = await decide(card).catch((error) => error.toData());
    const [task] = await world.kernel.items.list();
    expect(refused).toMatchObject({ code: 'stale', task: task?.id, effects: [] });
    expect(refused.message).toContain('Nothing was done. It could not be prepared again');
    expect(refused.remedy).toContain(`steward show ${task?.id}`);
    expect(sent).toEqual([]);
  });

  test('comes back as a new card once the step is tried again, and goes out once', async () => {
    const { run, card } = await openCard();
    await write('change', { name: 'Gone' });
    await world.kernel.items.open(card.item.id);
    await write('change', { name: 'Zoe again' });
    const [task] = await world.kernel.items.list();
    await world.kernel.items.answer(task?.id ?? '', { action: 'retry' }, typedBy('operator:test'));
    await world.kernel.rest(run.id);
    const fresh = await cardOf(world, run.id);
    expect(fresh.item.id).not.toBe(card.item.id);
    expect(fresh.effects[0]).toMatchObject({ status: 'finalised', because: null });
    await decide(fresh);
    expect((await world.kernel.rest(run.id)).status).toBe('done');
    expect(sent).toEqual(['A letter to Zoe again']);
  });
});

async function decide(card: Awaited<ReturnType<typeof cardOf>>) {
  const hashes = card.effects.map(({ hash }) => hash);
  const signed = await signEffects(world, world.operator, hashes, { incarnation: 1 });
  return world.kernel.items.decide(card.item.id, signed);
}

async function openCard() {
  const run = await ask(world, 'letter', { party: 'zoe' });
  return { run, card: await cardOf(world, run.id) };
}

async function write(type: 'create' | 'change', set: JsonObject): Promise<void> {
  const who = { by: 'operator:test' };
  await world.kernel.change([{ type, record: 'party', id: 'zoe', set }], who);
}

const playbook: JsonObject = {
  ...{ name: 'letter', version: 1, title: 'letter', autonomy: 'ask', input: { type: 'object' } },
  plan: {
    steps: [{ id: 'out', call: 'letter.send@1', with: { party: { $expr: 'input.party' } } }],
  },
};

const contract: CapabilityContract = {
  ...{ name: 'letter.send', version: 1, title: 'Send the letter', effect: 'final' },
  ...{ idempotency: 'keyed', failures: {}, timeoutMs: 120_000, placement: 'anywhere' },
  ...{ reads: { party: ['name', 'email'] }, roles: { party: 'target' }, connector: 'letters' },
  cost: { microUsd: 0, latencyMs: 1 },
  input: z.strictObject({ party: z.string() }),
  output: z.record(z.string(), z.json()),
};

/** Writes to whoever is still there. */
const letters: Connector = {
  name: 'letters',
  version: 1,
  contracts: [contract],
  finalise: async ({ input: { value } }, ports) => {
    const { fields } = await ports.record('party', String(value.party));
    if (fields.name === 'Gone') {
      throw failure('not_possible', 'Zoe moved away.', {}, 'Ask somebody where to.');
    }
    return {
      ...{ account: 'main', summary: `A letter to ${String(fields.name)}`, parts: [], carries: [] },
      ...{ to: [String(fields.email)], amount: null, output: {} },
      undo: { possible: false, how: 'It is in the post.' },
      preview: { text: 'Hello', blobs: [] },
    };
  },
  commit: async ({ summary }) => {
    sent.push(summary);
    return { status: 'committed', receipt: { said: 'Sent.', provider: {} } };
  },
  probe: async () => ({ status: 'not-committed' }),
};
