import { expect, test } from 'vitest';
import type { Json } from '../base/index.ts';
import { type Labelled, OPERATOR, OWN, PUBLIC } from '../contract/index.ts';
import { compilePlan } from './compile.ts';
import { expandEach, expandPlan } from './expand.ts';
import { compileExpression, evaluateExpression } from './expression.ts';
import { createFrontier, type Frontier, type StepInstance } from './frontier.ts';
import { parsePlan } from './parse.ts';
import { schemasOf, scopeOf } from './scope.ts';
import { labelled, registry } from './test-kit.ts';

const inner = { id: 'inner', call: 'text.summarise@1', with: { text: { $expr: 'line.text' } } };
const steps = [
  { id: 'hours', call: 'time.unbilled@1', with: { party: 'p', month: '2026-10' } },
  { id: 'all', each: { over: { $expr: 'hours.lines' }, as: 'line', do: [inner] } },
  { id: 'made', expand: { plan: { $expr: 'input.plan' } } },
];

function find(frontier: Frontier, id: string): StepInstance {
  const found = frontier.find(id);
  if (!found) throw new Error(`no step ${id}`);
  return found;
}

function started(): { frontier: Frontier; outputs: Map<string, Labelled<Json>> } {
  const frontier = createFrontier(compilePlan(parsePlan({ steps }), registry));
  const lines = [
    { text: 'a', hours: 7 },
    { text: 'b', hours: 3 },
  ];
  frontier.settle('hours', 'done');
  const { branches, parallel } = expandEach(find(frontier, 'all'), labelled(lines));
  frontier.expand('all', branches, parallel);
  const outputs = new Map([
    ['hours', labelled({ lines, count: 7 })],
    ['all/1/inner', labelled({ text: 'made of b' })],
  ]);
  return { frontier, outputs };
}

test('a step inside a loop sees its item, its siblings, the steps around it and the input', () => {
  const { frontier, outputs } = started();
  const scope = scopeOf(frontier, 'all/1/inner', {
    input: labelled({ who: 'me' }, OPERATOR),
    outputOf: (id) => outputs.get(id),
    more: { event: labelled({ n: 1 }, PUBLIC) },
  });
  const text =
    'line.text + string(index) + inner.text + string(hours.count) + input.who + string(event.n)';
  expect(evaluateExpression(compileExpression(text), scope)).toBe('b1made of b7me1');
  expect([scope.get('nothing'), scope.get('constructor')]).toEqual([undefined, undefined]);
});

test('the contract decides which whole numbers count as fractions', () => {
  const { frontier, outputs } = started();
  const scope = scopeOf(frontier, 'all', {
    input: labelled(null),
    outputOf: (id) => outputs.get(id),
  });
  const schemas = schemasOf(frontier, 'all');
  const value = (text: string) => evaluateExpression(compileExpression(text), scope, schemas);
  expect([value('hours.lines[0].hours / 2'), value('hours.count / 2')]).toEqual([3.5, 3]);
});

test('steps of an expanded plan are worth what it was made from, also in its loops', () => {
  const { frontier } = started();
  const plan = {
    steps: [{ id: 'many', each: { over: [1], as: 'n', do: [{ ...inner, with: { text: 'x' } }] } }],
  };
  const { branch } = expandPlan(find(frontier, 'made'), labelled(plan, PUBLIC), registry);
  frontier.expand('made', [branch]);
  const { branches } = expandEach(find(frontier, 'made/many'), labelled([1], OWN));
  frontier.expand('made/many', branches);
  expect(find(frontier, 'made/many/0/inner').own).toEqual(PUBLIC);
  expect(find(frontier, 'all/0/inner').own).toBeUndefined();
});
