import { type Failure, type FailureData, failure, toFailure } from '../../contract/index.ts';
import { inputTemplateOf } from '../../plan/index.ts';
import type { KernelEvent } from '../events.ts';
import { isRunEnded } from '../run/lifecycle.ts';
import { compiledStep, stepOf } from '../run/run-places.ts';
import { settleRun } from '../run/settle-run.ts';
import { beginStep, startAgain } from '../run/start-steps.ts';
import { failStep } from '../run/step-failures.ts';
import { checkEffect, checkEnd, checkOutcome, checkRule } from './checks.ts';
import type { Recording } from './recording.ts';
import type { Replay, ReplayPorts } from './replay-run.ts';
import { atTheEnd, createTape, parted } from './tape.ts';

/** Goes through a recording event by event. What came from outside is believed, the rest is decided. */
export interface Replayer {
  /** index of the next event */
  readonly position: () => number;
  readonly take: (event: KernelEvent) => Promise<void>;
  /** After the last event: nothing more would have been decided. */
  readonly finish: () => Promise<void>;
  readonly figures: () => Pick<Replay, 'events' | 'decisions' | 'executed' | 'effects'>;
}

type Of<Type extends KernelEvent['type']> = Extract<KernelEvent, { readonly type: Type }>;
type StepEvent = Extract<KernelEvent, { readonly data: { readonly step: string } }>;

