import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Json, JsonObject } from '../../src/base/index.ts';
import type { NewEvent } from '../../src/contract/index.ts';
import { composeStatement, signStatement } from '../../src/contract/portable.ts';
import { commitEffect } from '../../src/kernel/effects/commit.ts';
import { type EffectRow, effectsFold, fact } from '../../src/kernel/index.ts';
import type { RawEvent } from '../../src/log/index.ts';
import { DEFAULT_POLICY, sealPolicy } from '../../src/policy/index.ts';
import {
  act,
  approve,
  ask,
  cardOf,
  newOperator,
  openTrustWorld,
  postSend,
  type TrustWorld,
} from '../flow/trust-kit.ts';
import { DAY_MS } from '../support/hand-clock.ts';
import { signEffects } from '../support/operator.ts';

let home: string;
let world: TrustWorld;

beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'steward-threats-'));
  world = await openTrustWorld({ home });
});
afterEach(async () => {
  await world.close();
  rmSync(home, { recursive: true, force: true, maxRetries: 3 });
});

const ZOE = { to: ['zoe@example.org'], text: 'Hello' };
const HELD_MS = 60_000;

/** Approves one letter that is held for a minute: time for an attacker. */
async function approvedAndHeld(given: JsonObject = ZOE, playbook = 'send') {
  const policy = sealPolicy({ ...DEFAULT_POLICY, undoWindowsMs: { final: HELD_MS } });
  await act(world, 'policy', { policy, because: 'Time to think.' });
  const run = await ask(world, playbook, given);
  await approve(world, run.id);
  const [found] = await world.log.fold(effectsFold).list({ index: 'run', equals: run.id });
  if (!found) throw new Error('nothing was approved');
  return { run: run.id, row: found.row };
}

async function afterTheWindow(run: string) {
  world.clock.advance(2 * HELD_MS);
  await world.kernel.recover();
  return world.kernel.rest(run);
}

/** The stored payload of the effect, changed by somebody who can write to the file. */
function tamper(key: string, change: JsonObject): void {
  const raw = finalised(key);
  const data: { readonly effect: JsonObject } = JSON.parse(raw.data ?? '{}');
  const effect = { ...data.effect, ...change };
  Object.assign(raw, { data: JSON.stringify({ ...data, effect }) }); // the memory store hands out its own rows
}

function finalised(key: string): RawEvent {
  const raws = world.store.streamEvents(`effect/${key}`, 0, 10);
  const raw = raws.find(({ header }) => header.type === 'effect.finalised');
  if (!raw) throw new Error('nothing was prepared');
  return raw;
}

