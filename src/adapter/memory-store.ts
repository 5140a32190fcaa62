import type { Id, JsonObject } from '../base/index.ts';
import {
  type AnyFold,
  type FoldQuery,
  type FoldRow,
  GENESIS,
  type IndexValue,
  indexValue,
  type LogHead,
  type RawEvent,
  type Store,
} from '../log/index.ts';

/** The whole store in memory: the oracle that the others are compared with, and quick tests. */
export function createMemoryStore(company: Id): Store {
  const events: RawEvent[] = [];
  const seqsByStream = new Map<string, number[]>();
  const rowsByFold = new Map<string, Map<string, JsonObject>>();
  const foldVersions = new Map<string, number>();
  const undo: (() => void)[] = [];

  function rowsOf(fold: AnyFold): Map<string, JsonObject> {
    let own = rowsByFold.get(fold.name);
    if (!own) {
      own = new Map();
      rowsByFold.set(fold.name, own);
    }
    return own;
  }

  function seqsOf(stream: string): number[] {
    let own = seqsByStream.get(stream);
    if (!own) {
      own = [];
      seqsByStream.set(stream, own);
    }
    return own;
  }

  /** Sets a key, or deletes it with undefined, and remembers how to take that back. */
  function change<Value>(map: Map<string, Value>, key: string, value: Value | undefined): void {
    const old = map.get(key);
    undo.push(() => put(map, key, old));
    put(map, key, value);
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
    syncTail: async () => undefined,
    head,
    streamVersion: (stream) => seqsByStream.get(stream)?.length ?? 0,
    insertEvent: (event) => {
      const seqs = seqsOf(event.header.stream);
      undo.push(() => {
        events.pop();
        seqs.pop();
      });
      events.push(event);
      seqs.push(event.header.seq);
    },
    getRow: (fold, key) => rowsOf(fold).get(key),
    putRow: (fold, key, _before, after) =>
      change(rowsOf(fold), key, after ? JSON.parse(JSON.stringify(after)) : undefined),
    listRows: (fold, query) => {
      const found = select(rowsOf(fold), fold, query);
      const offset = query.offset ?? 0;
      return found.slice(offset, offset + (query.limit ?? found.length));
    },
    countRows: (fold, query) => select(rowsOf(fold), fold, query).length,
    scanRows: (fold) =>
      [...rowsOf(fold)].map(([key, row]) => ({ key, row })).sort((a, b) => compare(a.key, b.key)),
    events: (after, limit) => events.slice(Math.max(after, 0), Math.max(after, 0) + limit),
    streamEvents: (stream, after, limit) =>
      (seqsByStream.get(stream) ?? [])
        .slice(after, after + limit)
        .map((seq) => events[seq - 1])
        .filter((event) => event !== undefined),
    shred: (seq) => {
      const event = events[seq - 1];
      if (event) events[seq - 1] = { ...event, salt: null, data: null };
    },
    foldVersion: (name) => foldVersions.get(name),
    setFoldVersion: (name, version) => change(foldVersions, name, version),
    dropFold: (fold) => change(rowsByFold, fold.name, undefined),
    close: () => {
      events.length = 0;
      for (const map of [seqsByStream, rowsByFold, foldVersions]) map.clear();
    },
  };
}

function put<Value>(map: Map<string, Value>, key: string, value: Value | undefined): void {
  if (value === undefined) map.delete(key);
  else map.set(key, value);
}

function select(
  own: ReadonlyMap<string, JsonObject>,
  fold: AnyFold,
  query: FoldQuery,
): FoldRow<JsonObject>[] {
  const { index } = query;
  const found: { key: string; row: JsonObject; value: IndexValue }[] = [];
  for (const [key, row] of own) {
    const value = index === undefined ? key : indexValue(fold, index, row, key);
    if (value !== undefined && matches(value, query)) found.push({ key, row, value });
  }
  found.sort((a, b) => compare(a.value, b.value) || compare(a.key, b.key));
  if (query.descending) found.reverse();
  const { after, descending } = query;
  if (after) {
    const sign = descending ? -1 : 1;
    const isBehind = ({ key, value }: (typeof found)[number]) =>
      sign *
        (compare(value, index === undefined ? after.key : after.value) || compare(key, after.key)) >
      0;
    return found.filter(isBehind).map(({ key, row }) => ({ key, row }));
  }
  return found.map(({ key, row }) => ({ key, row }));
}

function matches(value: IndexValue, { index, equals, from, to }: FoldQuery): boolean {
  const bound = (given: IndexValue): IndexValue => (index === undefined ? String(given) : given);
  if (equals !== undefined) {
    const fits = index === undefined ? String(value).startsWith(String(equals)) : value === equals;
    if (!fits) return false;
  }
  if (from !== undefined && compare(value, bound(from)) < 0) return false;
  return to === undefined || compare(value, bound(to)) <= 0;
}

/** SQLite's order: numbers before text, text by its UTF-8 bytes. */
function compare(a: IndexValue, b: IndexValue): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  if (typeof a === 'number') return -1;
  if (typeof b === 'number') return 1;
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
