import type { Id } from '../../base/index.ts';
import type { Log } from '../../log/index.ts';
import { type ItemRow, itemsFold, ofRun } from '../folds.ts';

/** Everything open in the inbox that belongs to a run, the oldest first: a page of it would leave cards of a run that is over. */
export async function itemsOfRun(
  { log }: { readonly log: Pick<Log, 'fold'> },
  run: Id,
): Promise<readonly ItemRow[]> {
  const open = log.fold(itemsFold).every({ index: 'run', ...ofRun(run) });
  return Array.fromAsync(open, ({ row }) => row);
}
