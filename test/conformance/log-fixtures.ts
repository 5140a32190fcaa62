import { randomBytes } from 'node:crypto';
import type { Clock, Id, JsonObject, NewId } from '../../src/base/index.ts';
import { type NewEvent, OWN } from '../../src/contract/index.ts';
import type { Fold, IndexValue, KeyVault } from '../../src/log/index.ts';

export const COMPANY = 'company-1';
export const START_MS = Date.UTC(2026, 10, 1);

/** A clock that stands until it is moved. */
export interface HandClock extends Clock {
  readonly set: (utcMs: number) => void;
}

export function createHandClock(startMs = START_MS): HandClock {
  let nowMs = startMs;
  return {
    now: () => nowMs,
    set: (utcMs) => {
      nowMs = utcMs;
    },
  };
}

export function createCountedIds(): NewId {
  let count = 0;
  return () => `id-${++count}`;
}

export function createMemoryVault(): KeyVault {
  const keys = new Map<Id, Uint8Array>();
  return {
    obtain: (subject) => {
      const key = keys.get(subject) ?? Uint8Array.from(randomBytes(32));
      keys.set(subject, key);
      return key;
    },
    find: (subject) => keys.get(subject),
    destroy: (subject) => keys.delete(subject),
  };
}

export function newEvent(
  type: string,
  data: JsonObject = {},
  more: Partial<NewEvent> = {},
): NewEvent {
  return { type, data, by: 'kernel', label: OWN, ...more };
}

/** How many events each stream has, and the text that came last. */
export const countFold: Fold<{ count: number; last: string }> = {
  name: 'counts',
  version: 1,
  reads: () => true,
  keys: ({ stream }) => [stream],
  apply: (rows, { stream, data }) =>
    new Map([
      [
        stream,
        { count: (rows.get(stream)?.count ?? 0) + 1, last: JSON.stringify(data.text ?? null) },
      ],
    ]),
};

export type Entry = { readonly name: string; readonly value: IndexValue | null };

/** Rows that come, change and go, listed in two orders: `put {key, name, value}`, `drop {key}`. */
export const entryFold: Fold<Entry> = {
  name: 'entries',
  version: 1,
  reads: (type) => type === 'entry.put' || type === 'entry.dropped',
  keys: ({ data }) => [String(data.key)],
  apply: (_rows, { type, data }) => {
    const { key, name, value } = data;
    if (type === 'entry.dropped') return new Map([[String(key), null]]);
    const kept = typeof value === 'number' || typeof value === 'string' ? value : null;
    return new Map([[String(key), { name: String(name), value: kept }]]);
  },
  indexes: {
    'by-name': ({ name }) => name,
    'by-value': ({ value }) => value ?? undefined,
  },
};

/** A defect: it throws on `poison.taken`, after it has changed another fold's rows would be too late. */
export const poisonFold: Fold<{ count: number }> = {
  name: 'poison',
  version: 1,
  reads: () => true,
  keys: () => ['all'],
  apply: (rows, { type }) => {
    if (type === 'poison.taken') throw new Error('this fold has a defect');
    return new Map([['all', { count: (rows.get('all')?.count ?? 0) + 1 }]]);
  },
};
