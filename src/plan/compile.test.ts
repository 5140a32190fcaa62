import { describe, expect, test } from 'vitest';
import { type CompiledStep, compilePlan } from './compile.ts';
import { parsePlan } from './parse.ts';
import { failureOf, invoicePlan, registry } from './test-kit.ts';

const READ = { call: 'time.unbilled@1' };
const PURE = { call: 'text.summarise@1' };
const FETCH = { call: 'web.read@1' };
const RECORD = { call: 'invoice.issue@1' };
const FINAL = { call: 'mail.send@1' };
const UNKNOWN = { call: 'un.known@1' };
const ASK = { ask: { title: 'Go on?', form: { fields: [] } } };
const WAIT = { wait: { for: 'P1D' } };
const PLAY = { play: 'invoice-reminder@2' };
const each = (inner: object) => ({
  each: { over: [1], as: 'item', do: [{ id: 'inner', ...inner }] },
});

function compiled(...steps: object[]): readonly CompiledStep[] {
  const named = steps.map((step, index) => ({ id: `s${index}`, ...step }));
  return compilePlan(parsePlan({ steps: named }), registry).steps;
}

describe('the order rules', () => {
  // Each row: a plan, and for every step what it waits for.
  test.each<[string, object[], string[][]]>([
    ['pure, read and fetch steps wait for nothing', [READ, PURE, FETCH], [[], [], []]],
    ['an effect follows the effect before it', [FINAL, FINAL, FINAL], [[], ['s0'], ['s1']]],
    ['a record is an effect too', [RECORD, FINAL], [[], ['s0']]],
    [
      'ask, wait and play take their turn with effects',
      [ASK, FINAL, WAIT, PLAY],
      [[], ['s0'], ['s1'], ['s2']],
    ],
    ['reads between effects do not stand in line', [FINAL, READ, FINAL], [[], [], ['s0']]],
    ['an unknown capability is taken for an effect', [FINAL, UNKNOWN, FINAL], [[], ['s0'], ['s1']]],
    ['an each of reads runs freely', [FINAL, each(READ), FINAL], [[], [], ['s0']]],
    ['an each of effects takes its turn', [FINAL, each(FINAL), FINAL], [[], ['s0'], ['s1']]],
    [
      'after replaces the order rule',
      [FINAL, FINAL, { ...FINAL, after: ['s0'] }],
      [[], ['s0'], ['s0']],
    ],
    ['an empty after follows nothing', [FINAL, { ...FINAL, after: [] }], [[], []]],
    [
      'who has its own after is still followed',
      [FINAL, { ...FINAL, after: [] }, FINAL],
      [[], [], ['s1']],
    ],
    ['a read may follow when it says so', [FINAL, { ...READ, after: ['s0'] }], [[], ['s0']]],
    [
      'a step waits for what it refers to, wherever it says so',
      [READ, PURE, { ...FINAL, when: 's0.count > 0', lock: { $expr: 's1.text' } }],
      [[], [], ['s0', 's1']],
    ],
    [
      'a step may refer to a later one',
      [{ ...PURE, with: { text: { $expr: 's1.text' } } }, PURE],
      [['s1'], []],
    ],
    [
      'a plain text is literal and refers to nothing',
      [PURE, { ...PURE, with: { text: 's0.text' } }],
      [[], []],
    ],
    [
      'an each waits for what its inner steps read outside',
      [PURE, each({ ...PURE, with: { text: { $expr: 's0.text + item' } } })],
      [[], ['s0']],
    ],
    [
      'a hole waits for the receipt that fills it',
      [
        FINAL,
        {
          ...FINAL,
          after: [],
          with: { text: { $receipt: { step: 's0', path: 'id', type: 'text', max: 9 } } },
        },
      ],
      [[], ['s0']],
    ],
    [
      'a catch counts as part of its step',
      [READ, PURE, { ...PURE, catch: { value: { $expr: 's0.lines[0].text + error.message' } } }],
      [[], [], ['s0']],
    ],
  ])('%s', (_rule, steps, expected) => {
    expect(compiled(...steps).map((step) => step.dependsOn)).toEqual(expected);
  });

  test('the plan of the design compiles to the sequence that it describes', () => {
    const plan = compilePlan(parsePlan(invoicePlan), registry);
    const seen = plan.steps.map((step) => [step.id, step.refersTo, step.follows, step.followsBy]);
    expect(seen).toEqual([
      ['hours', [], [], 'none'],
      ['draft', ['hours'], [], 'none'],
      ['issue', ['draft'], ['draft'], 'order'],
      ['mail', ['draft', 'issue'], ['issue'], 'order'],
      ['paid', ['issue'], ['mail'], 'order'],
      ['chase', ['paid', 'issue'], ['paid'], 'order'],
    ]);
    expect(plan.order).toEqual([0, 1, 2, 3, 4, 5]);
    expect([...plan.outer]).toEqual(['input']);
  });
});

describe('what cannot be compiled', () => {
  test.each<[string, object[], string, string]>([
    [
      'a circle',
      [
        { ...PURE, with: { text: { $expr: 's1.text' } } },
        { ...PURE, with: { text: { $expr: 's2.text' } } },
        { ...PURE, with: { text: { $expr: 's0.text' } } },
      ],
      'steps[0]',
      'a circle: s0 -> s1 -> s2 -> s0',
    ],
    [
      'a step that refers to itself',
      [{ ...PURE, when: 's0.text == ""' }],
      'steps[0]',
      'a circle: s0 -> s0',
    ],
    [
      'a circle through the order rule',
      [{ ...FINAL, after: ['s1'] }, FINAL],
      'steps[0]',
      'a circle: s0 -> s1 -> s0',
    ],
    [
      'two steps of one id',
      [
        { id: 'a', ...PURE },
        { id: 'a', ...PURE },
      ],
      'steps[1].id',
      'a, as in steps[0]',
    ],
    [
      'an inner id that is used around it',
      [{ id: 'inner', ...PURE }, each(PURE)],
      'steps[1].each.do[0].id',
      'inner, which is used around it',
    ],
    [
      'an expression that cannot be read',
      [{ ...PURE, with: { text: { $expr: '1 +' } } }],
      'steps[0].with',
      'Unexpected token: EOF',
    ],
    [
      'a condition that can block',
      [{ ...PURE, when: '"a".matches("b")' }],
      'steps[0].when',
      'matches',
    ],
    [
      'an $expr with something beside it',
      [{ ...PURE, with: { text: { $expr: '1', else: 2 } } }],
      'steps[0].with.text',
      'an object {$expr, else}',
    ],
    [
      'a name with $ that means nothing',
      [{ ...PURE, with: { text: { $exp: '1' } } }],
      'steps[0].with.text',
      'an object {$exp}',
    ],
  ])('%s', (_what, steps, path, found) => {
    const faults = failureOf(() => compiled(...steps)).facts.faults;
    expect(faults).toEqual([
      expect.objectContaining({ path, found: expect.stringContaining(found) }),
    ]);
  });
});
