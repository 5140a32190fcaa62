import type { Clock } from '../base/index.ts';
import { failure } from '../contract/index.ts';

/**
 * The machine's clock; with `start` (RFC 3339) one that begins there and goes on at the same pace.
 * Fails with `clock_refused` for a text that is not a time.
 */
export function createSystemClock(start?: string): Clock & { readonly isTest: boolean } {
  if (start === undefined || start === '') return { now: () => Date.now(), isTest: false };
  const from = Date.parse(start);
  if (Number.isNaN(from)) {
    throw failure('clock_refused', 'STEWARD_NOW is not a time.', { found: start.slice(0, 80) });
  }
  const offset = from - Date.now();
  return { now: () => Date.now() + offset, isTest: true };
}
