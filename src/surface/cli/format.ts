import { type Money, minorDigits } from '../../contract/index.ts';
import { makeVisible } from '../../policy/index.ts';
import { toDecimal } from '../../records/index.ts';

/** Text from anywhere, safe on a terminal: nothing in it moves the cursor or hides. */
export function plain(value: unknown): string {
  if (value === null || value === undefined) return '';
  return makeVisible(typeof value === 'object' ? JSON.stringify(value) : String(value));
}

/** `1,132.50 EUR` */
export function money(amount: Money | null | undefined): string {
  if (!amount) return '';
  const [whole = '', rest] = toDecimal(amount.minor, minorDigits(amount.currency)).split('.');
  const grouped = whole.replaceAll(/\B(?=(\d{3})+$)/g, ',');
  return `${grouped}${rest === undefined ? '' : `.${rest}`} ${amount.currency}`;
}

/** Says until when something approved can be taken back, and how; empty when it is not held. */
export function heldWords(until: string | null, run: string | null, zone: string): string {
  if (until === null || run === null) return '';
  return `It goes out ${time(until, zone, 'second')}. Take it back before: steward cancel ${run}`;
}

/** `2026-11-02 10:14` in the company's zone. */
export function time(
  timestamp: unknown,
  zone: string,
  smallestUnit: 'minute' | 'second' = 'minute',
): string {
  if (typeof timestamp !== 'string') return '';
  try {
    const there = Temporal.Instant.from(timestamp).toZonedDateTimeISO(zone);
    return `${there.toPlainDate()} ${there.toPlainTime().toString({ smallestUnit })}`;
  } catch {
    return plain(timestamp);
  }
}

/** A sentence with its times of the log as a person writes them: `2026-11-24 10:00`. */
export function withTimes(words: string, zone: string): string {
  return words.replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, (found) => time(found, zone));
}
