import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { OWN, PUBLIC } from '../contract/index.ts';
import { backTest, type PastDeed } from './back-test.ts';
import { decisionFacts, houseRule, mailEffect, mailGrant, OWN_LABELS } from './deed-for-tests.ts';
import {
  coversCapability,
  DEFAULT_POLICY,
  isUnreadable,
  type PolicyContent,
  readPolicy,
  requiredAssurance,
  sealPolicy,
  undoWindowMs,
} from './policy.ts';
import { diffPolicies } from './policy-diff.ts';

const { version: _version, ...CONTENT } = DEFAULT_POLICY;
const sealed = (changes: Partial<PolicyContent>) => sealPolicy({ ...CONTENT, ...changes });

function faultsOf(json: unknown): readonly string[] {
  const read = readPolicy(json);
  return isUnreadable(read) ? read.faults : [];
}

describe('reading', () => {
  test('what was stored as JSON is read as it was', () => {
    const policy = sealed({ rules: [houseRule('ask', 'amount.minor > 5')], hosts: ['x.example'] });
    expect(readPolicy(JSON.parse(JSON.stringify(policy)))).toEqual(policy);
    expect(readPolicy(DEFAULT_POLICY)).toEqual(DEFAULT_POLICY);
  });

  test('a policy changed under its old version is unreadable', () => {
    expect(faultsOf({ ...DEFAULT_POLICY, hosts: ['evil.test'] })).toEqual([
      'The version of the policy does not fit its content.',
    ]);
  });

  test('every broken or doubled rule is named', () => {
    const rules = [
      houseRule('ask', 'nope == 1', 'a'),
      houseRule('ask', 'agent.matches("x")', 'b'),
      houseRule('ask', 'true', 'b'),
    ];
    expect(faultsOf(sealed({ rules }))).toEqual([
      'Rule "a": Unknown variable: nope.',
      'Rule "b": The function "matches" is not allowed here.',
      'Two rules are called "b".',
    ]);
  });

  test('a rule that says something else than allow, ask or deny makes it unreadable', () => {
    const rule = Object.fromEntries([...Object.entries(houseRule('ask')), ['then', 'permit']]);
    expect(faultsOf({ ...DEFAULT_POLICY, rules: [rule] })[0]).toMatch(/^rules\.0\.then: /);
  });

  test('no policy lets a plain key file sign what is grave', () => {
    expect(faultsOf({ ...DEFAULT_POLICY, unattendedMax: 'grave' })[0]).toMatch(/^unattendedMax: /);
    for (const unattendedMax of ['record', 'reversible', 'final'] as const) {
      for (const unlockedMax of ['reversible', 'final', 'grave'] as const) {
        const policy = sealed({ unattendedMax, unlockedMax });
        for (const what of ['grave', 'grant', 'policy', 'device', 'secret', 'erase'] as const) {
          expect(requiredAssurance(policy, what)).not.toBe('unattended');
        }
      }
    }
  });

  test('any JSON is a policy or unreadable with a reason, and never throws', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (json) => {
        expect(faultsOf(json).length).toBeGreaterThan(0);
      }),
    );
    for (const odd of [undefined, null, () => 1, Symbol('x'), 10n]) {
      expect(faultsOf(odd).length).toBeGreaterThan(0);
    }
  });
});

test('a pattern covers what it names and nothing beside it', () => {
  expect(coversCapability('mail.*', 'mail.send@1')).toBe(true);
  expect(coversCapability('*', 'mail.send@1')).toBe(true);
  expect(coversCapability('mail.send@1', 'mail.send@1')).toBe(true);
  expect(coversCapability('mail.send@1', 'mail.send@12')).toBe(false);
  expect(coversCapability('mail.*', 'mailing.send@1')).toBe(false);
});

