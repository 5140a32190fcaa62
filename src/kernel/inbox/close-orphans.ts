import { LIMITS } from '../../base/index.ts';
import { toFailure } from '../../contract/index.ts';
import type { Log } from '../../log/index.ts';
import { isWithdrawable, withdrawal } from '../effects/withdraw.ts';
import { fact } from '../events.ts';
import { effectsFold, type ItemRow, itemsFold, type RunRow, runsFold } from '../folds.ts';
import { isRunEnded } from '../run/lifecycle.ts';

const ENDINGS: { readonly [status: string]: string } = {
  done: 'is done',
  failed: 'failed',
  cancelled: 'was cancelled',
};

/**
 * Closes what a run that is over left open: nobody could answer it. A run closes its own items when it
 * ends; logs of earlier versions hold some that it did not. Looks at what is open and at nothing else,
 * a page at a time, and appends nothing where all is well. Gives how many it closed.
 */
export async function closeOrphans({ log }: { readonly log: Log }): Promise<number> {
  let count = 0;
  let page: ItemRow[] = [];
  for await (const { row } of log.fold(itemsFold).every({ index: 'run' })) {
    page.push(row);
    if (page.length < LIMITS.pageRows) continue;
    count += await closeEndedOf(log, page);
    page = [];
  }
  return count + (await closeEndedOf(log, page));
}

async function closeEndedOf(log: Log, page: readonly ItemRow[]): Promise<number> {
  const ids = new Set(page.flatMap(({ run }) => run ?? []));
  const runs = await log.fold(runsFold).getMany([...ids]);
  let count = 0;
  for (const item of page) {
    const run = runs.get(item.run ?? '');
    if (run && isRunEnded(run.status) && (await closeOne(log, item, run))) count += 1;
  }
  return count;
}

/** False when somebody else was quicker. */
async function closeOne(log: Log, { id }: ItemRow, run: RunRow): Promise<boolean> {
  const stream = `item/${id}`;
  const expectedVersion = await log.streamVersion(stream);
  const item = await log.fold(itemsFold).get(id);
  if (!item || item.status === 'closed') return false;
  const because = `The run that asked this ${ENDINGS[run.status] ?? 'is over'}.`;
  const data = { how: 'withdrawn', by: 'kernel', because } as const;
  const effects = await log.fold(effectsFold).getMany(item.effects);
  const open = [...effects.values()].filter(({ status }) => isWithdrawable(status));
  try {
    const gone = await Promise.all(open.map((row) => withdrawal({ log }, row, because)));
    const closed = fact('item.closed', data, { run: run.id });
    await log.append([{ stream, expectedVersion, events: [closed] }, ...gone.flat()]);
    return true;
  } catch (error) {
    if (toFailure(error).code === 'version_conflict') return false;
    throw error;
  }
}
