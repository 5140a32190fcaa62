import {
  type Clock,
  canonicalJson,
  type JsonObject,
  LIMITS,
  type NewId,
  randomHex,
  type Sha256,
} from '../base/index.ts';
import {
  type EventHeader,
  type Failure,
  failure,
  type NewEvent,
  type StoredEvent,
} from '../contract/index.ts';
import { dataCommitment, linkHash, SALT_BYTES } from './chain.ts';
import type { Fold, FoldReader } from './fold.ts';
import { createFoldSet, digestRows } from './fold-set.ts';
import { createGroupCommit } from './group-commit.ts';
import type { Appended, AppendOptions, KeyVault, Log, StreamAppend } from './port.ts';
import { looksSealed, openData, sealData } from './seal.ts';
import type { AnyFold, RawEvent, Store } from './store.ts';
import { type Upcasters, upcast } from './upcast.ts';

export interface LogPorts {
  readonly store: Store;
  readonly vault: KeyVault;
  readonly clock: Clock;
  readonly newId: NewId;
  /** kept in the transaction of every append */
  readonly folds: readonly Fold<never>[];
  /** version of this Steward, written into every header */
  readonly engine: string;
  readonly upcasters?: Upcasters;
  /** called once when the disk refuses to sync: the process must stop */
  readonly onFatal?: (reason: Failure) => void;
}

/** A dirty tail is made durable at the latest after this time. */
const TAIL_BARRIER_MS = 50;
const REBUILD_CHUNK_EVENTS = 1_000;

