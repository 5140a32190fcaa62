import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createRecoveryKey, readRecoveryKey } from '../../src/adapter/recovery-key.ts';
import type { Json } from '../../src/base/index.ts';
import type { ActKind } from '../../src/contract/portable.ts';
import { policyNow } from '../../src/kernel/index.ts';
import { DEFAULT_POLICY, isUnreadable, sealPolicy } from '../../src/policy/index.ts';
import { COMPANY_FOLDS } from '../support/compose-kernel.ts';
import {
  act,
  approve,
  ask,
  cardOf,
  grantDraft,
  newOperator,
  openTrustWorld,
  signAct,
  type TrustWorld,
} from './trust-kit.ts';

let home: string;
let world: TrustWorld;

beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'steward-trust-'));
  world = await openTrustWorld({ home });
});
afterEach(async () => {
  await world.close();
  rmSync(home, { recursive: true, force: true, maxRetries: 3 });
});

const ZOE = { to: ['zoe@example.org'], text: 'Hello' };

function inMinutes(minutes: number): string {
  return new Date(world.clock.now() + minutes * 60_000).toISOString();
}

describe('a signed act', () => {
  test('is recorded together with what it changes, in one append', async () => {
    const before = world.log.head().seq;
    const grant = grantDraft(world);
    const { approval } = await act(world, 'grant', { grant });
    const events = await world.log.read({ after: before, limit: 10 });
    expect(events.map(({ type }) => type)).toEqual(['approval.recorded', 'grant.written']);
    expect(events[1]?.data.approval).toBe(approval);
    expect(events.every(({ by }) => by === `operator:${world.unlocked.device.id}`)).toBe(true);
  });

  test('works once, also when it is handed in many times at once', async () => {
    const policy = sealPolicy({ ...DEFAULT_POLICY, hosts: ['example.org'] });
    const body = { policy, because: 'I read it often.' };
    const signed = await signAct(world, 'policy', body);
    const tries = Array.from({ length: 20 }, () =>
      world.kernel.trust.perform('policy', body, signed).then(
        () => 'done',
        (error: { code: string }) => error.code,
      ),
    );
    const results = await Promise.all(tries);
    expect(results.filter((result) => result === 'done')).toHaveLength(1);
    expect(new Set(results)).toEqual(new Set(['done', 'already_decided']));
    const changed = await world.log.read({ after: 0, limit: 100, types: ['policy.changed'] });
    expect(changed).toHaveLength(1);
  });

  const refusals: readonly [string, Parameters<typeof signAct>[3] | 'other body', string][] = [
    ['signed as an approval is refused', { decision: 'approve' }, 'invalid_input'],
    ['signed as a rejection is refused', { decision: 'reject' }, 'invalid_input'],
    ['signed together with another hash is refused', { extra: ['a'.repeat(64)] }, 'stale'],
    ['signed for another body is refused', 'other body', 'stale'],
    [
      'signed in the name of a device nobody knows is refused',
      { device: 'nobody' },
      'not_authorised',
    ],
    ['signed in the name of the recovery key is refused', { device: 'recovery' }, 'not_authorised'],
  ];
  test.each(refusals)('%s', async (_, how, code) => {
    const grant = grantDraft(world);
    const signed =
      how === 'other body'
        ? await signAct(world, 'grant', { grant: { ...grant, title: 'Another one' } })
        : await signAct(world, 'grant', { grant }, how);
    await expect(world.kernel.trust.perform('grant', { grant }, signed)).rejects.toMatchObject({
      code,
    });
    expect(await world.kernel.trust.grants()).toEqual([]);
  });

  const needUnlocked: readonly (readonly [ActKind, (world: TrustWorld) => Json])[] = [
    ['grant', (w) => ({ grant: grantDraft(w) })],
    [
      'policy',
      () => ({ policy: sealPolicy({ ...DEFAULT_POLICY, hosts: ['a.org'] }), because: 'x' }),
    ],
    ['connector', () => ({ company: 'sandbox' })],
    [
      'secret',
      () => ({ name: 'api', change: 'set', hosts: ['a.org'], commitment: 'c'.repeat(64) }),
    ],
    ['erase', () => ({ subject: 'p1', because: 'asked' })],
    ['device', () => ({ invite: 'b'.repeat(64), until: inMinutes(9) })],
  ];
  test.each(needUnlocked)(
    'of the kind %s is never signed by a plain key file',
    async (kind, body) => {
      const set = { name: 'Zoe', kinds: ['customer'] };
      const zoe = { type: 'create', record: 'party', id: 'p1', set } as const;
      await world.kernel.change([zoe], { by: 'operator:test' });
      const signed = await signAct(world, kind, body(world), { by: world.operator });
      await expect(world.kernel.trust.perform(kind, body(world), signed)).rejects.toMatchObject({
        code: expect.stringMatching(/step_up_required|stale/),
      });
    },
  );

  test('with a member that nobody was shown is refused', async () => {
    const body = { connector: 'post', mode: 'off', silently: true };
    await expect(world.kernel.trust.propose('connector', body)).rejects.toMatchObject({
      code: 'invalid_input',
    });
  });
});

