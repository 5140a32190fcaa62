import type { NewEvent, StoredEvent } from '../../contract/index.ts';
import type { StreamAppend } from '../../log/index.ts';
import { type FactOptions, fact, type KernelEvents, type KernelEventType } from '../events.ts';
import { evolveRun, type PlanLookup, type RunState } from './run-state.ts';

/** What one turn of a run decided: applied to memory at once, appended as one, then acted upon. */
export interface Batch {
  readonly run: RunState;
  readonly events: NewEvent[];
  readonly others: StreamAppend[];
  /** acts that may begin once the append is there */
  readonly acts: (() => void)[];
  barrier: boolean;
  /** something waits for this append alone: look again right after it */
  again: boolean;
}

export function newBatch(run: RunState): Batch {
  return { run, events: [], others: [], acts: [], barrier: false, again: false };
}

/** Adds a fact to the run's stream and to its memory. */
export function add<T extends KernelEventType>(
  batch: Batch,
  type: T,
  data: KernelEvents[T],
  lookup: PlanLookup,
  nowMs: number,
  options: FactOptions = {},
): void {
  const { run } = batch;
  const event = fact(type, data, { ...options, run: run.id });
  batch.events.push(event);
  // Memory needs only what a fold of the stream would see; seq and hashes come with the append.
  const stored = { type, data: event.data, version: run.version + 1, at: nowMs, seq: 0 };
  evolveRun(run, stored as unknown as StoredEvent, lookup);
}

/** Everything in one append; the run's stream first, so that a stale memory shows itself there. */
export function appendsOf(batch: Batch, versionBefore: number): readonly StreamAppend[] {
  const own: StreamAppend = {
    stream: batch.run.stream,
    expectedVersion: versionBefore,
    events: batch.events,
  };
  return [own, ...batch.others];
}

/** There is nothing to append. */
export function isEmpty({ events, others }: Batch): boolean {
  return events.length === 0 && others.length === 0;
}
