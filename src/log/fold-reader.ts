import { type JsonObject, LIMITS } from '../base/index.ts';
import type { Fold, FoldQuery, FoldReader, FoldRow } from './fold.ts';
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
    list: (query = {}) =>
      whenWhole(
        rebuilding,
        () => store.listRows(any, bounded(query)) as unknown as readonly FoldRow<Row>[], // as above
      ),
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
