import type { Id } from '../../base/index.ts';
import type { Fold } from '../../log/index.ts';
import { asKernelEvent } from '../events.ts';
import { idOf, NOTHING, one } from './rows.ts';

/** Keys that a step holds. */
export type LockRow = { readonly run: Id; readonly step: string; readonly keys: readonly string[] };

/** Who holds what: a step may hold a key for days, so a restart must find it again. */
export const locksFold: Fold<LockRow> = {
  name: 'locks',
  version: 1,
  reads: (type) => type === 'lock.taken' || type === 'lock.released',
  keys: ({ stream, data }) => [`${idOf(stream)}|${String(data.step)}`],
  apply: (rows, stored) => {
    const event = asKernelEvent(stored);
    const run = idOf(stored.stream);
    if (event.type === 'lock.taken') {
      const { step, keys } = event.data;
      return one(`${run}|${step}`, { run, step, keys });
    }
    if (event.type !== 'lock.released') return NOTHING;
    const key = `${run}|${event.data.step}`;
    return rows.has(key) ? one<LockRow>(key, null) : NOTHING;
  },
};
