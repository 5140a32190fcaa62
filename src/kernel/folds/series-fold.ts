import type { EffectKey } from '../../contract/index.ts';
import type { Fold } from '../../log/index.ts';
import { asKernelEvent } from '../events.ts';
import { idOf, NOTHING, one } from './rows.ts';

export type SeriesRow = {
  readonly next: number;
  /** released and lapsed numbers below `next`, lowest first */
  readonly free: readonly number[];
  readonly reserved: readonly {
    readonly number: number;
    readonly key: EffectKey;
    readonly until: number;
  }[];
  readonly used: number;
};

/** Gapless numbers: an unused one below `next` is always handed out first. */
export const seriesFold: Fold<SeriesRow> = {
  name: 'series',
  version: 2,
  reads: (type) => type.startsWith('number.'),
  keys: (event) => [idOf(event.stream)],
  apply: (rows, stored) => {
    const event = asKernelEvent(stored);
    const name = idOf(stored.stream);
    const row = rows.get(name) ?? { next: 1, free: [], reserved: [], used: 0 };
    switch (event.type) {
      case 'number.reserved': {
        const { number, key, until } = event.data;
        const others = row.reserved.filter((held) => held.number !== number && held.key !== key);
        const released = row.reserved
          .filter((held) => held.key === key && held.number !== number)
          .map((held) => held.number);
        return one(name, {
          ...row,
          next: Math.max(row.next, number + 1),
          free: sorted([...row.free, ...released].filter((free) => free !== number)),
          reserved: [...others, { number, key, until }],
        });
      }
      case 'number.used':
        return one(name, {
          next: Math.max(row.next, event.data.number + 1),
          free: row.free.filter((free) => free !== event.data.number),
          reserved: row.reserved.filter((held) => held.number !== event.data.number),
          used: row.used + 1,
        });
      case 'number.released': {
        // only who holds a number can give it back: a lapsed one may have been used by another
        const { number, key } = event.data;
        const isOwn = (held: SeriesRow['reserved'][number]): boolean =>
          held.number === number && held.key === key;
        if (!row.reserved.some(isOwn)) return NOTHING;
        return one(name, {
          ...row,
          free: sorted([...row.free, number]),
          reserved: row.reserved.filter((held) => !isOwn(held)),
        });
      }
      default:
        return NOTHING;
    }
  },
};

function sorted(numbers: readonly number[]): readonly number[] {
  return [...new Set(numbers)].sort((a, b) => a - b);
}
