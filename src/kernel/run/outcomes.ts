import type { Json } from '../../base/index.ts';
import { type Failure, type Labelled, labelOfAll, toFailure } from '../../contract/index.ts';
import { decideCommands } from '../record-writes.ts';
import type { Actor } from './actor.ts';
import type { StepOutcome } from './execute.ts';
import { staysInline, storedOutput } from './large-outputs.ts';
import { compiledStep, stepOf } from './run-places.ts';
import type { RunState } from './run-state.ts';
import type { RunnerContext } from './runner.ts';
import { failStep, type ReadOn } from './step-failures.ts';
import { nextTryAt } from './step-rules.ts';
import { say, type Turn } from './turn.ts';

/**
 * What calls brought becomes facts, one after another: an output and the record changes that were asked
 * for, or a failure. At once, but for what changes records or has an output that is kept as a file.
 */
export function takeOutcomes(
  context: RunnerContext,
  actor: Actor,
  turn: Turn,
  outcomes: readonly StepOutcome[],
): Promise<void> | undefined {
  let taken = 0;
  for (const outcome of outcomes) {
    taken += 1;
    const late = takeOutcome(context, actor, turn, outcome);
    if (late) return late.then(() => takeOutcomes(context, actor, turn, outcomes.slice(taken)));
  }
  return undefined;
}

function takeOutcome(
  context: RunnerContext,
  actor: Actor,
  turn: Turn,
  outcome: StepOutcome,
): Promise<void> | undefined {
  const { run } = turn;
  const step = run.steps.get(outcome.step);
  const immediate =
    actor.immediate.delete(outcome.step) && run.frontier?.stateOf(outcome.step) === 'ready';
  // a late answer of a try that was given up, or that another worker has taken over
  if (!immediate && (step?.status !== 'running' || step.attempt !== outcome.attempt)) {
    return undefined;
  }
  const readAt = actor.readAt.get(outcome.step);
  actor.readAt.delete(outcome.step);
  const { given } = outcome;
  const on = {
    ...(given === undefined ? undefined : { given }),
    ...(readAt === undefined ? undefined : { readAt }),
  };
  if (outcome.status === 'failed') {
    retryOrFail(context, turn, outcome.step, outcome.attempt, outcome.failure, on);
    return undefined;
  }
  const { output, size } = outcome;
  if (outcome.commands.length > 0 || !staysInline(output.value, size)) {
    return takeChanges(context, turn, outcome, on);
  }
  sayCompleted(turn, outcome.step, output, output.value, on);
  return undefined;
}

async function takeChanges(
  context: RunnerContext,
  turn: Turn,
  { step, attempt, output, commands }: Extract<StepOutcome, { status: 'done' }>,
  on: ReadOn,
): Promise<void> {
  const { ports } = context;
  const { run } = turn;
  try {
    const changes =
      commands.length === 0
        ? []
        : await decideCommands(ports, ports.records, commands, {
            by: `agent:${compiledCall(run, step)}`,
            label: labelOfAll(output.labels),
            run: run.id,
          });
    const stored = await storedOutput(ports.blobs, output.value);
    turn.batch.others.push(...changes);
    sayCompleted(turn, step, output, stored, on);
  } catch (error) {
    retryOrFail(context, turn, step, attempt, toFailure(error), on);
  }
}

export async function complete(
  context: RunnerContext,
  turn: Turn,
  step: string,
  output: Labelled<Json>,
): Promise<void> {
  sayCompleted(turn, step, output, await storedOutput(context.ports.blobs, output.value));
}

function sayCompleted(
  turn: Turn,
  step: string,
  output: Labelled<Json>,
  stored: Json,
  on: ReadOn = {},
): void {
  const { labels } = output;
  say(turn, 'step.completed', { ...on, labels, output: stored, step });
  if (stored !== output.value) stepOf(turn.run, step).output = output;
}

export function retryOrFail(
  context: RunnerContext,
  turn: Turn,
  step: string,
  attempt: number,
  problem: Failure,
  on: ReadOn = {},
): void {
  const retryAt = retryTime(context, turn, step, attempt, problem);
  if (retryAt === undefined) failStep(turn, step, attempt, problem, on);
  else say(turn, 'step.failed', { step, attempt, failure: problem.toData(), retryAt, ...on });
}

/** When to try again, in UTC ms; undefined when it would not help or was tried enough. */
export function retryTime(
  { ports }: RunnerContext,
  turn: Turn,
  step: string,
  attempt: number,
  problem: Failure,
): number | undefined {
  const compiled = compiledStep(turn.run, step);
  const contract =
    'call' in compiled.step ? ports.registry.find(compiled.step.call)?.contract : undefined;
  const startedAt = stepOf(turn.run, step).startedAt ?? turn.now;
  const random = Number.parseInt(ports.random(4), 16) / 2 ** 32;
  return nextTryAt(problem, attempt, compiled, contract, startedAt, turn.now, random);
}

function compiledCall(run: RunState, path: string): string {
  const { step } = compiledStep(run, path);
  return 'call' in step ? step.call : step.id;
}
