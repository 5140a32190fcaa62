import { randomFillSync } from 'node:crypto';

/** A UUID of version 7 (RFC 9562): sortable by its creation time in milliseconds. */
export type Id = string;

export type NewId = () => Id;

const RANDOM_POOL_BYTES = 4096; // one system call serves 431 ids
const RANDOM_DIGITS_PER_ID = 19;

/** Makes ids whose order follows `nowMs`; ids of one millisecond are in no particular order. */
export function createIds(nowMs: () => number): NewId {
  const pool = Buffer.alloc(RANDOM_POOL_BYTES);
  let digits = '';
  let used = 0;
  let lastMs = -1;
  let time = '';
  return () => {
    if (used + RANDOM_DIGITS_PER_ID > digits.length) {
      digits = randomFillSync(pool).toString('hex');
      used = 0;
    }
    const ms = Math.max(0, Math.floor(nowMs()));
    if (ms !== lastMs) {
      lastMs = ms;
      const hex = ms.toString(16).padStart(12, '0');
      time = `${hex.slice(0, 8)}-${hex.slice(8)}-7`;
    }
    const at = used;
    used += RANDOM_DIGITS_PER_ID;
    const variant = '89ab'[Number.parseInt(digits[at + 3] ?? '0', 16) & 3];
    return `${time}${digits.slice(at, at + 3)}-${variant}${digits.slice(at + 4, at + 7)}-${digits.slice(at + 7, used)}`;
  };
}
