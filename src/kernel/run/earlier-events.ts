import type { StoredEvent } from '../../contract/index.ts';
import type { Log } from '../../log/index.ts';
import { arrivalsFold, arrivalsKey } from '../folds.ts';

/**
 * Events of a type behind `after` and up to `upTo`, oldest first, a page at a time. Only those stretches
 * of the log are read that hold one.
 */
export async function* earlierEvents(
  log: Log,
  type: string,
  { after, upTo }: { readonly after: number; readonly upTo: number },
): AsyncIterable<readonly StoredEvent[]> {
  const stretches = { from: arrivalsKey(type, after), to: arrivalsKey(type, upTo) };
  for await (const { row } of log.fold(arrivalsFold).every(stretches)) {
    const from = Math.max(row.first - 1, after);
    const to = Math.min(row.last, upTo);
    if (from < to) yield log.read({ after: from, upTo: to, limit: to - from, types: [type] });
  }
}
