import { failure } from '../../contract/index.ts';
import type { ItemRow } from '../folds.ts';
import { isRunEnded } from '../run/lifecycle.ts';
import type { Turn } from '../run/turn.ts';

/** Nothing is added to a run that is over. Fails with `already_decided`. */
export function refuseEnded({ run }: Turn, item: ItemRow): void {
  if (!isRunEnded(run.status)) return;
  throw failure('already_decided', `The run that asked this is ${run.status}.`, {
    item: item.id,
    run: run.id,
    status: run.status,
  });
}