describe('devices', () => {
  test('a further device is signed in by an enrolled one and can sign at once', async () => {
    const phone = await newOperator('unlocked');
    await act(world, 'device', { device: { ...phone.device } });
    const run = await ask(world, 'send', ZOE);
    expect((await approve(world, run.id, phone)).status).toBe('done');
  });

  test('revoking a device asks again what it approved and has not sent', async () => {
    const policy = sealPolicy({ ...DEFAULT_POLICY, undoWindowsMs: { final: 60_000 } });
    await act(world, 'policy', { policy, because: 'I want to be able to take it back.' });
    const run = await ask(world, 'send', ZOE);
    await approve(world, run.id);
    await act(world, 'revoke', { device: world.operator.device.id, because: 'Lost.' });
    world.clock.advance(120_000);
    await world.kernel.recover();
    const row = await world.kernel.rest(run.id);
    expect(world.sent).toEqual([]);
    expect([row.status, row.waitingFor]).toEqual(['waiting', 'approval']);
    expect((await cardOf(world, run.id)).effects).toHaveLength(1);
  });

  test('a revoked device approves nothing', async () => {
    await act(world, 'revoke', { device: world.operator.device.id, because: 'Lost.' });
    const run = await ask(world, 'send', ZOE);
    await expect(approve(world, run.id)).rejects.toMatchObject({ code: 'not_authorised' });
  });

  test('a device that is revoked while its act is looked at does nothing', async () => {
    let before: () => Promise<unknown> = async () => undefined;
    const own = join(home, 'race');
    mkdirSync(own);
    const racing = await openTrustWorld({
      home: own,
      wrapLog: (log) => ({
        ...log,
        append: async (batch, options) => {
          if (batch.some(({ stream }) => stream.startsWith('grant/'))) await before();
          return log.append(batch, options);
        },
      }),
    });
    const thief = racing.unlocked.device.id;
    const owner = await newOperator('unlocked');
    await act(racing, 'device', { device: { ...owner.device } });
    before = async () => {
      before = async () => undefined;
      await act(racing, 'revoke', { device: thief, because: 'Stolen.' }, owner);
    };
    await expect(act(racing, 'grant', { grant: grantDraft(racing) })).rejects.toMatchObject({
      code: 'not_authorised',
    });
    expect(await racing.kernel.trust.grants()).toEqual([]);
    await racing.close();
  });

  test('a device may sign itself out', async () => {
    const { id } = world.unlocked.device;
    await act(world, 'revoke', { device: id, because: 'Sold.' });
    await expect(act(world, 'grant', { grant: grantDraft(world) })).rejects.toMatchObject({
      code: 'not_authorised',
    });
  });

  test('a key that is no key is not enrolled', async () => {
    const device = { ...(await newOperator('unlocked')).device, publicKey: 'short' };
    await expect(world.kernel.trust.propose('device', { device })).rejects.toMatchObject({
      code: 'invalid_input',
    });
  });

  test('a plain key that calls itself present is not enrolled', async () => {
    const device = { ...(await newOperator('unlocked')).device, assurance: 'present' };
    await expect(world.kernel.trust.propose('device', { device })).rejects.toMatchObject({
      code: 'invalid_input',
    });
  });
});

describe('an invitation', () => {
  test('stands in the log in the same append as its signature, and nowhere without one', async () => {
    const invite = { invite: 'b'.repeat(64), until: inMinutes(10) };
    await act(world, 'device', invite);
    const events = await world.log.read({ after: 0, limit: 1_000 });
    const at = events.findIndex(({ type }) => type === 'device.invited');
    expect(events[at]).toMatchObject({ data: { code: invite.invite, until: invite.until } });
    expect(events[at - 1]).toMatchObject({ type: 'approval.recorded', data: { act: 'device' } });
  });

  test('for longer than ten minutes is refused', async () => {
    const long = { invite: 'b'.repeat(64), until: inMinutes(11) };
    await expect(act(world, 'device', long)).rejects.toMatchObject({ code: 'invalid_input' });
  });
});

