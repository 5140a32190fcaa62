import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Json } from '../base/index.ts';
import { Failure } from '../contract/index.ts';
import { compileExpression, evaluateExpression } from './expression.ts';
import { formJsonSchema } from './form.ts';
import type { JsonSchema } from './json-schema.ts';
import { mismatchesOf } from './mismatch.ts';
import { labelled } from './test-kit.ts';

const money: JsonSchema = {
  type: 'object',
  properties: { minor: { type: 'integer' }, currency: { type: 'string' } },
  required: ['minor', 'currency'],
  additionalProperties: false,
};
const line: JsonSchema = {
  type: 'object',
  properties: { text: { type: 'string' }, hours: { type: 'number' }, total: money },
  required: ['text', 'hours', 'total'],
  additionalProperties: false,
};
const roots: { readonly [name: string]: JsonSchema | undefined } = {
  q: formJsonSchema({
    fields: [
      { name: 'v', kind: 'text', required: true },
      { name: 'n', kind: 'integer' },
      { name: 'f', kind: 'number' },
      { name: 'ok', kind: 'boolean' },
      { name: 'due', kind: 'date' },
      { name: 'fee', kind: 'money' },
      { name: 'mails', kind: 'list' },
    ],
  }),
  h: { type: 'object', properties: { lines: { type: 'array', items: line } } },
  any: undefined,
  open: {},
  either: { anyOf: [{ type: 'string' }, { type: 'integer' }] },
  byName: { type: 'object', additionalProperties: { type: 'integer' } },
};
const of = (text: string) =>
  mismatchesOf(compileExpression(text).tree, { get: (root) => roots[root] });

describe('an operation that cannot work is named before it runs', () => {
  test.each([
    ['q.v > 3', 'two numbers, two texts or two times', 'q.v > 3, where q.v is a text', 'double('],
    ['q.n + q.v', 'two numbers, two texts or two lists', 'q.n is a whole number', 'string(q.n)'],
    ['q.fee > 100', 'on both sides of >', 'q.fee is an object {minor', 'Use q.fee.minor'],
    ['q.fee * 2', 'two numbers on both sides of *', 'q.fee is an object', 'Use q.fee.minor'],
    ['h.lines > 3', 'on both sides of >', 'h.lines is a list', 'size(h.lines)'],
    ['q.v == 3', 'values of one kind', 'q.v is a text', '"3" is a text'],
    ['q.ok != "yes"', 'values of one kind', 'q.ok is true or false', 'Change it'],
    ['!q.v', 'true or false after !', 'q.v is a text', 'Change it'],
    ['-q.v', 'a number after -', 'q.v is a text', 'Change it'],
    ['q.ok && q.n', 'true or false on both sides of &&', 'q.n is a whole number', 'Change it'],
    ['q.v ? 1 : 2', 'true or false before ?', 'q.v is a text', 'Change it'],
    ['q.n in q.v', 'a list or an object after in', 'q.v is a text', 'string(q.n)'],
    ['round(q.v) > 3', 'a number for round()', 'q.v is a text', 'Change it'],
    ['q.n.startsWith("a")', 'a text for startsWith()', 'q.n is a whole number', 'string(q.n)'],
    ['q.v.exists(x, true)', 'a list before .exists()', 'q.v is a text', 'Change it'],
    ['h.lines.exists(l, l.text > 3)', 'two numbers', 'l.text is a text', 'double(l.text)'],
    ['h.lines.filter(l, l.hours)', 'true or false in .filter()', 'l.hours is a number', 'Change'],
    ['h.lines.exists(l, l.huors > 3)', 'a field that l has', 'l.huors', 'Did you mean hours?'],
    ['h.lines.map(l, l.total + 1)', 'on both sides of +', 'l.total is an object', '.minor'],
    ['timestamp(q.due) > q.due', 'two times', 'q.due is a text', "q.due + 'T00:00:00Z'"],
    ['q.due.getFullYear() > 3', 'a time for getFullYear()', 'q.due is a text', 'Change it'],
    ['any.summarise()', 'a function that exists', 'summarise()', 'Let a capability'],
    ['rond(q.f) > 3', 'a function that exists', 'rond()', 'Did you mean round'],
    ['any - q.v', 'two numbers or two times', 'q.v is a text', 'Change it'],
    ['cel.bind(x, q.v, x * 2)', 'two numbers', 'x is a text', 'double(x)'],
    ['string(q.v > 3)', 'two numbers, two texts', 'q.v is a text', 'double(q.v)'],
  ])('%s', (text, expected, found, remedy) => {
    const [first, ...more] = of(text);
    expect(more).toEqual([]); // one fault is told once, not again by what is around it
    expect(first?.expected).toContain(expected);
    expect(first?.found).toContain(found);
    expect(first?.remedy).toContain(remedy);
  });

  test('each of several is named', () => {
    expect(of('q.v > 3 && q.fee > 4 && !q.n')).toHaveLength(3);
  });
});

