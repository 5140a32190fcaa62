import { randomFillSync } from 'node:crypto';

/** A UUID of version 7 (RFC 9562): sortable by its creation time in milliseconds. */
export type Id = string;

export type NewId = () => Id;

const RANDOM_POOL_BYTES = 4096; // one system call serves 409 ids
const RANDOM_BYTES_PER_ID = 10;

/** Makes ids whose order follows `nowMs`; ids of one millisecond are in no particular order. */
export function createIds(nowMs: () => number): NewId {
  const pool = Buffer.alloc(RANDOM_POOL_BYTES);
  let used = RANDOM_POOL_BYTES;
  let lastMs = -1;
  let time = '';
  return () => {
    if (used + RANDOM_BYTES_PER_ID > RANDOM_POOL_BYTES) {
      randomFillSync(pool);
      used = 0;
    }
    const ms = Math.max(0, Math.floor(nowMs()));
    if (ms !== lastMs) {
      lastMs = ms;
      const hex = ms.toString(16).padStart(12, '0');
      time = `${hex.slice(0, 8)}-${hex.slice(8)}-7`;
    }
    const random = pool.toString('hex', used, used + RANDOM_BYTES_PER_ID);
    used += RANDOM_BYTES_PER_ID;
    const variant = '89ab'[Number.parseInt(random[3] ?? '0', 16) & 3];
    return `${time}${random.slice(0, 3)}-${variant}${random.slice(4, 7)}-${random.slice(7, 19)}`;
  };
}
