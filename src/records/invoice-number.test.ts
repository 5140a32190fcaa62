import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatNumber, seriesKey } from './invoice-number.ts';

const DAY = '2026-10-31';

test.each([
  ['', '2026-0042'],
  ['{year}-{number:4}', '2026-0042'],
  ['RE', 'RE-2026-0042'],
  ['RE-', 'RE-2026-0042'],
  ['RE-{year}-{number:4}', 'RE-2026-0042'],
  ['{number}', '42'],
  ['A{number:6}', 'A000042'],
])('the pattern "%s" makes %s', (pattern, expected) => {
  expect(formatNumber(pattern, DAY, 42)).toBe(expected);
});

test('the count restarts with the year only where the number shows it', () => {
  expect(seriesKey('RE', '2026-12-31')).not.toBe(seriesKey('RE', '2027-01-01'));
  expect(seriesKey('A{number}', '2026-12-31')).toBe(seriesKey('A{number}', '2027-01-01'));
});

test('another padding goes on in the same count', () => {
  expect(seriesKey('{year}-{number:3}', DAY)).toBe(seriesKey('{year}-{number:4}', DAY));
});

test('a number that outgrows its padding is written in full', () => {
  expect(formatNumber('{year}-{number:4}', DAY, 12_345)).toBe('2026-12345');
});

test('different counts give different numbers', () => {
  const count = fc.integer({ min: 1, max: 10 ** 9 });
  fc.assert(
    fc.property(count, count, (a, b) => {
      const same = formatNumber('RE', DAY, a) === formatNumber('RE', DAY, b);
      expect(same).toBe(a === b);
    }),
  );
});

test.each(['{month}-{number}', '{number}-{number}', 'RE-{'])('"%s" is refused', (pattern) => {
  expect(() => formatNumber(pattern, DAY, 1)).toThrow(
    expect.objectContaining({ code: 'invalid_input' }),
  );
});

test.each([0, -1, 1.5, Number.NaN])('%d is no number to count with', (n) => {
  expect(() => formatNumber('RE', DAY, n)).toThrow(
    expect.objectContaining({ code: 'invalid_input' }),
  );
});
