import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { JsonObject } from '../../src/base/index.ts';
import { DEFAULT_POLICY, sealPolicy } from '../../src/policy/index.ts';
import { signEffects, typedBy } from '../support/operator.ts';
import {
  act,
  approve,
  ask,
  cardOf,
  grantDraft,
  openTrustWorld,
  postSend,
  type TrustWorld,
} from './trust-kit.ts';

let home: string;
let world: TrustWorld;

beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'steward-grants-'));
  world = await openTrustWorld({ home });
});
afterEach(async () => {
  await world.close();
  rmSync(home, { recursive: true, force: true, maxRetries: 3 });
});

const ZOE = { to: ['zoe@example.org'], text: 'Hello' };

async function grant(more: JsonObject = {}): Promise<string> {
  const draft = grantDraft(world, more);
  await act(world, 'grant', { grant: draft });
  return draft.id;
}

async function view(id: string) {
  const found = (await world.kernel.trust.grants()).find((one) => one.grant.id === id);
  if (!found) throw new Error('no such grant');
  return found;
}

describe('a grant', () => {
  test('lets what it covers happen without a card, and its use is listed', async () => {
    const id = await grant();
    const run = await ask(world, 'send', ZOE);
    expect(run.status).toBe('done');
    expect(world.sent.map(({ to }) => to)).toEqual([ZOE.to]);
    expect(await view(id)).toMatchObject({ status: 'active', uses: 1 });
  });

  test('says on the card why it does not cover what comes near', async () => {
    await grant();
    const run = await ask(world, 'send', { ...ZOE, to: ['mallory@example.org'] });
    const [effect] = (await cardOf(world, run.id)).effects;
    expect(effect?.reasons.join(' ')).toContain('mallory@example.org is not among');
    expect(world.sent).toEqual([]);
  });

  test('is used up exactly, however many runs want it at once', async () => {
    const id = await grant({ limits: [{ type: 'count', max: 10, per: 'day' }] });
    const runs = await Promise.all(Array.from({ length: 50 }, () => ask(world, 'send', ZOE)));
    expect(world.sent).toHaveLength(10);
    expect(runs.filter(({ status }) => status === 'done')).toHaveLength(10);
    expect(runs.filter(({ waitingFor }) => waitingFor === 'approval')).toHaveLength(40);
    expect((await view(id)).uses).toBe(10);
  });

  test('never lets more money out than its sum, in pieces and at once', async () => {
    await grant({
      limits: [{ type: 'sum', max: { minor: 1_000, currency: 'EUR' }, per: 'month' }],
    });
    const piece = { ...ZOE, amount: { minor: 300, currency: 'EUR' } };
    await Promise.all(Array.from({ length: 20 }, () => ask(world, 'send', piece)));
    expect(world.sent).toHaveLength(3);
  });

  test('reaches no more different people than it says, however many are written to at once', async () => {
    const people = Array.from({ length: 8 }, (_, i) => `p${i}@example.org`);
    const scope = { capability: 'post.send@1', connector: 'post', destinations: people };
    await grant({ scope, limits: [{ type: 'distinct', max: 2, per: 'day' }] });
    const letters = [...people, ...people].map((to) => ask(world, 'send', { ...ZOE, to: [to] }));
    const runs = await Promise.all(letters);
    const reached = new Set(world.sent.flatMap(({ to }) => to));
    expect(reached.size).toBe(2);
    expect(runs.filter(({ status }) => status === 'done')).toHaveLength(world.sent.length);
  });

  test('keeps the time between two uses, however many begin at once', async () => {
    const rate = { type: 'rate', minGapMs: 60_000 };
    await grant({ limits: [rate, { type: 'count', max: 10, per: 'day' }] });
    await Promise.all(Array.from({ length: 20 }, () => ask(world, 'send', ZOE)));
    expect(world.sent).toHaveLength(1);
    world.clock.advance(60_001);
    await Promise.all(
      Array.from({ length: 20 }, () => ask(world, 'send', { ...ZOE, text: 'Again' })),
    );
    expect(world.sent).toHaveLength(2);
  });

  test('is debited once for an effect that had to be tried again', async () => {
    const id = await grant();
    world.outcomes.push('later', 'later');
    const run = await ask(world, 'send', ZOE);
    for (let round = 0; round < 5; round++) {
      world.clock.advance(10_000);
      await world.kernel.recover();
      await world.kernel.rest(run.id);
    }
    expect(world.sent).toHaveLength(1);
    expect((await view(id)).uses).toBe(1);
  });

  test('covers nothing that outside text chose', async () => {
    await grant();
    await world.kernel.submit({
      words: 'a stranger asks',
      playbook: 'send',
      input: ZOE,
      by: 'connector:mail@1',
      label: { integrity: 'counterparty', placement: 'anywhere' },
    });
    const [run] = await world.log.read({ after: 0, limit: 1_000, types: ['intent.recorded'] });
    const row = await world.kernel.rest(run?.run ?? '');
    expect(row.waitingFor).toBe('approval');
    expect(world.sent).toEqual([]);
  });

  test('is over at its end', async () => {
    const id = await grant();
    world.clock.advance(31 * 86_400_000);
    expect((await ask(world, 'send', ZOE)).waitingFor).toBe('approval');
    expect((await view(id)).status).toBe('expired');
  });

  test('that was revoked covers nothing, also what it had approved before', async () => {
    const policy = sealPolicy({ ...DEFAULT_POLICY, undoWindowsMs: { final: 60_000 } });
    await act(world, 'policy', { policy, because: 'Time to think.' });
    const id = await grant();
    const run = await ask(world, 'send', ZOE);
    expect(run.waitingFor).toBe('undo');
    await act(world, 'revoke', { grant: id, because: 'Enough.' });
    world.clock.advance(120_000);
    await world.kernel.recover();
    const row = await world.kernel.rest(run.id);
    expect(world.sent).toEqual([]);
    expect(row.waitingFor).toBe('approval');
  });

  test('is suspended by a rejection of an effect of its shape, until it is signed again', async () => {
    const id = await grant({ constraint: 'effect.amount == null' });
    const run = await ask(world, 'send', { ...ZOE, amount: { minor: 5, currency: 'EUR' } });
    const card = await cardOf(world, run.id);
    const hashes = card.effects.map(({ hash }) => hash);
    const signed = await signEffects(world, world.operator, hashes, { decision: 'reject' });
    await world.kernel.items.decide(card.item.id, signed, 'No.');
    expect((await view(id)).status).toBe('suspended');
    expect((await ask(world, 'send', ZOE)).waitingFor).toBe('approval');
    await act(world, 'grant', { resume: id });
    expect((await ask(world, 'send', ZOE)).status).toBe('done');
  });

  test('is suspended by an edit of an effect of its shape', async () => {
    const id = await grant({ constraint: 'effect.amount == null' });
    const run = await ask(world, 'send', { ...ZOE, amount: { minor: 5, currency: 'EUR' } });
    const card = await cardOf(world, run.id);
    await world.kernel.items.edit(card.item.id, { text: 'Hello, Zoe' }, typedBy('operator:test'));
    expect((await view(id)).status).toBe('suspended');
  });

  test('is suspended when its capability promises something else after an update', async () => {
    const id = await grant();
    await world.kernel.close();
    const changed = { ...postSend, title: 'Send it anywhere' };
    const updated = await openTrustWorld({ home, store: world.store, contracts: [changed] });
    expect((await updated.kernel.trust.grants()).map(({ status }) => status)).toEqual([
      'suspended',
    ]);
    const run = await ask(updated, 'send', ZOE);
    expect(run.waitingFor).toBe('approval');
    expect(id).not.toBe('');
    await updated.kernel.close();
  });

  const refused: readonly (readonly [string, JsonObject])[] = [
    ['for an act of the heaviest kind', { scope: scope('post.pay@1') }],
    ['that the system proposed for something final', { origin: 'proposed' }],
    ['for more than 90 days', { until: '2027-12-01T00:00:00.000Z' }],
    ['of another life of the company', { incarnation: 2 }],
    ['through another connector', { scope: { ...scope('post.send@1'), connector: 'bank' } }],
    ['without a limit', { limits: [] }],
    ['to anybody', { scope: { ...scope('post.send@1'), destinations: ['*@example.org'] } }],
  ];
  test.each(refused)('%s is not written', async (_, more) => {
    const draft = grantDraft(world, more);
    await expect(world.kernel.trust.propose('grant', { grant: draft })).rejects.toMatchObject({
      code: 'invalid_input',
    });
  });

  test('never covers an act of the heaviest kind, whatever stands in its row', async () => {
    // forged: written by somebody who could write to the log but has no key
    const draft = grantDraft(world, { scope: scope('post.pay@1') });
    const entry = world.registry.get('post.pay@1');
    const { contractHash } = await import('../../src/kernel/index.ts');
    await world.log.append([
      {
        stream: `grant/${draft.id}`,
        expectedVersion: 0,
        events: [
          {
            type: 'grant.written',
            data: { grant: draft, contract: contractHash(entry.contract), approval: 'none' },
            by: 'kernel',
            label: { integrity: 'own', placement: 'anywhere' },
          },
        ],
      },
    ]);
    const run = await ask(world, 'pay', { ...ZOE, amount: { minor: 5, currency: 'EUR' } });
    expect(run.waitingFor).toBe('approval');
    expect(world.sent).toEqual([]);
  });
});

describe('rates of the policy', () => {
  test('hold back what comes too fast and let it go when its time has come', async () => {
    const policy = sealPolicy({
      ...DEFAULT_POLICY,
      undoWindowsMs: { final: 1_000 },
      rates: [{ id: 'slow', capability: 'post.*', starts: 1, perMs: 3_600_000 }],
    });
    await act(world, 'policy', { policy, because: 'Not too fast.' });
    const first = await ask(world, 'send', ZOE);
    const second = await ask(world, 'send', { ...ZOE, text: 'And again' });
    await approve(world, first.id);
    await approve(world, second.id);
    world.clock.advance(2_000);
    await world.kernel.recover();
    await Promise.all([world.kernel.rest(first.id), world.kernel.rest(second.id)]);
    expect(world.sent).toHaveLength(1);
  });
});

function scope(capability: string): JsonObject {
  return { capability, connector: 'post', destinations: ['zoe@example.org'] };
}
