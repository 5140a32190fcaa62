import type { Id, Json } from '../../base/index.ts';
import {
  type Failure,
  type FailureData,
  failure,
  isOutside,
  type Labelled,
  type NewEvent,
  OPERATOR,
  type StoredEvent,
  toFailure,
} from '../../contract/index.ts';
import { evaluateCondition, resolveTemplate } from '../../plan/index.ts';
import { withEdits } from '../effects/edits.ts';
import type { KernelEvent, KernelEvents } from '../events.ts';
import { executeAgent } from '../run/execute.ts';
import { isRunEnded } from '../run/lifecycle.ts';
import { underPlaybook } from '../run/load-run.ts';
import { compiledStep, namesIn, scopeOf, stepOf } from '../run/run-places.ts';
import { evolveRun, newRunState, type RunState } from '../run/run-state.ts';
import { settleRun } from '../run/settle-run.ts';
import { failStep } from '../run/step-failures.ts';
import { nextTryAt } from '../run/step-rules.ts';
import type { Delay } from '../run/turn.ts';
import { closedContext, referencesAt } from './closed-ports.ts';
import { type ClosedTurn, createClosedTurn } from './closed-turn.ts';
import { asPlain, Diverged, isSameJson } from './divergence.ts';
import type { RecordedEffect, Recording } from './recording.ts';
import type { Replay, ReplayPorts } from './replay-run.ts';

/** Goes through a recording event by event. What came from outside is believed, the rest is decided. */
export interface Replayer {
  /** index of the next event */
  readonly position: () => number;
  readonly take: (event: KernelEvent) => Promise<void>;
  /** After the last event: nothing more would have been decided. */
  readonly finish: () => Promise<void>;
  readonly figures: () => Pick<Replay, 'events' | 'decisions' | 'executed' | 'effects'>;
}

/** A wait's end was worked out when the turn began; its event got its time when it was appended. */
const DRIFT_MS = 60_000;

type StepEvent = Extract<KernelEvent, { data: { readonly step: string } }>;

