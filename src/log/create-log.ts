import { setImmediate as nextTurn } from 'node:timers/promises';
import { type Clock, type JsonObject, LIMITS, type NewId } from '../base/index.ts';
import {
  Failure,
  type FailureCode,
  failure,
  type StoredEvent,
  toFailure,
} from '../contract/index.ts';
import { checkName, createEnvelope } from './envelope.ts';
import type { Fold, SomeFold } from './fold.ts';
import { createFoldReader, whenWhole } from './fold-reader.ts';
import { createFoldSet, digestRows, type FoldChanges } from './fold-set.ts';
import { createGroupCommit, type Result, type Sync } from './group-commit.ts';
import type {
  Appended,
  AppendOptions,
  KeyVault,
  Log,
  LogHead,
  ReadOptions,
  StreamAppend,
} from './port.ts';
import { rebuildFolds } from './rebuild-folds.ts';
import type { AnyFold, RawEvent, Store } from './store.ts';
import type { Upcasters } from './upcast.ts';

export interface LogPorts {
  readonly store: Store;
  readonly vault: KeyVault;
  readonly clock: Clock;
  readonly newId: NewId;
  /** kept in the transaction of every append */
  readonly folds: readonly SomeFold[];
  /** version of this Steward, written into every header */
  readonly engine: string;
  readonly upcasters?: Upcasters;
  /** called once when the disk refuses to sync: the process must stop */
  readonly onFatal?: (reason: Failure) => void;
  /** a listener of `follow` or `onDurable` threw; without this it surfaces as an uncaught exception */
  readonly onListenerError?: (error: unknown) => void;
}

/** Starts the barrier early enough that a dirty tail is on disk within 50 ms. */
const TAIL_BARRIER_MS = 40;

