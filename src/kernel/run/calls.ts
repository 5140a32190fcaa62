import type { Json } from '../../base/index.ts';
import {
  type CapabilityContract,
  capabilityRef,
  failure,
  type Label,
  type Labelled,
  OWN,
  toFailure,
} from '../../contract/index.ts';
import { limitReads } from '../record-reads.ts';
import { actLabel } from '../trust/act-label.ts';
import { callRefusal } from '../trust/judge-call.ts';
import type { Actor } from './actor.ts';
import { executeAgent, type StepOutcome } from './execute.ts';
import { compiledStep, stepOf } from './run-places.ts';
import type { RunState } from './run-state.ts';
import type { RunnerContext } from './runner.ts';
import { resolveIn, type Turn } from './turn.ts';

/** Runs agents for the steps of runs; what they answer waits in the actor for the next turn. */
export interface Calls {
  /** Runs a call once its start is in the log. */
  readonly begin: (
    actor: Actor,
    step: string,
    attempt: number,
    contract: CapabilityContract,
    input: Labelled<Json>,
    /** where the decision to do it came from */
    act: Label,
  ) => void;
  /** Runs a call that touches nothing; true when its result is there at once. */
  readonly beginNow: (
    actor: Actor,
    run: RunState,
    step: string,
    contract: CapabilityContract,
    input: Labelled<Json>,
  ) => boolean;
  /** Another try of a step, with its input worked out anew. */
  readonly again: (
    actor: Actor,
    turn: Turn,
    path: string,
    attempt: number,
    contract: CapabilityContract,
  ) => void;
}

export function createCalls(context: RunnerContext): Calls {
  const { ports, wake, track } = context;

  /** Runs a call once its start is in the log. */
  function begin(
    actor: Actor,
    step: string,
    attempt: number,
    contract: CapabilityContract,
    input: Labelled<Json>,
    act: Label,
  ): void {
    const abort = new AbortController();
    const outcome = judged(actor, step, attempt, contract, input, abort, act);
    if (outcome instanceof Promise) attend(actor, step, attempt, abort, outcome);
    else actor.outcomes.push(outcome);
  }

  /** Runs a call that touches nothing, before anything about it is in the log. */
  function beginNow(
    actor: Actor,
    run: RunState,
    step: string,
    contract: CapabilityContract,
    input: Labelled<Json>,
  ): boolean {
    const abort = new AbortController();
    const outcome = ports.isUnjudged(contract)
      ? runAgent(actor, step, 1, contract, input, abort)
      : judged(actor, step, 1, contract, input, abort, actLabel(run, step));
    if (outcome instanceof Promise) {
      attend(actor, step, 1, abort, outcome);
      return false;
    }
    actor.immediate.add(step);
    actor.outcomes.push(outcome);
    return true;
  }

  /** Runs it if policy allows it; one that policy has nothing to say about runs at once. */
  function judged(
    actor: Actor,
    step: string,
    attempt: number,
    contract: CapabilityContract,
    input: Labelled<Json>,
    abort: AbortController,
    act: Label,
  ): StepOutcome | Promise<StepOutcome> {
    const run = () => runAgent(actor, step, attempt, contract, input, abort);
    if (ports.isUnjudged(contract)) return run();
    const on = { act, playbook: actor.state?.playbook };
    return callRefusal(ports, contract, input, on).then((refusal) =>
      refusal ? { status: 'failed', step, attempt, failure: refusal } : run(),
    );
  }

  function runAgent(
    actor: Actor,
    step: string,
    attempt: number,
    contract: CapabilityContract,
    input: Labelled<Json>,
    abort: AbortController,
  ): StepOutcome | Promise<StepOutcome> {
    const entry = ports.registry.find(capabilityRef(contract));
    if (entry?.kind !== 'agent') {
      const gone = failure('unknown_capability', `Nothing here does ${capabilityRef(contract)}.`);
      return { status: 'failed', step, attempt, failure: gone };
    }
    return executeAgent({
      run: actor.id,
      step,
      attempt,
      agent: entry.agent,
      input,
      context: contextFor(context, contract, readsAt(actor, step, contract)),
      cancelled: abort.signal,
    });
  }

  /** What its input names and what it reads itself are of one moment; the step's end says which. */
  function readsAt(actor: Actor, step: string, contract: CapabilityContract): number {
    const seq = actor.readAt.get(step) ?? ports.log.head().seq;
    if (Object.keys(contract.reads).length > 0) actor.readAt.set(step, seq);
    return seq;
  }

  function attend(
    actor: Actor,
    step: string,
    attempt: number,
    abort: AbortController,
    outcome: Promise<StepOutcome>,
  ): void {
    actor.calls.set(step, { attempt, abort });
    track(1);
    outcome.then((late) => {
      track(-1);
      actor.calls.delete(step);
      actor.outcomes.push(late);
      wake(actor.id);
    });
  }

  function again(
    actor: Actor,
    turn: Turn,
    path: string,
    attempt: number,
    contract: CapabilityContract,
  ): void {
    actor.readAt.delete(path);
    const input = inputFor(turn, path);
    if (compiledStep(turn.run, path).templates.with?.looksUp) {
      actor.readAt.set(path, turn.head);
    }
    const act = actLabel(turn.run, path);
    input.catch(() => undefined); // read below, unless the append fails and nobody wants it
    turn.batch.acts.push(() => {
      actor.calls.set(path, { attempt, abort: new AbortController() });
      input.then(
        (value) => {
          actor.calls.delete(path);
          begin(actor, path, attempt, contract, value, act);
          wake(actor.id);
        },
        (error: unknown) => {
          actor.calls.delete(path);
          actor.outcomes.push({ status: 'failed', step: path, attempt, failure: toFailure(error) });
          wake(actor.id);
        },
      );
    });
  }

  return { begin, beginNow, again };
}

/** What an agent gets besides its input. */
export function contextFor(
  { ports }: RunnerContext,
  contract: CapabilityContract,
  seq = ports.log.head().seq,
) {
  return {
    records: limitReads(ports.records.at(seq), contract),
    now: ports.clock.now(),
    today: ports.today(),
    newId: ports.newId,
  };
}

async function inputFor(turn: Turn, path: string): Promise<Labelled<Json>> {
  const { fixedInput } = stepOf(turn.run, path);
  if (fixedInput) return fixedInput;
  const template = compiledStep(turn.run, path).templates.with;
  if (!template) return { value: {}, labels: { base: OWN } };
  return resolveIn(turn, path, template);
}
