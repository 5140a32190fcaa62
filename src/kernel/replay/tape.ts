import { isJsonObject, type Json, type JsonObject } from '../../base/index.ts';
import {
  isOutside,
  type Labelled,
  type NewEvent,
  type StoredEvent,
  toFailure,
} from '../../contract/index.ts';
import type { KernelEvent, KernelEvents } from '../events.ts';
import { underPlaybook } from '../run/load-run.ts';
import type { LockAnswer } from '../run/locks.ts';
import { compiledStep, stepOf } from '../run/run-places.ts';
import { evolveRun, newRunState, type RunState } from '../run/run-state.ts';
import type { Delay } from '../run/turn.ts';
import { referencesAt } from './closed-ports.ts';
import { type ClosedTurn, createClosedTurn } from './closed-turn.ts';
import { asObject, asPlain, Diverged, isSameJson } from './divergence.ts';
import type { Recording } from './recording.ts';
import type { ReplayPorts } from './replay-run.ts';
import { stepInput } from './step-input.ts';

/** A recording with a place in it, and the run as it stands there. */
export interface Tape {
  readonly events: readonly StoredEvent[];
  /** the run up to the place; another object after a migration */
  readonly run: () => RunState;
  readonly closed: () => ClosedTurn;
  /** index of the next event */
  readonly position: () => number;
  /** True while this very event is the next one. */
  readonly isAt: (event: KernelEvent) => boolean;
  /** The next event about a step: here, or `after` this one. */
  readonly next: (path: string, after?: 'here') => StoredEvent | undefined;
  /** Believes the event: the run takes it in, the place moves on. */
  readonly believe: (event: KernelEvent) => void;
  /** What the plan decides here; nothing is compared yet. */
  readonly decide: () => Promise<readonly NewEvent[]>;
  /** Decisions that the log has only after the ends that their turn took first. */
  readonly holdBack: (decided: readonly NewEvent[]) => void;
  /** the first decision that is held back; the log must come to it */
  readonly heldBack: () => NewEvent | undefined;
  /** Holds the first of them against the log, here. Raises `Diverged`. */
  readonly takeHeld: () => Promise<void>;
  /** Holds decisions against the log, from here on. Raises `Diverged`. */
  readonly compare: (decided: readonly NewEvent[]) => Promise<void>;
  /** How the wait of a step has ended, while nothing has followed from it. */
  readonly endedBy: (path: string) => KernelEvents['wait.ended']['how'] | undefined;
  readonly hasAnswer: () => boolean;
  /** The input of a step, with records as they were at `seq`, else where the log goes on with it. */
  readonly resolve: (path: string, seq?: number) => Promise<Labelled<Json>>;
  readonly isEffect: (path: string) => boolean;
  /** the plan has come to where this step is */
  readonly isPlanned: (path: string) => boolean;
  /** The run goes on under another version of its playbook. */
  readonly migrate: (playbook: string) => void;
  readonly decisions: () => number;
}

/** A wait's end was worked out when the turn began; its event got its time when it was appended. */
const DRIFT_MS = 60_000;

/** As of which event records were read for a step, where the event says so. */
export function readAtIn(event: StoredEvent | undefined): number | undefined {
  const readAt = event?.data.readAt;
  return typeof readAt === 'number' ? readAt : undefined;
}

