import { type Id, toTimestamp } from '../../base/index.ts';
import { failure } from '../../contract/index.ts';
import {
  compiledStep,
  effectsOfRun,
  type ItemRow,
  itemsOfRun,
  loadRun,
  type RunRow,
  type RunState,
  readEffect,
  runsFold,
  type StepState,
} from '../../kernel/index.ts';
import { drawPlan, kindOf, statusesForDrawing } from '../../plan/index.ts';
import type { Services } from '../operations/operation.ts';
import { heldUntil } from './held-until.ts';
import { hasStopped, stepsAhead } from './steps-ahead.ts';
import { unmetWords, whyOf } from './why-view.ts';

/** characters of an id that may stand for the whole */
const SHORTEST_ID = 4;

/** A line of `steward runs` (INTERFACES). */
export function runRow(row: RunRow) {
  const { id, goal, title, playbook, status, waitingFor, words, startedAt, endedAt } = row;
  return {
    ...{ id, goal, title, playbook, status, waitingFor, words },
    ...{ startedAt, endedAt, snapshot: row.snapshot },
  };
}

/** A run with all its steps. By its id, or by as much of its beginning as is unique. */
export async function runView(services: Services, id: string) {
  const { kernel } = services;
  const row = await findRun(services, id);
  const run = await stateOf(services, row.id);
  const steps = run ? [...run.steps.values()].map((step) => stepView(run, step)) : [];
  const effects = await effectsOfRun(services, row.id);
  const open = await itemsOfRun(services, row.id);
  const items = open.map((item) => item.id);
  // a card may be older than the task that the run waits for
  const isMeant = ({ kind }: ItemRow) => (kind === 'approval') === (row.waitingFor === 'approval');
  const meant = open.filter(isMeant).map((item) => item.id);
  return {
    ...runRow(row),
    input: run?.input.value ?? {},
    output: run?.output ?? null,
    failure: row.failure,
    cost: { microUsd: 0 },
    why: whyOf({
      row,
      run,
      reasons: await kernel.reasons(row.id),
      items: meant.length > 0 ? meant : items,
    }),
    steps,
    /** steps that have not begun, and why */
    ahead: stepsAhead(run),
    effects: await Promise.all(
      effects.map(async (effect) => {
        const { effect: finalised, snapshot = null } = await readEffect(services, effect);
        const { summary, undo } = finalised;
        return {
          ...{ hash: effect.hash, key: effect.key, step: effect.step, status: effect.status },
          ...{ heldUntil: heldUntil(effect), summary, undo, snapshot },
          ...{ receipt: effect.receipt, failure: effect.failure },
        };
      }),
    ),
    items,
    drawing: run ? drawingOf(run, steps) : null,
  };
}

/** A run with its steps as they stand, folded from its stream. */
export function stateOf({ kernel, log, blobs }: Services, run: Id): Promise<RunState | undefined> {
  const { compiled: compilePlaybook, compileInline } = kernel.playbooks;
  return loadRun(log, blobs, { compilePlaybook, compileInline }, run);
}

/** Runs, the newest first; with `before` only those that began before that one. Fails with `not_found`. */
export async function* runsBefore(services: Services, before?: string): AsyncIterable<RunRow> {
  const last = before === undefined ? undefined : await findRun(services, before);
  const query = {
    ...{ index: 'started', descending: true },
    ...(last ? { after: { value: last.startSeq, key: last.id } } : {}),
  };
  for await (const { row } of services.log.fold(runsFold).every(query)) yield row;
}

/** By its id, or by as much of its beginning as is unique. */
export async function findRun({ log }: Services, id: string): Promise<RunRow> {
  const runs = log.fold(runsFold);
  const exact = await runs.get(id);
  if (exact) return exact;
  const matches = id.length >= SHORTEST_ID ? await runs.list({ equals: id, limit: 2 }) : [];
  const [only] = matches;
  if (only && matches.length === 1) return only.row;
  throw failure('not_found', `There is no run ${id}.`, { run: id }, 'See them with: steward runs');
}

export function stepView(run: RunState, step: StepState) {
  const { step: planned } = compiledStep(run, step.path);
  const status = isStopped(run, step) ? 'cancelled' : step.status;
  return {
    id: step.path,
    title: planned.title ?? null,
    capability: 'call' in planned ? planned.call : null,
    kind: kindOf(planned),
    status,
    attempts: step.attempt,
    startedAt: step.startedAt === undefined ? null : toTimestamp(step.startedAt),
    endedAt: step.endedAt === undefined ? null : toTimestamp(step.endedAt),
    error: step.failure ?? null,
    waiting: status === 'cancelled' ? null : waitingOf(step),
    output: step.output?.value ?? null,
    because: step.unmet ? unmetWords(step.unmet) : (step.because ?? null),
    /** a repeat that stopped at its bound: its rounds, and the condition that was never true */
    unmet: step.unmet ?? null,
  };
}

const GOES_ON: ReadonlySet<StepState['status']> = new Set([
  'ready',
  'running',
  'waiting',
  'retrying',
]);

/** What a run was doing when it failed or was cancelled goes no further; the log ends there. */
function isStopped(run: RunState, { status }: StepState): boolean {
  return ['failed', 'cancelled', 'compensating'].includes(run.status) && GOES_ON.has(status);
}

function waitingOf({ status, waiting, retryAt, failure: problem }: StepState) {
  if (waiting) return { for: waiting.for, words: waiting.words };
  if (status !== 'retrying' || retryAt === undefined) return null;
  const words = `Tries again at ${toTimestamp(retryAt)}: ${problem?.message ?? ''}`;
  return { for: 'retry' as const, words };
}

function drawingOf(run: RunState, steps: readonly { id: string; status: StepState['status'] }[]) {
  const top = run.scopes.get('');
  if (!top) return null;
  return drawPlan(top.compiled, statusesForDrawing(steps), { ended: hasStopped(run) });
}
