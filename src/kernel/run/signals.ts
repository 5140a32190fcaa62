import type { Id, Json } from '../../base/index.ts';
import {
  type Failure,
  type Labels,
  OWN,
  type StoredEvent,
  toFailure,
} from '../../contract/index.ts';
import type { Log } from '../../log/index.ts';
import { evaluateCondition } from '../../plan/index.ts';
import { awaitedKey, idOf, isAwaitable, runsFold, waitsFold } from '../folds.ts';
import { earlierEvents } from './earlier-events.ts';
import { compiledStep, namesIn, scopeOf, stepOf } from './run-places.ts';
import type { Runner, RunnerPorts } from './runner.ts';
import { say, type Turn } from './turn.ts';

/** events at the end of the log that a process could have left undelivered */
const MISSED_EVENTS = 10_000;
/** events that are offered again between two reads of the log */
const MISSED_PAGE = 1_000;

export interface SignalPorts extends Pick<RunnerPorts, 'log' | 'report'> {
  readonly runner: Runner;
}

/** True for events that a run may wait for, and for those that say it begins to. */
export function mayEndWait(eventType: string): boolean {
  return eventType === 'step.waiting' || isAwaitable(eventType);
}

/** Wakes the runs that wait for one of these events, found by index and not by asking them all. */
export async function deliverEvent(
  ports: SignalPorts,
  events: readonly StoredEvent[],
): Promise<void> {
  const { log } = ports;
  for (const event of events) {
    if (!isAwaitable(event.type)) {
      if (event.type === 'step.waiting' && event.data.for === 'event') {
        await lookBack(ports, event);
      }
      continue;
    }
    for await (const waiter of waitersFor(log, event)) await offer(ports, waiter, [event]);
  }
}

interface Waiter {
  readonly run: Id;
  readonly step: string;
}

async function* waitersFor(log: Log, event: StoredEvent): AsyncIterable<Waiter> {
  const waits = log.fold(waitsFold);
  const own = awaitedKey(event.type);
  // `}` is the character after `|`: one look tells whether anybody waits for this type at all
  const range = { from: own, to: `${event.type}}`, limit: 1 };
  if ((await waits.list({ index: 'event', ...range })).length === 0) return;
  const keys = [
    own,
    ...leaves(event.data, '').map(([path, value]) => awaitedKey(event.type, [path, value])),
  ];
  for (const equals of keys) {
    for await (const { row } of waits.every({ index: 'event', equals })) yield row;
  }
}

/**
 * After a restart: what was appended and not yet delivered when the last process ended. Delivery
 * follows an append within moments, so the end of the log is enough; an event that was taken in
 * before changes nothing.
 */
export async function deliverMissed(ports: SignalPorts): Promise<void> {
  const { log } = ports;
  const types = await awaitedTypes(log);
  if (types.length === 0) return;
  const runs = log.fold(runsFold);
  let after = Math.max(0, log.head().seq - MISSED_EVENTS);
  for (;;) {
    const events = await log.read({ after, limit: MISSED_PAGE, types });
    for (const event of events) {
      for await (const waiter of waitersFor(log, event)) {
        const run = await runs.get(waiter.run);
        // an event from before a run began is not its answer
        if (run && event.seq > run.startSeq) await offer(ports, waiter, [event]);
      }
    }
    if (events.length < MISSED_PAGE) return;
    after = events[events.length - 1]?.seq ?? after;
  }
}

/** The types of events that some run waits for; one look into the index each. */
async function awaitedTypes(log: Log): Promise<readonly string[]> {
  const waits = log.fold(waitsFold);
  const types: string[] = [];
  for (let from = ''; ; ) {
    const [next] = await waits.list({ index: 'event', from, limit: 1 });
    const type = next?.row.event?.split('|')[0];
    if (type === undefined) return types;
    types.push(type);
    from = `${type}}`; // `}` is the character after `|`: behind every key of this type
  }
}

/** An answer that came before the wait is kept: it is in the log, after the run began. */
async function lookBack(ports: SignalPorts, waiting: StoredEvent): Promise<void> {
  const { log } = ports;
  const awaited = waiting.data.event;
  if (typeof awaited !== 'object' || awaited === null || !('type' in awaited)) return;
  const waiter = { run: idOf(waiting.stream), step: String(waiting.data.step) };
  const [first] = await log.readStream(waiting.stream, { limit: 1 });
  const since = { after: first?.seq ?? 0, upTo: waiting.seq };
  for await (const earlier of earlierEvents(log, String(awaited.type), since)) {
    if ((await offer(ports, waiter, earlier)) === 'over') return;
  }
}

/**
 * Under the run's lock: the first of event and timeout ends the wait, the other changes nothing. The
 * answer is whether it waits still.
 */
async function offer(
  { runner, report }: SignalPorts,
  { run, step }: Waiter,
  events: readonly StoredEvent[],
): Promise<'over' | 'waits'> {
  const refused = new Map<string, Failure>();
  const given = runner.within(run, async (turn) => {
    const state = stepOf(turn.run, step);
    if (state.status !== 'waiting' || state.waiting?.for !== 'event') return 'over';
    const event = events.find((each) => isAnswer(each, turn));
    if (!event) return 'waits';
    say(turn, 'wait.ended', { step, how: 'event' });
    say(turn, 'step.completed', {
      step,
      output: { timedOut: false, event: event.data },
      labels: { base: OWN, at: labelsOfEvent(event) },
    });
    if (turn.run.status === 'waiting') say(turn, 'run.resumed', { because: `${event.type} came.` });
    return 'over';
  });

  function isAnswer(event: StoredEvent, turn: Turn): boolean {
    try {
      return !event.erased && fits(turn, step, event);
    } catch (error) {
      // such as a condition about what this event has not: another one may be the answer
      const problem = toFailure(error);
      refused.set(problem.message, problem);
      return false;
    }
  }

  try {
    return await given;
  } catch (error) {
    const problem = toFailure(error);
    refused.set(problem.message, problem); // others wait for it too
    return 'waits';
  } finally {
    for (const problem of refused.values()) report(problem, { run, step });
  }
}

/** An event's own label, and those of single fields of it, where the step's output holds it. */
function labelsOfEvent({ label, fieldLabels = {} }: StoredEvent): NonNullable<Labels['at']> {
  const fields = Object.entries(fieldLabels).map(([path, own]) => [`event.${path}`, own] as const);
  return { event: label, ...Object.fromEntries(fields) };
}

function fits(turn: Turn, step: string, event: StoredEvent): boolean {
  const compiled = compiledStep(turn.run, step);
  if (!('wait' in compiled.step) || compiled.step.wait.event !== event.type) return false;
  const { where } = compiled.expressions;
  if (!where) return true;
  const own = new Map([['event', { value: event.data as Json, labels: { base: event.label } }]]);
  return evaluateCondition(where, namesIn(turn.run, scopeOf(turn.run, step), own));
}

/** Every text in an event's data with its path; those are what waits are indexed by. */
function leaves(data: Json, path: string): readonly (readonly [string, Json])[] {
  if (typeof data === 'string') return [[path, data]];
  if (typeof data !== 'object' || data === null || Array.isArray(data)) return [];
  return Object.entries(data).flatMap(([name, value]) =>
    leaves(value, path === '' ? name : `${path}.${name}`),
  );
}
