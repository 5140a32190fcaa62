import type { JsonObject } from '../../src/base/index.ts';
import type { Fold } from '../../src/log/index.ts';

// These folds are part of the golden logs: they stay as they are, so that what changes is the log.

/** Everything that a reader gets of an event, except what a release may add to it. */
export const goldenEvents: Fold<JsonObject> = {
  name: 'golden-events',
  version: 1,
  reads: () => true,
  keys: ({ seq }) => [String(seq)],
  apply: (_rows, { seq, id, stream, version, type, at, by, run, cause, ...event }) => {
    const { label, fieldLabels, engine, data, hash, erased } = event;
    const row = {
      ...{ id, stream, version, type, at, by, engine, data, hash },
      ...{ run: run ?? null, cause: cause ?? null, erased: erased ?? false },
      label: { ...label },
      fieldLabels: Object.entries(fieldLabels ?? {}).map(([path, { ...one }]) => ({ path, ...one })),
    };
    return new Map([[String(seq), row]]);
  },
};

/** How many events of each type a stream has. */
export const goldenCounts: Fold<{ [type: string]: number }> = {
  name: 'golden-counts',
  version: 1,
  reads: () => true,
  keys: ({ stream }) => [stream],
  apply: (rows, { stream, type }) => {
    const before = rows.get(stream) ?? {};
    return new Map([[stream, { ...before, [type]: (before[type] ?? 0) + 1 }]]);
  },
};
