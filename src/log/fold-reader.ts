import { setImmediate as nextTurn } from 'node:timers/promises';
import { type JsonObject, LIMITS } from '../base/index.ts';
import {
  type Fold,
  type FoldPlace,
  type FoldQuery,
  type FoldReader,
  type FoldRow,
  indexValue,
} from './fold.ts';
import type { AnyFold, Store } from './store.ts';

/** The rebuild of folds under way; undefined while they are whole. */
export type Rebuilding = () => Promise<void> | undefined;

/** Reads a fold's rows; one that is being rebuilt is not shown half done. */
export function createFoldReader<Row extends JsonObject>(
  store: Store,
  fold: Fold<Row>,
  rebuilding: Rebuilding,
): FoldReader<Row> {
  const any = fold as unknown as AnyFold; // rows of this name were all written by this fold
  const get = (key: string) => store.getRow(any, key) as Row | undefined; // as above
  const list = (query: FoldQuery) =>
    whenWhole(
      rebuilding,
      () => store.listRows(any, bounded(query)) as unknown as readonly FoldRow<Row>[], // as above
    );
  const placeOf = ({ key, row }: FoldRow<Row>, index: string | undefined): FoldPlace => ({
    key,
    // a row that is listed by an index has a value there
    value: index === undefined ? key : (indexValue(fold, index, row, key) ?? key),
  });
  return {
    get: (key) => whenWhole(rebuilding, () => get(key)),
    getMany: (keys) =>
      whenWhole(rebuilding, () => {
        const rows = new Map<string, Row>();
        for (const key of keys) {
          const row = get(key);
          if (row) rows.set(key, row);
        }
        return rows;
      }),
    list: (query = {}) => list(query),
    every: async function* (query = {}) {
      for (let { after } = query; ; ) {
        const page = await list(after === undefined ? query : { ...query, after });
        yield* page;
        const last = page[page.length - 1];
        if (!last || page.length < LIMITS.pageRows) return;
        after = placeOf(last, query.index);
        await nextTurn();
      }
    },
    count: (query = {}) => whenWhole(rebuilding, () => store.countRows(any, query)),
  };
}

/** Reads at once, or after the rebuild. Fails as the rebuild did. */
export async function whenWhole<T>(rebuilding: Rebuilding, read: () => T): Promise<T> {
  for (let wait = rebuilding(); wait; wait = rebuilding()) await wait;
  return read();
}

function bounded(query: FoldQuery): FoldQuery {
  const limit = Math.min(Math.max(query.limit ?? LIMITS.pageRows, 0), LIMITS.pageRows);
  return { ...query, limit, offset: Math.max(query.offset ?? 0, 0) };
}