describe('approve one thing, commit another', () => {
  const mutations: readonly (readonly [string, JsonObject])[] = [
    ['another destination', { to: ['mallory@example.org'] }],
    ['one more destination', { to: ['zoe@example.org', 'mallory@example.org'] }],
    ['another amount', { amount: { minor: 1, currency: 'EUR' } }],
    ['another argument', { arguments: [] }],
    ['another attachment', { parts: [] }],
    ['another account', { account: 'other' }],
    ['another capability', { capability: 'post.pay@1' }],
    ['another contract', { contract: 'f'.repeat(64) }],
    ['a lighter class', { class: 'record' }],
    ['fewer preconditions', { preconditions: [{ type: 'remote', what: 'x', etag: 'y' }] }],
    ['a later expiry', { expires: '2030-01-01T00:00:00.000Z' }],
    ['another mode', { mode: 'sandbox' }],
    ['another life', { incarnation: 7 }],
    [
      'a carried change',
      { carries: [{ when: 'committed', record: 'party', id: 'x', command: {} }] },
    ],
    ['another salt', { salt: 'ff' }],
    ['another key', { key: 'f'.repeat(64) }],
  ];
  test.each(mutations)('%s in the stored effect stops the commit', async (_, change) => {
    const { run, row } = await approvedAndHeld();
    tamper(row.key, change);
    await afterTheWindow(run);
    expect(world.sent).toEqual([]);
  });

  test('other bytes under the name of the attachment stop the commit', async () => {
    const { run } = await approvedAndHeld();
    const hash = (await import('../../src/base/index.ts')).sha256('Hello');
    writeFileSync(join(home, 'blobs', hash.slice(0, 2), hash), 'Pay me');
    await afterTheWindow(run);
    expect(world.sent).toEqual([]);
  });

  test('a forged row that says "approved" commits nothing', async () => {
    const run = await ask(world, 'send', ZOE);
    const [found] = await world.log.fold(effectsFold).list({ index: 'run', equals: run.id });
    if (!found) throw new Error('nothing was prepared');
    const row = { ...found.row, status: 'approved', approval: 'x'.repeat(22) } as const;
    const result = await commitEffect(portsOf(world), row);
    expect(result.status).toBe('stale');
    expect(world.sent).toEqual([]);
  });

  test('an approval that is written into the log without a signature commits nothing', async () => {
    const run = await ask(world, 'send', ZOE);
    const card = await cardOf(world, run.id);
    const [shown] = card.effects;
    const own = { integrity: 'own', placement: 'anywhere' } as const;
    const nonce = 'n'.repeat(22);
    const statement = composeStatement({
      company: world.log.company,
      incarnation: 1,
      effects: [shown?.hash ?? ''],
      decision: 'approve',
      policy: DEFAULT_POLICY.version,
      exp: '2026-11-24T09:05:00.000Z',
      nonce,
      device: world.operator.device.id,
    });
    const forged = await signStatement(statement, (await newOperator('unlocked')).privateKey);
    await world.log.append([
      {
        stream: `approval/${nonce}`,
        expectedVersion: 0,
        events: [
          {
            type: 'approval.recorded',
            data: { signed: JSON.parse(JSON.stringify(forged)), assurance: 'present' },
            by: `operator:${world.operator.device.id}`,
            label: own,
          },
        ],
      },
      {
        stream: `effect/${shown?.effect.key}`,
        expectedVersion: 1,
        events: [
          {
            type: 'effect.approved',
            data: { hash: shown?.hash ?? '', approval: nonce, holds: [] },
            by: 'kernel',
            label: own,
          },
        ],
      },
    ]);
    await world.kernel.recover();
    world.kernel.runner.wake(run.id);
    await world.kernel.rest(run.id);
    expect(world.sent).toEqual([]);
  });

  test('a capability that promises something else after an update is asked again', async () => {
    const { run } = await approvedAndHeld();
    await world.kernel.close();
    world.clock.advance(2 * HELD_MS);
    const changed = { ...postSend, title: 'Send it anywhere' };
    const updated = await openTrustWorld({
      ...{ home, store: world.store, clock: world.clock, contracts: [changed] },
    });
    const row = await updated.kernel.rest(run);
    expect(updated.sent).toEqual([]);
    expect(row.waitingFor).toBe('approval');
    await updated.kernel.close();
  });

  test('a record that was read and changed since is asked again', async () => {
    const party = world.newId();
    await world.kernel.change(
      [
        {
          type: 'create',
          record: 'party',
          id: party,
          set: { name: 'Zoe', email: 'zoe@example.org' },
        },
      ],
      { by: 'operator:test' },
    );
    const { run } = await approvedAndHeld({ ...ZOE, party }, 'send-party');
    await world.kernel.change(
      [{ type: 'change', record: 'party', id: party, set: { email: 'mallory@example.org' } }],
      { by: 'operator:test' },
    );
    const row = await afterTheWindow(run);
    expect(world.sent).toEqual([]);
    expect(row.waitingFor).toBe('approval');
    const [now] = (await cardOf(world, run)).effects;
    expect(now?.effect.to).toContain('mallory@example.org');
  });
});

