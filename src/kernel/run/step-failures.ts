import type { Json } from '../../base/index.ts';
import { COUNTERPARTY, type Failure, type Labelled, OWN, toFailure } from '../../contract/index.ts';
import type { CompiledStep } from '../../plan/index.ts';
import { compiledStep } from './run-places.ts';
import { taskForm } from './task-form.ts';
import { open, resolveNowIn, say, stepTitle, type Turn } from './turn.ts';

/** What a step was given and when it read, for the event of its end. */
export interface ReadOn {
  readonly given?: string;
  readonly readAt?: number;
}

/** A try that cannot be repeated: caught by the plan, or handed to the operator. */
export function failStep(
  turn: Turn,
  path: string,
  attempt: number,
  problem: Failure,
  on: ReadOn = {},
): void {
  const compiled = compiledStep(turn.run, path);
  const { catch: caught } = compiled.step;
  const inCatch = turn.run.scopes.has(`${path}/catch/`);
  if (!caught || inCatch || !(caught.codes?.includes(problem.code) ?? true)) {
    leaveFailed(turn, path, attempt, problem, on);
  } else if (compiled.catchBody) {
    say(turn, 'step.failed', { step: path, attempt, failure: problem.toData(), ...on });
    say(turn, 'step.expanded', {
      step: path,
      catches: errorOf(problem),
      ...(turn.catchReplaces(path) ? { instead: true, labels: ERROR_LABELS } : {}),
    });
  } else {
    catchWithValue(turn, path, compiled, attempt, problem, on);
  }
}

/** What an expression sees as `error`. */
function errorOf({ code, message }: Failure): { readonly code: string; readonly message: string } {
  return { code, message };
}

/** A message may quote the other side. */
const ERROR_LABELS = { base: COUNTERPARTY };

function catchWithValue(
  turn: Turn,
  path: string,
  { templates }: CompiledStep,
  attempt: number,
  problem: Failure,
  on: ReadOn,
): void {
  let value: Labelled<Json> = { value: null, labels: { base: OWN } };
  try {
    const names = new Map([['error', { value: errorOf(problem), labels: ERROR_LABELS }]]);
    if (templates.value) value = resolveNowIn(turn, path, templates.value, names);
  } catch (error) {
    leaveFailed(turn, path, attempt, toFailure(error), on); // nothing is left that could catch it
    return;
  }
  say(turn, 'step.failed', { step: path, attempt, failure: problem.toData(), ...on });
  say(turn, 'step.completed', {
    step: path,
    output: value.value,
    ...(templates.value ? { labels: value.labels } : {}),
  });
}

/** Nothing catches it: it is skipped, ends the run, or waits for a person. */
function leaveFailed(
  turn: Turn,
  path: string,
  attempt: number,
  problem: Failure,
  on: ReadOn,
): void {
  const { onFail = 'ask' } = compiledStep(turn.run, path).step;
  const data = problem.toData();
  say(turn, 'step.failed', { step: path, attempt, failure: data, ...on });
  if (onFail === 'skip') {
    say(turn, 'step.skipped', { step: path, because: problem.message });
  } else if (onFail === 'fail') {
    say(turn, 'run.finished', { status: 'failed', failure: data });
  } else {
    openTask(turn, path, attempt, problem);
  }
}

/** The step waits for a person: what was tried, why it failed, the best way out, and what can be done. */
function openTask(turn: Turn, path: string, attempt: number, problem: Failure): void {
  const { run } = turn;
  const words = `${stepTitle(turn, path)} did not work: ${problem.message}`;
  open(turn, turn.newId(), {
    kind: 'task',
    title: words,
    step: path,
    effects: [],
    risk: 'medium',
    form: taskForm(turn, path),
    body: {
      tried: attempt,
      failure: problem.toData(),
      recommendation: problem.remedy,
      run: run.title,
    },
  });
  say(turn, 'step.waiting', { step: path, for: 'answer', words });
}
