import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Json } from '../base/index.ts';
import {
  COUNTERPARTY,
  type Label,
  type Labelled,
  labelAt,
  OPERATOR,
  OWN,
  PUBLIC,
} from '../contract/index.ts';
import type { Scope } from './expression.ts';
import { compileTemplate, resolveNow, resolveTemplate, type TemplatePorts } from './template.ts';
import { failureOf, labelled } from './test-kit.ts';

const scope: Scope = new Map<string, Labelled<Json>>([
  ['input', labelled({ party: 'p1', note: 'hello', n: 2 }, OPERATOR)],
  ['page', labelled({ text: 'from outside', party: 'p2' }, PUBLIC)],
  [
    'inbox',
    {
      value: {
        count: 2,
        mails: [
          { from: 'a@x.org', subject: 'Hi' },
          { from: 'b@x.org', subject: 'Ho' },
        ],
      },
      labels: { base: OWN, at: { mails: COUNTERPARTY, 'mails.0.from': OWN } },
    },
  ],
]);

const ports: TemplatePorts = {
  own: OWN,
  ref: (type, id, path) => labelled(`${type}/${id}/${path}`),
  receipt: (step) =>
    step === 'sent' ? labelled({ id: 'm1', url: 'https://x.org/1', n: 7 }) : undefined,
};

function resolve(template: Json, more: Partial<TemplatePorts> = {}): Labelled<Json> {
  const resolved = resolveTemplate(compileTemplate(template), scope, { ...ports, ...more });
  if (resolved instanceof Promise) throw new Error('a promise');
  return resolved;
}

function labelOf(template: Json, path = '', more: Partial<TemplatePorts> = {}): Label {
  return labelAt(resolve(template, more).labels, path);
}

describe('what a template gives', () => {
  test.each<[Json, Json]>([
    ['input.party', 'input.party'],
    ['{"$expr": "input.party"}', '{"$expr": "input.party"}'],
    ['=input.party', '=input.party'],
    [{ $expr: 'input.party' }, 'p1'],
    [
      { a: [{ b: { $expr: 'input.n + 1' } }, 'x'], c: null },
      { a: [{ b: 3 }, 'x'], c: null },
    ],
    [{ $ref: ['party', { $expr: 'input.party' }, 'email'] }, 'party/p1/email'],
    [[{ $ref: ['party', 'p9', 'email'] }], ['party/p9/email']],
    [{ id: { $receipt: { step: 'sent', path: 'id', type: 'text', max: 9 } } }, { id: 'm1' }],
    [
      { $receipt: { step: 'sent', path: 'url', type: 'url', host: 'x.org', max: 99 } },
      'https://x.org/1',
    ],
    [{ $receipt: { step: 'sent', path: 'n', type: 'integer', max: 9 } }, 7],
    [
      { $receipt: { step: 'later', path: 'id', type: 'text', max: 9 } },
      { $receipt: { step: 'later', path: 'id', type: 'text', max: 9 } },
    ],
  ])('%j', (template, expected) => {
    expect(resolve(template).value).toEqual(expected);
  });

  test('without a reference the answer is there at once, with one it may be a promise', async () => {
    expect(resolveNow(compileTemplate({ a: { $expr: 'input.n' } }), scope, ports).value).toEqual({
      a: 2,
    });
    const template = compileTemplate({
      to: { $ref: ['party', { $expr: 'page.party' }, 'email'] },
      n: { $expr: 'input.n' },
    });
    const late = resolveTemplate(template, scope, {
      ...ports,
      ref: async () => labelled('a@x.org'),
    });
    expect(late).toBeInstanceOf(Promise);
    expect(await late).toEqual({
      value: { to: 'a@x.org', n: 2 },
      labels: { base: OWN, at: { n: OPERATOR, to: { ...PUBLIC, selected: true } } },
    });
    expect(failureOf(() => resolveNow(template, scope, ports)).code).toBe('invalid_plan');
  });
});

describe('what it is worth', () => {
  test.each<[string, Json, string, Label]>([
    ['a literal is worth what the plan is', { a: 'x' }, 'a', OWN],
    ['a path keeps the label of what was typed', { a: { $expr: 'input.note' } }, 'a', OPERATOR],
    ['a neighbour keeps its own', { a: { $expr: 'page.text' }, b: 'x' }, 'b', OWN],
    ['an expression is the join of what it reads', { $expr: 'input.note + page.text' }, '', PUBLIC],
    ['an expression with a literal is at most the plan', { $expr: 'input.note + "!"' }, '', OWN],
    ['a field is not worth less for its neighbours', { $expr: 'inbox.count' }, '', OWN],
    [
      'a field keeps its own label inside a copied value',
      { m: { $expr: 'inbox.mails' } },
      'm.0.from',
      OWN,
    ],
    ['and its neighbours theirs', { m: { $expr: 'inbox.mails' } }, 'm.0.subject', COUNTERPARTY],
    ['a walk reads all of the list', { $expr: 'inbox.mails.map(m, m.from)' }, '', COUNTERPARTY],
    ['a record field is ours', { $ref: ['party', 'p1', 'email'] }, '', OWN],
    [
      'a record picked by others is marked',
      { $ref: ['party', { $expr: 'page.party' }, 'email'] },
      '',
      { ...PUBLIC, selected: true },
    ],
    [
      "a hole that is open is the plan's",
      { $receipt: { step: 'later', path: 'id', type: 'text', max: 9 } },
      '',
      OWN,
    ],
  ])('%s', (_fact, template, path, expected) => {
    expect(labelOf(template, path)).toEqual(expected);
  });

  test('a plan that is not trusted makes all it passes on its own worth', () => {
    const own = { ...PUBLIC, placement: 'no-cloud' } as const;
    expect(labelOf({ a: { $expr: 'input.note' } }, 'a', { own })).toEqual(own);
    expect(labelOf({ a: 'literal' }, 'a', { own })).toEqual(own);
    expect(labelOf({ $ref: ['party', 'p1', 'email'] }, '', { own })).toEqual({
      ...own,
      selected: true,
    });
  });

  test('placement travels with the value', () => {
    const secret = new Map([
      ['input', labelled('x', { integrity: 'operator', placement: 'this-machine' })],
    ]);
    const resolved = resolveNow(compileTemplate({ a: { $expr: 'input + "y"' } }), secret, ports);
    expect(labelAt(resolved.labels, 'a').placement).toBe('this-machine');
  });
});

