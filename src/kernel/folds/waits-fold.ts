import type { Id, Json } from '../../base/index.ts';
import type { StoredEvent } from '../../contract/index.ts';
import type { Fold } from '../../log/index.ts';
import { asKernelEvent, type WaitReason } from '../events.ts';
import { idOf, NOTHING, one } from './rows.ts';

/** What a run waits for; found by time or by event without touching any run. */
export type WaitRow = {
  readonly run: Id;
  readonly step: string;
  readonly for: WaitReason;
  /** UTC ms */
  readonly until: number | null;
  readonly event: string | null;
  /** why, for a person */
  readonly words: string;
};

export const waitsFold: Fold<WaitRow> = {
  name: 'waits',
  version: 2,
  reads: (type) => type === 'step.waiting' || type === 'step.failed' || type === 'wait.ended',
  keys: (stored) => [waitKey(stored)],
  apply: (rows, stored) => {
    const event = asKernelEvent(stored);
    const key = waitKey(stored);
    const run = idOf(stored.stream);
    if (event.type === 'step.waiting') {
      const { step, for: reason, until, event: awaited, words } = event.data;
      return one(key, {
        run,
        step,
        for: reason,
        until: until ?? null,
        event: awaited ? awaitedKey(awaited.type, awaited.match) : null,
        words,
      });
    }
    if (event.type === 'step.failed' && event.data.retryAt !== undefined) {
      const { step, retryAt, failure } = event.data;
      const words = `It is tried again: ${failure.message}`;
      return one(key, { run, step, for: 'retry', until: retryAt, event: null, words });
    }
    return rows.has(key) ? one<WaitRow>(key, null) : NOTHING;
  },
  indexes: {
    due: (row) => row.until ?? undefined,
    /** for something that only this process knows about */
    here: (row) => (row.for === 'lock' ? row.run : undefined),
    event: (row) => row.event ?? undefined,
  },
};

function waitKey(event: StoredEvent): string {
  return `${idOf(event.stream)}|${String(event.data.step)}`;
}

/** One text for "an event of this type, with this value at this path". */
export function awaitedKey(type: string, match?: readonly [string, Json]): string {
  return match ? `${type}|${match[0]}|${JSON.stringify(match[1])}` : `${type}|`;
}