/** Opens a log over an embedded store; folds of another version are rebuilt first. */
export function createLog(ports: LogPorts): Log {
  const { store, clock } = ports;
  // A fold's row type is known to whoever reads it; the log moves rows without looking inside.
  const folds = createFoldSet(ports.folds as unknown as readonly AnyFold[], store);
  const envelope = createEnvelope({
    ...ports,
    company: store.company,
    upcasters: ports.upcasters ?? {},
  });
  const listeners = new Set<(head: LogHead) => void>();
  const followers = new Set<Follower>();
  const followed = new Map<string, boolean>(); // by type, until somebody begins or ceases to follow
  let waiting: RawEvent[] = []; // followed, committed, not yet durable
  let durable = openDurably(store);
  let lastAt = lastTime(store);
  let lastSeq = store.head().seq;
  let rebuilding: Promise<void> | undefined; // rejected for good when it failed
  let untrusted: Failure | undefined; // why no fold is to be believed until the next start

  const group = createGroupCommit<Batch, Written>({
    commit: (batches, sync) => commitGroup(store, batches, sync, prepare, write),
    onCommitted: (results, sync) => {
      for (const result of results) if ('value' in result) keepFollowed(result.value.raws);
      if (sync === 'full') publish(store.head());
    },
    syncTail: async () => {
      const head = store.head();
      await store.syncTail();
      publish(head);
    },
    tailBarrierMs: TAIL_BARRIER_MS,
    isDirty: () => store.head().seq > durable,
    ...(ports.onFatal ? { onFatal: ports.onFatal } : {}),
  });

  const outdated = folds.outdated();
  if (outdated.length > 0) rebuildFolds(store, folds, outdated, envelope.open).toArray();

  /** All that can refuse an append, before the first write: a refused one leaves no trace. */
  function prepare(batch: Batch): Prepared {
    if (untrusted) throw untrusted;
    checkCount(batch);
    const versions = checkVersions(store, batch);
    let { seq, hash } = store.head();
    if (seq !== lastSeq) lastAt = Math.max(lastAt, lastTime(store)); // another process has written
    const raws: RawEvent[] = [];
    const at = Math.max(clock.now(), lastAt); // a clock set back never reorders the log's times
    for (const { stream, events } of batch) {
      let version = versions.get(stream) ?? 0;
      for (const event of events) {
        version += 1;
        seq += 1;
        const raw = envelope.close(event, { seq, stream, version, at, previous: hash });
        hash = raw.hash;
        raws.push(raw);
      }
      versions.set(stream, version);
    }
    return { raws, changes: foldChanges(raws), at };
  }

  /** Folds see what a reader will see, so that what they hold now is what a rebuild will find. */
  function foldChanges(raws: readonly RawEvent[]): FoldChanges {
    const read = raws.filter(({ header }) => folds.read(header.type));
    return folds.apply(read.map(envelope.open));
  }

  function write({ raws, changes, at }: Prepared): Written {
    for (const raw of raws) store.insertEvent(raw);
    folds.write(changes);
    lastAt = at;
    lastSeq = store.head().seq;
    return new Written(raws, envelope.open);
  }

  /** Of thousands of events a second few are followed: the others are not held until they are synced. */
  function keepFollowed(raws: readonly RawEvent[]): void {
    for (const raw of raws) if (isFollowed(raw.header.type)) waiting.push(raw);
  }

  function isFollowed(type: string): boolean {
    let known = followed.get(type);
    if (known === undefined) {
      known = followers.values().some(({ wants }) => wants(type));
      followed.set(type, known);
    }
    return known;
  }

  function publish(head: LogHead): void {
    if (head.seq <= durable) return;
    durable = head.seq;
    const later = waiting.findIndex(({ header }) => header.seq > durable);
    const news = (later < 0 ? waiting : waiting.slice(0, later)).map(envelope.open);
    waiting = later < 0 ? [] : waiting.slice(later);
    for (const { after, wants, listener } of followers) {
      const wanted = news.filter(({ seq, type }) => seq > after && wants(type));
      if (wanted.length > 0) tell(() => listener(wanted));
    }
    for (const listener of [...listeners]) if (listeners.has(listener)) tell(() => listener(head));
  }

  /** A listener's defect must not undo the answer to those who appended. */
  function tell(call: () => void): void {
    try {
      call();
    } catch (error) {
      if (ports.onListenerError) ports.onListenerError(error);
      else queueMicrotask(() => throwAgain(error));
    }
  }

  async function rebuild(onProgress?: (seq: number) => void): Promise<void> {
    try {
      const steps = rebuildFolds(store, folds, folds.all, envelope.open);
      for (;;) {
        await nextTurn(); // others get a turn between chunks
        const step = steps.next();
        if (step.done) break;
        onProgress?.(step.value);
      }
      untrusted = undefined;
    } catch (error) {
      untrusted = toFailure(error);
      throw error;
    }
  }

  return {
    company: store.company,
    append: (batch, options: AppendOptions = {}) =>
      group.submit(batch, options.barrier ? 'full' : 'normal'),
    read: (options) => readEvents(store, options, envelope.open),
    readStream: async (stream, options = {}) =>
      store
        .streamEvents(stream, options.after ?? 0, options.limit ?? LIMITS.pageRows)
        .map(envelope.open),
    streamVersion: async (stream) => store.streamVersion(stream),
    head: store.head,
    durableSeq: () => durable,
    follow: (wants, listener) => {
      const follower: Follower = { after: store.head().seq, wants, listener };
      followers.add(follower);
      followed.clear();
      return () => {
        followers.delete(follower);
        followed.clear();
      };
    },
    onDurable: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    fold: <Row extends JsonObject>(fold: Fold<Row>) =>
      createFoldReader(store, fold, () => rebuilding),
    digest: (name) =>
      whenWhole(
        () => rebuilding,
        () => digestRows(store, folds.named(name)),
      ),
    rebuild: (onProgress) =>
      group.exclusive(async () => {
        rebuilding = rebuild(onProgress);
        rebuilding.catch(() => undefined); // handled by whoever waits for it
        await rebuilding;
        rebuilding = undefined;
      }),
    close: async () => {
      try {
        await group.close(() => {
          store.transact('full', () => undefined);
          publish(store.head());
        });
      } finally {
        store.close();
      }
    },
  };
}

type Batch = readonly StreamAppend[];

interface Prepared {
  readonly raws: readonly RawEvent[];
  readonly changes: FoldChanges;
  readonly at: number;
}

/** What was appended, as a reader gets it: made for those who look, and most do not. */
class Written implements Appended {
  readonly raws: readonly RawEvent[];
  readonly #open: (raw: RawEvent) => StoredEvent;
  #events: readonly StoredEvent[] | undefined;

