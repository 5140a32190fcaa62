import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cpuMs } from '../../test/support/cpu-time.ts';
import {
  COUNTERPARTY,
  EFFECT_CLASSES,
  type Effect,
  type EffectClass,
  type Grant,
  type Label,
  OPERATOR,
  OWN,
  PUBLIC,
} from '../contract/index.ts';
import { decide } from './decide.ts';
import type { Deed } from './deed.ts';
import {
  decisionFacts,
  houseRule,
  mailEffect,
  mailGrant,
  NOW_MS,
  OWN_LABELS,
} from './deed-for-tests.ts';
import { DEFAULT_POLICY, type Policy, sealPolicy, type UnreadablePolicy } from './policy.ts';
import type { Verdict } from './reason.ts';

const { version: _version, ...DEFAULT_CONTENT } = DEFAULT_POLICY;

function withRule(verdict: Verdict, when = 'true'): Policy {
  return sealPolicy({ ...DEFAULT_CONTENT, rules: [houseRule(verdict, when)] });
}

const UNREADABLE: UnreadablePolicy = { status: 'unreadable', faults: ['It is not JSON.'] };

const POLICIES: { readonly [name: string]: Policy | UnreadablePolicy } = {
  default: DEFAULT_POLICY,
  allowing: withRule('allow'),
  asking: withRule('ask'),
  denying: withRule('deny'),
  failing: withRule('allow', 'fields.nothing == 1'),
  broken: withRule('allow', 'this is no condition'),
  unreadable: UNREADABLE,
};

const LABELS: { readonly [name: string]: { label: Label; column: 'trusted' | 'tainted' } } = {
  operator: { label: OPERATOR, column: 'trusted' },
  own: { label: OWN, column: 'trusted' },
  counterparty: { label: COUNTERPARTY, column: 'tainted' },
  public: { label: PUBLIC, column: 'tainted' },
  selected: { label: { ...OPERATOR, selected: true }, column: 'tainted' },
};

const USED_UP = {
  lastAtMs: NOW_MS - 1,
  periods: { day: { key: '2026-11-21', count: 5, sums: {}, destinations: ['zoe@example.com'] } },
};

/** Every state a grant can be in, and the column of the table that it must behave like. */
const GRANTS: {
  readonly [state: string]: { grants: Grant[]; column: 'none' | 'mine' | 'system' };
} = {
  none: { grants: [], column: 'none' },
  mine: { grants: [mailGrant()], column: 'mine' },
  system: { grants: [mailGrant({ origin: 'proposed' })], column: 'system' },
  revoked: { grants: [mailGrant({ status: 'revoked' })], column: 'none' },
  suspended: { grants: [mailGrant({ status: 'suspended' })], column: 'none' },
  expired: { grants: [mailGrant({ until: '2026-11-21T08:59:59.999Z' })], column: 'none' },
  early: { grants: [mailGrant({ from: '2026-11-21T09:00:00.001Z' })], column: 'none' },
  eternal: { grants: [mailGrant({ until: '2027-11-01T00:00:00.000Z' })], column: 'none' },
  restored: { grants: [mailGrant({ incarnation: 2 })], column: 'none' },
  used: { grants: [mailGrant({ id: 'used' })], column: 'none' },
  elsewhere: {
    grants: [mailGrant({ scope: { ...mailGrant().scope, destinations: ['zoe@example.org'] } })],
    column: 'none',
  },
  nowhere: {
    grants: [mailGrant({ scope: { ...mailGrant().scope, destinations: [] } })],
    column: 'none',
  },
  older: {
    grants: [mailGrant({ scope: { ...mailGrant().scope, capability: 'mail.send@2' } })],
    column: 'none',
  },
};

/** Written by hand from DESIGN section 8. Columns: no grant, my grant, the system's grant. */
const TABLE = `
  policy     class       trusted             tainted
  default    pure        allow allow allow   allow allow allow
  default    read        allow allow allow   allow allow allow
  default    fetch       allow allow allow   ask   ask   ask
  default    record      allow allow allow   allow allow allow
  default    reversible  ask   allow allow   ask   ask   ask
  default    final       ask   allow ask     ask   ask   ask
  default    grave       ask   ask   ask     ask   ask   ask
  allowing   pure        allow allow allow   allow allow allow
  allowing   read        allow allow allow   allow allow allow
  allowing   fetch       allow allow allow   allow allow allow
  allowing   record      allow allow allow   allow allow allow
  allowing   reversible  ask   allow allow   ask   ask   ask
  allowing   final       ask   allow ask     ask   ask   ask
  allowing   grave       ask   ask   ask     ask   ask   ask
  asking     pure        ask   ask   ask     ask   ask   ask
  asking     read        ask   ask   ask     ask   ask   ask
  asking     fetch       ask   ask   ask     ask   ask   ask
  asking     record      ask   ask   ask     ask   ask   ask
  asking     reversible  ask   ask   ask     ask   ask   ask
  asking     final       ask   ask   ask     ask   ask   ask
  asking     grave       ask   ask   ask     ask   ask   ask
`;
const DENYING_POLICIES = ['denying', 'failing', 'broken', 'unreadable'];

