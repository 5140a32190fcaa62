import { type Id, LIMITS } from '../../base/index.ts';
import { failure, OPERATOR, type StoredEvent } from '../../contract/index.ts';
import type { StreamAppend } from '../../log/index.ts';
import { effectsOfRun } from '../effects/effects-of-run.ts';
import { isInFlight } from '../effects/lifecycle.ts';
import { asKernelEvent, type KernelEvents } from '../events.ts';
import { eventsOfStream } from '../events-of-stream.ts';
import type { EffectRow } from '../folds.ts';
import type { Playbooks } from '../playbooks.ts';
import type { KernelPorts } from '../ports.ts';
import { loadRun, withOutput } from '../run/load-run.ts';
import { stepOf } from '../run/run-places.ts';
import type { RunState } from '../run/run-state.ts';
import type { Runner } from '../run/runner.ts';
import { say, type Turn } from '../run/turn.ts';
import { takeSnapshot } from '../snapshot.ts';
import { isNext, type Prefix, prefixOf, requireStep } from './prefix.ts';

export interface ForkPorts extends KernelPorts {
  readonly playbooks: Playbooks;
  readonly runner: Runner;
}

export interface Fork {
  /** the new run */
  readonly run: Id;
  readonly of: Id;
  /** steps whose results were taken over; they are not done again */
  readonly taken: readonly string[];
}

/** facts beside the steps that are taken over, in the one append that begins a fork */
const OWN_EVENTS = 100;

/**
 * Starts a new run from what another one has done without `from` and everything that needs it. Results
 * are taken over with their source named. An effect that was committed counts as done by the original:
 * its output is used, it is not repeated, and cancelling the fork does not take it back. Approvals,
 * grants' use, reserved numbers and answers given since the fork point are never taken over, so every
 * effect of the fork is prepared, shown and signed anew. Fails with `not_found`, `not_possible` (no
 * plan yet; an effect on its way; one that was taken back), `too_large`, `erased`.
 */
export async function forkRun(
  ports: ForkPorts,
  of: Id,
  from: string,
  by: string,
  /** goes into the append that begins it */
  noted: (run: Id) => readonly StreamAppend[] = () => [],
): Promise<Fork> {
  const { log, playbooks } = ports;
  const lookup = { compilePlaybook: playbooks.compiled, compileInline: playbooks.compileInline };
  const original = await loadRun(log, ports.blobs, lookup, of);
  if (!original) throw failure('not_found', `There is no run ${of}.`, { run: of });
  if (!original.frontier) {
    throw failure(
      'not_possible',
      'This run has no plan yet.',
      { run: of },
      'Answer its question first.',
    );
  }
  requireStep(original, of, from);
  const events = await streamOf(ports, of);
  const prefix = prefixOf(original, events, from);
  if (prefix.events.length > LIMITS.appendEvents - OWN_EVENTS) {
    const limit = LIMITS.appendEvents - OWN_EVENTS;
    throw failure(
      'too_large',
      `${prefix.events.length} results are too many to take over; at most ${limit} are, in one piece.`,
      { results: prefix.events.length, limit },
      'Fork from an earlier step, or start the goal anew with the same input.',
    );
  }
  requireSettledEffects(original, prefix, from, await effectsOfRun(ports, of));
  const outputs = new Map<StoredEvent, StoredEvent>();
  for (const event of prefix.events) outputs.set(event, await withOutput(event, ports.blobs));
  const snapshot = await takeSnapshot(log);
  const run = ports.newId();
  await ports.runner.create(run, (turn) => {
    const { intent, decided } = beginningOf(events);
    const forked: KernelEvents['intent.recorded'] = { ...intent, forkOf: { run: of, step: from } };
    say(turn, 'intent.recorded', forked, { by, label: OPERATOR });
    const because = [`It was forked from run ${of} at ${from}.`];
    say(turn, 'plan.decided', { ...underVersion(decided, original), because, snapshot });
    for (const event of prefix.events) takeOver(turn, of, event, outputs.get(event) ?? event);
    turn.batch.others.push(...noted(run));
  });
  return { run, of, taken: [...prefix.kept] };
}

/** One result of the original as a fact of the fork. A fork of a fork names the first source. */
function takeOver(turn: Turn, of: Id, stored: StoredEvent, restored: StoredEvent): void {
  const event = asKernelEvent(stored);
  const options = { label: event.label };
  switch (event.type) {
    case 'step.completed': {
      const { step, output } = event.data;
      const taken = event.data.taken ?? { run: of, seq: event.seq };
      say(turn, 'step.completed', { ...event.data, taken }, options);
      const whole = asKernelEvent(restored);
      const { labels } = stepOf(turn.run, step).output ?? {};
      // memory needs the value itself, the log keeps the handle of a large one
      if (whole.type === 'step.completed' && whole.data.output !== output && labels)
        stepOf(turn.run, step).output = { value: whole.data.output, labels };
      return;
    }
    case 'step.skipped':
    case 'step.expanded': {
      const taken = event.data.taken ?? { run: of, seq: event.seq };
      if (event.type === 'step.skipped')
        say(turn, 'step.skipped', { ...event.data, taken }, options);
      else say(turn, 'step.expanded', { ...event.data, taken }, options);
      return;
    }
    default:
  }
}

/** What would be done twice, or counts as done although it was taken back, is refused. */
function requireSettledEffects(
  run: RunState,
  prefix: Prefix,
  from: string,
  rows: readonly EffectRow[],
): void {
  for (const row of rows) {
    if (isInFlight(row.status) && isNext(run, prefix, from, row.step)) {
      throw failure(
        'not_possible',
        `${row.step} is on its way out right now; the fork would do it a second time.`,
        { step: row.step, status: row.status },
        'Wait until it is done, or cancel it, then fork.',
      );
    }
    if (row.status === 'undone' && prefix.kept.has(row.step)) {
      throw failure(
        'not_possible',
        `What ${row.step} did was taken back, so nothing can be built on it.`,
        { step: row.step },
        `Fork from ${row.step} or from a step before it.`,
      );
    }
  }
}

function beginningOf(events: readonly StoredEvent[]): {
  readonly intent: KernelEvents['intent.recorded'];
  readonly decided: KernelEvents['plan.decided'];
} {
  const found = events.map(asKernelEvent);
  const intent = found.find((event) => event.type === 'intent.recorded');
  const decided = found.find((event) => event.type === 'plan.decided');
  if (intent && decided) return { intent: intent.data, decided: decided.data };
  throw failure('not_possible', 'The beginning of this run is not in the log.', {});
}

/** A run that was migrated is forked as it stands now. */
function underVersion(
  { plan, playbook, ...decided }: KernelEvents['plan.decided'],
  run: RunState,
): KernelEvents['plan.decided'] {
  const version = run.playbook ?? playbook;
  return {
    ...decided,
    ...(version === undefined ? {} : { playbook: version }),
    ...(plan === undefined ? {} : { plan }),
  };
}

/** The stream as it is stored, large outputs as handles. */
async function streamOf({ log }: ForkPorts, run: Id): Promise<readonly StoredEvent[]> {
  const events = await Array.fromAsync(eventsOfStream(log, `run/${run}`));
  const erased = events.find((event) => event.erased || event.damaged);
  if (!erased) return events;
  throw failure('erased', 'Part of this run was erased, so nothing can be built on it.', { run });
}
