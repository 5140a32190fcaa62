import type { Id } from '../../base/index.ts';
import { failure, OPERATOR } from '../../contract/index.ts';
import { isWithdrawable, withdrawal } from '../effects/withdraw.ts';
import { fact } from '../events.ts';
import { type EffectRow, effectsFold, itemsFold, type RunRow, runsFold } from '../folds.ts';
import { isRunEnded } from './lifecycle.ts';
import { stepOf } from './run-places.ts';
import { findWaysBack, type TakeBackPorts, takeBack } from './take-back.ts';
import { say, type Turn } from './turn.ts';

/**
 * Stops a run at the next safe point. What waits is withdrawn; what was done is taken back in reverse
 * order by a run of its own, where each step is an effect that is asked for like any other; what
 * cannot be taken back is said. Fails with `already_decided`.
 */
export async function cancelRun(
  ports: TakeBackPorts,
  id: Id,
  because: string,
  by: string,
): Promise<void> {
  const { runner } = ports;
  await letCommitsEnd(ports, id);
  runner.abort(id);
  const compensation = ports.newId();
  const takenBack = await runner.within(id, async (turn) => {
    const { run } = turn;
    if (isRunEnded(run.status)) {
      throw failure('already_decided', `This run is ${run.status} already.`, {
        run: id,
        status: run.status,
      });
    }
    say(turn, 'run.cancelling', { because }, { by, label: OPERATOR });
    const rows = (await ports.log.fold(effectsFold).list({ index: 'run', equals: id })).map(
      ({ row }) => row,
    );
    await withdraw(ports, turn, rows, because, by);
    const found = await findWaysBack(ports, rows);
    if (found.undo.length === 0) {
      const data = failure('cancelled', [because, ...found.stays].join(' ')).toData();
      say(turn, 'run.finished', { status: 'cancelled', failure: data });
    } else {
      const steps = found.undo.map(({ row }) => row.step);
      say(turn, 'run.compensating', { by: compensation, steps, stays: found.stays });
    }
    turn.batch.barrier = true;
    return found;
  });
  if (takenBack.undo.length > 0) await takeBack(ports, id, compensation, takenBack, { by });
}

/** A run that takes back is over: so is the one that it belongs to. */
export async function finishCompensated(ports: TakeBackPorts, compensation: RunRow): Promise<void> {
  const { compensates, status } = compensation;
  if (compensates === null || !isRunEnded(status)) return;
  const row = await ports.log.fold(runsFold).get(compensates);
  if (row?.status !== 'compensating') return;
  await ports.runner.within(compensates, async (turn) => {
    if (turn.run.status !== 'compensating') return;
    for (const { row: effect } of await ports.log
      .fold(effectsFold)
      .list({ index: 'run', equals: compensates })) {
      if (effect.status !== 'undone') continue;
      say(turn, 'step.compensated', { step: effect.step, words: 'It was taken back.' });
    }
    const message =
      status === 'done'
        ? 'Cancelled; what could be taken back was taken back.'
        : `Cancelled; taking back ended as ${status}.`;
    say(turn, 'run.finished', {
      status: 'cancelled',
      failure: failure('cancelled', message).toData(),
    });
  });
}

/** After a restart: a run that was to be taken back and has no run for it yet gets it now. */
export async function resumeCompensation(ports: TakeBackPorts, id: Id): Promise<void> {
  const events = await ports.log.readStream(`run/${id}`);
  const begun = events.findLast((event) => event.type === 'run.compensating');
  const compensation = begun?.data.by;
  if (typeof compensation !== 'string') return;
  const row = await ports.log.fold(runsFold).get(compensation);
  if (row) {
    ports.runner.wake(compensation);
    await finishCompensated(ports, row);
    return;
  }
  const rows = (await ports.log.fold(effectsFold).list({ index: 'run', equals: id })).map(
    (found) => found.row,
  );
  await takeBack(ports, id, compensation, await findWaysBack(ports, rows));
}

/** What is on its way out right now ends first, so that its receipt is kept and can be taken back. */
export async function letCommitsEnd(
  { log, runner }: Pick<TakeBackPorts, 'log' | 'runner'>,
  id: Id,
): Promise<void> {
  const rows = await log.fold(effectsFold).list({ index: 'run', equals: id });
  if (rows.some(({ row }) => row.status === 'committing')) await runner.atRest(id);
}

async function withdraw(
  ports: TakeBackPorts,
  turn: Turn,
  rows: readonly EffectRow[],
  because: string,
  by: string,
): Promise<void> {
  const { log } = ports;
  const { run, batch } = turn;
  for (const row of rows) {
    if (isWithdrawable(row.status)) {
      batch.others.push(...(await withdrawal(ports, row, because, by)));
    }
  }
  for (const { row } of await log.fold(itemsFold).list({ index: 'run', equals: run.id })) {
    batch.others.push({
      stream: `item/${row.id}`,
      expectedVersion: await log.streamVersion(`item/${row.id}`),
      events: [fact('item.closed', { how: 'withdrawn', by }, { by, run: run.id })],
    });
  }
  for (const path of [...run.waitingSteps, ...run.runningSteps]) {
    if (stepOf(run, path).waiting) say(turn, 'wait.ended', { step: path, how: 'cancel' });
    say(turn, 'step.cancelled', { step: path });
  }
}
