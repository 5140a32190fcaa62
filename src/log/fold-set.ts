import { createHash } from 'node:crypto';
import { canonicalJson, type JsonObject, type Sha256 } from '../base/index.ts';
import { failure, type StoredEvent } from '../contract/index.ts';
import type { AnyFold, Store } from './store.ts';

/** What events do to rows; computed first, written afterwards. */
export type FoldChanges = ReadonlyMap<AnyFold, ReadonlyMap<string, RowChange>>;

type Draft = Map<AnyFold, Map<string, RowChange>>;

interface RowChange {
  readonly before: JsonObject | undefined;
  readonly after: JsonObject | null;
}

export interface FoldSet {
  readonly all: readonly AnyFold[];
  /** folds whose rows were not completed under today's version */
  readonly outdated: () => readonly AnyFold[];
  readonly named: (name: string) => AnyFold;
  /** true when some fold looks at events of this type */
  readonly read: (eventType: string) => boolean;
  readonly apply: (events: readonly StoredEvent[], only?: readonly AnyFold[]) => FoldChanges;
  readonly write: (changes: FoldChanges) => void;
}

const NO_CHANGES: FoldChanges = new Map();

export function createFoldSet(all: readonly AnyFold[], store: Store): FoldSet {
  const readersByType = new Map<string, readonly AnyFold[]>();
  const byName = new Map(all.map((fold) => [fold.name, fold]));
  if (byName.size !== all.length) throw new Error('two folds share a name');

  function readersOf(type: string): readonly AnyFold[] {
    let readers = readersByType.get(type);
    if (!readers) {
      readers = all.filter((fold) => fold.reads(type));
      readersByType.set(type, readers);
    }
    return readers;
  }

  function applyOne(fold: AnyFold, event: StoredEvent, changes: Draft): void {
    let changed = changes.get(fold);
    const rows = new Map<string, JsonObject>();
    const keys = fold.keys(event);
    for (const key of keys) {
      const pending = changed?.get(key);
      const row = pending ? (pending.after ?? undefined) : store.getRow(fold, key);
      if (row) rows.set(key, row);
    }
    const results = fold.apply(rows, event);
    if (results.size === 0) return;
    if (!changed) {
      changed = new Map();
      changes.set(fold, changed);
    }
    for (const [key, after] of results) {
      checkKey(fold, event, key, keys);
      const pending = changed.get(key);
      changed.set(key, { before: pending ? pending.before : rows.get(key), after });
    }
  }

  return {
    all,
    outdated: () => all.filter((fold) => store.foldVersion(fold.name) !== fold.version),
    named: (name) => {
      const fold = byName.get(name);
      if (!fold) throw failure('not_found', `There is no fold named ${name}.`, { name });
      return fold;
    },
    read: (type) => readersOf(type).length > 0,
    apply: (events, only) => {
      let changes: Draft | undefined;
      for (const event of events) {
        for (const fold of readersOf(event.type)) {
          if (only && !only.includes(fold)) continue;
          changes ??= new Map();
          applyOne(fold, event, changes);
        }
      }
      return changes ?? NO_CHANGES;
    },
    write: (changes) => {
      for (const [fold, rows] of changes) {
        for (const [key, { before, after }] of rows) store.putRow(fold, key, before, after);
      }
    },
  };
}

/** A row that `keys` did not name would keep its old index entries; half characters are not stored. */
function checkKey(fold: AnyFold, event: StoredEvent, key: string, keys: readonly string[]): void {
  if (keys.includes(key) && key.isWellFormed()) return;
  throw failure('internal', `The fold ${fold.name} may not change this row.`, {
    fold: fold.name,
    type: event.type,
    key: key.toWellFormed(),
  });
}

/** SHA-256 over the rows in order of their keys. */
export function digestRows(store: Store, fold: AnyFold): Sha256 {
  const hash = createHash('sha256');
  for (const { key, row } of store.scanRows(fold)) {
    hash.update(`${JSON.stringify(key)}${canonicalJson(row)}\n`);
  }
  return hash.digest('hex');
}
