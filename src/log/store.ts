import type { Id, JsonObject, Sha256 } from '../base/index.ts';
import type { EventHeader } from '../contract/index.ts';
import type { Fold, FoldQuery, FoldRow } from './fold.ts';
import type { LogHead } from './port.ts';

/** An event as it lies in a store: header, link and the sealed payload with its salt. */
export interface RawEvent {
  readonly header: EventHeader;
  readonly hash: Sha256;
  /** null after shredding */
  readonly salt: string | null;
  /** canonical JSON, personal fields sealed; null after shredding */
  readonly data: string | null;
}

export type AnyFold = Fold<JsonObject>;

/**
 * What the log needs of an embedded store. Synchronous, because both stores live in this process and
 * a transaction must not be interleaved with anything. Reads inside `transact` see its own writes.
 */
export interface Store {
  readonly company: Id;
  /**
   * One transaction: commits when `work` returns, rolls back when it throws. `full` syncs to disk,
   * with everything before it, also when `work` wrote nothing. Fails with `disk_full`, `store_read_only`, `sync_failed`.
   */
  readonly transact: <T>(sync: 'normal' | 'full', work: () => T) => T;
  /**
   * Syncs what was committed before the call; commits go on meanwhile. Fails with `sync_failed`.
   */
  readonly syncTail: () => Promise<void>;
  readonly head: () => LogHead;
  readonly streamVersion: (stream: string) => number;
  readonly insertEvent: (event: RawEvent) => void;
  readonly getRow: (fold: AnyFold, key: string) => JsonObject | undefined;
  /** Inside `transact` only. `before` is the row as it was, so that its index entries can go. */
  readonly putRow: (
    fold: AnyFold,
    key: string,
    before: JsonObject | undefined,
    after: JsonObject | null,
  ) => void;
  readonly listRows: (fold: AnyFold, query: FoldQuery) => readonly FoldRow<JsonObject>[];
  readonly countRows: (fold: AnyFold, query: FoldQuery) => number;
  /** in order of the keys' UTF-8 bytes; for digests */
  readonly scanRows: (fold: AnyFold) => Iterable<FoldRow<JsonObject>>;
  readonly events: (after: number, limit: number) => readonly RawEvent[];
  readonly streamEvents: (stream: string, after: number, limit: number) => readonly RawEvent[];
  /** destroys salt and data of one event; the chain stays whole */
  readonly shred: (seq: number) => void;
  /** version under which a fold was completed; undefined when it never was */
  readonly foldVersion: (name: string) => number | undefined;
  readonly setFoldVersion: (name: string, version: number | undefined) => void;
  readonly dropFold: (fold: AnyFold) => void;
  readonly close: () => void;
}
