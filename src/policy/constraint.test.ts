import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cpuMs } from '../../test/support/cpu-time.ts';
import { compileConstraint, toCel } from './constraint.ts';

function holds(condition: string, effect: Parameters<typeof toCel>[0]): boolean | 'error' | string {
  const compiled = compileConstraint('grant', condition);
  if (compiled.status === 'faulty') return `faulty: ${compiled.fault}`;
  return compiled.constraint.evaluate({ effect: toCel(effect) });
}

describe('a condition', () => {
  const effect = { amount: { minor: 1200 }, rate: 0.5, to: ['a@b.c', 'd@b.c'], none: null };
  const cases: readonly (readonly [string, boolean | 'error'])[] = [
    ['effect.amount.minor <= 1200', true],
    ['effect.amount.minor + 1 <= 1200', false],
    ['effect.amount.minor * 0.5 == 600.0', true],
    ['effect.rate * 2 == 1.0', true],
    ['effect.to.all(t, t.endsWith("@b.c"))', true],
    ['effect.to.filter(t, t.startsWith("a")).size() == 1', true],
    ['size(effect.to) == 2 && "a@b.c" in effect.to', true],
    ['has(effect.missing)', false],
    ['effect.missing == 1', 'error'],
    ['effect.missing == 1 || true', true],
    ['effect.__proto__ == null', 'error'],
    ['effect.constructor == null', 'error'],
    ['effect.amount', 'error'],
    ['effect.amount.minor / 0 == 1', 'error'],
    ['effect.amount.minor * 9223372036854775807 > 0', 'error'],
  ];
  for (const [condition, expected] of cases) {
    test(`${condition} is ${expected}`, () => expect(holds(condition, effect)).toBe(expected));
  }

  const refused: readonly (readonly [string, RegExp])[] = [
    ['effect.name.matches("(a+)+$")', /"matches" is not allowed/],
    ['effect.to.all(t, effect.to.all(u, u == t))', /inside another loop/],
    ['effect.to.all(t, effect.to.filter(u, u == t).size() > 0)', /inside another loop/],
    ['effect.to.map(t, t) == []', /"map" is not allowed/],
    ['cel.bind(x, effect, x.a == 1)', /"bind" is not allowed/],
    ['timestamp("2026-01-01T00:00:00Z") == timestamp(0)', /not allowed/],
    ['{"a": effect.name.matches("x")}["a"]', /"matches" is not allowed/],
    ['true ? [effect.name.matches("x")][0] : false', /"matches" is not allowed/],
    ['amount.minor > 5', /Unknown variable: amount/],
    ['"text"', /gives a string/],
    ['', /./],
    ['effect.a == ', /./],
    [`${'('.repeat(100)}true${')'.repeat(100)}`, /./],
    [`true${' && true'.repeat(400)}`, /./],
  ];
  for (const [condition, reason] of refused) {
    test(`${condition.slice(0, 60)} is refused`, () => {
      expect(holds(condition, effect)).toMatch(/^faulty: /);
      expect(holds(condition, effect)).toMatch(reason);
    });
  }

  test('any text compiles or is refused, and never throws', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 60 }), (text) => {
        const result = holds(text, effect);
        expect([true, false, 'error']).toContain(
          typeof result === 'string' && result.startsWith('faulty: ') ? 'error' : result,
        );
      }),
    );
  });
});

describe('values', () => {
  test('whole numbers are integers, others doubles; text stays text', () => {
    expect(toCel([1, -1, 0.5, '1', true, null])).toEqual([1n, -1n, 0.5, '1', true, null]);
  });

  test('unsafe numbers, long lists and large values are refused', () => {
    expect(() => toCel(2 ** 53)).toThrow(RangeError);
    expect(() => toCel(Array.from({ length: 1_001 }, () => 1))).toThrow(RangeError);
    const wide = Object.fromEntries(Array.from({ length: 20_001 }, (_, i) => [`k${i}`, 1]));
    expect(() => toCel(wide)).toThrow(RangeError);
  });

  test('the longest list and the longest condition take a moment, not seconds', () => {
    const to = Array.from({ length: 1_000 }, (_, i) => `${'x'.repeat(200)}${i}@example.com`);
    const condition = Array.from({ length: 20 }, () => 'effect.to.all(t, t in effect.to)').join(
      ' && ',
    );
    expect(cpuMs(() => expect(holds(condition, { to })).toBe(true))).toBeLessThan(2_000);
  });
});