  constructor(raws: readonly RawEvent[], open: (raw: RawEvent) => StoredEvent) {
    this.raws = raws;
    this.#open = open;
  }

  get events(): readonly StoredEvent[] {
    this.#events ??= this.raws.map(this.#open);
    return this.#events;
  }
}

interface Follower {
  /** seq of the last event when it began */
  readonly after: number;
  readonly wants: (type: string) => boolean;
  readonly listener: (events: readonly StoredEvent[]) => void;
}

/**
 * One transaction for all. A refused batch fails alone. When the store itself fails, everything is
 * rolled back and each batch is tried by itself, so one that is too big for the disk stops no other.
 */
function commitGroup(
  store: Store,
  batches: readonly Batch[],
  sync: Sync,
  prepare: (batch: Batch) => Prepared,
  write: (prepared: Prepared) => Written,
): readonly Result<Written>[] {
  const tryOne = (batch: Batch): Result<Written> => {
    let prepared: Prepared;
    try {
      prepared = prepare(batch);
    } catch (error) {
      if (isStoreFault(error)) throw error;
      return { error };
    }
    return { value: write(prepared) };
  };
  try {
    return store.transact(sync, () => batches.map(tryOne));
  } catch (error) {
    if (batches.length < 2 || toFailure(error).code === 'sync_failed') throw error;
  }
  return batches.map((batch) => {
    try {
      return store.transact(sync, () => tryOne(batch));
    } catch (error) {
      if (toFailure(error).code === 'sync_failed') throw error;
      return { error };
    }
  });
}

/** After one of these the transaction may be gone: nothing more may be written in it. */
const STORE_FAULTS: ReadonlySet<FailureCode> = new Set([
  'disk_full',
  'store_read_only',
  'store_broken',
  'sync_failed',
  'home_busy',
]);

function isStoreFault(error: unknown): boolean {
  return error instanceof Failure && STORE_FAULTS.has(error.code);
}

/** Every stream's version before this append; fails when a writer saw another one. */
function checkVersions(store: Store, batch: Batch): Map<string, number> {
  const versions = new Map<string, number>();
  for (const { stream, expectedVersion } of batch) {
    checkName('stream', stream);
    const actual = versions.get(stream) ?? store.streamVersion(stream);
    if (expectedVersion !== 'any' && expectedVersion !== actual) {
      throw failure('version_conflict', `${stream} was changed by somebody else meanwhile.`, {
        stream,
        expected: expectedVersion,
        actual,
      });
    }
    versions.set(stream, actual);
  }
  return versions;
}

function checkCount(batch: Batch): void {
  const count = batch.reduce((sum, { events }) => sum + events.length, 0);
  if (count <= LIMITS.appendEvents) return;
  throw failure('too_large', `${count} events are too many for one append.`, {
    events: count,
    limit: LIMITS.appendEvents,
  });
}

/** What a killed process left behind may lie in the system's cache only: it is synced, then trusted. */
function openDurably(store: Store): number {
  const { seq } = store.head();
  if (seq > 0) store.transact('full', () => undefined);
  return seq;
}

function lastTime(store: Store): number {
  return store.events(store.head().seq - 1, 1)[0]?.header.at ?? 0;
}

/** Up to the head as it is when asked; gives others a turn between pages. */
async function readEvents(
  store: Store,
  { after, limit, upTo = Number.POSITIVE_INFINITY, types }: ReadOptions,
  open: (raw: RawEvent) => StoredEvent,
): Promise<readonly StoredEvent[]> {
  const wanted = types && new Set(types);
  const last = Math.min(upTo, store.head().seq);
  const found: StoredEvent[] = [];
  for (let seq = after; seq < last && found.length < limit; ) {
    if (seq !== after) await nextTurn();
    const wantedRows = wanted ? LIMITS.pageRows : Math.min(limit - found.length, LIMITS.pageRows);
    const rows = Math.min(wantedRows, last - seq); // seqs have no gaps
    const chunk = store.events(seq, rows);
    if (chunk.length === 0) break;
    for (const raw of chunk) {
      seq = raw.header.seq;
      if (seq > last || found.length === limit) return found;
      if (!wanted || wanted.has(raw.header.type)) found.push(open(raw));
    }
  }
  return found;
}

function throwAgain(error: unknown): never {
  throw error;
}
