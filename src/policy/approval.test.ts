import { createPublicKey, verify as nodeVerify } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { DecisionStatement, Device, SignedDecision } from '../contract/index.ts';
import { createDeviceKey, exportPublicKey, signStatement } from '../contract/portable.ts';
import { type ApprovalFacts, checkDecision, type Subject } from './approval.ts';
import { NOW_MS } from './deed-for-tests.ts';
import { DEFAULT_POLICY, sealPolicy } from './policy.ts';

const HASHES = {
  final: '1'.repeat(64),
  reversible: '2'.repeat(64),
  grave: '3'.repeat(64),
  decided: '4'.repeat(64),
  outdated: '5'.repeat(64),
  grant: '6'.repeat(64),
  revoke: '7'.repeat(64),
  unknown: '8'.repeat(64),
};
const SUBJECTS: { readonly [hash: string]: Subject } = {
  [HASHES.final]: { status: 'pending', kind: 'effect', class: 'final' },
  [HASHES.reversible]: { status: 'pending', kind: 'effect', class: 'reversible' },
  [HASHES.grave]: { status: 'pending', kind: 'effect', class: 'grave' },
  [HASHES.decided]: { status: 'decided' },
  [HASHES.outdated]: { status: 'stale', now: HASHES.final },
  [HASHES.grant]: { status: 'pending', kind: 'act', act: 'grant' },
  [HASHES.revoke]: { status: 'pending', kind: 'act', act: 'revoke' },
};

const mine = await createDeviceKey({ extractable: false });
const thief = await createDeviceKey({ extractable: false });
const publicKey = await exportPublicKey(mine.publicKey);

function deviceOf(changes: Partial<Device> = {}): Device {
  const base = { id: 'laptop', name: 'Laptop', kind: 'cli', publicKey } as const;
  return { ...base, assurance: 'unattended', enrolledAt: '2026-01-01T00:00:00.000Z', ...changes };
}

function factsOf(changes: Partial<ApprovalFacts> = {}, device = deviceOf()): ApprovalFacts {
  return {
    company: 'company-1',
    incarnation: 3,
    policy: DEFAULT_POLICY,
    nowMs: NOW_MS,
    deviceOf: (id) => (id === device.id ? device : undefined),
    isNonceUsed: (nonce) => nonce === 'used'.repeat(8),
    subjectOf: (hash) => SUBJECTS[hash],
    verify: ({ publicKey: x }, bytes, { signature }) => {
      const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
      return nodeVerify(null, bytes, key, Buffer.from(signature, 'base64url'));
    },
    ...changes,
  };
}

const GOOD: DecisionStatement = {
  company: 'company-1',
  incarnation: 3,
  effects: [HASHES.final],
  decision: 'approve',
  policy: DEFAULT_POLICY.version,
  exp: '2026-11-21T10:00:00.000Z',
  nonce: 'n'.repeat(22),
  device: 'laptop',
};

const sign = (changes: Partial<DecisionStatement> = {}, key = mine.privateKey) =>
  signStatement({ ...GOOD, ...changes }, key);

function codeOf(signed: unknown, facts = factsOf()): string {
  const checked = checkDecision(signed, facts);
  return checked.status === 'accepted' ? 'accepted' : checked.failure.code;
}

describe('a signature is accepted', () => {
  test('over exactly the pending effects, by an enrolled device', async () => {
    const checked = checkDecision(await sign(), factsOf());
    expect(checked).toEqual({ status: 'accepted', statement: GOOD, device: deviceOf() });
  });

  test('over several effects in order, and over a part of a card', async () => {
    expect(codeOf(await sign({ effects: [HASHES.final, HASHES.reversible] }))).toBe('accepted');
  });
});