export function createReplayer(ports: ReplayPorts, recording: Recording): Replayer {
  const tape = createTape(ports, recording);
  let executed = 0;
  let effects = 0;

  async function take(event: KernelEvent): Promise<void> {
    if (isHeldBack(event)) return tape.takeHeld();
    // nothing has opened the group that it belongs to: that decision comes first
    if ('step' in event.data && !tape.isPlanned(event.data.step)) return decideOn(event);
    switch (event.type) {
      case 'run.migrated':
        tape.believe(event);
        return tape.migrate(event.data.playbook);
      case 'run.waiting':
      case 'run.finished':
        return settle(event);
      case 'step.started':
        return takeStart(event);
      case 'step.completed':
        return takeCompletion(event);
      case 'step.failed':
        return takeFailure(event);
      case 'step.waiting':
        return takeWaiting(event);
      case 'lock.taken':
        // keys belong to the world; that a step wants these is decided here
        if (tape.run().frontier?.stateOf(event.data.step) === 'ready') return decideOn(event);
        return tape.believe(event);
      case 'step.skipped':
      case 'step.expanded':
        if (event.type === 'step.expanded' && isWaitOver(event)) return beginAgain(event);
        if (event.data.taken || tape.endedBy(event.data.step) === 'answer')
          return tape.believe(event);
        return decideOn(event);
      case 'step.denied':
        await requireReach(event);
        return tape.believe(event);
      case 'wait.ended':
        checkEnd(tape, event);
        return tape.believe(event);
      default:
        // the operator, another process, or a fact about the run as a whole
        return tape.believe(event);
    }
  }

  function isHeldBack(event: KernelEvent): boolean {
    const held = tape.heldBack();
    return held?.type === event.type && 'step' in event.data && held.data.step === event.data.step;
  }

  /** Decides anew and holds what comes out against the log, from this event on. */
  async function decideOn(event: KernelEvent): Promise<void> {
    const decided = await tape.decide();
    if (decided.length === 0) {
      throw parted(event, 'The log has a decision that is not taken now.', null);
    }
    await tape.compare(decided);
  }

  async function takeStart(event: Of<'step.started'>): Promise<void> {
    const { step: path, attempt } = event.data;
    if (tape.isEffect(path)) {
      await requireReach(event);
      await checkEffect(recording, tape, event);
      effects += 1;
      return tape.believe(event);
    }
    const step = tape.run().steps.get(path);
    const isAgain = step && ['running', 'waiting', 'retrying', 'failed'].includes(step.status);
    if (!isAgain) return decideOn(event);
    // another try, or the first one after a lock or slot was free; or a process had ended
    if (attempt !== step.attempt + 1) {
      throw parted(event, 'It is another try now.', step.attempt + 1, attempt);
    }
    const { calls } = tape.closed();
    const known = calls.get(path);
    calls.delete(path);
    tape.believe(event);
    const { step: source } = compiledStep(tape.run(), path);
    if (!('call' in source)) return;
    const { contract } = ports.registry.get(source.call);
    const input = known?.input ?? (await tape.resolve(path, event.seq));
    calls.set(path, { contract, input });
  }

  async function takeCompletion(event: Of<'step.completed'>): Promise<void> {
    const { step: path, taken } = event.data;
    const run = tape.run();
    // `checkEnd` has looked at what ended its wait
    if (taken || tape.endedBy(path)) return tape.believe(event);
    if (tape.isEffect(path)) {
      await requireReach(event);
      if (stepOf(run, path).status === 'running') return tape.believe(event);
      throw parted(event, 'It was done without having been started.', null);
    }
    if (run.completable.has(path)) return decideOn(event);
    if (!(await beginsUnsaid(path))) return;
    await endCall(event);
    tape.believe(event);
  }

  /**
   * A step that nothing said the start of begins with whatever else is decided here. The turn that took
   * its end may have taken others first, and said the rest after them. False if the log has none of it.
   */
  async function beginsUnsaid(path: string): Promise<boolean> {
    const { calls } = tape.closed();
    if (calls.has(path)) return true;
    const decided = await tape.decide();
    if (decided.length === 0 || calls.has(path)) {
      tape.holdBack(decided);
      return true;
    }
    await tape.compare(decided);
    return false;
  }

  async function takeFailure(event: Of<'step.failed'>): Promise<void> {
    const { step: path, attempt, retryAt } = event.data;
    if (tape.endedBy(path) === 'answer') return tape.believe(event);
    const run = tape.run();
    const isGroup = run.completable.has(path) || !('call' in compiledStep(run, path).step);
    const isBegun =
      tape.closed().calls.has(path) ||
      tape.isEffect(path) ||
      stepOf(run, path).status === 'running';
    if (isGroup && (isWaitOver(event) || stepOf(run, path).status === 'retrying'))
      return beginAgain(event);
    if (isGroup) return decideOn(event);
    if (!isBegun && !(await failsUnsaid(event))) return;
    const problem = failureOf(event.data.failure);
    await endCall(event);
    checkRule(ports, tape, event, problem);
    if (retryAt !== undefined) return tape.believe(event);
    const { turn, taken } = tape.closed();
    const { given, readAt } = event.data;
    failStep(turn, path, attempt, problem, {
      ...(given === undefined ? {} : { given }),
      ...(readAt === undefined ? {} : { readAt }),
    });
    await tape.compare(taken());
  }

  /** A call whose failure was there at once has begun unsaid; else the plan itself failed here. */
  async function failsUnsaid(event: Of<'step.failed'>): Promise<boolean> {
    const decided = await tape.decide();
    if (tape.closed().calls.has(event.data.step)) {
      tape.holdBack(decided);
      return true;
    }
    if (decided.length === 0)
      throw parted(event, 'The log has a decision that is not taken now.', null);
    await tape.compare(decided);
    return false;
  }

  async function endCall(event: Of<'step.completed' | 'step.failed'>): Promise<void> {
    if (await checkOutcome(ports, tape, event)) executed += 1;
    tape.closed().calls.delete(event.data.step);
  }

  async function takeWaiting(event: Of<'step.waiting'>): Promise<void> {
    const { step: path, for: reason } = event.data;
    const isBegun = tape.run().frontier?.stateOf(path) === 'running';
    // a key, a rate or a window held it back once more: all three belong to the world
    if (isBegun && ['lock', 'rate', 'window'].includes(reason)) return tape.believe(event);
    if (isWaitOver(event)) return beginAgain(event);
    if (!tape.isEffect(path)) return decideOn(event);
    await requireReach(event);
    if (tape.isAt(event)) tape.believe(event);
  }

  /** It was held back or has failed, its wait is over, and it is no call: now it begins. */
  function isWaitOver({ data: { step: path } }: StepEvent): boolean {
    const how = tape.endedBy(path);
    const isOver = how === 'lock' || how === 'time';
    return isOver && !('call' in compiledStep(tape.run(), path).step);
  }

  async function beginAgain(event: StepEvent): Promise<void> {
    const { step: path } = event.data;
    const { turn, bring, taken } = tape.closed();
    const template = inputTemplateOf(compiledStep(tape.run(), path));
    if (template?.looksUp) bring(path, await tape.resolve(path).catch(toFailure));
    if (tape.endedBy(path)) beginStep(turn, path);
    else startAgain(turn, path, 'time'); // its wait ends only with an input
    await tape.compare(taken());
  }

  /** An effect is prepared and done only where the plan has come to it. */
  async function requireReach(event: StepEvent): Promise<void> {
    const { step: path } = event.data;
    const state = tape.run().frontier?.stateOf(path);
    if (state === 'running' || stepOf(tape.run(), path).waiting) return;
    await tape.compare(await tape.decide());
    if (!tape.isAt(event) || tape.closed().turn.outside.has(path)) return;
    throw parted(event, 'The plan has not come to this effect now.', state ?? null);
  }

  /** `run.waiting` and the end of a run, worked out again from where every step stands. */
  async function settle(event: Of<'run.waiting' | 'run.finished'>): Promise<void> {
    if (isByHand(event)) return tape.believe(event);
    await tape.compare(await tape.decide());
    if (!tape.isAt(event)) return;
    const { turn, taken } = tape.closed();
    settleRun(turn);
    const decided = taken();
    if (decided.length === 0) throw parted(event, 'The run does not come to rest here now.', null);
    await tape.compare(decided);
  }

  function isByHand(event: Of<'run.waiting' | 'run.finished'>): boolean {
    const { frontier, status } = tape.run();
    if (!frontier || status === 'cancelling' || status === 'compensating') return true;
    return event.type === 'run.finished' && tape.hasAnswer();
  }

  return {
    position: tape.position,
    take,
    finish: async () => {
      const { status } = tape.run();
      if (isRunEnded(status) || status === 'parked') return;
      const first = tape.heldBack() ?? (await tape.decide())[0];
      if (first) throw atTheEnd(tape.events, first);
    },
    figures: () => ({
      ...{ events: tape.position(), decisions: tape.decisions(), executed, effects },
    }),
  };
}

/** The failure as it was thrown: its data is what the log holds of it. */
function failureOf({ code, message, remedy, ...facts }: FailureData): Failure {
  return failure(code, message, facts, remedy);
}