function expectedFor(policy: string, effectClass: string, label: string, grant: string): string {
  if (DENYING_POLICIES.includes(policy)) return 'deny';
  const row = TABLE.split('\n')
    .map((line) => line.trim().split(/\s+/))
    .find(([rowPolicy, rowClass]) => rowPolicy === policy && rowClass === effectClass);
  const offset = label === 'trusted' ? 2 : 5;
  return row?.[offset + ['none', 'mine', 'system'].indexOf(grant)] ?? 'no row';
}

describe('the decision table', () => {
  for (const [policyName, policy] of Object.entries(POLICIES)) {
    test(`every class, label and grant state under a policy that is ${policyName}`, () => {
      for (const effectClass of EFFECT_CLASSES) {
        for (const [labelName, { label, column }] of Object.entries(LABELS)) {
          for (const [state, { grants, column: grantColumn }] of Object.entries(GRANTS)) {
            const effect = mailEffect(label, { class: effectClass });
            const facts = decisionFacts({ usageOf: (id) => (id === 'used' ? USED_UP : undefined) });
            const decision = decide(effect, OWN_LABELS, grants, policy, facts);
            const expected = expectedFor(policyName, effectClass, column, grantColumn);
            const cell = `${policyName} ${effectClass} ${labelName} ${state}`;
            expect(`${cell}: ${decision.verdict}`).toBe(`${cell}: ${expected}`);
            checkConsistency(effectClass, column, decision);
          }
        }
      }
    });
  }

  function checkConsistency(
    effectClass: EffectClass,
    column: string,
    decision: ReturnType<typeof decide>,
  ): void {
    const outside = ['reversible', 'final', 'grave'].includes(effectClass);
    expect(decision.reasons.at(-1)).toMatchObject({ rule: 'result', verdict: decision.verdict });
    expect(decision.stepUp).toBe(decision.verdict === 'ask' && effectClass === 'grave');
    expect(decision.splitOut).toBe(decision.verdict === 'ask' && outside && column === 'tainted');
    expect(decision.grant !== undefined).toBe(decision.verdict === 'allow' && outside);
    expect(decision.debit !== undefined).toBe(decision.grant !== undefined);
    for (const reason of decision.reasons) expect(reason.because).toMatch(/^[A-Z\p{L}].*[^ ]$/u);
  }
});

describe('what is unknown is denied', () => {
  const strange: { readonly [what: string]: object } = {
    'an unknown class': { class: 'harmless' },
    'no class': { class: undefined },
    'a class from a prototype': { class: 'constructor' },
    'an unknown mode': { mode: 'rehearsal' },
    'an unknown role': { arguments: [{ path: 'x', role: 'decor', value: 1, label: OWN }] },
    'an argument without a label': { arguments: [{ path: 'x', role: 'content', value: 1 }] },
    'an unknown integrity': {
      arguments: [
        { path: 'x', role: 'content', value: 1, label: { ...OWN, integrity: 'trusted' } },
      ],
    },
    'an unknown placement': {
      arguments: [{ path: 'x', role: 'content', value: 1, label: { ...OWN, placement: 'moon' } }],
    },
    'an amount that is no number': { amount: { minor: '1', currency: 'EUR' } },
    'an amount beyond the safe range': { amount: { minor: 2 ** 53, currency: 'EUR' } },
    'a destination that is no text': { to: [{ toString: 'zoe@example.com' }] },
    'no capability': { capability: '' },
  };
  for (const [what, change] of Object.entries(strange)) {
    test(`${what} is denied`, () => {
      // A stored effect of another version, or a hostile one: the types do not hold here.
      const effect = { ...mailEffect(), ...change } as Effect;
      const decision = decide(effect, OWN_LABELS, [mailGrant()], DEFAULT_POLICY, decisionFacts());
      expect(decision.verdict).toBe('deny');
    });
  }

  test('a plan without labels, or an act without one, is denied', () => {
    const facts = decisionFacts();
    const noLabels = undefined as never; // what a defect upstairs would hand over
    expect(decide(mailEffect(), noLabels, [], DEFAULT_POLICY, facts).verdict).toBe('deny');
    const noAct = { ...facts, act: noLabels };
    expect(decide(mailEffect(), OWN_LABELS, [], DEFAULT_POLICY, noAct).verdict).toBe('deny');
  });

  test('a fact that cannot be looked up is a deny, not an error', () => {
    const broken = decisionFacts({
      isKnownDestination: () => {
        throw new Error('the index is gone');
      },
    });
    const decision = decide(mailEffect(), OWN_LABELS, [], DEFAULT_POLICY, broken);
    expect(decision.verdict).toBe('deny');
    expect(decision.reasons[0]?.rule).toBe('error');
  });

  test('an unreadable policy denies even a computation, and says why', () => {
    const decision = decide(
      mailEffect(OWN, { class: 'pure' }),
      OWN_LABELS,
      [],
      UNREADABLE,
      decisionFacts(),
    );
    expect(decision.verdict).toBe('deny');
    expect(decision.reasons[0]?.because).toBe('The policy is unreadable: It is not JSON.');
  });
});

