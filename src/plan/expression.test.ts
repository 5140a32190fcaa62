import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cpuMs } from '../../test/support/cpu-time.ts';
import type { Json, JsonObject } from '../base/index.ts';
import { Failure, type Labelled, OWN } from '../contract/index.ts';
import {
  compileExpression,
  evaluateCondition,
  evaluateExpression,
  referencesOf,
  type Scope,
} from './expression.ts';
import { EXPRESSION_LIMITS } from './limits.ts';

function scopeOf(values: JsonObject): Scope {
  return new Map<string, Labelled<Json>>(
    Object.entries(values).map(([root, value]) => [root, { value, labels: { base: OWN } }]),
  );
}

function evaluate(text: string, values: JsonObject = {}): Json {
  return evaluateExpression(compileExpression(text), scopeOf(values));
}

function failureOf(action: () => unknown): Failure {
  try {
    action();
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
  throw new Error('it did not fail');
}

const lines = Array.from({ length: 10_000 }, (_, index) => ({
  text: `line ${index}`,
  minor: index,
}));

describe('what an expression gives', () => {
  test.each<[string, JsonObject, Json]>([
    ['1 + 1.5', {}, 2.5],
    ['event.amount.minor * 0.19', { event: { amount: { minor: 1200 } } }, 228],
    ['round(event.minor * 0.19)', { event: { minor: 55 } }, 10],
    ['round(-2.5)', {}, -3],
    ['1 == 1.0 && 1.5 != 1', {}, true],
    ['input.rate / 2', { input: { rate: 7.5 } }, 3.75],
    ['7 / 2', {}, 3],
    ["'series/' + draft.series", { draft: { series: 'A' } }, 'series/A'],
    ['lines.map(l, l.minor)', { lines: [{ minor: 1 }, { minor: 2 }] }, [1, 2]],
    ['sum(lines.map(l, l.minor))', { lines: [{ minor: 1 }, { minor: 2 }] }, 3],
    ['sum([1, 2.5])', {}, 3.5],
    ['max(2, 3) + min(1, 2.5) + abs(-4)', {}, 8],
    ['floor(2.9) + ceil(2.1)', {}, 5],
    ['{"a": 1, "b": input.x}', { input: { x: 'y' } }, { a: 1, b: 'y' }],
    ['[1, "a", null]', {}, [1, 'a', null]],
    ['input', { input: { deep: [1, { x: null }] } }, { deep: [1, { x: null }] }],
    ['input.list[1].name', { input: { list: [{}, { name: 'b' }] } }, 'b'],
    ['input.list[input.at].name', { input: { at: 1, list: [{}, { name: 'b' }] } }, 'b'],
    ['has(input.a) ? "yes" : "no"', { input: {} }, 'no'],
    ['size(input.list)', { input: { list: [1, 2, 3] } }, 3],
    [
      'timestamp(input.day + "T00:00:00Z") + duration("336h")',
      { input: { day: '2026-01-01' } },
      '2026-01-15T00:00:00.000Z',
    ],
    ['input.constructor', { input: { constructor: 'data' } }, 'data'],
    ['size(input.x) + 0', { input: { x: { constructor: 1, toString: 2 } } }, 2],
    ['9007199254740991', {}, Number.MAX_SAFE_INTEGER],
  ])('%s', (text, values, expected) => {
    expect(evaluate(text, values)).toEqual(expected);
  });

  test('a whole number counts as a fraction where the schema says number', () => {
    const half = compileExpression('hours.spent / 2');
    const scope = scopeOf({ hours: { spent: 7 } });
    const schema = {
      type: 'object',
      properties: { spent: { type: 'number' } },
      required: ['spent'],
    };
    expect(evaluateExpression(half, scope, new Map([['hours', schema]]))).toBe(3.5);
  });
});

describe('what an expression is refused for', () => {
  test.each<[string, JsonObject, string]>([
    ['input.party.name', { input: {} }, 'missing'],
    ['input.party.name + "!"', { input: { party: {} } }, 'missing'],
    ['hours.lines', {}, 'missing'],
    ['"a".matches("(a+)+$")', {}, 'matches'],
    ['input.map(a, input.map(b, b))', { input: [] }, 'nested_macro'],
    ['input.filter(a, a.exists(b, b))', { input: [] }, 'nested_macro'],
    ['1 +', {}, 'syntax'],
    ['1 / 0', {}, 'division_by_zero'],
    ['1.0 / 0.0', {}, 'not_finite'],
    ['9007199254740991 + 1', {}, 'unsafe_integer'],
    ['input + 1', { input: 2 ** 53 }, 'unsafe_integer'],
    ['b"abc"', {}, 'not_json'],
    ['type(1)', {}, 'not_json'],
    ['"a" + 1', {}, 'no_such_overload'],
    ['sum(["a"])', {}, 'evaluation'],
    ['input.toString', { input: {} }, 'missing'],
    ['input.__proto__.polluted', { input: {} }, 'missing'],
    ['input["__proto__"]', { input: {} }, 'missing'],
  ])('%s', (text, values, reason) => {
    const failed = failureOf(() => evaluate(text, values));
    expect([failed.code, failed.facts.reason]).toEqual(['expression_failed', reason]);
  });

  test('what is missing is named by its path', () => {
    const failed = failureOf(() => evaluate('input.party.name + "!"', { input: { party: {} } }));
    expect(failed.facts.path).toBe('input.party.name');
    expect(failureOf(() => evaluate('input.party.name', { input: {} })).facts.path).toBe(
      'input.party',
    );
  });

  test('a condition that is not true or false is refused', () => {
    const condition = compileExpression('input.n');
    expect(
      failureOf(() => evaluateCondition(condition, scopeOf({ input: { n: 1 } }))).facts.reason,
    ).toBe('not_boolean');
  });
});

describe('nothing can block', () => {
  test('a list of 10,000 members is walked, one more is refused', () => {
    expect(evaluate('size(lines.map(l, l.minor + 1))', { lines })).toBe(10_000);
    const failed = failureOf(() =>
      evaluate('lines.map(l, l.minor)', { lines: [...lines, { minor: 1 }] }),
    );
    expect(failed.facts).toMatchObject({ reason: 'too_much', limit: 'listMembers' });
  });

  test('texts of a long list may be put together item by item', () => {
    const made = evaluate('lines.map(l, input.prefix + l.text)', {
      lines,
      input: { prefix: 'No. ' },
    });
    expect(Array.isArray(made) && made[9_999]).toBe('No. line 9999');
  });

  const long = 'x'.repeat(300_000);
  test.each<[string, string, JsonObject]>([
    [
      'doubling by bind',
      nest('a', (inner, i) => `cel.bind(a${i + 1}, a${i} + a${i}, ${inner})`),
      { a0: long },
    ],
    ['doubling by a chain of map', `[input]${'.map(a, a + a)'.repeat(40)}`, { input: [1, 2] }],
    [
      'a list searched for every item',
      'lines.filter(l, l.text in names)',
      { lines, names: lines.map((l) => l.text) },
    ],
    [
      'a long text searched for every item',
      'lines.exists(l, input.contains(l.text))',
      { lines, input: long },
    ],
    ['a long text copied for every item', 'lines.map(l, input + l.text)', { lines, input: long }],
    [
      'a text that is too long to read',
      'input + "a"',
      { input: 'x'.repeat(EXPRESSION_LIMITS.size) },
    ],
  ])('%s is refused before it starts', (_what, text, values) => {
    const refuse = () =>
      expect(failureOf(() => evaluate(text, values)).facts.reason).toBe('too_much');
    expect(cpuMs(refuse)).toBeLessThan(500);
  });

  test.each([
    ['too long', `1 + ${'1 + '.repeat(1_000)}1`],
    ['too deep', `${'('.repeat(200)}1${')'.repeat(200)}`],
    ['too many nodes', `[${'1,'.repeat(1_200)}1]`],
  ])('a text that is %s is refused', (_what, text) => {
    expect(failureOf(() => compileExpression(text)).code).toBe('expression_failed');
  });
});

describe('what an expression reads', () => {
  test.each<[string, readonly string[]]>([
    ['input.party', ['input.party']],
    ['hours.lines.map(l, l.minor * rate.value)', ['hours.lines', 'rate.value']],
    ['a.b[0].c + a["d"].e', ['a.b.0.c', 'a.d.e']],
    ['a[b.i].c', ['a', 'b.i']],
    ['has(a.b) && a.b.c > 1', ['a.b', 'a.b.c']],
    ['cel.bind(x, a.b, x + x)', ['a.b']],
    ['int(a.b) == 1 ? "int" : c', ['a.b', 'c']],
    ['a.filter(a, a.x > 1)', ['a']],
    ['"input.party"', []],
    ['{a.b: c.d}', ['a.b', 'c.d']],
  ])('%s', (text, expected) => {
    const read = referencesOf(compileExpression(text)).map(({ root, path }) =>
      path ? `${root}.${path}` : root,
    );
    expect(read.toSorted()).toEqual([...expected].toSorted());
  });
});

describe('laws', () => {
  test('any text either compiles or fails with expression_failed, and evaluates or fails the same way', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.stringMatching(/^[a-c0-9+*.()[\]"?:<>=&| ]{0,30}$/)),
        (text) => {
          try {
            evaluate(text, { a: 1, b: 'x', c: [1, 2] });
          } catch (error) {
            expect(error).toBeInstanceOf(Failure);
          }
        },
      ),
      { numRuns: 2_000 },
    );
  });

  test('what goes in comes out: reading and rebuilding keep every JSON value', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const input = JSON.parse(JSON.stringify(value)) as Json; // -0 and undefined are not JSON
        if (JSON.stringify(input).match(/e\+|\d{16}/)) return; // beyond the safe range, refused above
        expect(evaluate('input', { input })).toEqual(input);
        expect(evaluate('[input][0]', { input })).toEqual(input);
      }),
    );
  });
});

function nest(name: string, wrap: (inner: string, depth: number) => string): string {
  return Array.from({ length: 20 }, (_, index) => 19 - index).reduce(
    (inner, depth) => wrap(inner, depth),
    `${name}20`,
  );
}