export function createTape(ports: ReplayPorts, recording: Recording): Tape {
  const { events } = recording;
  const lookup = {
    compilePlaybook: ports.playbooks.compiled,
    compileInline: ports.playbooks.compileInline,
  };
  const reference = referencesAt(ports.log);
  const nextFrom = indexBySteps(events, ({ type }) => !type.startsWith('lock.'));
  const nextReading = indexBySteps(events, (event) => readAtIn(event) !== undefined);
  const catching = indexBySteps(events, ({ data }) => data.catches !== undefined);
  const nextWithLocks = indexBySteps(events, () => true);
  const ended = new Map<string, KernelEvents['wait.ended']['how']>();
  const held: NewEvent[] = [];
  let cursor = 0;
  let decisions = 0;
  let run = newRunState(recording.run);
  let closed = openTurn();

  function openTurn(): ClosedTurn {
    return createClosedTurn({
      run,
      lookup,
      contract: (ref) => ports.registry.get(ref).contract,
      parts: ports.playbooks.parts,
      now: () => events[cursor]?.at ?? events[events.length - 1]?.at ?? 0,
      lockOf,
      delayOf,
      readAt: (path) => readAtIn(nextFrom(path, cursor)),
      catchReplaces: (path) => catching(path, 0)?.data.instead === true,
      isImmediate: (path) => nextFrom(path, cursor)?.type !== 'step.started',
    });
  }

  /** What became of a wish for keys: others held them or not, so the log is asked. */
  function lockOf(path: string): LockAnswer {
    const next = nextWithLocks(path, cursor);
    if (next?.type === 'lock.taken') return { status: 'taken' };
    if (next?.type === 'step.waiting' && next.data.for === 'lock') {
      return { status: 'waits', words: String(next.data.words) };
    }
    const problem = next?.type === 'step.failed' ? next.data.failure : undefined;
    if (isJsonObject(problem) && typeof problem.lock === 'string') {
      return { status: 'circle', key: problem.lock, words: String(problem.message) };
    }
    return { status: 'kept' };
  }

  /** What held a step back then: rates and windows belong to the world too. */
  function delayOf(path: string): Delay | undefined {
    const next = nextFrom(path, cursor);
    if (next?.type !== 'step.waiting') return undefined;
    const { for: reason, words, until } = next.data;
    if (reason !== 'rate' && reason !== 'window') return undefined;
    const delay = { for: reason, words: String(words) } as const;
    return typeof until === 'number' ? { ...delay, until } : delay;
  }

  function believe(event: KernelEvent): void {
    // the place is at this very event, and its stored form is what folding takes
    evolveRun(run, event as unknown as StoredEvent, lookup);
    if (event.type === 'wait.ended') ended.set(event.data.step, event.data.how);
    // a corrected input is only half of an answer: the next try follows
    else if ('step' in event.data && event.type !== 'step.fixed') ended.delete(event.data.step);
    cursor += 1;
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

  /** A lookup had come back when the log goes on with its step here; a step that ends unsaid began unsaid. */
  function isDueLookup(path: string): boolean {
    const next = nextFrom(path, cursor);
    return next !== undefined && (next.type === 'step.completed' || next === events[cursor]);
  }

  async function compare(decided: readonly NewEvent[]): Promise<void> {
    const open = [...decided];
    for (let one = open[0]; one; one = open[0]) {
      // what a turn gives back is said at its end, before the next one decides
      while (events[cursor]?.type === 'lock.released') believe(events[cursor] as KernelEvent);
      const event = events[cursor] as KernelEvent | undefined; // as `asKernelEvent` says
      if (!event) throw atTheEnd(events, one);
      if (matches(event, one)) open.shift();
      else if (held[0] && matches(event, held[0])) held.shift();
      else {
        // or the record that another step names had come back, and that step goes first
        const earlier = 'step' in event.data ? await decideLookup(event.data.step) : [];
        if (earlier.length === 0)
          throw parted(event, `It decides ${wordsOf(one)} now.`, asData(event, one));
        open.unshift(...earlier);
        continue;
      }
      if (event.type === 'step.waiting') stepOf(run, event.data.step).waiting = event.data;
      if ('step' in event.data) ended.delete(event.data.step);
      run.version = event.version;
      cursor += 1;
      decisions += 1;
    }
  }

  function matches(event: KernelEvent, decided: NewEvent): boolean {
    return isSameJson({ type: event.type, ...asObject(event.data) }, asData(event, decided));
  }

  async function decideLookup(path: string): Promise<readonly NewEvent[]> {
    if (!closed.lookups.has(path)) return [];
    closed.bring(path, await resolve(path).catch(toFailure));
    return closed.decide();
  }

  async function resolve(
    path: string,
    seq = nextFrom(path, cursor)?.seq ?? 0,
  ): Promise<Labelled<Json>> {
    const readAt = readAtIn(nextReading(path, cursor));
    return stepInput(run, path, readAt ?? seq - 1, reference);
  }

  return {
    events,
    run: () => run,
    closed: () => closed,
    position: () => cursor,
    isAt: ({ seq }) => events[cursor]?.seq === seq,
    next: (path, after) => nextFrom(path, after === undefined ? cursor : cursor + 1),
    believe,
    decide,
    holdBack: (decided) => {
      held.push(...decided);
    },
    heldBack: () => held[0],
    takeHeld: async () => {
      const next = held.shift();
      if (next) await compare([next]);
    },
    compare,
    endedBy: (path) => ended.get(path),
    hasAnswer: () => [...ended.values()].includes('answer'),
    resolve,
    isEffect: (path) => {
      const { step } = compiledStep(run, path);
      return 'call' in step && isOutside(ports.registry.get(step.call).contract.effect);
    },
    isPlanned: (path) => run.scopes.has(path.slice(0, path.lastIndexOf('/') + 1)),
    migrate: (playbook) => {
      run = newRunState(recording.run);
      for (const event of events.slice(0, cursor)) {
        evolveRun(run, underPlaybook(event, playbook), lookup);
      }
      const calls = [...closed.calls];
      closed = openTurn();
      for (const [path, call] of calls) closed.calls.set(path, call);
    },
    decisions: () => decisions,
  };
}

/** The replay and the log part at an event: what the log holds, and what came out instead. */
export function parted(event: KernelEvent, said: string, found: Json, expected?: Json): Diverged {
  return new Diverged({
    step: 'step' in event.data ? event.data.step : null,
    seq: event.seq,
    said,
    expected: expected ?? { type: event.type, ...asObject(event.data) },
    found,
  });
}

/** The log is over, and something is decided nevertheless. */
export function atTheEnd(events: readonly StoredEvent[], decided: NewEvent): Diverged {
  return new Diverged({
    step: typeof decided.data.step === 'string' ? decided.data.step : null,
    seq: events[events.length - 1]?.seq ?? 0,
    said: `The log ends here; now it goes on with ${wordsOf(decided)}.`,
    expected: null,
    found: asPlain({ type: decided.type, ...decided.data }),
  });
}

/**
 * The end of a wait for a duration counts from a moment that only the turn knew, and older logs say
 * nothing of a question's form, nor of a bound that was reached.
 */
function withDrift(event: KernelEvent, decided: NewEvent): JsonObject {
  if (event.type === 'step.completed' && event.data.unmet === undefined) {
    const { unmet: _unsaid, ...said } = decided.data;
    return said;
  }
  if (event.type !== 'step.waiting' || decided.type !== 'step.waiting') return decided.data;
  const { given, ...rest } = decided.data;
  const { until, words, given: recorded } = event.data;
  const data = recorded === undefined || given === undefined ? rest : { ...rest, given };
  if (until === undefined || typeof data.until !== 'number') return data;
  const drift = data.until - until;
  return drift > 0 && drift <= DRIFT_MS ? { ...data, until, words } : data;
}

function asData(event: KernelEvent, decided: NewEvent): JsonObject {
  return { type: decided.type, ...asObject(withDrift(event, decided)) };
}

function wordsOf(decided: NewEvent): string {
  const { step } = decided.data;
  return typeof step === 'string' ? `${decided.type} (${step})` : decided.type;
}

/** For every step its events in order, found without walking the rest of a long run. */
function indexBySteps(
  events: readonly StoredEvent[],
  counts: (event: StoredEvent) => boolean,
): (path: string, from: number) => StoredEvent | undefined {
  const byStep = new Map<string, number[]>();
  for (const [index, event] of events.entries()) {
    const { step } = event.data;
    if (typeof step !== 'string' || !counts(event)) continue;
    const own = byStep.get(step) ?? [];
    byStep.set(step, own);
    own.push(index);
  }
  return (path, from) => {
    const index = byStep.get(path)?.find((at) => at >= from);
    return index === undefined ? undefined : events[index];
  };
}