/** Opens a log over an embedded store; folds of another version are rebuilt first. */
export function createLog(ports: LogPorts): Log {
  const { store, vault, clock, newId, engine } = ports;
  // A fold's row type is known to whoever reads it; the log moves rows without looking inside.
  const folds = createFoldSet(ports.folds as unknown as readonly AnyFold[], store);
  const upcasters = ports.upcasters ?? {};
  const listeners = new Set<(events: readonly StoredEvent[]) => void>();
  let durable = store.head().seq;
  let waiting: StoredEvent[] = []; // committed, not yet durable
  let lastAt = 0;

  const group = createGroupCommit<Prepared, Appended>({
    commit: (entries, sync) => store.transact(sync, () => entries.map((e) => attempt(e, append))),
    onCommitted: (results, sync) => {
      for (const result of results) if ('value' in result) waiting.push(...result.value.events);
      if (sync === 'full') publish();
    },
    tailBarrierMs: TAIL_BARRIER_MS,
    isDirty: () => waiting.length > 0,
    ...(ports.onFatal ? { onFatal: ports.onFatal } : {}),
  });

  for (const fold of folds.outdated()) rebuildFolds([fold]);

  function append(prepared: Prepared): Appended {
    const versions = checkVersions(prepared.batch);
    let { seq, hash } = store.head();
    const events: StoredEvent[] = [];
    const raws: RawEvent[] = [];
    lastAt = Math.max(clock.now(), lastAt); // a clock set back never reorders the log's times
    for (const { stream, events: fresh } of prepared.batch) {
      let version = versions.get(stream) ?? 0;
      for (const event of fresh) {
        version += 1;
        seq += 1;
        const raw = seal(event, { stream, version, seq, at: lastAt, previous: hash });
        hash = raw.hash;
        raws.push(raw);
        events.push({ ...raw.header, hash, data: event.data });
      }
      versions.set(stream, version);
    }
    const changes = folds.apply(events); // computed before the first write: a fault leaves no trace
    for (const raw of raws) store.insertEvent(raw);
    folds.write(changes);
    return { events };
  }

  /** Every stream's version before this append; fails when a writer saw another one. */
  function checkVersions(batch: readonly StreamAppend[]): Map<string, number> {
    const versions = new Map<string, number>();
    for (const { stream, expectedVersion } of batch) {
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

  function seal(
    event: NewEvent,
    at: { stream: string; version: number; seq: number; at: number; previous: Sha256 },
  ): RawEvent {
    const place = `${store.company}\0${at.stream}\0${at.version}`;
    const data = canonicalJson(sealData(event.data, event.personal, place, vault));
    if (data.length > LIMITS.eventDataBytes) {
      throw failure(
        'too_large',
        `${event.type} carries ${data.length} bytes; at most ${LIMITS.eventDataBytes} fit.`,
        { type: event.type, bytes: data.length, limit: LIMITS.eventDataBytes },
        'Store the large part as a file and refer to it.',
      );
    }
    const salt = randomSalt();
    const header: EventHeader = {
      company: store.company,
      seq: at.seq,
      id: newId(),
      stream: at.stream,
      version: at.version,
      type: event.type,
      at: at.at,
      by: event.by,
      ...(event.run === undefined ? {} : { run: event.run }),
      ...(event.cause === undefined ? {} : { cause: event.cause }),
      label: event.label,
      ...(event.fieldLabels === undefined ? {} : { fieldLabels: event.fieldLabels }),
      engine,
      dataHash: dataCommitment(salt, data),
    };
    return { header, hash: linkHash(at.previous, header), salt, data };
  }

  function open(raw: RawEvent): StoredEvent {
    const { header, hash, data } = raw;
    if (data === null) return { ...header, hash, data: {}, erased: true };
    const parsed: JsonObject = JSON.parse(data);
    const place = `${header.company}\0${header.stream}\0${header.version}`;
    const opened = looksSealed(data) ? openData(parsed, place, vault) : parsed;
    return upcast({ ...header, hash, data: opened }, upcasters);
  }

  function publish(): void {
    const news = waiting;
    waiting = [];
    durable = store.head().seq;
    if (news.length > 0) for (const listener of [...listeners]) listener(news);
  }

  function rebuildFolds(which: readonly AnyFold[], onProgress?: (seq: number) => void): void {
    store.transact('normal', () => {
      for (const fold of which) {
        store.setFoldVersion(fold.name, undefined);
        store.dropFold(fold);
      }
    });
    const last = store.head().seq;
    for (let seq = 0; seq < last; ) {
      const chunk = store.events(seq, REBUILD_CHUNK_EVENTS).map(open);
      if (chunk.length === 0) break;
      store.transact('normal', () => {
        for (const event of chunk) folds.write(folds.apply([event], which));
      });
      seq = chunk[chunk.length - 1]?.seq ?? last;
      onProgress?.(seq);
    }
    store.transact('normal', () => {
      for (const fold of which) store.setFoldVersion(fold.name, fold.version);
    });
  }

  return {
    company: store.company,
    append: (batch, options: AppendOptions = {}) => {
      checkSize(batch);
      return group.submit({ batch }, options.barrier ? 'full' : 'normal');
    },
    read: async ({ after, limit, upTo, types }) => {
      const wanted = types && new Set(types);
      const found: StoredEvent[] = [];
      let seq = after;
      while (found.length < limit) {
        const chunk = store.events(seq, Math.min(limit, LIMITS.pageRows));
        for (const raw of chunk) {
          if (upTo !== undefined && raw.header.seq > upTo) return found;
          if (!wanted || wanted.has(raw.header.type)) found.push(open(raw));
          if (found.length === limit) return found;
        }
        const last = chunk[chunk.length - 1];
        if (!last) break;
        seq = last.header.seq;
      }
      return found;
    },
    readStream: async (stream, options = {}) =>
      store.streamEvents(stream, options.after ?? 0, options.limit ?? LIMITS.pageRows).map(open),
    streamVersion: async (stream) => store.streamVersion(stream),
    head: store.head,
    durableSeq: () => durable,
    onDurable: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    fold: <Row extends JsonObject>(fold: Fold<Row>) => readFold(store, fold),
    digest: async (name) => digestRows(store, folds.named(name)),
    rebuild: (onProgress) => group.exclusive(() => rebuildFolds(folds.all, onProgress)),
    close: async () => {
      await group.close(() => store.transact('full', () => undefined));
      publish();
      store.close();
    },
  };
}

interface Prepared {
  readonly batch: readonly StreamAppend[];
}

function attempt<In, Out>(
  entry: In,
  work: (entry: In) => Out,
): { readonly value: Out } | { readonly error: unknown } {
  try {
    return { value: work(entry) };
  } catch (error) {
    return { error };
  }
}

function checkSize(batch: readonly StreamAppend[]): void {
  const count = batch.reduce((sum, { events }) => sum + events.length, 0);
  if (count > LIMITS.appendEvents) {
    throw failure('too_large', `${count} events are too many for one append.`, {
      events: count,
      limit: LIMITS.appendEvents,
    });
  }
}

function readFold<Row extends JsonObject>(store: Store, fold: Fold<Row>): FoldReader<Row> {
  const any = fold as unknown as AnyFold; // rows of this name were all written by this fold
  return {
    get: async (key) => store.getRow(any, key) as Row | undefined,
    getMany: async (keys) => {
      const rows = new Map<string, Row>();
      for (const key of keys) {
        const row = store.getRow(any, key) as Row | undefined;
        if (row) rows.set(key, row);
      }
      return rows;
    },
    list: async (query = {}) =>
      store.listRows(any, query) as unknown as readonly { key: string; row: Row }[],
    count: async (query = {}) => store.countRows(any, query),
  };
}

const SALT_POOL = 256;
let salts = '';

/** Random salts, drawn from the system in bulk: one call serves 256 events. */
function randomSalt(): string {
  const length = SALT_BYTES * 2;
  if (salts.length < length) salts = randomHex(SALT_BYTES * SALT_POOL);
  const salt = salts.slice(0, length);
  salts = salts.slice(length);
  return salt;
}