describe('the recovery key from the paper', () => {
  async function lostEverything() {
    const paper = createRecoveryKey();
    const { privateKey, publicKey } = await readRecoveryKey(paper.printable);
    const own = join(home, 'lost');
    mkdirSync(own);
    const lost = await openTrustWorld({ home: own, recovery: publicKey });
    const by = { privateKey, device: { ...lost.unlocked.device, id: 'recovery' } };
    return { lost, by };
  }

  test('signs a new device in and a lost one out', async () => {
    const { lost, by } = await lostEverything();
    const phone = await newOperator('unlocked');
    await act(lost, 'device', { device: { ...phone.device } }, by);
    await act(lost, 'revoke', { device: lost.operator.device.id, because: 'Lost.' }, by);
    const run = await ask(lost, 'send', ZOE);
    expect((await approve(lost, run.id, phone)).status).toBe('done');
    await lost.close();
  });

  test.each([
    ['grant', (w: TrustWorld) => ({ grant: grantDraft(w) })],
    [
      'policy',
      () => ({ policy: sealPolicy({ ...DEFAULT_POLICY, hosts: ['a.org'] }), because: 'x' }),
    ],
    ['connector', () => ({ company: 'sandbox' })],
  ] as const)('signs no act of the kind %s', async (kind, body) => {
    const { lost, by } = await lostEverything();
    await expect(act(lost, kind, body(lost), by)).rejects.toMatchObject({ code: 'not_authorised' });
    await lost.close();
  });

  test('approves no effect', async () => {
    const { lost, by } = await lostEverything();
    const run = await ask(lost, 'send', ZOE);
    await expect(approve(lost, run.id, by)).rejects.toMatchObject({ code: 'not_authorised' });
    expect(lost.sent).toEqual([]);
    await lost.close();
  });
});

describe('policy', () => {
  test('is changed by signature, shown as sentences, and rolled back', async () => {
    const first = sealPolicy({ ...DEFAULT_POLICY, hosts: ['example.org'] });
    await act(world, 'policy', { policy: first, because: 'I read it.' });
    const second = sealPolicy({ ...first, hosts: [] });
    const proposed = await world.kernel.trust.propose('policy', {
      policy: second,
      because: 'No more.',
    });
    expect(proposed.sentences.join(' ')).toContain('example.org');
    await act(world, 'policy', { policy: second, because: 'No more.' });
    const back = await world.kernel.trust.policyOfVersion(first.version);
    await act(world, 'policy', { policy: back, because: 'Roll back.' });
    expect(await policyNow(world.log)).toEqual(first);
    const history = await world.kernel.trust.policies();
    expect(history.map(({ version }) => version)).toEqual([
      first.version,
      second.version,
      first.version,
    ]);
  });

  test('one under a version that is not its own is refused', async () => {
    const policy = { ...DEFAULT_POLICY, hosts: ['evil.example'] };
    await expect(
      world.kernel.trust.propose('policy', { policy, because: 'x' }),
    ).rejects.toMatchObject({ code: 'invalid_input' });
  });

  test('one that cannot be read denies everything, says so, and can be replaced', async () => {
    await world.log.append([
      {
        stream: 'policy',
        expectedVersion: 'any',
        events: [
          {
            type: 'policy.changed',
            data: { policy: { rules: 'rubbish' }, because: 'corrupted' },
            by: 'kernel',
            label: { integrity: 'own', placement: 'anywhere' },
          },
        ],
      },
    ]);
    expect(isUnreadable(await policyNow(world.log))).toBe(true);
    const run = await ask(world, 'send', ZOE);
    expect(world.sent).toEqual([]);
    expect(run.status).toBe('cancelled');
    expect(JSON.stringify(run.failure)).toContain('unreadable');
    const policy = sealPolicy({ ...DEFAULT_POLICY, hosts: ['example.org'] });
    await act(world, 'policy', { policy, because: 'Repair.' });
    const again = await ask(world, 'send', ZOE);
    expect((await approve(world, again.id)).status).toBe('done');
  });

  test('one that becomes unreadable after an approval stops the commit, not the approval', async () => {
    const window = sealPolicy({ ...DEFAULT_POLICY, undoWindowsMs: { final: 60_000 } });
    await act(world, 'policy', { policy: window, because: 'Time to think.' });
    const run = await ask(world, 'send', ZOE);
    await approve(world, run.id);
    await world.log.append([
      {
        stream: 'policy',
        expectedVersion: 'any',
        events: [
          {
            type: 'policy.changed',
            data: { policy: {}, because: 'corrupted' },
            by: 'kernel',
            label: { integrity: 'own', placement: 'anywhere' },
          },
        ],
      },
    ]);
    world.clock.advance(120_000);
    await world.kernel.recover();
    await world.kernel.rest(run.id);
    expect(world.sent).toEqual([]);
  });

  test('a rule that forbids it after the approval stops the commit', async () => {
    const window = sealPolicy({ ...DEFAULT_POLICY, undoWindowsMs: { final: 60_000 } });
    await act(world, 'policy', { policy: window, because: 'Time to think.' });
    const run = await ask(world, 'send', ZOE);
    await approve(world, run.id);
    const strict = sealPolicy({
      ...window,
      // biome-ignore lint/suspicious/noThenProperty: a rule of the policy
      rules: [{ id: 'none', when: 'class == "final"', then: 'deny', because: 'Not today.' }],
    });
    await act(world, 'policy', { policy: strict, because: 'Stop.' });
    world.clock.advance(120_000);
    await world.kernel.recover();
    const row = await world.kernel.rest(run.id);
    expect(world.sent).toEqual([]);
    expect(row.status).toBe('cancelled');
    expect(JSON.stringify(row.failure)).toContain('Not today.');
  });

  test('a back-test over the past counts asks and money as they would have been', async () => {
    for (const minor of [100, 200]) {
      const run = await ask(world, 'send', { ...ZOE, amount: { minor, currency: 'EUR' } });
      await approve(world, run.id);
    }
    const strict = sealPolicy({
      ...DEFAULT_POLICY,
      // biome-ignore lint/suspicious/noThenProperty: a rule of the policy
      rules: [{ id: 'big', when: 'amount.minor > 150', then: 'deny', because: 'Too much.' }],
    });
    const result = await world.kernel.trust.backTest(strict);
    expect(result.deeds).toBe(2);
    expect(result.before.asks).toBe(2);
    expect(result.after.asks).toBe(1);
    expect(result.after.money.deny).toEqual({ EUR: 200 });
    expect(result.differs).toHaveLength(1);
  });
});

