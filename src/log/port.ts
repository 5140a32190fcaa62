import type { Id, JsonObject, Sha256 } from '../base/index.ts';
import type { NewEvent, StoredEvent } from '../contract/index.ts';
import type { Fold, FoldReader } from './fold.ts';

/** Some events for one stream. */
export interface StreamAppend {
  readonly stream: string;
  /**
   * the version the writer saw: 0 for a stream that must not exist yet, `any` where order does not
   * matter (never for a record)
   */
  readonly expectedVersion: number | 'any';
  readonly events: readonly NewEvent[];
}

export interface AppendOptions {
  /** durable on disk, with everything before it, when the promise is fulfilled */
  readonly barrier?: boolean;
}

export interface Appended {
  readonly events: readonly StoredEvent[];
}

export interface LogHead {
  /** 0 for an empty log */
  readonly seq: number;
  readonly hash: Sha256;
}

/**
 * One company's append-only log and the folds that follow it. All or nothing: an append either
 * happened in full, with its folds, or not at all.
 */
export interface Log {
  readonly company: Id;
  /**
   * Fails with `version_conflict` (facts: stream, expected, actual), `too_large`, `disk_full`,
   * `store_read_only`; then nothing of this append happened and others are not affected.
   * Appends that wait at the same time share one commit.
   */
  readonly append: (batch: readonly StreamAppend[], options?: AppendOptions) => Promise<Appended>;
  /** Events after `seq`, in order, at most `limit`. */
  readonly read: (options: ReadOptions) => Promise<readonly StoredEvent[]>;
  readonly readStream: (
    stream: string,
    options?: { readonly after?: number; readonly limit?: number },
  ) => Promise<readonly StoredEvent[]>;
  /** 0 for a stream that does not exist */
  readonly streamVersion: (stream: string) => Promise<number>;
  readonly head: () => LogHead;
  /** Nothing outside this process may be told of an event above it. */
  readonly durableSeq: () => number;
  /**
   * Calls the listener after commit, in order, with the wanted events that became durable, of those that
   * are appended from now on. `wants` says the same of a type each time. Returns the way to stop.
   */
  readonly follow: (
    wants: (eventType: string) => boolean,
    listener: (events: readonly StoredEvent[]) => void,
  ) => () => void;
  /** Calls the listener whenever more of the log became durable. Returns the way to stop. */
  readonly onDurable: (listener: (head: LogHead) => void) => () => void;
  readonly fold: <Row extends JsonObject>(fold: Fold<Row>) => FoldReader<Row>;
  /** SHA-256 over a fold's rows in key order. */
  readonly digest: (foldName: string) => Promise<Sha256>;
  /** Drops every fold and derives it again from the first event, in chunks. */
  readonly rebuild: (onProgress?: (seq: number) => void) => Promise<void>;
  /** Makes a dirty tail durable and lets go of the store. */
  readonly close: () => Promise<void>;
}

export interface ReadOptions {
  readonly after: number;
  readonly limit: number;
  /** events above it are left out */
  readonly upTo?: number;
  /** only events of these types */
  readonly types?: readonly string[];
}

/** Immutable bytes by their SHA-256. */
export interface Blobs {
  /** Durable (file and directory synced) when fulfilled. Fails with `too_large`, `disk_full`. */
  readonly put: (bytes: Uint8Array) => Promise<Sha256>;
  /** Fails with `not_found`, `payload_damaged` (the bytes do not hash to their name), `erased`. */
  readonly get: (hash: Sha256) => Promise<Uint8Array>;
  readonly has: (hash: Sha256) => Promise<boolean>;
}

/** Keys of data subjects. Losing one erases what it encrypted. */
export interface KeyVault {
  /** Durable before it is returned. */
  readonly obtain: (subject: Id) => Uint8Array;
  readonly find: (subject: Id) => Uint8Array | undefined;
  /** True when there was one. */
  readonly destroy: (subject: Id) => boolean;
}