describe('approval abuse', () => {
  const soon = (ms: number) => new Date(NOW_MS + ms).toISOString();
  const table: readonly (readonly [string, Partial<DecisionStatement>, string])[] = [
    ['an effect that was edited since', { effects: [HASHES.outdated] }, 'stale'],
    ['an effect nobody knows', { effects: [HASHES.unknown] }, 'stale'],
    ['one stale effect among good ones', { effects: [HASHES.final, HASHES.outdated] }, 'stale'],
    ['an effect decided before', { effects: [HASHES.decided] }, 'already_decided'],
    ['a replayed nonce', { nonce: 'used'.repeat(8) }, 'already_decided'],
    [
      'a replayed nonce after its expiry',
      { nonce: 'used'.repeat(8), exp: soon(-1) },
      'already_decided',
    ],
    ['a nonce that is too short', { nonce: 'n'.repeat(21) }, 'invalid_input'],
    ['another company', { company: 'company-2' }, 'not_authorised'],
    ['an older incarnation', { incarnation: 2 }, 'stale'],
    ['a later incarnation', { incarnation: 4 }, 'stale'],
    ['another policy version', { policy: 'f'.repeat(64) }, 'stale'],
    ['an expired signature', { exp: soon(-1) }, 'stale'],
    ['a signature that expires right now', { exp: soon(0) }, 'stale'],
    ['a signature valid for a whole day', { exp: soon(86_400_000) }, 'accepted'],
    ['a signature valid for more than a day', { exp: soon(86_400_001) }, 'invalid_input'],
    ['a signature without an end', { exp: 'never' }, 'invalid_input'],
    ['unsorted effects', { effects: [HASHES.reversible, HASHES.final] }, 'invalid_input'],
    ['the same effect twice', { effects: [HASHES.final, HASHES.final] }, 'invalid_input'],
    ['no effects', { effects: [] }, 'invalid_input'],
    ['a hash in capitals', { effects: ['A'.repeat(64)] }, 'invalid_input'],
    ['an unknown device', { device: 'phone' }, 'not_authorised'],
    ['an effect that is authorised', { decision: 'authorise' }, 'invalid_input'],
    ['an act that is approved', { effects: [HASHES.grant] }, 'invalid_input'],
    ['a grave effect by a plain key file', { effects: [HASHES.grave] }, 'step_up_required'],
    ['a grave effect among others', { effects: [HASHES.final, HASHES.grave] }, 'step_up_required'],
    [
      'a grant by a plain key file',
      { effects: [HASHES.grant], decision: 'authorise' },
      'step_up_required',
    ],
    [
      'a revocation by a plain key file',
      { effects: [HASHES.revoke], decision: 'authorise' },
      'accepted',
    ],
    [
      'a rejection of a grave effect by a plain key file',
      { effects: [HASHES.grave], decision: 'reject' },
      'accepted',
    ],
  ];
  for (const [what, changes, code] of table) {
    test(`${what}: ${code}`, async () => expect(codeOf(await sign(changes))).toBe(code));
  }

  test('a change of any member after signing is a bad signature or not a statement', async () => {
    const signed = await sign();
    const changes: Partial<DecisionStatement>[] = [
      { effects: [HASHES.reversible] },
      { decision: 'reject' },
      { exp: '2026-11-21T11:00:00.000Z' },
      { nonce: 'm'.repeat(22) },
      { policy: 'f'.repeat(64) },
      { incarnation: 4 },
      { company: 'company-2' },
    ];
    for (const change of changes) {
      const statement = { ...signed.statement, ...change };
      expect(codeOf({ ...signed, statement })).toBe('bad_signature');
    }
    expect(codeOf({ ...signed, statement: { ...signed.statement, more: 1 } })).toBe(
      'invalid_input',
    );
  });

  test('a signature by another key is a bad signature', async () => {
    expect(codeOf(await sign({}, thief.privateKey))).toBe('bad_signature');
  });

  test('a revoked device is not authorised, however good its signature', async () => {
    const revoked = deviceOf({ revokedAt: '2026-11-20T00:00:00.000Z' });
    expect(codeOf(await sign(), factsOf({}, revoked))).toBe('not_authorised');
  });

  test('a key check that fails or answers anything but true is a bad signature', async () => {
    const throws = () => {
      throw new Error('no such curve');
    };
    expect(codeOf(await sign(), factsOf({ verify: throws }))).toBe('bad_signature');
    const promise = (() => Promise.resolve(true)) as unknown as ApprovalFacts['verify']; // a defect
    expect(codeOf(await sign(), factsOf({ verify: promise }))).toBe('bad_signature');
  });

  test('an assertion for a device without a passkey, or none for one with, is refused', async () => {
    const signed: SignedDecision = { ...(await sign()), passkey: { id: 'x' } };
    expect(codeOf(signed)).toBe('bad_signature');
    const passkey = deviceOf({ kind: 'passkey', assurance: 'present' });
    expect(codeOf(await sign(), factsOf({}, passkey))).toBe('bad_signature');
  });

  test('a stale effect comes with the hash that took its place', async () => {
    const checked = checkDecision(await sign({ effects: [HASHES.outdated] }), factsOf());
    expect(checked.status === 'refused' && checked.failure.facts).toEqual({
      effects: [{ hash: HASHES.outdated, now: HASHES.final }],
    });
  });
});

describe('assurance', () => {
  const grave = { effects: [HASHES.grave] };
  const grant = { effects: [HASHES.grant], decision: 'authorise' } as const;
  const unlocked = deviceOf({ assurance: 'unlocked' });

  test('a passkey signs what is grave', async () => {
    const device = deviceOf({ kind: 'passkey', assurance: 'present' });
    const signed = { ...(await sign(grave)), passkey: { id: 'x' } };
    expect(codeOf(signed, factsOf({ verify: () => true }, device))).toBe('accepted');
  });

  test('a passphrase is enough for a grant, and for grave effects only where the policy says so', async () => {
    expect(codeOf(await sign(grant), factsOf({}, unlocked))).toBe('accepted');
    expect(codeOf(await sign(grave), factsOf({}, unlocked))).toBe('step_up_required');
    const { version: _version, ...content } = DEFAULT_POLICY;
    const policy = sealPolicy({ ...content, unlockedMax: 'grave' });
    const signed = await sign({ ...grave, policy: policy.version });
    expect(codeOf(signed, factsOf({ policy }, unlocked))).toBe('accepted');
    expect(codeOf(signed, factsOf({ policy }))).toBe('step_up_required');
  });

  test('a key file that claims presence is taken as unlocked', async () => {
    const boasting = deviceOf({ assurance: 'present' });
    expect(codeOf(await sign(grave), factsOf({}, boasting))).toBe('step_up_required');
  });

  test('under an unreadable policy effects are denied, but a new policy can be authorised', async () => {
    const policy = { status: 'unreadable', faults: ['x'] } as const;
    expect(codeOf(await sign(), factsOf({ policy }, unlocked))).toBe('denied');
    const signed = await sign({ ...grant, policy: 'unreadable' });
    expect(codeOf(signed, factsOf({ policy }, unlocked))).toBe('accepted');
    expect(codeOf(signed, factsOf({ policy }))).toBe('step_up_required');
  });
});

test('any JSON in the place of a signed decision is refused and never throws', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (json) => {
      expect(codeOf(json)).toBe('invalid_input');
    }),
  );
});