describe('taint', () => {
  const verdictOf = (effect: Deed, labels = OWN_LABELS, act: Label = OPERATOR) =>
    decide(effect, labels, [mailGrant()], DEFAULT_POLICY, decisionFacts({ act }));

  test('tainted content neither splits an effect out nor blocks a grant', () => {
    const body = { path: 'body', role: 'content', value: 'quoted', label: PUBLIC } as const;
    const decision = verdictOf(mailEffect(OWN, { arguments: [body] }));
    expect(decision.verdict).toBe('allow');
  });

  test('every steering role below own blocks the grant and splits the effect out', () => {
    for (const role of ['destination', 'amount', 'account', 'target', 'decision'] as const) {
      const argument = { path: 'x', role, value: 'x', label: COUNTERPARTY };
      const decision = verdictOf(mailEffect(OWN, { arguments: [argument] }));
      expect([role, decision.verdict, decision.splitOut]).toEqual([role, 'ask', true]);
    }
  });

  test('a decision to act that outside text took blocks the grant', () => {
    const decision = verdictOf(mailEffect(), OWN_LABELS, COUNTERPARTY);
    expect([decision.verdict, decision.splitOut]).toEqual(['ask', true]);
  });

  test('a connector that paints an argument clean gains nothing over the label of the plan', () => {
    const labels = { base: OWN, at: { to: PUBLIC } };
    const decision = verdictOf(mailEffect(OPERATOR), labels);
    expect([decision.verdict, decision.splitOut]).toEqual(['ask', true]);
  });

  test('a new destination is split out', () => {
    const isKnownDestination = (address: string) => address === 'zoe@example.com';
    const facts = decisionFacts({ isKnownDestination });
    const both = mailEffect(OWN, { to: ['ZOE@Example.com', 'new@example.com'] });
    expect(decide(both, OWN_LABELS, [], DEFAULT_POLICY, facts).splitOut).toBe(true);
    const known = mailEffect(OWN, { to: ['Zoë <ZOE@Example.com>'] });
    expect(decide(known, OWN_LABELS, [], DEFAULT_POLICY, facts).splitOut).toBe(false);
  });
});

describe('fetch', () => {
  const listed = sealPolicy({ ...DEFAULT_CONTENT, hosts: ['api.example.com', '*.example.net'] });
  const fetchOf = (url: string, label: Label): Deed => ({
    class: 'fetch',
    capability: 'web.read@1',
    mode: 'live',
    to: [url],
    amount: null,
    arguments: [{ path: 'url', role: 'destination', value: url, label }],
  });
  const cases: readonly (readonly [string, Label, string])[] = [
    ['https://api.example.com/x', PUBLIC, 'allow'],
    ['https://API.example.com:8443/x', PUBLIC, 'allow'],
    ['https://deep.example.net/', PUBLIC, 'allow'],
    ['https://example.net/', PUBLIC, 'ask'],
    ['https://example.net.evil.test/', PUBLIC, 'ask'],
    ['https://api.example.com@evil.test/', PUBLIC, 'ask'],
    ['https://api.example.com\\@evil.test/', PUBLIC, 'allow'],
    ['https://api.example.com.evil.test/', PUBLIC, 'ask'],
    ['https://evil.test/?u=api.example.com', PUBLIC, 'ask'],
    ['no url at all', PUBLIC, 'ask'],
    ['https://evil.test/', OWN, 'allow'],
  ];
  for (const [url, label, expected] of cases) {
    test(`${url} from ${label.integrity} text: ${expected}`, () => {
      const decision = decide(fetchOf(url, label), OWN_LABELS, [], listed, decisionFacts());
      expect(decision.verdict).toBe(expected);
    });
  }

  test('an address that no argument names counts as tainted as everything in the deed', () => {
    const deed: Deed = { ...fetchOf('https://evil.test/', OWN), arguments: [] };
    const tainted = decide(deed, { base: PUBLIC }, [], listed, decisionFacts());
    expect(tainted.verdict).toBe('ask');
  });
});