describe('modes and incarnations', () => {
  test('stop takes effect at once and without a signature; going on takes one', async () => {
    const run = await ask(world, 'send', ZOE);
    await world.kernel.trust.stop('Something is wrong.', 'operator:test');
    await expect(approve(world, run.id)).resolves.toBeDefined();
    expect(world.sent).toEqual([]);
    await act(world, 'connector', { commits: 'resume' });
    expect((await world.kernel.trust.modeOf('post')).stopped).toBe(false);
  });

  test('a connector that was switched off prepares nothing', async () => {
    await act(world, 'connector', { connector: 'post', mode: 'off' });
    const run = await ask(world, 'send', ZOE);
    expect(run.waitingFor).toBe('answer');
    expect(run.words).toContain('off');
  });

  test('a sandbox approval never goes out live', async () => {
    await act(world, 'connector', { company: 'sandbox' });
    const run = await ask(world, 'send', ZOE);
    const card = await cardOf(world, run.id);
    await act(world, 'connector', { company: 'live' });
    await expect(
      (async () => {
        const { signEffects } = await import('../support/operator.ts');
        const hashes = card.effects.map(({ hash }) => hash);
        const signed = await signEffects(world, world.operator, hashes);
        await world.kernel.items.decide(card.item.id, signed);
      })(),
    ).rejects.toMatchObject({ code: 'stale' });
    expect(world.sent).toEqual([]);
  });

  test('after a restore, approvals and grants are void and connectors off until signed', async () => {
    const window = sealPolicy({ ...DEFAULT_POLICY, undoWindowsMs: { final: 60_000 } });
    await act(world, 'policy', { policy: window, because: 'Time to think.' });
    await act(world, 'grant', { grant: grantDraft(world) });
    const held = await ask(world, 'send', { ...ZOE, to: ['other@example.org'] });
    await approve(world, held.id);
    expect(await world.kernel.trust.raiseIncarnation('Restored from a backup.')).toBe(2);
    world.clock.advance(120_000);
    await world.kernel.recover();
    await world.kernel.rest(held.id);
    expect(world.sent).toEqual([]);
    expect((await world.kernel.trust.modeOf('post')).mode).toBe('off');
    await act(world, 'connector', { connector: '*', mode: 'live' });
    expect((await world.kernel.trust.modeOf('post')).mode).toBe('live');
    const run = await ask(world, 'send', ZOE);
    expect(run.waitingFor).toBe('approval'); // the grant of the last life does not cover it
    expect(world.sent).toEqual([]);
  });

  test('every fold that trust keeps is what a rebuild finds', async () => {
    await act(world, 'grant', { grant: grantDraft(world) });
    await ask(world, 'send', ZOE);
    const digests = () => Promise.all(COMPANY_FOLDS.map(({ name }) => world.log.digest(name)));
    const kept = await digests();
    await world.log.rebuild();
    expect(await digests()).toEqual(kept);
  });
});
