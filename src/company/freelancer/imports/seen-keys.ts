import { sha256 } from '../../../base/index.ts';
import { failure } from '../../../contract/index.ts';

/** The keys of a whole file, 20 bytes each: two million rows stay far below the memory limit. */
export interface SeenKeys {
  /** True when it was not there yet. */
  readonly add: (key: string) => boolean;
  readonly has: (key: string) => boolean;
  /** One more for `key`'s counter; the new value. */
  readonly count: (key: string) => number;
  readonly countOf: (key: string) => number;
  /** One more visit of `key`: how many there were, and the line of the first. */
  readonly visit: (key: string, line: number) => { readonly visits: number; readonly line: number };
}

/**
 * Open addressing over typed arrays, keyed by 64 bits of SHA-256: among four million keys two share
 * them with a chance of one in two million. Fails with `stale` beyond `capacity`, which only happens
 * when the file grew while it was read.
 */
export function createSeenKeys(capacity: number): SeenKeys {
  const size = Math.max(16, Math.ceil(capacity / 0.7)); // above that fill, probing gets slow
  const high = new Uint32Array(size);
  const low = new Uint32Array(size);
  const counts = new Uint32Array(size);
  const visits = new Uint32Array(size);
  const lines = new Uint32Array(size);
  let used = 0;

  const find = (key: string): { slot: number; found: boolean; h: number; l: number } => {
    const digest = sha256(key);
    const h = Number.parseInt(digest.slice(0, 8), 16);
    const l = Number.parseInt(digest.slice(8, 16), 16) || 1; // 0 marks a free slot
    let slot = h % size;
    while (low[slot] !== 0) {
      if (low[slot] === l && high[slot] === h) return { slot, found: true, h, l };
      slot = slot + 1 === size ? 0 : slot + 1;
    }
    return { slot, found: false, h, l };
  };
  const slotOf = (key: string): { slot: number; isNew: boolean } => {
    const { slot, found, h, l } = find(key);
    if (found) return { slot, isNew: false };
    if (used >= capacity) throw failure('stale', 'The file changed while it was being read.');
    used++;
    high[slot] = h;
    low[slot] = l;
    return { slot, isNew: true };
  };
  const bump = (counter: Uint32Array, slot: number): number => {
    const next = (counter[slot] ?? 0) + 1;
    counter[slot] = next;
    return next;
  };

  return {
    add: (key) => slotOf(key).isNew,
    has: (key) => find(key).found,
    count: (key) => bump(counts, slotOf(key).slot),
    countOf: (key) => {
      const { slot, found } = find(key);
      return found ? (counts[slot] ?? 0) : 0;
    },
    visit: (key, line) => {
      const { slot } = slotOf(key);
      const seen = bump(visits, slot);
      if (seen === 1) lines[slot] = line;
      return { visits: seen, line: lines[slot] ?? line };
    },
  };
}
