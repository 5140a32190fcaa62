import { describe, expect, test } from 'vitest';
import { COUNTERPARTY, OWN, PUBLIC } from '../contract/index.ts';
import { compilePlan } from './compile.ts';
import {
  absentValue,
  afterRound,
  catches,
  expandCatch,
  expandEach,
  expandPlan,
  expandRepeat,
  lastStepOf,
} from './expand.ts';
import { createFrontier, type StepInstance } from './frontier.ts';
import { parsePlan } from './parse.ts';
import { failureOf, labelled, registry } from './test-kit.ts';

const text = { id: 'text', call: 'text.summarise@1', with: { text: 'x' } };

function instanceOf(step: object): StepInstance {
  const frontier = createFrontier(
    compilePlan(parsePlan({ steps: [{ id: 'outer', ...step }] }), registry),
  );
  const found = frontier.find('outer');
  if (!found) throw new Error('no step');
  return found;
}

describe('each', () => {
  const each = (more: object = {}) =>
    instanceOf({ each: { over: [], as: 'line', do: [text], ...more } });

  test('gives one branch per item, with the item, its position and their labels', () => {
    const list = {
      value: [{ n: 1 }, { n: 2 }],
      labels: { base: OWN, at: { '1': COUNTERPARTY, '1.n': PUBLIC } },
    };
    const { branches, parallel } = expandEach(each({ parallel: 3 }), list);
    expect(parallel).toBe(3);
    expect(branches.map(({ prefix, variables }) => [prefix, variables])).toEqual([
      ['outer/0/', { line: { value: { n: 1 }, labels: { base: OWN } }, index: labelled(0) }],
      [
        'outer/1/',
        {
          line: { value: { n: 2 }, labels: { base: COUNTERPARTY, at: { n: PUBLIC } } },
          index: labelled(1),
        },
      ],
    ]);
  });

  test.each([
    ['no list', 'abc', 'invalid_input'],
    ['a list longer than its limit', [1, 2, 3], 'too_large'],
  ])('%s is refused', (_what, value, code) => {
    expect(failureOf(() => expandEach(each({ limit: 2 }), labelled(value))).code).toBe(code);
  });
});

describe('repeat', () => {
  const poll = instanceOf({ repeat: { do: [text], until: 'round == 2', max: 2 } });

  test('a round has its number', () => {
    expect(expandRepeat(poll, 2, OWN)).toMatchObject({
      prefix: 'outer/2/',
      variables: { round: labelled(2) },
    });
  });

  test.each([
    [1, false, 'again'],
    [1, true, 'done'],
    [2, true, 'done'],
    [2, false, 'exhausted'],
  ] as const)('after round %d with until %s: %s', (round, until, next) => {
    expect(afterRound(poll, round, until)).toBe(next);
  });
});

describe('catch', () => {
  const caught = instanceOf({
    ...text,
    id: 'outer',
    catch: { codes: ['timed_out'], do: [{ ...text, id: 'inner' }] },
  });
  const error = { code: 'timed_out', message: 'too late' } as const;

  test('its steps see the error', () => {
    expect(expandCatch(caught, error, OWN)).toMatchObject({
      prefix: 'outer/catch/',
      variables: { error: labelled(error) },
    });
  });

  test('another failure is not caught; without codes every one is', () => {
    expect(catches(caught, 'rate_limited')).toBe(false);
    expect(expandCatch(caught, { code: 'rate_limited', message: '' }, OWN)).toBeUndefined();
    expect(catches(instanceOf({ ...text, id: 'outer', catch: { value: 1 } }), 'rate_limited')).toBe(
      true,
    );
    expect(catches(instanceOf({ ...text, id: 'outer' }), 'timed_out')).toBe(false);
  });
});

describe('expand', () => {
  const made = {
    steps: [{ id: 'a', call: 'text.summarise@1', with: { text: { $expr: 'input.note' } } }],
  };
  const expand = (more: object = {}) =>
    instanceOf({ expand: { plan: { $expr: 'input.plan' }, ...more } });

  test('a value becomes a plan under the step and keeps its label', () => {
    const { branch, plan, own } = expandPlan(
      expand(),
      { value: made, labels: { base: OWN, at: { steps: PUBLIC } } },
      registry,
    );
    expect([branch.prefix, branch.plan.steps[0]?.id, plan, own]).toEqual([
      'outer/',
      'a',
      made,
      PUBLIC,
    ]);
    expect(lastStepOf(branch.plan)).toBe('a');
  });

  test.each<[string, object, object, string]>([
    ['what is no plan', {}, { steps: 'x' }, 'steps'],
    ['an unknown capability', {}, { steps: [{ ...text, call: 'no.such@1' }] }, 'steps[0].call'],
    ['a capability that is not allowed', { allow: ['mail.send@1'] }, made, 'steps[0].call'],
    [
      'one that is not allowed, inside a body',
      { allow: ['mail.send@1'] },
      { steps: [{ id: 'l', each: { over: [1], as: 'x', do: [text] } }] },
      'steps[0].each.do[0].call',
    ],
    [
      'one that is not allowed, behind a playbook',
      { allow: ['text.summarise@1'] },
      { steps: [{ id: 'p', play: 'invoice-reminder@2', with: { invoice: 'x' } }] },
      'steps[0].play',
    ],
    [
      'a plan that expands again',
      {},
      { steps: [{ id: 'e', expand: { plan: { $expr: 'input' } } }] },
      'steps[0].expand',
    ],
    ['more steps than it may have', { limit: 1 }, { steps: [text, { ...text, id: 'b' }] }, 'steps'],
    [
      'a look at the plan around it',
      {},
      { steps: [{ ...text, with: { text: { $expr: 'outer.x' } } }] },
      'steps[0].with.text',
    ],
  ])('%s is refused', (_what, bounds, plan, path) => {
    const failed = failureOf(() =>
      expandPlan(expand(bounds), labelled(JSON.parse(JSON.stringify(plan))), registry),
    );
    expect(failed.code).toBe('invalid_plan');
    expect(failed.facts.faults).toContainEqual(expect.objectContaining({ path }));
  });
});

test('what did not happen can be asked for in words', () => {
  expect(absentValue('skipped')).toEqual({ status: 'skipped' });
  expect(absentValue('failed', { code: 'timed_out', message: 'late' })).toEqual({
    status: 'failed',
    code: 'timed_out',
    message: 'late',
  });
});
