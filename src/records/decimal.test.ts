import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { addMoney, allocate, divideHalfUp, toDecimal, toSafeInteger } from './decimal.ts';

describe('divideHalfUp', () => {
  test('a half goes away from zero on both sides', () => {
    expect([1n, -1n, 3n, -3n].map((half) => divideHalfUp(half, 2n))).toEqual([1n, -1n, 2n, -2n]);
  });

  test('it is the nearest whole number and mirrors at zero', () => {
    fc.assert(
      fc.property(fc.bigInt(), fc.bigInt({ min: 1n, max: 10n ** 9n }), (numerator, denominator) => {
        const result = divideHalfUp(numerator, denominator);
        const twiceOff = 2n * (result * denominator - numerator);
        expect(twiceOff <= denominator && -twiceOff <= denominator).toBe(true);
        expect(divideHalfUp(-numerator, denominator)).toBe(-result);
      }),
    );
  });
});

test('allocation loses no cent, and no part is more than a cent from its share', () => {
  const total = fc.integer({ min: -1_000_000_000, max: 1_000_000_000 });
  const weights = fc.array(fc.nat(1_000_000), { minLength: 1, maxLength: 40 });
  fc.assert(
    fc.property(total, weights, (minor, shares) => {
      const parts = allocate(minor, shares);
      expect(parts.reduce((all, part) => all + part, 0)).toBe(minor);
      const sum = shares.reduce((all, share) => all + share, 0);
      if (sum === 0) return;
      parts.forEach((part, index) => {
        expect(Math.abs(part - (minor * (shares[index] ?? 0)) / sum)).toBeLessThan(1);
      });
    }),
  );
});

test('equal remainders give the spare cent to the first', () => {
  expect(allocate(100, [1, 1, 1])).toEqual([34, 33, 33]);
});

test('a sum beyond the safe range is refused, not rounded', () => {
  const huge = { minor: Number.MAX_SAFE_INTEGER, currency: 'EUR' };
  expect(() => addMoney('EUR', [huge, { minor: 1, currency: 'EUR' }])).toThrow(
    expect.objectContaining({ code: 'too_large' }),
  );
  expect(addMoney('EUR', [huge, { minor: -1, currency: 'EUR' }]).minor).toBe(
    Number.MAX_SAFE_INTEGER - 1,
  );
  expect(toSafeInteger(-(2n ** 53n) + 1n, 'it')).toBe(Number.MIN_SAFE_INTEGER);
});

test('two currencies cannot be added', () => {
  expect(() => addMoney('EUR', [{ minor: 1, currency: 'USD' }])).toThrow(
    expect.objectContaining({ code: 'invalid_input' }),
  );
});

test('decimal text keeps its zeros and its sign', () => {
  expect([
    toDecimal(113250, 2),
    toDecimal(-5, 2),
    toDecimal(5, 0),
    toDecimal(0, 2),
    toDecimal(-12345, 4),
  ]).toEqual(['1132.50', '-0.05', '5', '0.00', '-1.2345']);
});
