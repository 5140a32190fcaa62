import type { Id, Json } from '../../base/index.ts';
import {
  type CapabilityContract,
  capabilityRef,
  type Failure,
  failure,
  type Label,
  type Labelled,
  OPERATOR,
  OWN,
  toFailure,
} from '../../contract/index.ts';
import { type LimitedReads, limitReads } from '../record-reads.ts';
import { actLabel } from '../trust/act-label.ts';
import { callRefusal } from '../trust/judge-call.ts';
import type { Actor } from './actor.ts';
import { createBlockWatch } from './blocked-thread.ts';
import { type CallContext, executeAgent, type StepOutcome } from './execute.ts';
import { LazyAbort } from './lazy-abort.ts';
import { compiledStep, fixedInputOf } from './run-places.ts';
import type { RunState } from './run-state.ts';
import type { RunnerContext, RunnerPorts } from './runner.ts';
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
  const watchBlock = createBlockWatch(ports);

  /** Runs a call once its start is in the log. */
  function begin(
    actor: Actor,
    step: string,
    attempt: number,
    contract: CapabilityContract,
    input: Labelled<Json>,
    act: Label,
  ): void {
    const abort = new LazyAbort();
    const outcome = judged(actor, step, attempt, contract, input, abort, () => act);
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
    const abort = new LazyAbort();
    const outcome = judged(actor, step, 1, contract, input, abort, () => actLabel(run, step));
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
    abort: LazyAbort,
    /** asked for only where there is something to judge */
    act: () => Label,
  ): StepOutcome | Promise<StepOutcome> {
    const run = () => runAgent(actor, step, attempt, contract, input, abort);
    if (ports.isUnjudged(contract)) return run();
    const on = { act: act(), playbook: actor.state?.playbook, begins: true };
    const failed = (problem: Failure): StepOutcome => ({
      ...{ status: 'failed', step, attempt, failure: problem },
    });
    return callRefusal(ports, contract, input, on).then(
      (refusal) => {
        if (refusal) return failed(refusal);
        // its run was cancelled while it was judged: nobody wants it any more
        if (abort.isAborted) return failed(failure('cancelled', 'The run was cancelled.'));
        return run();
      },
      // its start could not be counted, on a full disk say: then it has not begun
      (error: unknown) => failed(toFailure(error)),
    );
  }

  function runAgent(
    actor: Actor,
    step: string,
    attempt: number,
    contract: CapabilityContract,
    input: Labelled<Json>,
    abort: LazyAbort,
  ): StepOutcome | Promise<StepOutcome> {
    const entry = ports.registry.find(capabilityRef(contract));
    if (entry?.kind !== 'agent') {
      const gone = failure('unknown_capability', `Nothing here does ${capabilityRef(contract)}.`);
      return { status: 'failed', step, attempt, failure: gone };
    }
    const given = contextFor(context, contract, readsAt(actor, step, contract));
    const { agent } = entry;
    const run = actor.id;
    const outcome = executeAgent({ run, step, attempt, agent, input, context: given, abort });
    // until here nobody else had the thread; what goes on in a promise gives it back
    watchBlock({ run, step, contract }, ports.clock.now() - given.now);
    return outcome;
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
    abort: LazyAbort,
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
      actor.calls.set(path, { attempt, abort: new LazyAbort() });
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

/** What an agent gets besides its input; the reads are made when it reads. */
export function contextFor(
  { ports }: RunnerContext,
  contract: CapabilityContract,
  seq = ports.log.head().seq,
): CallContext {
  return new LiveContext(ports, contract, seq);
}

class LiveContext implements CallContext {
  readonly now: number;
  readonly today: string;
  readonly newId: () => Id;
  readonly #ports: RunnerPorts;
  readonly #contract: CapabilityContract;
  readonly #seq: number;
  #reads: LimitedReads | undefined;

  constructor(ports: RunnerPorts, contract: CapabilityContract, seq: number) {
    this.now = ports.clock.now();
    this.today = ports.today();
    this.newId = ports.newId;
    this.#ports = ports;
    this.#contract = contract;
    this.#seq = seq;
  }

  get records(): LimitedReads {
    this.#reads ??= limitReads(this.#ports.records.at(this.#seq), this.#contract);
    return this.#reads;
  }

  seen(): Label {
    return this.#reads?.seen() ?? OPERATOR;
  }
}

async function inputFor(turn: Turn, path: string): Promise<Labelled<Json>> {
  const fixed = fixedInputOf(turn.run, path);
  if (fixed) return fixed;
  const template = compiledStep(turn.run, path).templates.with;
  if (!template) return { value: {}, labels: { base: OWN } };
  return resolveIn(turn, path, template);
}