describe('what may work is not called a fault', () => {
  test.each([
    ...['q.n > 1.5', 'q.f % 2 == 0', 'q.f == 2', 'q.n == 2.0', 'q.fee.minor * 0.19 > q.n'],
    ...['q.v == null', 'q.fee != null', 'null == q.n', 'q.v > "3"', 'q.due < "2026-10-01"'],
    ...['any > 3 && any > "3"', 'open.at[0].all + 1', 'either > 3', 'either + "a"', 'any.trim()'],
    ...['byName.x > 3', 'byName[q.v] + 1', 'q.n in byName', 'byName.exists(key, key > "a")'],
    ...['q.mails[0] > 3', 'q.mails.exists(m, m > 3 || m == "a")', 'size(q.mails) > 0'],
    ...['timestamp(q.due + "T00:00:00Z") + duration("24h") > timestamp(any)'],
    ...[
      'timestamp(q.due).getFullYear() == 2026',
      'timestamp(q.v) - timestamp(any) > duration("1h")',
    ],
    ...['[timestamp(q.v)].exists(t, t.getMonth() == 1)', '["a", 3].exists(x, x == 3)'],
    ...['[timestamp(q.v) + duration("1h")].exists(t, t.getMonth() == 1)'],
    ...['[1, 2].map(x, x + q.n).exists(y, y > q.f)', 'h.lines.map(l, l.total.minor)[0] + 1 > 3'],
    ...['has(h.lines) && h.lines.exists(l, has(l.note))', 'sum(h.lines.map(l, l.hours)) > 8'],
    ...['type(q.v) == string', 'optional.of(q.v).orValue("x")', 'q.v.split(",").size() > 2'],
    ...['q.ok ? q.v : q.n', '(q.ok ? q.v : q.n) > 3', 'cel.bind(q, 3, q + 1)', 'min(q.n, q.f) > 1'],
    ...['h.lines.exists(q, q.hours > 3)', 'int(q.v) > 3', '{"a": q.n}.a > 3', 'dyn(q.v) > 3'],
  ])('%s', (text) => {
    expect(of(text)).toEqual([]);
  });
});

/** A value of every kind and a schema that says so. */
const VALUES: { readonly [name: string]: { readonly value: Json; readonly schema: JsonSchema } } = {
  text: { value: '2026-10-01T00:00:00Z', schema: { type: 'string' } },
  digits: { value: '12', schema: { type: 'string', pattern: '^\\d+$' } },
  whole: { value: 3, schema: { type: 'integer' } },
  number: { value: 2.5, schema: { type: 'number' } },
  even: { value: 2, schema: { type: 'number' } },
  yes: { value: true, schema: { type: 'boolean' } },
  none: { value: null, schema: { type: 'null' } },
  list: { value: [1, 2], schema: { type: 'array', items: { type: 'integer' } } },
  words: { value: ['a'], schema: { type: 'array', items: { type: 'string' } } },
  fee: { value: { minor: 5, currency: 'EUR' }, schema: money },
  open: { value: 'x', schema: {} },
  maybe: { value: 4, schema: { anyOf: [{ type: 'string' }, { type: 'integer' }] } },
};

const part = fc.letrec<{ part: string }>((tie) => ({
  part: fc.oneof(
    { maxDepth: 3, depthSize: 'small' },
    fc.constantFrom(...Object.keys(VALUES), 'fee.minor', '3', '"a"', '1.5', '[1, "a"]'),
    fc
      .tuple(tie('part'), fc.constantFrom('+', '-', '*', '%', '<', '>=', 'in'), tie('part'))
      .map(([left, sign, right]) => `(${left} ${sign} ${right})`),
    fc
      .tuple(
        fc.constantFrom('size', 'round', 'string', 'int', 'double', 'timestamp', 'sum', '!', '-'),
        tie('part'),
      )
      .map(([name, inner]) => `${name}(${inner})`),
    fc
      .tuple(tie('part'), fc.constantFrom('trim()', 'size()', 'contains("a")', 'getFullYear()'))
      .map(([inner, name]) => `(${inner}).${name}`),
    fc
      .tuple(fc.constantFrom('list', 'words'), tie('part'))
      .map(([list, inner]) => `${list}.map(x, ${inner.includes('.map(') ? 'x' : `[x, ${inner}]`})`),
  ),
})).part;

test('law: what gives a value when it runs has no fault before', () => {
  const scope = { get: (root: string) => VALUES[root] && labelled(VALUES[root].value) };
  const schemas = { get: (root: string) => VALUES[root]?.schema };
  let worked = 0;
  fc.assert(
    fc.property(part, fc.boolean(), (text, withSchemas) => {
      const compiled = compileExpression(text);
      try {
        evaluateExpression(compiled, scope, withSchemas ? schemas : undefined);
      } catch (error) {
        if (error instanceof Failure) return;
        throw error;
      }
      worked += 1;
      expect(mismatchesOf(compiled.tree, schemas), text).toEqual([]);
    }),
    { numRuns: 3_000 },
  );
  expect(worked).toBeGreaterThan(300); // the law is about something
});
