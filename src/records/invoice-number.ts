import { failure } from '../contract/index.ts';

export const DEFAULT_SERIES = '{year}-{number:4}';

const NUMBER = /\{number(?::(\d{1,2}))?\}/;
const YEAR = /\{year\}/g;

/**
 * What numbers are counted under, gapless: the pattern with its year filled in. The count restarts
 * only where the year is part of the number; another padding goes on in the same count.
 * `day` is YYYY-MM-DD in the company's zone.
 */
export function seriesKey(pattern: string, day: string): string {
  return fullPattern(pattern).replace(YEAR, yearOf(day)).replace(NUMBER, '{number}');
}

/**
 * The n-th number (from 1) of a series. A pattern knows `{year}` and `{number:4}` (padded to four
 * digits); a plain prefix such as `RE` means `RE-{year}-{number:4}`, an empty one the default.
 * Fails with `invalid_input`.
 */
export function formatNumber(pattern: string, day: string, n: number): string {
  if (!Number.isSafeInteger(n) || n < 1) {
    throw failure('invalid_input', 'An invoice number counts from 1.', { found: n });
  }
  const full = fullPattern(pattern).replace(YEAR, yearOf(day));
  return full.replace(NUMBER, (_, width?: string) => String(n).padStart(Number(width ?? 1), '0'));
}

function fullPattern(pattern: string): string {
  const plain = pattern.trim();
  if (plain === '') return DEFAULT_SERIES;
  const full = NUMBER.test(plain) ? plain : `${plain.replace(/[-/]$/, '')}-${DEFAULT_SERIES}`;
  const unknown = full
    .replace(NUMBER, '')
    .replace(YEAR, '')
    .match(/[{}].*/);
  if (unknown) {
    throw failure(
      'invalid_input',
      `The number series "${pattern}" holds something unknown: ${unknown[0]}`,
      { path: 'invoiceSeries', expected: DEFAULT_SERIES, found: pattern },
      'Use {year} and {number:4}, or a plain prefix such as RE.',
    );
  }
  return full;
}

function yearOf(day: string): string {
  const year = /^(\d{4})-\d\d-\d\d$/.exec(day)?.[1];
  if (!year) throw failure('invalid_input', 'A day is written YYYY-MM-DD.', { found: day });
  return year;
}