describe('what holds whatever the policy says', () => {
  test('a connector that is off, the stop switch and an older incarnation deny', () => {
    const grants = [mailGrant()];
    const verdict = (effect: Effect, facts = decisionFacts()) =>
      decide(effect, OWN_LABELS, grants, DEFAULT_POLICY, facts).verdict;
    expect(verdict(mailEffect())).toBe('allow');
    expect(verdict(mailEffect(OWN, { mode: 'off' }))).toBe('deny');
    expect(verdict(mailEffect(), decisionFacts({ stopped: true }))).toBe('deny');
    expect(verdict(mailEffect(OWN, { incarnation: 2 }))).toBe('deny');
    expect(verdict(mailEffect(OWN, { class: 'read' }), decisionFacts({ stopped: true }))).toBe(
      'allow',
    );
  });

  test('data bound to this machine does not go where the cloud is', () => {
    const bound: Label = { integrity: 'own', placement: 'this-machine' };
    const labels = { base: OWN, at: { note: bound } };
    const effect = mailEffect(OWN, { class: 'read' });
    const verdict = (reach: 'anywhere' | 'no-cloud' | 'this-machine') =>
      decide(effect, labels, [], DEFAULT_POLICY, decisionFacts({ reach })).verdict;
    expect([verdict('anywhere'), verdict('no-cloud'), verdict('this-machine')]).toEqual([
      'deny',
      'deny',
      'allow',
    ]);
  });

  test('a used-up rate denies for a while and says how long', () => {
    const rates = [{ id: 'mails', capability: 'mail.*', starts: 3, perMs: 60_000 }];
    const policy = sealPolicy({ ...DEFAULT_CONTENT, rates });
    const decideAt = (starts: number) =>
      decide(mailEffect(), OWN_LABELS, [], policy, decisionFacts({ startsOf: () => starts }));
    expect(decideAt(2).verdict).toBe('ask');
    expect(decideAt(3)).toMatchObject({ verdict: 'deny', waitMs: 60_000 });
    expect(decideAt(Number.NaN).verdict).toBe('deny');
    const denying = sealPolicy({ ...DEFAULT_CONTENT, rates, rules: withRule('deny').rules });
    const both = decide(
      mailEffect(),
      OWN_LABELS,
      [],
      denying,
      decisionFacts({ startsOf: () => 9 }),
    );
    expect(both.verdict).toBe('deny');
    expect(both).not.toHaveProperty('waitMs');
  });

  test('a rule sees agent, capability, class, label, fields, to, amount, mode, playbook, hour', () => {
    const when = `agent == "invoicer@1" && capability.startsWith("mail.") && class == "final"
      && label == "own" && steering == "own" && fields["total"] == 120000 && fields.body != ""
      && to == ["zoe@example.com"] && amount.minor > 100000 && amount.currency == "EUR"
      && mode == "live" && playbook == "invoice-month" && hour == 10`;
    const facts = decisionFacts({ playbook: 'invoice-month' });
    const decision = decide(mailEffect(), OWN_LABELS, [], withRule('deny', when), facts);
    expect(decision.reasons.map((reason) => reason.rule)).toEqual([
      'rule.house',
      'class.final',
      'result',
    ]);
    expect(decision.verdict).toBe('deny');
  });
});

const anyWhen = fc.constantFrom(
  ...['true', 'false', 'class == "final"', 'amount.minor > 5', 'nonsense(', 'to[9] == ""'],
);
const anyRule = fc
  .tuple(fc.constantFrom<Verdict>('allow', 'ask', 'deny'), anyWhen)
  .map(([verdict, when]) => houseRule(verdict, when));
const RANK = { deny: 0, ask: 1, allow: 2 };