describe('an approval that is worth nothing', () => {
  async function statementFor(run: string, more: JsonObject = {}) {
    const card = await cardOf(world, run);
    const signed = await signEffects(
      world,
      world.operator,
      card.effects.map(({ hash }) => hash),
    );
    const statement = { ...signed.statement, ...more };
    return { card, signed: await signStatement(statement, world.operator.privateKey) };
  }

  const worthless: readonly (readonly [string, JsonObject, string])[] = [
    ['expired', { exp: '2026-11-24T08:59:00.000Z' }, 'stale'],
    ['valid for longer than a day', { exp: '2026-12-24T08:59:00.000Z' }, 'invalid_input'],
    ['of another life of the company', { incarnation: 2 }, 'stale'],
    ['for another company', { company: 'other' }, 'not_authorised'],
    ['under another policy', { policy: 'f'.repeat(64) }, 'stale'],
    ['over another hash', { effects: ['f'.repeat(64)] }, 'stale'],
  ];
  test.each(worthless)('%s is refused', async (_, more, code) => {
    const run = await ask(world, 'send', ZOE);
    const { card, signed } = await statementFor(run.id, more);
    await expect(world.kernel.items.decide(card.item.id, signed)).rejects.toMatchObject({ code });
    expect(world.sent).toEqual([]);
  });

  test('signed by another key in the name of the device is refused', async () => {
    const run = await ask(world, 'send', ZOE);
    const { card, signed } = await statementFor(run.id);
    const stranger = await newOperator('unlocked');
    const forged = await signStatement(signed.statement, stranger.privateKey);
    await expect(world.kernel.items.decide(card.item.id, forged)).rejects.toMatchObject({
      code: 'bad_signature',
    });
  });

  test('replayed after it was used is refused', async () => {
    const run = await ask(world, 'send', ZOE);
    const { card, signed } = await statementFor(run.id);
    await world.kernel.items.decide(card.item.id, signed);
    await world.kernel.rest(run.id);
    await expect(world.kernel.items.decide(card.item.id, signed)).rejects.toMatchObject({
      code: 'already_decided',
    });
    expect(world.sent).toHaveLength(1);
  });

  test('a plain key file never approves an act of the heaviest kind', async () => {
    const run = await ask(world, 'pay', { ...ZOE, amount: { minor: 5, currency: 'EUR' } });
    for (const operator of [world.operator, world.unlocked]) {
      await expect(approve(world, run.id, operator)).rejects.toMatchObject({
        code: 'step_up_required',
      });
    }
    expect(world.sent).toEqual([]);
  });

  test('that was taken back before the commit sends nothing', async () => {
    const { run, row } = await approvedAndHeld();
    await act(world, 'revoke', { approval: row.approval, because: 'I thought again.' });
    const after = await afterTheWindow(run);
    expect(world.sent).toEqual([]);
    expect(after.waitingFor).toBe('approval');
  });
});

