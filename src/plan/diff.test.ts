import { describe, expect, test } from 'vitest';
import { diffPlans, diffPlaybooks } from './diff.ts';
import { parsePlan } from './parse.ts';
import { invoicePlan, registry, reminder } from './test-kit.ts';

const pure = (id: string, ...refers: string[]) => ({
  id,
  call: 'text.summarise@1',
  with: { text: refers.map((name) => ({ $expr: `${name}.text` })) },
});
const send = (id: string, more: object = {}) => ({ id, call: 'mail.send@1', ...more });

function diff(before: readonly object[], after: readonly object[]) {
  return diffPlans(parsePlan({ steps: before }), parsePlan({ steps: after }), registry);
}

function sentences(before: readonly object[], after: readonly object[]): readonly string[] {
  return diff(before, after).map((change) => change.sentence);
}

describe('what is no change', () => {
  test.each<[string, object[], object[]]>([
    [
      'independent steps in another order',
      [pure('a'), pure('b'), pure('c', 'a')],
      [pure('b'), pure('a'), pure('c', 'a')],
    ],
    [
      'a read moved between effects',
      [send('a'), pure('r'), send('b')],
      [pure('r'), send('a'), send('b')],
    ],
    [
      'a condition written as an object',
      [pure('a'), { ...pure('b'), when: 'a.text == ""' }],
      [pure('a'), { ...pure('b'), when: { $expr: 'a.text == ""' } }],
    ],
    [
      'an after that says what the order rule says',
      [send('a'), send('b')],
      [send('a'), send('b', { after: ['a'] })],
    ],
    [
      'an after that data implies',
      [pure('a'), pure('b', 'a')],
      [pure('a'), { ...pure('b', 'a'), after: ['a'] }],
    ],
    [
      'members of an object in another order',
      [send('a', { with: { to: 'x', text: 'y' } })],
      [send('a', { with: { text: 'y', to: 'x' } })],
    ],
  ])('%s', (_what, before, after) => {
    expect(diff(before, after)).toEqual([]);
  });

  test('a plan and itself', () => {
    expect(diffPlans(parsePlan(invoicePlan), parsePlan(invoicePlan))).toEqual([]);
  });
});

describe('what is a change', () => {
  test.each<[string, object[], object[], string[]]>([
    ['a new step', [pure('a')], [pure('a'), send('b')], ['b is new: it calls mail.send@1.']],
    [
      'a step that is gone',
      [pure('a'), send('b')],
      [pure('a')],
      ['b is gone; before, it calls mail.send@1.'],
    ],
    [
      'an argument',
      [send('a', { with: { to: 'x', text: 'same' } })],
      [send('a', { with: { to: { $expr: 'input.to' }, text: 'same' } })],
      ['a: with.to was "x" and is now input.to.'],
    ],
    [
      'a new argument',
      [send('a')],
      [send('a', { with: { to: 'x' } })],
      ['a: with is new: {"to":"x"}.'],
    ],
    [
      'a version',
      [send('a')],
      [{ ...send('a'), call: 'mail.send@2' }],
      ['a: call was "mail.send@1" and is now "mail.send@2".'],
    ],
    [
      'a condition',
      [pure('a'), { ...pure('b'), when: 'a.text == "x"' }],
      [pure('a'), pure('b')],
      ['b: when is gone; it was "a.text == \\"x\\"".'],
    ],
    [
      'one entry of a list',
      [send('a', { with: { attach: ['x', 'y'] } })],
      [send('a', { with: { attach: ['x', 'z'] } })],
      ['a: with.attach[1] was "y" and is now "z".'],
    ],
    [
      'two effects that changed places',
      [send('a'), send('b')],
      [send('b'), send('a')],
      [
        'b now follows nothing; before, it followed a.',
        'a now follows b; before, it followed nothing.',
      ],
    ],
    [
      'a step between two others is one change',
      [send('a'), send('c')],
      [send('a'), send('b'), send('c')],
      ['b is new: it calls mail.send@1.'],
    ],
    [
      'a step gone from between two others is one change',
      [send('a'), send('b'), send('c')],
      [send('a'), send('c')],
      ['b is gone; before, it calls mail.send@1.'],
    ],
    [
      'a free step',
      [send('a'), send('b')],
      [send('a'), send('b', { after: [] })],
      ['b now follows nothing; before, it followed a.'],
    ],
    [
      'a step inside a loop',
      [{ id: 'all', each: { over: [1], as: 'x', do: [pure('in')] } }],
      [
        {
          id: 'all',
          each: { over: [1, 2], as: 'x', do: [{ ...pure('in'), title: 'New' }, pure('more')] },
        },
      ],
      [
        'all: each.over was [1] and is now [1,2].',
        'all/in: title is new: "New".',
        'all/more is new: it calls text.summarise@1.',
      ],
    ],
  ])('%s', (_what, before, after, expected) => {
    expect(sentences(before, after)).toEqual(expected);
  });

  test('a change carries both sides', () => {
    expect(diff([send('a', { queue: 'now' })], [send('a', { queue: 'cheap' })])).toEqual([
      {
        type: 'changed',
        step: 'a',
        path: 'queue',
        before: 'now',
        after: 'cheap',
        sentence: 'a: queue was "now" and is now "cheap".',
      },
    ]);
  });
});

test('two versions of a playbook differ in their heads too', () => {
  const next = {
    ...reminder,
    version: 3,
    autonomy: 'ask' as const,
    plan: parsePlan({ steps: [...reminder.plan.steps, send('b')] }),
  };
  expect(diffPlaybooks(reminder, next, registry).map((change) => change.sentence)).toEqual([
    'The playbook\'s autonomy was "suggest" and is now "ask".',
    'b is new: it calls mail.send@1.',
  ]);
});