describe('laws', () => {
  test('any JSON in the place of anything gives a verdict and never an error', () => {
    const json = fc.jsonValue();
    fc.assert(
      fc.property(json, json, json, json, json, (deed, labels, grants, policy, facts) => {
        const args = [deed, labels, grants, policy, facts] as unknown as Parameters<typeof decide>;
        expect(decide(...args).verdict).toBe('deny');
      }),
      { numRuns: 300 },
    );
  });

  test('any JSON in one member of an effect or a grant never turns an ask into an allow', () => {
    const members = Object.keys(mailEffect()).filter((name) => !['class', 'to'].includes(name));
    fc.assert(
      fc.property(fc.constantFrom(...members), fc.jsonValue(), (member, value) => {
        const effect = { ...mailEffect(COUNTERPARTY), [member]: value } as Effect; // hostile on purpose
        if (member === 'arguments') return; // its labels are what makes it tainted
        const decision = decide(effect, OWN_LABELS, [mailGrant()], DEFAULT_POLICY, decisionFacts());
        expect(decision.verdict).not.toBe('allow');
      }),
      { numRuns: 500 },
    );
    fc.assert(
      fc.property(
        fc.dictionary(fc.constantFrom(...Object.keys(mailGrant())), fc.jsonValue()),
        (parts) => {
          const grant = {
            ...mailGrant({ status: 'revoked' }),
            ...parts,
            status: 'revoked',
          } as Grant; // hostile on purpose
          const decision = decide(
            mailEffect(),
            OWN_LABELS,
            [grant],
            DEFAULT_POLICY,
            decisionFacts(),
          );
          expect(decision.verdict).not.toBe('allow'); // what cannot be read may deny
        },
      ),
      { numRuns: 300 },
    );
  });

  test('one more ask or deny never loosens a verdict, and nothing makes grave an allow', () => {
    fc.assert(
      fc.property(
        fc.array(anyRule, { maxLength: 4 }),
        anyRule.filter((rule) => rule.then !== 'allow'),
        fc.constantFrom(...EFFECT_CLASSES),
        fc.constantFrom(OWN, PUBLIC),
        fc.boolean(),
        (rules, more, effectClass, label, granted) => {
          const seal = (list: readonly (typeof more)[]) =>
            sealPolicy({
              ...DEFAULT_CONTENT,
              rules: list.map((rule, i) => ({ ...rule, id: `r${i}` })),
            });
          const effect = mailEffect(label, { class: effectClass });
          const grants = granted ? [mailGrant()] : [];
          const facts = decisionFacts();
          const before = decide(effect, OWN_LABELS, grants, seal(rules), facts);
          const after = decide(effect, OWN_LABELS, grants, seal([...rules, more]), facts);
          expect(RANK[after.verdict]).toBeLessThanOrEqual(RANK[before.verdict]);
          if (effectClass === 'grave') expect(before.verdict).not.toBe('allow');
          const outside = ['reversible', 'final'].includes(effectClass);
          if (outside && before.verdict === 'allow') expect(before.grant).toBe('grant-1');
        },
      ),
      { numRuns: 500 },
    );
  });

  test('the same question has the same answer', () => {
    const ask = () =>
      decide(mailEffect(), OWN_LABELS, [mailGrant()], withRule('ask'), decisionFacts());
    expect(ask()).toEqual(ask());
  });
});

test('a grave effect says which key it needs, as the policy has it', () => {
  const grave = mailEffect(OWN, { class: 'grave' });
  const unlocked = sealPolicy({ ...DEFAULT_CONTENT, unlockedMax: 'grave' });
  const of = (policy: Policy) => decide(grave, OWN_LABELS, [], policy, decisionFacts());
  expect(of(DEFAULT_POLICY)).toMatchObject({ stepUp: true, assurance: 'present' });
  expect(of(DEFAULT_POLICY).reasons.at(-1)?.because).toBe('You are asked, with a passkey.');
  expect(of(unlocked)).toMatchObject({ stepUp: true, assurance: 'unlocked' });
  expect(of(unlocked).reasons.at(-1)?.because).toContain('a key that has a passphrase');
});

test('a warm decision is a matter of microseconds', () => {
  const rules = ['agent == "x"', 'hour < 6', 'amount.minor > 500000', 'fields.total > 9000000'].map(
    (when, i) => houseRule('deny', when, `r${i}`),
  );
  const policy = sealPolicy({ ...DEFAULT_CONTENT, rules });
  const grants = [mailGrant({ constraint: 'effect.amount.minor <= 200000' })];
  const effect = mailEffect();
  const facts = decisionFacts();
  const once = () => decide(effect, OWN_LABELS, grants, policy, facts);
  expect(once().verdict).toBe('allow');
  for (let i = 0; i < 2_000; i++) once();
  const many = () => {
    for (let i = 0; i < 2_000; i++) once();
  };
  const meanUs = (cpuMs(many) * 1_000) / 2_000;
  expect(meanUs).toBeLessThan(1_000); // far above the figure: only a change of kind shows here
  console.info(`decide with four rules and a grant: mean ${meanUs.toFixed(1)} us`);
});
