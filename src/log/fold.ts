import type { JsonObject } from '../base/index.ts';
import type { StoredEvent } from '../contract/index.ts';

/**
 * State derived from the log, one row per key, kept in the transaction that appends. It holds no SQL
 * and reads nothing but its own rows, so the same fold runs on every store and can be rebuilt to the
 * same digest at any time.
 */
export interface Fold<Row extends JsonObject> {
  /** names its rows in the store; lower case */
  readonly name: string;
  /** raised when `apply` means something else: the fold is rebuilt at the next start */
  readonly version: number;
  /** false for types it never looks at; asked once per type */
  readonly reads: (eventType: string) => boolean;
  /** every row that `apply` may look at or change; found from the event alone; well-formed text */
  readonly keys: (event: StoredEvent) => readonly string[];
  /** changed rows only; null deletes. `rows` holds those of `keys` that exist. Total: it never throws */
  readonly apply: (
    rows: ReadonlyMap<string, Row>,
    event: StoredEvent,
  ) => ReadonlyMap<string, Row | null>;
  /** secondary orders to list rows by; undefined leaves a row out of that order */
  readonly indexes?: { readonly [name: string]: (row: Row, key: string) => IndexValue | undefined };
}

/** A fold of any rows; every `Fold<Row>` is one. */
export interface SomeFold extends Pick<Fold<never>, 'name' | 'version' | 'reads' | 'keys'> {
  readonly apply: (
    rows: ReadonlyMap<string, never>,
    event: StoredEvent,
  ) => ReadonlyMap<string, JsonObject | null>;
  readonly indexes?: {
    readonly [name: string]: (row: never, key: string) => IndexValue | undefined;
  };
}

/** Text sorts by its UTF-8 bytes, after numbers, which sort by size; NaN leaves a row out. */
export type IndexValue = string | number;

export interface FoldQuery {
  /** order by this index; without it by key */
  readonly index?: string;
  /** only this value of the index, or this prefix of the key when no index is named */
  readonly equals?: IndexValue;
  /** inclusive bounds on the index value (or the key) */
  readonly from?: IndexValue;
  readonly to?: IndexValue;
  readonly descending?: boolean;
  /** only what comes behind this place of the order; it need not be there any more */
  readonly after?: FoldPlace;
  /** rows to skip; for short lists: a long one is walked with `every` */
  readonly offset?: number;
  /** at most LIMITS.pageRows, which is also the default */
  readonly limit?: number;
}

/** Where a row stands in an order: by its index value, then by its key; by key alone without an index. */
export interface FoldPlace {
  readonly value: IndexValue;
  readonly key: string;
}

export interface FoldRow<Row> {
  readonly key: string;
  readonly row: Row;
}

/** Reads a fold as it is now: it sees every append that was answered. */
export interface FoldReader<Row extends JsonObject> {
  readonly get: (key: string) => Promise<Row | undefined>;
  readonly getMany: (keys: readonly string[]) => Promise<ReadonlyMap<string, Row>>;
  readonly list: (query?: FoldQuery) => Promise<readonly FoldRow<Row>[]>;
  /**
   * All rows of a query, read page by page as they are by then: each place of the order is passed
   * once, whatever is appended meanwhile. Others get a turn between pages.
   */
  readonly every: (query?: Omit<FoldQuery, 'limit' | 'offset'>) => AsyncIterable<FoldRow<Row>>;
  readonly count: (query?: FoldQuery) => Promise<number>;
}

/** Where an index puts a row; undefined leaves it out. */
export function indexValue<Row extends JsonObject>(
  fold: Fold<Row>,
  index: string,
  row: Row,
  key: string,
): IndexValue | undefined {
  const value = fold.indexes?.[index]?.(row, key);
  return Number.isNaN(value) ? undefined : value;
}
