import type { Id, JsonObject } from '../base/index.ts';
import {
  type AnyFold,
  type FoldQuery,
  type FoldRow,
  GENESIS,
  type IndexValue,
  type LogHead,
  type RawEvent,
  type Store,
} from '../log/index.ts';

/** The whole store in memory: the oracle that the others are compared with, and quick tests. */
export function createMemoryStore(company: Id): Store {
  let events: RawEvent[] = [];
  let versions = new Map<string, number>();
  let rows = new Map<string, Map<string, JsonObject>>();
  let foldVersions = new Map<string, number>();
  const undo: (() => void)[] = [];

  function rowsOf(fold: AnyFold): Map<string, JsonObject> {
    let own = rows.get(fold.name);
    if (!own) {
      own = new Map();
      rows.set(fold.name, own);
    }
    return own;
  }

  function head(): LogHead {
    const last = events[events.length - 1];
    return last ? { seq: last.header.seq, hash: last.hash } : { seq: 0, hash: GENESIS };
  }

  return {
    company,
    transact: (_sync, work) => {
      undo.length = 0;
      try {
        return work();
      } catch (error) {
        while (undo.length > 0) undo.pop()?.();
        throw error;
      }
    },
    head,
    streamVersion: (stream) => versions.get(stream) ?? 0,
    insertEvent: (event) => {
      const { stream, version } = event.header;
      const before = versions.get(stream);
      undo.push(() => {
        events.pop();
        if (before === undefined) versions.delete(stream);
        else versions.set(stream, before);
      });
      events.push(event);
      versions.set(stream, version);
    },
    getRow: (fold, key) => rowsOf(fold).get(key),
    putRow: (fold, key, _before, after) => {
      const own = rowsOf(fold);
      const old = own.get(key);
      undo.push(() => (old === undefined ? own.delete(key) : own.set(key, old)));
      if (after === null) own.delete(key);
      else own.set(key, JSON.parse(JSON.stringify(after)));
    },
    listRows: (fold, query) => {
      const found = select(rowsOf(fold), fold, query);
      const offset = query.offset ?? 0;
      return found.slice(offset, offset + (query.limit ?? 1_000));
    },
    countRows: (fold, query) => select(rowsOf(fold), fold, query).length,
    scanRows: (fold) =>
      [...rowsOf(fold)].map(([key, row]) => ({ key, row })).sort((a, b) => compare(a.key, b.key)),
    events: (after, limit) => events.slice(after, after + limit),
    streamEvents: (stream, after, limit) =>
      events
        .filter(({ header }) => header.stream === stream && header.version > after)
        .slice(0, limit),
    shred: (seq) => {
      const event = events[seq - 1];
      if (event) events[seq - 1] = { ...event, salt: null, data: null };
    },
    foldVersion: (name) => foldVersions.get(name),
    setFoldVersion: (name, version) => {
      if (version === undefined) foldVersions.delete(name);
      else foldVersions.set(name, version);
    },
    dropFold: (fold) => {
      rows.delete(fold.name);
    },
    close: () => {
      events = [];
      versions = new Map();
      rows = new Map();
      foldVersions = new Map();
    },
  };
}

function select(
  own: ReadonlyMap<string, JsonObject>,
  fold: AnyFold,
  query: FoldQuery,
): FoldRow<JsonObject>[] {
  const orderBy = query.index === undefined ? undefined : fold.indexes?.[query.index];
  const found: { key: string; row: JsonObject; value: IndexValue }[] = [];
  for (const [key, row] of own) {
    const value = query.index === undefined ? key : orderBy?.(row, key);
    if (value !== undefined && matches(value, query)) found.push({ key, row, value });
  }
  found.sort((a, b) => compare(a.value, b.value) || compare(a.key, b.key));
  if (query.descending) found.reverse();
  return found.map(({ key, row }) => ({ key, row }));
}

function matches(value: IndexValue, { index, equals, from, to }: FoldQuery): boolean {
  if (equals !== undefined) {
    const fits = index === undefined ? String(value).startsWith(String(equals)) : value === equals;
    if (!fits) return false;
  }
  if (from !== undefined && compare(value, from) < 0) return false;
  return to === undefined || compare(value, to) <= 0;
}

/** SQLite's order: numbers before text, text by its UTF-8 bytes. */
function compare(a: IndexValue, b: IndexValue): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  if (typeof a === 'number') return -1;
  if (typeof b === 'number') return 1;
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