test('the undo window of a connector goes before that of its class', () => {
  const policy = sealed({ undoWindowsMs: { final: 5_000, 'connector:outbox': 10_000 } });
  expect(undoWindowMs(policy, { class: 'final', connector: 'outbox' })).toBe(10_000);
  expect(undoWindowMs(policy, { class: 'final', connector: 'site' })).toBe(5_000);
  expect(undoWindowMs(policy, { class: 'grave', connector: 'bank' })).toBe(0);
});

describe('the difference of two policies', () => {
  test('is told in sentences', () => {
    const before = sealed({
      rules: [houseRule('ask', 'true', 'gone'), houseRule('ask', 'hour < 6', 'night')],
      hosts: ['old.example'],
    });
    const after = sealed({
      rules: [houseRule('deny', 'hour < 6', 'night')],
      rates: [{ id: 'mails', capability: 'mail.*', starts: 20, perMs: 3_600_000 }],
      hosts: ['new.example'],
      undoWindowsMs: { final: 30_000 },
      quietHours: { from: 22, to: 7 },
      unlockedMax: 'grave',
    });
    expect(diffPolicies(before, after).map(({ path, sentence }) => `${path}: ${sentence}`)).toEqual(
      [
        'rules.gone: Gone: "gone": when true, then ask, because: The house rule says so.',
        'rules.night: Was: "night": when hour < 6, then ask, because: The house rule says so. Now: "night": when hour < 6, then deny, because: The house rule says so.',
        'rates.mails: New: "mails": at most 20 starts of mail.* in 1 hour.',
        'hosts: old.example is no longer read unasked.',
        'hosts: new.example may be read unasked.',
        'undoWindowsMs.final: The time to take back "final" changes from 0 ms to 30 seconds.',
        "quietHours: Quiet hours: was none, now 22 to 7 o'clock.",
        'unlockedMax: A key with a passphrase may sign up to class: was final, now grave.',
      ],
    );
  });

  test('is empty for the same policy, also with its rules in another order', () => {
    const rules = [houseRule('ask', 'true', 'a'), houseRule('deny', 'false', 'b')];
    expect(diffPolicies(sealed({ rules }), sealed({ rules: rules.toReversed() }))).toEqual([]);
  });
});

describe('a back-test', () => {
  const past = (id: string, minor: number, changes: Partial<PastDeed> = {}): PastDeed => ({
    id,
    deed: mailEffect(OWN, { amount: { minor, currency: 'EUR' } }),
    labels: OWN_LABELS,
    grants: [],
    facts: decisionFacts(),
    ...changes,
  });
  const deeds = [
    past('small', 1_000, { grants: [mailGrant()] }),
    past('large', 900_000, { grants: [mailGrant()] }),
    past('asked', 500),
    past('tainted', 700, { deed: mailEffect(PUBLIC) }),
  ];

  test('names every deed that would be decided otherwise, with asks and money', () => {
    const strict = sealed({ rules: [houseRule('deny', 'amount.minor > 500000')] });
    const result = backTest(deeds, DEFAULT_POLICY, strict);
    expect(result.deeds).toBe(4);
    expect(
      result.differs.map(({ id, before, after }) => [id, before.verdict, after.verdict]),
    ).toEqual([['large', 'allow', 'deny']]);
    expect(result.before).toEqual({
      asks: 2,
      verdicts: { allow: 2, ask: 2, deny: 0 },
      money: { allow: { EUR: 901_000 }, ask: { EUR: 120_500 }, deny: {} },
    });
    expect(result.after.money.deny).toEqual({ EUR: 900_000 });
  });

  test('a policy differs from itself in nothing, and an unreadable one denies all', () => {
    expect(backTest(deeds, DEFAULT_POLICY, DEFAULT_POLICY).differs).toEqual([]);
    const result = backTest(deeds, DEFAULT_POLICY, { status: 'unreadable', faults: ['x'] });
    expect(result.after.verdicts).toEqual({ allow: 0, ask: 0, deny: 4 });
  });
});
