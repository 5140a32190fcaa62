import { isJsonObject, type Json } from '../../../src/base/portable.ts';
import { type Money, minorDigits } from '../../../src/contract/portable.ts';
import { nowMs } from '../clock.ts';
import { visible } from './visible.ts';

/**
 * The page speaks English, so its numbers and dates do too: `1,132.50` beside `1.132,50` on one line
 * would be read wrong. Day before month, as where our companies are.
 */
const LOCALE = 'en-GB';

let zone = 'UTC';

/** Times are shown in the company's zone (IANA). */
export function setZone(ofCompany: string | undefined): void {
  zone = ofCompany ?? 'UTC';
  formats.clear();
}

/** `1,132.50 EUR` */
export function formatMoney({ minor, currency }: Money): string {
  const digits = minorDigits(currency);
  const number = new Intl.NumberFormat(LOCALE, {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
  return `${number.format(minor / 10 ** digits)} ${currency}`;
}

/** What a person types for an amount, and what the server reads: `1132.50 EUR`. */
export function typedMoney({ minor, currency }: Money): string {
  const digits = minorDigits(currency);
  return `${(minor / 10 ** digits).toFixed(digits)} ${currency}`;
}

export function isMoney(value: Json | undefined): value is Json & Money {
  return (
    isJsonObject(value) &&
    Number.isSafeInteger(value.minor) &&
    typeof value.currency === 'string' &&
    /^[A-Z]{3}$/.test(value.currency) &&
    Object.keys(value).length === 2
  );
}

type Time = string | number;

/** `12 Dec 2026`; the year only when it is another one. */
export function formatDay(time: Time): string {
  const ms = toMs(time);
  const sameYear = partsOf(ms).year === partsOf(nowMs()).year;
  return format(ms, sameYear ? { day: 'numeric', month: 'short' } : { dateStyle: 'medium' });
}

/** `14:02` */
export function formatTime(time: Time): string {
  return format(toMs(time), { timeStyle: 'short' });
}

/** `14:02` today, else `21 Nov, 14:02`. */
export function formatMoment(time: Time): string {
  return isToday(time) ? formatTime(time) : `${formatDay(time)}, ${formatTime(time)}`;
}

/** A sentence with its times of the log as a person writes them. */
export function withMoments(words: string): string {
  return words.replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, (found) => formatMoment(found));
}

/** `14:02:31.120` with the day, for the log. */
export function formatExact(time: Time): string {
  return format(toMs(time), { dateStyle: 'short', timeStyle: 'medium' });
}

/** A deadline: `3 h left` under a day, else `until 12 Dec`. */
export function formatDeadline(time: Time): string {
  const left = toMs(time) - nowMs();
  if (left <= 0) return 'over';
  if (left < 90 * 60_000) return `${Math.ceil(left / 60_000)} min left`;
  return left < 24 * 3_600_000
    ? `${Math.round(left / 3_600_000)} h left`
    : `until ${formatDay(time)}`;
}

/** `820 ms`, `4.1 s`, `3 min` */
export function formatDuration(from: Time, to: Time): string {
  const ms = Math.max(0, toMs(to) - toMs(from));
  if (ms < 1_000) return `${ms} ms`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(1)} s`;
  if (ms < 3_600_000) return `${Math.round(ms / 60_000)} min`;
  return `${(ms / 3_600_000).toFixed(1)} h`;
}

/** True on the company's calendar day of now. */
export function isToday(time: Time): boolean {
  return dayKey(time) === dayKey(nowMs());
}

/** `2026-11-22` in the company's zone. */
export function dayKey(time: Time): string {
  const { year, month, day } = partsOf(toMs(time));
  return `${year}-${month}-${day}`;
}

/** `hourlyRate` under `billing` is "hourly rate of billing"; `sentAt` is "sent at". */
export function fieldWords(path: string): string {
  const words = path
    .split('.')
    .reverse()
    .map((name) => {
      const known = SPECIAL.get(name);
      return (
        known ??
        name.replace(/([a-z\d])([A-Z])/g, (_, a: string, b: string) => `${a} ${b.toLowerCase()}`)
      );
    });
  const sentence = words.join(' of ');
  return sentence.charAt(0).toUpperCase() + sentence.slice(1);
}

const SPECIAL = new Map([
  ['vat', 'VAT'],
  ['pdf', 'PDF'],
  ['xml', 'XML'],
  ['blob', 'file'],
  ['blobs', 'files'],
  ['rateBasisPoints', 'rate'],
  ['vatId', 'VAT id'],
  ['vatNote', 'VAT note'],
  ['eInvoice', 'e-invoice'],
  ['taxId', 'tax id'],
  ['iban', 'IBAN'],
  ['bic', 'BIC'],
  ['email', 'e-mail'],
  ['messageId', 'message id'],
]);

const DAY = /^\d{4}-\d{2}-\d{2}$/;
const MOMENT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}.*Z$/;

/** A field's value as people read it. Outside text comes out visible. */
export function formatValue(value: Json | undefined): string {
  if (value === undefined || value === null) return '–';
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (typeof value === 'number') return new Intl.NumberFormat(LOCALE).format(value);
  if (typeof value === 'string') {
    if (DAY.test(value)) return formatDay(`${value}T12:00:00Z`);
    return MOMENT.test(value) ? formatMoment(value) : visible(value);
  }
  if (isMoney(value)) return formatMoney(value);
  if (Array.isArray(value)) return value.length === 0 ? '–' : value.map(formatValue).join(', ');
  if (isJsonObject(value)) {
    if (value.$erased === true) return '(erased)';
    if (typeof value.tenThousandths === 'number') {
      return `${formatValue(value.tenThousandths / 10_000)} ${formatValue(value.unit)}`;
    }
    if (typeof value.rateBasisPoints === 'number') {
      return `${value.rateBasisPoints / 100} % (${formatValue(value.category)})`;
    }
    return Object.entries(value)
      .map(([name, member]) => `${fieldWords(name).toLowerCase()}: ${formatValue(member)}`)
      .join(', ');
  }
  return '';
}

const formats = new Map<string, Intl.DateTimeFormat>();

function format(ms: number, options: Intl.DateTimeFormatOptions): string {
  const id = JSON.stringify(options);
  let found = formats.get(id);
  if (!found) {
    found = new Intl.DateTimeFormat(LOCALE, { ...options, timeZone: zone });
    formats.set(id, found);
  }
  return Number.isFinite(ms) ? found.format(ms) : '';
}

function partsOf(ms: number): {
  readonly year: string;
  readonly month: string;
  readonly day: string;
} {
  const [year = '', month = '', day = ''] = new Intl.DateTimeFormat('sv-SE', {
    timeZone: zone,
  })
    .format(Number.isFinite(ms) ? ms : 0)
    .split('-');
  return { year, month, day };
}

function toMs(time: Time): number {
  return typeof time === 'number' ? time : Date.parse(time);
}
