import type { Failure } from '../../contract/index.ts';
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
  const { run } = turn;
  const compiled = compiledStep(run, path);
  const { catch: caught, onFail = 'ask' } = compiled.step;
  const data = problem.toData();
  const inCatch = run.scopes.has(`${path}/catch/`);
  if (caught && !inCatch && (caught.codes?.includes(problem.code) ?? true)) {
    say(turn, 'step.failed', { step: path, attempt, failure: data, ...on });
    if (compiled.catchBody) {
      say(turn, 'step.expanded', {
        step: path,
        catches: { code: problem.code, message: problem.message },
      });
    } else {
      const value = compiled.templates.value
        ? resolveNowIn(turn, path, compiled.templates.value)
        : undefined;
      say(turn, 'step.completed', {
        step: path,
        output: value?.value ?? null,
        ...(value ? { labels: value.labels } : {}),
      });
    }
    return;
  }
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
