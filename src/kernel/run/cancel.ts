import type { Id } from '../../base/index.ts';
import { failure, OPERATOR } from '../../contract/index.ts';
import { isUndecided } from '../effects/lifecycle.ts';
import { fact } from '../events.ts';
import { effectsFold, itemsFold } from '../folds.ts';
import type { KernelPorts } from '../ports.ts';
import { isRunEnded } from './lifecycle.ts';
import { stepOf } from './run-state.ts';
import type { Runner } from './runner.ts';
import { say } from './turn.ts';

/** Stops a run at the next safe point: what waits is withdrawn, what was done stays in the log. */
export async function cancelRun(
  ports: KernelPorts & { readonly runner: Runner },
  id: Id,
  because: string,
  by: string,
): Promise<void> {
  const { log, runner } = ports;
  runner.abort(id);
  await runner.within(id, async (turn) => {
    const { run, batch } = turn;
    if (isRunEnded(run.status)) {
      throw failure('already_decided', `This run is ${run.status} already.`, {
        run: id,
        status: run.status,
      });
    }
    say(turn, 'run.cancelling', { because }, { by, label: OPERATOR });
    const rows = (await log.fold(effectsFold).list({ index: 'run', equals: id })).map(
      ({ row }) => row,
    );
    for (const row of rows) {
      const open = isUndecided(row.status) || row.status === 'approved' || row.status === 'held';
      if (!open) continue;
      batch.others.push({
        stream: `effect/${row.key}`,
        expectedVersion: await log.streamVersion(`effect/${row.key}`),
        events: [fact('effect.withdrawn', { because }, { by, run: id })],
      });
    }
    for (const { row } of await log.fold(itemsFold).list({ index: 'run', equals: id })) {
      batch.others.push({
        stream: `item/${row.id}`,
        expectedVersion: await log.streamVersion(`item/${row.id}`),
        events: [fact('item.closed', { how: 'withdrawn', by }, { by, run: id })],
      });
    }
    for (const path of [...run.waitingSteps, ...run.runningSteps]) {
      if (stepOf(run, path).waiting) say(turn, 'wait.ended', { step: path, how: 'cancel' });
      say(turn, 'step.cancelled', { step: path });
    }
    say(turn, 'run.finished', {
      status: 'cancelled',
      failure: failure('cancelled', because).toData(),
    });
    batch.barrier = true;
  });
}