describe('one approval, many hands', () => {
  test('a hundred commits of one approval at once are one effect', async () => {
    const { row } = await approvedAndHeld();
    world.clock.advance(2 * HELD_MS);
    const ports = portsOf(world);
    const results = await Promise.all(Array.from({ length: 100 }, () => commitEffect(ports, row)));
    expect(world.sent).toHaveLength(1);
    expect(results.filter(({ status }) => status === 'committed')).toHaveLength(1);
  });

  test('a hundred decisions with one signature are one effect', async () => {
    const run = await ask(world, 'send', ZOE);
    const card = await cardOf(world, run.id);
    const signed = await signEffects(
      world,
      world.operator,
      card.effects.map(({ hash }) => hash),
    );
    const tries = await Promise.allSettled(
      Array.from({ length: 100 }, () => world.kernel.items.decide(card.item.id, signed)),
    );
    await world.kernel.rest(run.id);
    expect(tries.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(world.sent).toHaveLength(1);
  });
});

describe('at the moment of the commit', () => {
  const commit = (row: EffectRow) => commitEffect(portsOf(world), row);
  const approvalOf = (row: EffectRow): string => row.approval ?? 'nobody';
  const says = (stream: string, event: NewEvent) =>
    world.log.append([{ stream, expectedVersion: 'any', events: [event] }]);

  /** What holds when it is approved and does not any more, with nobody who noticed in between. */
  const gone: readonly (readonly [string, string, (row: EffectRow) => Promise<unknown>])[] = [
    ['has expired', 'The approval has expired.', async () => world.clock.advance(2 * DAY_MS)],
    [
      'is of a life before a restore',
      'The company was restored since it was approved.',
      () => says('control', fact('incarnation.raised', { incarnation: 2, because: 'Put back.' })),
    ],
    [
      'was taken back',
      'You took the approval back: No.',
      (row) => says(`approval/${approvalOf(row)}`, fact('approval.revoked', { because: 'No.' })),
    ],
    [
      'is of a device that was revoked',
      'The device that approved it was revoked.',
      () =>
        says(`device/${world.operator.device.id}`, fact('device.revoked', { by: 'operator:x' })),
    ],
  ];
  test.each(gone)('an approval that %s sends nothing', async (_, because, change) => {
    const { row } = await approvedAndHeld();
    await change(row);
    expect(await commit(row)).toMatchObject({ status: 'stale', because });
    expect(world.sent).toEqual([]);
  });

  /** A good signature of the operator, written beside an effect by somebody who can write to the log. */
  const borrowed: readonly (readonly [string, JsonObject])[] = [
    ['over another effect', { effects: ['f'.repeat(64)] }],
    ['that rejects it', { decision: 'reject' }],
    ['for another company', { company: 'another' }],
  ];
  test.each(borrowed)('a signature %s sends nothing', async (_, more) => {
    const run = await ask(world, 'send', ZOE);
    const { effects } = await cardOf(world, run.id);
    const hashes = effects.map(({ hash }) => hash);
    const { statement } = await signEffects(world, world.operator, hashes);
    const signed = await signStatement({ ...statement, ...more }, world.operator.privateKey);
    const approval = signed.statement.nonce;
    const data = { signed: JSON.parse(JSON.stringify(signed)), assurance: 'unattended' };
    await says(`approval/${approval}`, fact('approval.recorded', data));
    const key = effects[0]?.effect.key ?? '';
    const approved = fact('effect.approved', { hash: hashes[0] ?? '', approval, holds: [] });
    await says(`effect/${key}`, approved);
    const row = await world.log.fold(effectsFold).get(key);
    if (!row) throw new Error('nothing was prepared');
    const because = 'Its approval does not cover it.';
    expect(await commit(row)).toMatchObject({ status: 'stale', because });
    expect(world.sent).toEqual([]);
  });

  test('an effect that was done is not done again under another key', async () => {
    const { run, row } = await approvedAndHeld();
    await afterTheWindow(run);
    expect(world.sent).toHaveLength(1);
    const key = 'a'.repeat(64);
    const events = await world.log.readStream(`effect/${row.key}`);
    const copied = events.filter(({ type }) => /\.(finalised|approved)$/.test(type));
    for (const { type, data, by, label } of copied) {
      await says(`effect/${key}`, { type, data, by, label });
    }
    const copy = await world.log.fold(effectsFold).get(key);
    if (!copy) throw new Error('nothing was copied');
    expect(await commit(copy)).toMatchObject({ status: 'stale' });
    expect(world.sent).toHaveLength(1);
  });

  test('not one member of what was signed can be changed, whatever it is called', async () => {
    const { run, row } = await approvedAndHeld({ ...ZOE, amount: { minor: 5, currency: 'EUR' } });
    // only for this commit the time has come: the kernel itself must not begin meanwhile
    const clock = { now: () => world.clock.now() + 2 * HELD_MS };
    const stored = finalised(row.key);
    const { effect }: { readonly effect: JsonObject } = JSON.parse(stored.data ?? '{}');
    const paths = leavesOf(effect);
    expect(paths.length).toBeGreaterThan(30);
    const original = stored.data;
    for (const path of paths) {
      const changed = withOther(effect, path.split('.'));
      expect(changed).not.toEqual(effect);
      tamper(row.key, changed as JsonObject); // an object stays one
      const { status } = await commitEffect({ ...portsOf(world), clock }, row);
      expect(status, path).not.toBe('committed');
      expect(world.sent, path).toEqual([]);
      Object.assign(stored, { data: original });
    }
    expect((await afterTheWindow(run)).status).toBe('done');
    expect(world.sent).toHaveLength(1);
  });
});

/** Dotted paths to everything in a value that has no members of its own. */
function leavesOf(value: Json, path = ''): readonly string[] {
  const isEmpty = typeof value === 'object' && value !== null && Object.keys(value).length === 0;
  if (typeof value !== 'object' || value === null || isEmpty) return [path];
  return Object.entries(value).flatMap(([name, inner]) =>
    leavesOf(inner, path === '' ? name : `${path}.${name}`),
  );
}

/** The value with one leaf changed, in lists too. */
function withOther(value: Json, [name, ...rest]: readonly string[]): Json {
  if (name === undefined) return other(value);
  if (Array.isArray(value)) {
    return value.map((one: Json, at) => (String(at) === name ? withOther(one, rest) : one));
  }
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => [key, key === name ? withOther(one, rest) : one]),
  );
}

function other(value: Json): Json {
  if (typeof value === 'number') return value + 1;
  if (typeof value === 'boolean') return !value;
  if (typeof value === 'string') return `${value}x`;
  return value === null ? 'something' : ['something'];
}

function portsOf({ log, blobs, clock, newId, registry, kernel }: TrustWorld) {
  return {
    ...{ log, blobs, clock, newId, registry, records: kernel.records },
    worker: 'attacker',
    random: (bytes: number) => 'ab'.repeat(bytes),
    verify: () => Promise.reject(new Error('no passkeys here')),
    stopped: () => false,
    report: () => undefined,
  };
}
