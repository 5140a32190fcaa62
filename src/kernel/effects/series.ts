import type { EffectKey, NewEvent } from '../../contract/index.ts';
import { fact } from '../events.ts';
import type { SeriesRow } from '../folds.ts';

/** A reservation holds this long; afterwards whoever comes next may have the number. */
export const RESERVATION_MS = 10 * 60 * 1000;

/**
 * The lowest number that nobody holds: free ones first, then lapsed reservations, then a new one.
 * A key that holds one keeps it.
 */
export function chooseNumber(row: SeriesRow | undefined, key: EffectKey, nowMs: number): number {
  if (!row) return 1;
  const own = row.reserved.find((held) => held.key === key);
  if (own) return own.number;
  const open = [
    ...row.free,
    ...row.reserved.filter((held) => held.until <= nowMs).map((held) => held.number),
  ];
  return open.length > 0 ? Math.min(...open) : row.next;
}

/** True while `key` may still issue `number`: it holds it, and nobody took it meanwhile. */
export function holdsNumber(row: SeriesRow | undefined, key: EffectKey, number: number): boolean {
  return row?.reserved.some((held) => held.key === key && held.number === number) ?? false;
}

/** True when somebody else could be given the number now. */
export function hasLapsed(row: SeriesRow | undefined, key: EffectKey, nowMs: number): boolean {
  return !(row?.reserved.some((held) => held.key === key && held.until > nowMs) ?? false);
}

export function reservation(number: number, key: EffectKey, nowMs: number): NewEvent {
  return fact('number.reserved', { number, key, until: nowMs + RESERVATION_MS });
}