export function createReplayer(ports: ReplayPorts, recording: Recording): Replayer {
  const { events } = recording;
  const lookup = {
    compilePlaybook: ports.playbooks.compiled,
    compileInline: ports.playbooks.compileInline,
  };
  const reference = referencesAt(ports.log);
  const figures = { decisions: 0, executed: 0, effects: 0 };
  const firstOf = indexBySteps(events);
  /** steps whose wait has ended, with how: what follows came from there */
  const ended = new Map<string, KernelEvents['wait.ended']['how']>();
  let cursor = 0;
  let run: RunState = newRunState(recording.run);
  let closed = openTurn();

  function openTurn(): ClosedTurn {
    return createClosedTurn({
      run,
      lookup,
      contract: (ref) => ports.registry.get(ref).contract,
      now: () => events[cursor]?.at ?? events[events.length - 1]?.at ?? 0,
      delayOf,
      isImmediate: (path) => nextOf(path)?.type !== 'step.started',
    });
  }

  function nextOf(path: string): StoredEvent | undefined {
    return firstOf(path, cursor);
  }

  /** What held a step back then: locks and rates belong to the world, so the log is asked. */
  function delayOf(path: string): Delay | undefined {
    const next = nextOf(path);
    if (next?.type !== 'step.waiting') return undefined;
    const { for: reason, words, until } = next.data;
    if (reason !== 'lock' && reason !== 'rate' && reason !== 'window') return undefined;
    return {
      for: reason,
      words: String(words),
      ...(typeof until === 'number' ? { until } : {}),
    };
  }

  async function take(event: KernelEvent): Promise<void> {
    switch (event.type) {
      case 'run.migrated':
        apply(event);
        await refold(event.data.playbook);
        return;
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
      case 'step.skipped':
      case 'step.expanded':
        if (event.data.taken || endedBy(event.data.step, 'answer')) return apply(event);
        return decideOn(event);
      case 'step.denied':
        await requireReach(event);
        return apply(event);
      case 'wait.ended':
        checkEnd(event);
        apply(event);
        ended.set(event.data.step, event.data.how);
        return;
      default:
        // the operator, another process, or a fact about the run as a whole
        return apply(event);
    }
  }

  function apply(event: KernelEvent): void {
    evolveRun(run, events[cursor] as StoredEvent, lookup); // the cursor stands on this very event
    if ('step' in event.data && event.type !== 'wait.ended') ended.delete(event.data.step);
    cursor += 1;
  }

  /** The run goes on under another version: what it has done is looked at from there. */
  async function refold(playbook: string): Promise<void> {
    run = newRunState(recording.run);
    for (const event of events.slice(0, cursor)) {
      evolveRun(run, underPlaybook(event, playbook), lookup);
    }
    const calls = [...closed.calls];
    closed = openTurn();
    for (const [path, call] of calls) closed.calls.set(path, call);
  }

  // ---- what was decided by the plan

  /** Decides anew and holds what comes out against the log, from this event on. */
  async function decideOn(event: KernelEvent): Promise<void> {
    const found = await decide();
    if (found.length === 0) {
      throw parted(event, 'The log has a decision that is not taken now.', nothing());
    }
    compare(found);
  }

  async function decide(): Promise<readonly NewEvent[]> {
    let found = closed.decide();
    // records that templates name are read as they were; then the step is looked at again
    for (;;) {
      const due = [...closed.lookups].filter(isDueLookup);
      if (due.length === 0) return found;
      for (const path of due) closed.bring(path, await resolve(path).catch(toFailure));
      found = [...found, ...closed.decide()];
    }
  }

  /** A lookup had come back when the log goes on with its step, here or in the same append. */
  function isDueLookup(path: string): boolean {
    const next = nextOf(path);
    const here = events[cursor];
    if (!next || !here) return false;
    if (next.type === 'step.completed') return true;
    return next.seq === here.seq || (next.at === here.at && isUnbroken(here.seq, next.seq));
  }

  function isUnbroken(from: number, to: number): boolean {
    const at = events[cursor + (to - from)];
    return at?.seq === to;
  }

  function compare(found: readonly NewEvent[]): void {
    for (const decided of found) {
      const event = events[cursor] as KernelEvent | undefined; // as in `take`
      if (!event) throw atTheEnd(decided);
      const expected = { type: event.type, ...asData(event.data) };
      const actual = { type: decided.type, ...asData(withDrift(event, decided)) };
      if (!isSameJson(expected, actual)) {
        throw parted(event, `It decides ${wordsOf(decided)} now.`, asPlain(actual), expected);
      }
      if (event.type === 'step.waiting') stepOf(run, event.data.step).waiting = event.data;
      if ('step' in event.data) ended.delete(event.data.step);
      run.version = event.version;
      cursor += 1;
      figures.decisions += 1;
    }
  }

  /** The end of a wait for a duration counts from a moment that only the turn knew. */
  function withDrift(event: KernelEvent, decided: NewEvent): NewEvent['data'] {
    const { data } = decided;
    if (event.type !== 'step.waiting' || decided.type !== 'step.waiting') return data;
    const { until, words } = event.data;
    if (until === undefined || typeof data.until !== 'number') return data;
    const drift = data.until - until;
    return drift > 0 && drift <= DRIFT_MS ? { ...data, until, words } : data;
  }

  /** Nothing is left to decide before something that only follows when all is decided. */
  async function requireRest(event: KernelEvent): Promise<void> {
    const found = await decide();
    if (found.length > 0) compare(found);
    if (events[cursor]?.seq !== event.seq) return;
  }

  // ---- what came from outside

  async function takeStart(event: Extract<KernelEvent, { type: 'step.started' }>): Promise<void> {
    const { step: path, attempt } = event.data;
    const step = run.steps.get(path);
    if (isEffect(path)) {
      await requireReach(event);
      await checkEffect(event);
      return apply(event);
    }
    const again = step && ['running', 'waiting', 'retrying', 'failed'].includes(step.status);
    if (!again) return decideOn(event);
    // another try, or the first one after a lock or slot was free; or a process had ended
    if (attempt !== step.attempt + 1) {
      throw parted(event, 'It is another try now.', step.attempt + 1, attempt);
    }
    const call = closed.calls.get(path);
    closed.calls.delete(path);
    apply(event);
    const { step: source } = compiledStep(run, path);
    if (!('call' in source)) return;
    const { contract } = ports.registry.get(source.call);
    const input = call?.input ?? (await resolve(path, event.seq));
    closed.calls.set(path, { contract, input });
  }

  async function takeCompletion(
    event: Extract<KernelEvent, { type: 'step.completed' }>,
  ): Promise<void> {
    const { step: path, taken } = event.data;
    if (taken || ended.has(path)) return apply(event); // `checkEnd` has looked at what ended it
    if (isEffect(path)) {
      await requireReach(event);
      if (stepOf(run, path).status !== 'running') {
        throw parted(event, 'It was done without having been started.', nothing());
      }
      return apply(event);
    }
    if (run.completable.has(path)) return decideOn(event);
    if (!closed.calls.has(path)) {
      const found = await decide();
      if (found.length > 0) return compare(found);
    }
    await checkOutcome(event);
    closed.calls.delete(path);
    apply(event);
  }

  async function takeFailure(event: Extract<KernelEvent, { type: 'step.failed' }>): Promise<void> {
    const { step: path, attempt, retryAt } = event.data;
    const byAnswer = endedBy(path, 'answer');
    if (byAnswer) return apply(event);
    const own = closed.calls.has(path) || isEffect(path) || stepOf(run, path).status === 'running';
    const group = run.completable.has(path) || !isCall(path);
    if (!own || group) return decideOn(event);
    const problem = failureOf(event.data.failure);
    await checkOutcome(event);
    closed.calls.delete(path);
    if (retryAt === undefined) {
      checkRule(event, problem, undefined);
      failStep(closed.turn, path, attempt, problem);
      return compare(closed.taken());
    }
    checkRule(event, problem, retryAt);
    apply(event);
  }

  async function takeWaiting(event: Extract<KernelEvent, { type: 'step.waiting' }>): Promise<void> {
    const { step: path, for: reason } = event.data;
    const isAgain = stepOf(run, path).waiting?.for === reason;
    if (isAgain && (reason === 'rate' || reason === 'window')) return apply(event);
    if (!isEffect(path)) return decideOn(event);
    await requireReach(event);
    if (events[cursor]?.seq === event.seq) apply(event);
  }

  /** `run.waiting` and the end of a run, worked out again from where every step stands. */
  async function settle(
    event: Extract<KernelEvent, { type: 'run.waiting' | 'run.finished' }>,
  ): Promise<void> {
    if (isByHand(event)) return apply(event);
    await requireRest(event);
    if (events[cursor]?.seq !== event.seq) return;
    settleRun({ ports: { locks: { releaseRun: () => undefined } } }, closed.turn);
    const found = closed.taken();
    if (found.length === 0)
      throw parted(event, 'The run does not come to rest here now.', nothing());
    compare(found);
  }

  function isByHand(
    event: Extract<KernelEvent, { type: 'run.waiting' | 'run.finished' }>,
  ): boolean {
    if (!run.frontier || run.status === 'cancelling' || run.status === 'compensating') return true;
    return event.type === 'run.finished' && [...ended.values()].includes('answer');
  }

  // ---- checks of what came from outside

  /** A wait ends when its time had come, or for an event that it really waited for. */
  function checkEnd(event: Extract<KernelEvent, { type: 'wait.ended' }>): void {
    const { step: path, how } = event.data;
    const step = stepOf(run, path);
    if (how === 'time') {
      const due = step.status === 'retrying' ? step.retryAt : step.waiting?.until;
      if (due !== undefined && due > event.at) {
        throw parted(event, 'Its time had not come.', due, event.at);
      }
    }
    if (how === 'event') checkEvent(event);
  }

  function checkEvent(event: Extract<KernelEvent, { type: 'wait.ended' }>): void {
    const { step: path } = event.data;
    const { where } = compiledStep(run, path).expressions;
    const brought = events.slice(cursor).find(({ data, type }) => {
      return type === 'step.completed' && data.step === path;
    });
    const output = brought?.data.output;
    if (!where || typeof output !== 'object' || output === null || !('event' in output)) return;
    const own = new Map<string, Labelled<Json>>([
      ['event', { value: output.event ?? null, labels: { base: OPERATOR } }],
    ]);
    if (evaluateCondition(where, namesIn(run, scopeOf(run, path), own))) return;
    throw parted(
      event,
      'It would not have waited for this event.',
      where.text,
      output.event ?? null,
    );
  }

  /** Pure steps are executed again; everything else is believed. */
  async function checkOutcome(
    event: Extract<KernelEvent, { type: 'step.completed' | 'step.failed' }>,
  ): Promise<void> {
    const { step: path } = event.data;
    const call = closed.calls.get(path);
    if (!call) {
      if (event.type === 'step.failed' && isEffect(path)) return;
      throw parted(event, 'The plan has not begun this step now.', nothing());
    }
    const { contract, input } = call;
    if (contract.effect !== 'pure') return;
    const entry = ports.registry.get(`${contract.name}@${contract.version}`);
    if (entry.kind !== 'agent') return;
    const outcome = await executeAgent({
      ...{ run: run.id, step: path, attempt: stepOf(run, path).attempt || 1, input },
      agent: entry.agent,
      context: closedContext(event.at, ports.zone()),
      cancelled: new AbortController().signal,
    });
    const found =
      outcome.status === 'done'
        ? { output: outcome.output.value, labels: outcome.output.labels }
        : { failure: outcome.failure.toData() };
    const expected =
      event.type === 'step.completed'
        ? { output: event.data.output, labels: event.data.labels ?? null }
        : { failure: event.data.failure };

    // whether a machine was too slow is no decision
    const slow = event.type === 'step.failed' && event.data.failure.code === 'timed_out';
    if (!slow && !isSameJson(found, expected)) {
      throw parted(
        event,
        `${contract.name} answers something else now.`,
        asPlain(found),
        asPlain(expected),
      );
    }
    figures.executed += 1;
  }

  /** A failure is tried again, or not, by the same rule. The delay itself is partly chance. */
  function checkRule(
    event: Extract<KernelEvent, { type: 'step.failed' }>,
    problem: Failure,
    retryAt: number | undefined,
  ): void {
    const { step: path, attempt } = event.data;
    const compiled = compiledStep(run, path);
    if (!('call' in compiled.step) || compiled.step.retry?.withinMs !== undefined) return;
    const contract = ports.registry.find(compiled.step.call)?.contract;
    const startedAt = stepOf(run, path).startedAt ?? event.at;
    const due = nextTryAt(problem, attempt, compiled, contract, startedAt, event.at, 0.5);
    // an interrupted step that may only happen once is never repeated, whatever its rule says
    if (problem.code === 'outcome_unknown' || (due === undefined) === (retryAt === undefined))
      return;
    const words = (again: boolean): string => (again ? 'tried again' : 'given up');
    throw parted(
      event,
      `It is ${words(due !== undefined)} now.`,
      words(due !== undefined),
      words(retryAt !== undefined),
    );
  }

  /** An effect is prepared and done only where the plan has come to it. */
  async function requireReach(event: StepEvent): Promise<void> {
    const { step: path } = event.data;
    const state = run.frontier?.stateOf(path);
    if (state === 'running' || stepOf(run, path).waiting) return;
    const found = await decide();
    if (found.length > 0) compare(found);
    if (events[cursor]?.seq !== event.seq) return;
    if (!closed.turn.outside.has(path)) {
      throw parted(event, 'The plan has not come to this effect now.', state ?? null);
    }
  }

  /** What was signed was made from the same input as comes out now. */
  async function checkEffect(event: Extract<KernelEvent, { type: 'step.started' }>): Promise<void> {
    const { step: path } = event.data;
    const effect = effectAt(path, event.seq);
    if (!effect) throw parted(event, 'Nothing was prepared for this effect.', nothing());
    const planned = await resolve(path, effect.seq);
    const value = typeof planned.value === 'object' ? planned.value : {};
    const input = { value: asData(value), labels: planned.labels };
    const found = withEdits(input, effect.data.edits);
    if (!isSameJson(found.value, effect.data.input)) {
      throw parted(
        event,
        'The effect would be another one now.',
        asPlain(found.value),
        effect.data.input,
      );
    }
    figures.effects += 1;
  }

  function effectAt(path: string, seq: number): RecordedEffect | undefined {
    return recording.effects.get(path)?.findLast((effect) => effect.seq < seq);
  }

  // ---- helpers

  /** The input of a step, with records as they were when the log goes on with it. */
  async function resolve(path: string, seq = nextOf(path)?.seq ?? 0): Promise<Labelled<Json>> {
    const { fixedInput } = stepOf(run, path);
    if (fixedInput) return { value: fixedInput, labels: { base: OPERATOR } };
    const { with: input, over, plan } = compiledStep(run, path).templates;
    const template = input ?? over ?? plan;
    const scope = scopeOf(run, path);
    if (!template) return { value: {}, labels: { base: scope.worth } };
    return resolveTemplate(template, namesIn(run, scope), {
      own: scope.worth,
      ref: (type: string, id: Id, field: string) => reference(seq - 1, type, id, field),
    });
  }

  function isCall(path: string): boolean {
    return 'call' in compiledStep(run, path).step;
  }

  function isEffect(path: string): boolean {
    const { step } = compiledStep(run, path);
    return 'call' in step && isOutside(ports.registry.get(step.call).contract.effect);
  }

  function endedBy(path: string, how: KernelEvents['wait.ended']['how']): boolean {
    return ended.get(path) === how;
  }

  function parted(event: KernelEvent, said: string, found: Json, expected?: Json): Diverged {
    return new Diverged({
      step: 'step' in event.data ? event.data.step : null,
      seq: event.seq,
      said,
      expected: expected ?? { type: event.type, ...asData(event.data) },
      found,
    });
  }

  function atTheEnd(decided: NewEvent): Diverged {
    return new Diverged({
      step: typeof decided.data.step === 'string' ? decided.data.step : null,
      seq: events[events.length - 1]?.seq ?? 0,
      said: `The log ends here; now it goes on with ${wordsOf(decided)}.`,
      expected: null,
      found: { type: decided.type, ...asData(decided.data) },
    });
  }

  return {
    position: () => cursor,
    take,
    finish: async () => {
      if (isRunEnded(run.status) || run.status === 'parked') return;
      const [first] = await decide();
      if (first) throw atTheEnd(first);
    },
    figures: () => ({ events: cursor, ...figures }),
  };
}

function nothing(): Json {
  return null;
}

function asData(data: unknown): { readonly [name: string]: Json } {
  return JSON.parse(JSON.stringify(data));
}

function wordsOf(decided: NewEvent): string {
  const { step } = decided.data;
  return typeof step === 'string' ? `${decided.type} (${step})` : decided.type;
}

/** The failure as it was thrown: its data is what the log holds of it. */
function failureOf({ code, message, remedy, ...facts }: FailureData): Failure {
  return failure(code, message, facts, remedy);
}

/** For every step its events in order, found without walking the rest of a long run. */
function indexBySteps(
  events: readonly StoredEvent[],
): (path: string, from: number) => StoredEvent | undefined {
  const byStep = new Map<string, number[]>();
  for (const [index, { data }] of events.entries()) {
    if (typeof data.step !== 'string') continue;
    const own = byStep.get(data.step) ?? [];
    byStep.set(data.step, own);
    own.push(index);
  }
  return (path, from) => {
    const index = byStep.get(path)?.find((at) => at >= from);
    return index === undefined ? undefined : events[index];
  };
}
