// Readings of single cells. Each answers undefined for what it cannot read; none guesses.

/** Which number comes first in dates like 10/03/2026. */
export type DateOrder = 'day-month' | 'month-day';

export type DayReading =
  | { readonly status: 'day'; readonly day: string }
  /** two numbers and a year; `first` and `second` as written */
  | {
      readonly status: 'numbers';
      readonly first: number;
      readonly second: number;
      readonly year: number;
    };

const YEARS = { first: 2000, last: 2099 };
const SECONDS_PER_HOUR = 3600;

/** `2026-10-03` (also with / or .), or the numbers of a date whose order is not in it. */
export function readDay(text: string): DayReading | undefined {
  const iso = /^(\d{4})([-/.])(\d{1,2})\2(\d{1,2})$/.exec(text);
  if (iso) {
    const day = toDay(Number(iso[1]), Number(iso[3]), Number(iso[4]));
    return day === undefined ? undefined : { status: 'day', day };
  }
  const short = /^(\d{1,2})([-/.])(\d{1,2})\2(\d{4})$/.exec(text);
  if (!short) return undefined;
  return {
    status: 'numbers',
    first: Number(short[1]),
    second: Number(short[3]),
    year: Number(short[4]),
  };
}

/** YYYY-MM-DD, or undefined when the calendar has no such day. */
export function orderDay(reading: DayReading, order: DateOrder | undefined): string | undefined {
  if (reading.status === 'day') return reading.day;
  const { first, second, year } = reading;
  if (order === undefined) return undefined;
  return order === 'day-month' ? toDay(year, second, first) : toDay(year, first, second);
}

/** The only order in which these numbers are a day; undefined when both or neither are. */
export function orderShownBy(reading: DayReading): DateOrder | undefined {
  const dayFirst = orderDay(reading, 'day-month') !== undefined;
  const monthFirst = orderDay(reading, 'month-day') !== undefined;
  if (dayFirst === monthFirst) return undefined;
  return dayFirst ? 'day-month' : 'month-day';
}

/** `HH:MM:SS` of `9:05`, `09:05:00` or `09:05:00 PM`. */
export function readTime(text: string): string | undefined {
  const match = /^(\d{1,2}):(\d{2})(?::(\d{2}))?(?:\s*([AP])\.?M\.?)?$/i.exec(text);
  if (!match) return undefined;
  const half = match[4]?.toUpperCase();
  const minute = Number(match[2]);
  const second = Number(match[3] ?? 0);
  let hour = Number(match[1]);
  if (half !== undefined) {
    if (hour < 1 || hour > 12) return undefined;
    hour = (hour % 12) + (half === 'P' ? 12 : 0);
  }
  if (hour > 23 || minute > 59 || second > 59) return undefined;
  return [hour, minute, second].map((part) => String(part).padStart(2, '0')).join(':');
}

/** Whole seconds of `2:30:00`, `2:30`, `2.5` or `2,5` (hours); parts of a second round. */
export function readDuration(text: string): number | undefined {
  const clock = /^(\d{1,5}):([0-5]\d)(?::([0-5]\d))?$/.exec(text);
  if (clock) {
    return Number(clock[1]) * SECONDS_PER_HOUR + Number(clock[2]) * 60 + Number(clock[3] ?? 0);
  }
  const hours = /^(\d{1,5})(?:[.,](\d{1,8}))?$/.exec(text);
  if (!hours) return undefined;
  const digits = hours[2] ?? '';
  const scaled = BigInt(`${hours[1]}${digits}`) * BigInt(SECONDS_PER_HOUR);
  const unit = 10n ** BigInt(digits.length);
  return Number((2n * scaled + unit) / (2n * unit));
}

/** An amount as it was written: `scaled` / 10^`digits`. */
export interface Decimal {
  readonly scaled: bigint;
  readonly digits: number;
}

/**
 * `110`, `1,250.00`, `1.250,00` or `1 250,5`. Undefined for anything else, also for `1,250`, which is
 * twelve hundred in one country and one and a quarter in another.
 */
export function readDecimal(text: string): Decimal | undefined {
  const compact = text.replaceAll(/[\s\u00A0\u202F']/g, '');
  const match = /^(\d{1,3}(?:([.,])\d{3}(?:\2\d{3})*)?|\d+)(?:([.,])(\d+))?$/.exec(compact);
  if (!match) return undefined;
  const [, whole = '', grouping, point, fraction = ''] = match;
  if (grouping !== undefined && (point === undefined || point === grouping)) return undefined;
  // A zero in front says that the separator is a decimal point: 0.125.
  if (grouping === undefined && fraction.length === 3 && !/^0+$/.test(whole)) return undefined;
  return { scaled: BigInt(whole.replaceAll(/[.,]/g, '') + fraction), digits: fraction.length };
}

/** Whole minor units, or undefined when the amount is finer than the currency or beyond 2^53. */
export function toMinor(amount: Decimal, minorDigits: number): number | undefined {
  const surplus = amount.digits - minorDigits;
  const minor =
    surplus <= 0
      ? amount.scaled * 10n ** BigInt(-surplus)
      : amount.scaled % 10n ** BigInt(surplus) === 0n
        ? amount.scaled / 10n ** BigInt(surplus)
        : undefined;
  const number = Number(minor ?? Number.NaN);
  return Number.isSafeInteger(number) ? number : undefined;
}

const YES = new Set(['yes', 'y', 'true', '1', 'ja', 'billable']);
const NO = new Set(['no', 'n', 'false', '0', 'nein', 'non-billable', '']);

/** An empty cell means no. */
export function readYes(text: string): boolean | undefined {
  const word = text.toLowerCase();
  return YES.has(word) ? true : NO.has(word) ? false : undefined;
}

/** One line: spaces and line ends between words become one space. */
export function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim();
}

const MONTHS =
  'January February March April May June July August September October November December'.split(
    ' ',
  );

/** `3 October 2026` */
export function writeDay(day: string): string {
  const [year = '', month = '1', date = '1'] = day.split('-');
  return `${Number(date)} ${MONTHS[Number(month) - 1]} ${year}`;
}

function toDay(year: number, month: number, day: number): string | undefined {
  if (year < YEARS.first || year > YEARS.last) return undefined;
  if (month < 1 || month > 12 || day < 1 || day > daysIn(year, month)) return undefined;
  return `${year}-${String(month).padStart(2, '0')}-${String(day).padStart(2, '0')}`;
}

function daysIn(year: number, month: number): number {
  if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28;
  return [4, 6, 9, 11].includes(month) ? 30 : 31;
}