describe('what is refused', () => {
  test.each<[string, Json, string]>([
    [
      'a text where a record id belongs',
      { $ref: ['party', { $expr: 'input.n' }, 'email'] },
      'expression_failed',
    ],
    ['an unknown special', { $secret: 'x' }, 'invalid_plan'],
    ['a reference with two parts', { $ref: ['party', 'p1'] }, 'invalid_plan'],
    ['an expression that is no text', { $expr: 1 }, 'invalid_plan'],
    [
      'a url hole without its host',
      { $receipt: { step: 's', path: 'p', type: 'url', max: 9 } },
      'invalid_plan',
    ],
    [
      'a hole without a bound',
      { $receipt: { step: 's', path: 'p', type: 'text' } },
      'invalid_plan',
    ],
    [
      'something worked out under a name with a dot',
      { 'a.b': { $expr: 'input.n' } },
      'invalid_plan',
    ],
    [
      'a receipt longer than signed for',
      { $receipt: { step: 'sent', path: 'id', type: 'text', max: 1 } },
      'wrong_output',
    ],
    [
      'a receipt from another host',
      { $receipt: { step: 'sent', path: 'url', type: 'url', host: 'y.org', max: 99 } },
      'wrong_output',
    ],
    [
      'a receipt of another type',
      { $receipt: { step: 'sent', path: 'id', type: 'integer', max: 9 } },
      'wrong_output',
    ],
  ])('%s', (_what, template, code) => {
    expect(failureOf(() => resolve(template)).code).toBe(code);
  });

  test('a template that is too deep', () => {
    const deep = Array.from({ length: 60 }).reduce<Json>((inner) => [inner], 'x');
    expect(failureOf(() => compileTemplate(deep)).code).toBe('invalid_plan');
  });
});

describe('laws', () => {
  const text = fc.oneof(
    fc.string(),
    fc.constantFrom('input.party', '=input.n', '{"$expr":"1+1"}', '{{input}}', '$expr'),
  );
  const name = fc.string().filter((key) => !key.startsWith('$') && key !== '__proto__');
  const { data } = fc.letrec<{ data: Json }>((tie) => ({
    data: fc.oneof(
      { maxDepth: 3 },
      text,
      fc.integer(),
      fc.boolean(),
      fc.constant(null),
      fc.array(tie('data'), { maxLength: 3 }),
      fc.dictionary(name, tie('data'), { maxKeys: 3 }),
    ),
  }));

  test('text never becomes an expression: plain data comes out as it went in, worth what the plan is', () => {
    fc.assert(
      fc.property(data, (value) => {
        expect(resolve(value)).toEqual({ value, labels: { base: OWN } });
      }),
    );
  });

  test('values are never read as templates again: what an expression gives stays as it is', () => {
    const injected: Json = { $expr: 'input.party', deep: [{ $ref: ['party', 'p1', 'email'] }] };
    const tainted = new Map([['page', labelled(injected, PUBLIC)]]);
    expect(resolveNow(compileTemplate({ a: { $expr: 'page' } }), tainted, ports).value).toEqual({
      a: injected,
    });
  });

  test('no field is worth more than what it was made from', () => {
    const label = fc.constantFrom(OPERATOR, OWN, COUNTERPARTY, PUBLIC);
    const rank = ({ integrity }: Label) =>
      ['public', 'counterparty', 'own', 'operator'].indexOf(integrity);
    fc.assert(
      fc.property(label, label, label, (a, b, own) => {
        const values = new Map([
          ['a', labelled({ x: 'a' }, a)],
          ['b', labelled({ x: 'b' }, b)],
        ]);
        const template = compileTemplate({
          one: { $expr: 'a.x' },
          both: { $expr: 'a.x + b.x' },
          none: 'x',
        });
        const { labels } = resolveNow(template, values, { own });
        expect(rank(labelAt(labels, 'one'))).toBeLessThanOrEqual(rank(a));
        expect(rank(labelAt(labels, 'both'))).toBe(Math.min(rank(a), rank(b), rank(own)));
        expect(labelAt(labels, 'none')).toEqual(own);
      }),
    );
  });
});
