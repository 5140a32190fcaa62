import { failure, isOutside, OWN, toFailure } from '../../contract/index.ts';
import type { Actor } from './actor.ts';
import type { Calls } from './calls.ts';
import { compiledStep, stepOf } from './run-places.ts';
import { lockKeys, mayStart, startAgain } from './start-steps.ts';
import { failStep } from './step-failures.ts';
import { say, type Turn } from './turn.ts';

/** Ends what waited long enough, and takes up what was interrupted. */
export interface Waits {
  /** A run that rests has something whose time has come, or whose lock is free now. */
  readonly isDue: (turn: Turn) => boolean;
  readonly end: (actor: Actor, turn: Turn) => void;
  /** After a restart: steps that were running and have no call here are tried again by contract. */
  readonly resume: (actor: Actor, turn: Turn) => void;
}

export function createWaits(calls: Calls): Waits {
  function isDue(turn: Turn): boolean {
    return [...turn.run.waitingSteps].some((path) => {
      const step = stepOf(turn.run, path);
      if (step.status === 'retrying') return (step.retryAt ?? 0) <= turn.now;
      if (step.waiting?.for === 'lock') return isFree(turn, path);
      return (step.waiting?.until ?? Infinity) <= turn.now;
    });
  }

  function isFree(turn: Turn, path: string): boolean {
    const keys = lockKeys(turn, path, compiledStep(turn.run, path));
    return keys.length === 0 || turn.asksLocks(keys, path);
  }

  /** Ends waits whose time has come and tries again what is due. */
  function end(actor: Actor, turn: Turn): void {
    const { run } = turn;
    for (const path of [...run.waitingSteps]) {
      const step = stepOf(run, path);
      if (step.status === 'retrying' && (step.retryAt ?? 0) <= turn.now) {
        // the wait of an effect ends with the append that starts its commit
        if (isEffect(turn, path)) turn.outside.add(path);
        else goOn(actor, turn, path, 'time');
        continue;
      }
      const waiting = step.waiting;
      if (!waiting) continue;
      if (waiting.for === 'lock' || waiting.for === 'rate' || waiting.for === 'window') {
        // what goes out takes its keys when it does
        if (isEffect(turn, path)) turn.outside.add(path);
        else if ((waiting.until ?? 0) <= turn.now) goOn(actor, turn, path, 'lock');
      } else if (
        (waiting.for === 'time' || waiting.for === 'event') &&
        (waiting.until ?? Infinity) <= turn.now
      ) {
        say(turn, 'wait.ended', { step: path, how: 'time' });
        say(turn, 'step.completed', {
          step: path,
          output: { timedOut: true },
          labels: { base: OWN },
        });
      }
    }
  }

  function isEffect(turn: Turn, path: string): boolean {
    const { step } = compiledStep(turn.run, path);
    return 'call' in step && isOutside(turn.contract(step.call).effect);
  }

  /** A step that was held back, or is tried again, starts now if it may. */
  function goOn(actor: Actor, turn: Turn, path: string, how: 'time' | 'lock'): void {
    const compiled = compiledStep(turn.run, path);
    const { waiting, attempt } = stepOf(turn.run, path);
    // another try is no other start: it takes its keys again, and no other slot
    const contract =
      'call' in compiled.step && how === 'lock' ? turn.contract(compiled.step.call) : undefined;
    try {
      const delay = mayStart(turn, path, compiled, contract);
      // of a key there is nothing new to say; of a time there is: without it, it would be due for ever
      if (delay?.for === 'lock' && waiting?.for === 'lock') return;
      if (delay) {
        say(turn, 'step.waiting', { step: path, ...delay, lock: delay.words });
      } else if ('call' in compiled.step) {
        say(turn, 'wait.ended', { step: path, how });
        restart(actor, turn, path);
      } else {
        startAgain(turn, path, how);
      }
    } catch (error) {
      failStep(turn, path, attempt + 1, toFailure(error));
    }
  }

  function restart(actor: Actor, turn: Turn, path: string): void {
    const { run } = turn;
    const compiled = compiledStep(run, path);
    if (!('call' in compiled.step)) return;
    const contract = turn.contract(compiled.step.call);
    if (isOutside(contract.effect)) {
      turn.outside.add(path);
      return;
    }
    const attempt = stepOf(run, path).attempt + 1;
    say(turn, 'step.started', { step: path, attempt });
    calls.again(actor, turn, path, attempt, contract);
  }

  /** After a restart: steps that were running and have no call here are tried again by contract. */
  function resume(actor: Actor, turn: Turn): void {
    for (const path of [...turn.run.runningSteps]) {
      if (actor.calls.has(path) || actor.commits.some((done) => done.step === path)) continue;
      // it ended while this turn was at work: the next one takes that in
      if (actor.outcomes.some((outcome) => outcome.step === path)) continue;
      if (
        turn.batch.events.some((event) => event.type === 'step.started' && event.data.step === path)
      )
        continue;
      const compiled = compiledStep(turn.run, path);
      if (!('call' in compiled.step)) continue; // groups go on through their inner steps
      const contract = turn.contract(compiled.step.call);
      const { attempt } = stepOf(turn.run, path);
      if (isOutside(contract.effect)) {
        turn.outside.add(path);
      } else if (contract.idempotency === 'once') {
        const problem = failure(
          'outcome_unknown',
          'The process ended while this was running.',
          {},
          'Look whether it happened, then choose done or retry.',
        );
        failStep(turn, path, attempt, problem);
      } else {
        say(turn, 'step.started', { step: path, attempt: attempt + 1 });
        calls.again(actor, turn, path, attempt + 1, contract);
      }
    }
  }

  return { isDue, end, resume };
}
