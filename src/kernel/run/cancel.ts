import { type Id, LIMITS } from '../../base/index.ts';
import { type Failure, failure, OPERATOR, toFailure } from '../../contract/index.ts';
import type { StreamAppend } from '../../log/index.ts';
import { effectsOfRun } from '../effects/effects-of-run.ts';
import { isWithdrawable, withdrawal } from '../effects/withdraw.ts';
import { fact } from '../events.ts';
import { type EffectRow, type RunRow, runsFold } from '../folds.ts';
import { itemsOfRun } from '../inbox/items-of-run.ts';
import { isRunEnded } from './lifecycle.ts';
import { stepOf } from './run-places.ts';
import { findWaysBack, type TakeBackPorts, takeBack, type WaysBack } from './take-back.ts';
import { say, type Turn } from './turn.ts';

/** how often what goes out meanwhile is waited for, before the run is stopped whatever is on its way */
const COMMIT_LOOKS = 20;

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
  /** what belongs into the append that stops it, and into no other: such as the answer that asked for it */
  alongside: (turn: Turn) => Promise<readonly StreamAppend[]> = async () => [],
): Promise<void> {
  const { runner } = ports;
  const compensation = ports.newId();
  for (let look = 1; ; look++) {
    await letCommitsEnd(ports, id);
    runner.abort(id);
    const mayWait = look < COMMIT_LOOKS;
    const takenBack = await runner
      .within(id, async (turn) => {
        const also = await alongside(turn);
        return stop(ports, turn, { because, by, compensation, mayWait, also });
      })
      .catch((error: unknown) => {
        const { code, facts } = toFailure(error);
        // something went on its way, or was decided, while this looked: it looks again
        if (mayWait && code === 'version_conflict') return undefined;
        if (code === 'too_large') throw tooMuchOpen(id, facts);
        throw error;
      });
    if (!takenBack) continue;
    if (takenBack.undo.length > 0) await takeBack(ports, id, compensation, takenBack, { by });
    return;
  }
}

interface Stop {
  readonly because: string;
  readonly by: string;
  /** the run that will take back what was done */
  readonly compensation: Id;
  /** what is on its way out by now may be waited for once more */
  readonly mayWait: boolean;
  readonly also: readonly StreamAppend[];
}

function tooMuchOpen(run: Id, facts: Failure['facts']): Failure {
  return failure(
    'too_large',
    'This run has too much open to be stopped at once.',
    { ...facts, run },
    'Reject a part of what it asks for first (steward reject ITEM --effect HASH), then cancel it.',
  );
}

/** Answers what is to be taken back; undefined when something is on its way out again. */
async function stop(
  ports: TakeBackPorts,
  turn: Turn,
  { because, by, compensation, mayWait, also }: Stop,
): Promise<WaysBack | undefined> {
  const { run } = turn;
  if (isRunEnded(run.status) || run.status === 'compensating') {
    const what = { run: run.id, status: run.status };
    if (isRunEnded(run.status))
      throw failure('already_decided', `This run is ${run.status} already.`, what);
    throw failure(
      'already_decided',
      'This run is cancelled already; what it did is being taken back.',
      what,
      'What is taken back waits in your inbox.',
    );
  }
  const rows = await effectsOfRun(ports, run.id);
  if (mayWait && rows.some(({ status }) => status === 'committing')) return undefined;
  turn.batch.others.push(...also);
  say(turn, 'run.cancelling', { because }, { by, label: OPERATOR });
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
}

/** A run that takes back is over: so is the one that it belongs to. */
export async function finishCompensated(ports: TakeBackPorts, compensation: RunRow): Promise<void> {
  const { compensates, status } = compensation;
  if (compensates === null || !isRunEnded(status)) return;
  const row = await ports.log.fold(runsFold).get(compensates);
  if (row?.status !== 'compensating') return;
  await ports.runner.within(compensates, async (turn) => {
    if (turn.run.status !== 'compensating') return;
    for (const effect of await effectsOfRun(ports, compensates)) {
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
  // it is among the last: a run that is being taken back does nothing else
  const version = await ports.log.streamVersion(`run/${id}`);
  const after = Math.max(0, version - LIMITS.pageRows);
  const events = await ports.log.readStream(`run/${id}`, { after });
  const begun = events.findLast((event) => event.type === 'run.compensating');
  const compensation = begun?.data.by;
  if (typeof compensation !== 'string') return;
  const row = await ports.log.fold(runsFold).get(compensation);
  if (row) {
    ports.runner.wake(compensation);
    await finishCompensated(ports, row);
    return;
  }
  const rows = await effectsOfRun(ports, id);
  await takeBack(ports, id, compensation, await findWaysBack(ports, rows));
}

/** What is on its way out right now ends first, so that its receipt is kept and can be taken back. */
export async function letCommitsEnd(
  { log, runner }: Pick<TakeBackPorts, 'log' | 'runner'>,
  id: Id,
): Promise<void> {
  const rows = await effectsOfRun({ log }, id);
  if (rows.some(({ status }) => status === 'committing')) await runner.atRest(id);
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
  const told = new Set(batch.others.map(({ stream }) => stream));
  for (const row of await itemsOfRun({ log }, run.id)) {
    if (told.has(`item/${row.id}`)) continue;
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
