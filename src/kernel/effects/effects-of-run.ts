import type { Id } from '../../base/index.ts';
import type { Log } from '../../log/index.ts';
import { type EffectRow, effectsFold } from '../folds.ts';

/**
 * All effects of a run, in the order in which they were prepared. A page of them would make the others
 * look as if they had never been.
 */
export async function effectsOfRun(
  { log }: { readonly log: Pick<Log, 'fold'> },
  run: Id,
): Promise<readonly EffectRow[]> {
  const own = log.fold(effectsFold).every({ index: 'run', equals: run });
  const rows = await Array.fromAsync(own, ({ row }) => row);
  return rows.sort((a, b) => a.seq - b.seq);
}
