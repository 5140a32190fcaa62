import type { Json } from '../../base/index.ts';
import { type Failure, type Labelled, labelOfAll, toFailure } from '../../contract/index.ts';
import { decideCommands } from '../record-writes.ts';
import type { Actor } from './actor.ts';
import type { StepOutcome } from './execute.ts';
import { storedOutput } from './large-outputs.ts';
import { compiledStep, stepOf } from './run-places.ts';
import type { RunState } from './run-state.ts';
import type { RunnerContext } from './runner.ts';
import { failStep } from './step-failures.ts';
import { nextTryAt } from './step-rules.ts';
import { say, type Turn } from './turn.ts';

/** What a call brought becomes facts: its output and the record changes it asked for, or a failure. */
export async function takeOutcome(
  context: RunnerContext,
  actor: Actor,
  turn: Turn,
  outcome: StepOutcome,
): Promise<void> {
  const { ports } = context;
  const { run } = turn;
  const step = run.steps.get(outcome.step);
  const immediate =
    actor.immediate.delete(outcome.step) && run.frontier?.stateOf(outcome.step) === 'ready';
  // a late answer of a try that was given up, or that another worker has taken over
  if (!immediate && (step?.status !== 'running' || step.attempt !== outcome.attempt)) return;
  const readAt = actor.readAt.get(outcome.step);
  actor.readAt.delete(outcome.step);
  if (outcome.status === 'failed') {
    retryOrFail(context, turn, outcome.step, outcome.attempt, outcome.failure);
    return;
  }
  try {
    const changes =
      outcome.commands.length === 0
        ? []
        : await decideCommands(ports, ports.records, outcome.commands, {
            by: `agent:${compiledCall(run, outcome.step)}`,
            label: labelOfAll(outcome.output.labels),
            run: run.id,
          });
    const stored = await storedOutput(ports.blobs, outcome.output.value);
    turn.batch.others.push(...changes);
    const { given } = outcome;
    sayCompleted(turn, outcome.step, outcome.output, stored, {
      ...(given === undefined ? {} : { given }),
      ...(readAt === undefined ? {} : { readAt }),
    });
  } catch (error) {
    retryOrFail(context, turn, outcome.step, outcome.attempt, toFailure(error));
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
  on: { readonly given?: string; readonly readAt?: number } = {},
): void {
  const { labels } = output;
  say(turn, 'step.completed', { step, output: stored, labels, ...on });
  if (stored !== output.value) stepOf(turn.run, step).output = output;
}

export function retryOrFail(
  context: RunnerContext,
  turn: Turn,
  step: string,
  attempt: number,
  problem: Failure,
): void {
  const retryAt = retryTime(context, turn, step, attempt, problem);
  if (retryAt === undefined) failStep(turn, step, attempt, problem);
  else say(turn, 'step.failed', { step, attempt, failure: problem.toData(), retryAt });
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
