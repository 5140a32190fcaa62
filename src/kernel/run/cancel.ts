import { type Id, isJsonObject, type JsonObject } from '../../base/index.ts';
import { failure, OPERATOR, OWN, type Receipt } from '../../contract/index.ts';
import { readEffect } from '../effects/commit.ts';
import { isUndecided } from '../effects/lifecycle.ts';
import { fact } from '../events.ts';
import { type EffectRow, effectsFold, itemsFold, type RunRow, runsFold } from '../folds.ts';
import type { KernelPorts } from '../ports.ts';
import { takeSnapshot } from '../snapshot.ts';
import { isRunEnded } from './lifecycle.ts';
import { stepOf } from './run-places.ts';
import type { Runner } from './runner.ts';
import { say, type Turn } from './turn.ts';

export interface CancelPorts extends KernelPorts {
  readonly runner: Runner;
}

/** What was done and can be taken back, and what stays, in the order in which it was done. */
interface TakenBack {
  readonly undo: readonly {
    readonly row: EffectRow;
    readonly capability: string;
    readonly input: JsonObject;
  }[];
  readonly stays: readonly string[];
}

/**
 * Stops a run at the next safe point. What waits is withdrawn; what was done is taken back in reverse
 * order by a run of its own, where each step is an effect that is asked for like any other; what
 * cannot be taken back is said. Fails with `already_decided`.
 */
export async function cancelRun(
  ports: CancelPorts,
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
    const found = await findTakenBack(ports, rows);
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
  if (takenBack.undo.length > 0) await compensate(ports, id, compensation, takenBack);
}

/** A run that takes back is over: so is the one that it belongs to. */
export async function finishCompensated(ports: CancelPorts, compensation: RunRow): Promise<void> {
  const { compensates, status } = compensation;
  if (compensates === null || !isRunEnded(status)) return;
  const row = await ports.log.fold(runsFold).get(compensates);
  if (row?.status !== 'compensating') return;
  await ports.runner.within(compensates, async (turn) => {
    if (turn.run.status !== 'compensating') return;
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
export async function resumeCompensation(ports: CancelPorts, id: Id): Promise<void> {
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
  await compensate(ports, id, compensation, await findTakenBack(ports, rows));
}

/** What is on its way out right now ends first, so that its receipt is kept and can be taken back. */
async function letCommitsEnd({ log, runner }: CancelPorts, id: Id): Promise<void> {
  const rows = await log.fold(effectsFold).list({ index: 'run', equals: id });
  if (rows.some(({ row }) => row.status === 'committing')) await runner.atRest(id);
}

async function withdraw(
  ports: CancelPorts,
  turn: Turn,
  rows: readonly EffectRow[],
  because: string,
  by: string,
): Promise<void> {
  const { log } = ports;
  const { run, batch } = turn;
  for (const row of rows) {
    const open = isUndecided(row.status) || row.status === 'approved' || row.status === 'held';
    if (!open) continue;
    batch.others.push({
      stream: `effect/${row.key}`,
      expectedVersion: await log.streamVersion(`effect/${row.key}`),
      events: [fact('effect.withdrawn', { because }, { by, run: run.id })],
    });
    const { effect } = await readEffect(ports, row);
    for (const { series, number } of effect.numbers) {
      batch.others.push({
        stream: `series/${series}`,
        expectedVersion: 'any',
        events: [fact('number.released', { number, key: row.key }, { run: run.id })],
      });
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

async function findTakenBack(ports: CancelPorts, rows: readonly EffectRow[]): Promise<TakenBack> {
  const committed = rows.filter((row) => row.status === 'committed').sort((a, b) => a.seq - b.seq);
  const undo: TakenBack['undo'][number][] = [];
  const stays: string[] = [];
  for (const row of committed) {
    const { effect } = await readEffect(ports, row);
    const connector = ports.registry.connector(effect.connector);
    // the fold keeps the receipt as the kernel wrote it
    const receipt = isJsonObject(row.receipt) ? (row.receipt as unknown as Receipt) : undefined;
    const way = connector?.undo?.(effect, receipt);
    if (way) undo.push({ row, ...way });
    else stays.push(`${effect.summary}: ${effect.undo.how}`);
  }
  return { undo, stays };
}

/** A plan of its own, last effect first, so that every step back is shown, asked and recorded. */
async function compensate(
  ports: CancelPorts,
  cancelled: Id,
  compensation: Id,
  { undo }: TakenBack,
): Promise<void> {
  const words = `Take back what run ${cancelled} did`;
  const steps = undo.toReversed().map(({ row, capability, input }, index) => ({
    id: `undo${index + 1}`,
    title: `Take back: ${row.step}`,
    call: capability,
    with: input,
  }));
  const snapshot = await takeSnapshot(ports.log);
  await ports.runner.create(compensation, (turn) => {
    say(turn, 'intent.recorded', { words, queue: 'now', compensates: cancelled }, { label: OWN });
    say(turn, 'plan.decided', {
      plan: { steps },
      title: words,
      input: {},
      inputLabels: { base: OWN },
      because: ['The run was cancelled after it had done something.'],
      snapshot,
    });
  });
}
