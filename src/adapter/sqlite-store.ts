import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { JsonObject } from '../base/index.ts';
import { failure } from '../contract/index.ts';
import {
  type AnyFold,
  canonicalFieldLabels,
  canonicalLabel,
  type FoldQuery,
  GENESIS,
  indexValue,
  type LogHead,
  type Store,
} from '../log/index.ts';
import { createJournalSync } from './journal-sync.ts';
import { LruMap } from './lru-map.ts';
import { mapSqliteError } from './sqlite-errors.ts';
import { openSqliteFile, type SqliteFileOptions } from './sqlite-open.ts';
import { queryText } from './sqlite-query.ts';
import {
  EVENT_COLUMNS,
  type EventRow,
  prepareEvents,
  prepareEventsNamed,
  toRawEvent,
} from './sqlite-rows.ts';
import { ONE_COMPANY } from './sqlite-schema.ts';
import { createStreamLists } from './stream-lists.ts';

/** rows of each fold kept in memory: the working set of a few hundred runs */
const CACHED_ROWS = 10_000;

export type SqliteStoreOptions = SqliteFileOptions;

export interface SqliteStore extends Store {
  /** for backups and checks; never for writing */
  readonly database: DatabaseSync;
}

/**
 * The default store: one SQLite file, one writer. Fails with `no_company` (nothing is in the file and
 * no company was named), `store_broken`, `store_too_new`, `store_read_only`.
 */
export function openSqliteStore(options: SqliteStoreOptions): SqliteStore {
  const { file } = options;
  const { db, company } = openSqliteFile(options);
  const sql = prepareStatements(db);
  const foldNumbers = new Map<string, number>();
  /** by the fold's name: a key of both would be a new text, and a look up of a new text is dear */
  const caches = new Map<string, FoldCache>();
  const lists = createStreamLists(db);
  const journal = createJournalSync(`${file}-wal`);
  let head = readHead(sql.head);
  /** changes when another connection has committed */
  let dataVersion = sql.dataVersion.get()?.data_version;
  let renewed = false;
  let open = true;

  /** SQLite itself never syncs a commit (`synchronous` is NORMAL): the one call that FULL adds is made here. */
  function transact<T>(sync: 'normal' | 'full', work: () => T): T {
    return mapped(() => {
      const result = commit(work, sync === 'full' ? journal.makeRoom : undefined);
      if (sync === 'full') journal.syncNow();
      return result;
    });
  }

  function commit<T>(work: () => T, beforeCommit?: () => void): T {
    sql.begin.run();
    let before = head;
    try {
      noticeOthers();
      before = head;
      const result = work();
      writeChanged();
      lists.write();
      beforeCommit?.();
      sql.commit.run();
      return result;
    } catch (error) {
      head = before;
      forget();
      rollBack(db);
      throw error;
    }
  }

  /**
   * Another process should not write here: `home.lock` is there for that. If one did, what is kept in
   * memory is old, and the versions that callers expect are compared with what it has written.
   */
  function noticeOthers(): void {
    const now = sql.dataVersion.get()?.data_version;
    if (now === dataVersion) return;
    forget();
    head = readHead(sql.head);
    dataVersion = now; // not before: what could not be read is noticed again
  }

  function forget(): void {
    caches.clear();
    lists.forget();
    foldNumbers.clear();
  }

  /** What SQLite says becomes a failure that names the way out; anything else passes unchanged. */
  function mapped<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw mapSqliteError(error, file);
    }
  }

  function knownFoldNumber(name: string): number | undefined {
    const cached = foldNumbers.get(name);
    if (cached !== undefined) return cached;
    const found = sql.foldNumber.get(ONE_COMPANY, name)?.number;
    if (typeof found !== 'number') return undefined;
    foldNumbers.set(name, found);
    return found;
  }

  function foldNumber(name: string): number {
    const known = knownFoldNumber(name);
    if (known !== undefined) return known;
    const fresh = Number(sql.lastFold.get(ONE_COMPANY)?.number ?? 0) + 1;
    sql.addFold.run(ONE_COMPANY, name, fresh);
    foldNumbers.set(name, fresh);
    return fresh;
  }

  function cacheOf({ name }: AnyFold): FoldCache {
    let cache = caches.get(name);
    if (!cache) {
      cache = { rows: new LruMap(CACHED_ROWS), changed: new Map() };
      caches.set(name, cache);
    }
    return cache;
  }

  function getRow(fold: AnyFold, key: string): JsonObject | undefined {
    const { rows, changed } = cacheOf(fold);
    const change = changed.get(key);
    const cached = change ? change.after : rows.get(key);
    if (cached !== undefined) return cached ?? undefined;
    const number = knownFoldNumber(fold.name);
    const found = number === undefined ? undefined : sql.getRow.get(ONE_COMPANY, number, key);
    const row = found ? parseRow(found.body) : undefined;
    rows.set(key, row ?? null);
    return row;
  }

  function writeChanged(): void {
    for (const { changed } of caches.values()) {
      if (changed.size === 0) continue;
      for (const change of changed.values()) writeRow(change);
      changed.clear();
    }
  }

  function writeRow({ fold, key, before, after }: RowChange): void {
    const number = foldNumber(fold.name);
    if (after === null) sql.dropRow.run(ONE_COMPANY, number, key);
    else sql.putRow.run(ONE_COMPANY, number, key, JSON.stringify(after));
    for (const name of Object.keys(fold.indexes ?? {})) {
      const old = before && indexValue(fold, name, before, key);
      const fresh = after ? indexValue(fold, name, after, key) : undefined;
      if (old === fresh) continue;
      if (old !== undefined) sql.dropIndex.run(ONE_COMPANY, number, name, old, key);
      if (fresh !== undefined) sql.putIndex.run(ONE_COMPANY, number, name, fresh, key);
    }
  }

  /** A list that does not lead to this stream's events, one after the other, is made again: once, if at all. */
  function streamRows(stream: string, after: number, limit: number): readonly EventRow[] {
    const seqs = lists.seqs(stream, after, limit);
    const found = sql.eventsNamed(seqs);
    if (renewed || isInStep(found, stream, after, seqs)) return found;
    renewed = true; // a log that is broken itself stays as it is: `log verify` names the event
    lists.renew();
    return sql.eventsNamed(lists.seqs(stream, after, limit));
  }

  function select(fold: AnyFold, query: FoldQuery, what: 'rows' | 'count') {
    return mapped(() => {
      writeChanged();
      const number = knownFoldNumber(fold.name);
      if (number === undefined) return [];
      const { text, values } = queryText(number, query, what);
      return sql.dynamic(text).all(...values);
    });
  }

  return {
    database: db,
    company,
    transact,
    syncTail: () => journal.sync(),
    head: () => head,
    streamVersion: (stream) => mapped(() => lists.version(stream)),
    insertEvent: ({ header: h, hash, salt, data }) => {
      lists.add(h.stream, h.version, h.seq);
      sql.insertEvent.run(
        h.seq,
        h.stream,
        h.version,
        h.type,
        h.at,
        h.id,
        h.by,
        h.run ?? null,
        h.cause ?? null,
        h.engine,
        h.dataHash,
        hash,
        salt,
        data,
        canonicalLabel(h.label),
        h.fieldLabels === undefined ? null : canonicalFieldLabels(h.fieldLabels),
      );
      head = { seq: h.seq, hash };
    },
    getRow: (fold, key) => mapped(() => getRow(fold, key)),
    putRow: (fold, key, before, after) => {
      const { rows, changed } = cacheOf(fold);
      const earlier = changed.get(key);
      changed.set(key, { fold, key, before: earlier ? earlier.before : before, after });
      rows.set(key, after);
    },
    listRows: (fold, query) =>
      select(fold, query, 'rows').map(({ key, body }) => ({
        key: String(key),
        row: parseRow(body),
      })),
    countRows: (fold, query) => Number(select(fold, query, 'count')[0]?.count ?? 0),
    scanRows: function* (fold) {
      writeChanged();
      const number = knownFoldNumber(fold.name);
      if (number === undefined) return;
      for (const found of sql.scanRows.iterate(ONE_COMPANY, number)) {
        yield { key: String(found.key), row: parseRow(found.body) };
      }
    },
    events: (after, limit) =>
      mapped(() => sql.events(after, limit)).map((row) => toRawEvent(company, row)),
    streamEvents: (stream, after, limit) =>
      mapped(() => streamRows(stream, after, limit)).map((row) => toRawEvent(company, row)),
    shred: (seq) => {
      transact('full', () => sql.shred.run(ONE_COMPANY, seq));
      mapped(() => emptyJournal(db));
    },
    foldVersion: (name) => {
      const version = mapped(() => sql.foldNumber.get(ONE_COMPANY, name))?.version;
      return typeof version === 'number' ? version : undefined;
    },
    setFoldVersion: (name, version) => {
      foldNumber(name);
      sql.setFoldVersion.run(version ?? null, ONE_COMPANY, name);
    },
    dropFold: (fold) => {
      writeChanged();
      const number = foldNumber(fold.name);
      sql.dropFoldRows.run(ONE_COMPANY, number);
      sql.dropFoldIndex.run(ONE_COMPANY, number);
      caches.delete(fold.name);
    },
    close: () => {
      if (!open) return;
      open = false;
      journal.close();
      db.close();
    },
  };
}

interface FoldCache {
  readonly rows: LruMap<string, JsonObject | null>;
  /** in this transaction: a row that changes often is written once, before the commit */
  readonly changed: Map<string, RowChange>;
}

interface RowChange {
  readonly fold: AnyFold;
  readonly key: string;
  /** as it lies in the file */
  readonly before: JsonObject | undefined;
  readonly after: JsonObject | null;
}

function prepareStatements(db: DatabaseSync) {
  const dynamic = new Map<string, StatementSync>();
  return {
    begin: db.prepare('BEGIN IMMEDIATE'),
    commit: db.prepare('COMMIT'),
    dataVersion: db.prepare('PRAGMA data_version'),
    head: db.prepare(
      `SELECT seq, hash FROM events WHERE +company = ${ONE_COMPANY} ORDER BY seq DESC LIMIT 1`,
    ),
    insertEvent: db.prepare(
      `INSERT INTO events (company, ${EVENT_COLUMNS})
       VALUES (${ONE_COMPANY},?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)`,
    ),
    events: prepareEvents(db),
    eventsNamed: prepareEventsNamed(db),
    shred: db.prepare('UPDATE events SET salt = NULL, data = NULL WHERE company = ? AND seq = ?'),
    getRow: db.prepare('SELECT body FROM fold_rows WHERE company = ? AND fold = ? AND key = ?'),
    putRow: db.prepare(
      `INSERT INTO fold_rows (company, fold, key, body) VALUES (?,?,?,?)
       ON CONFLICT DO UPDATE SET body = excluded.body`,
    ),
    dropRow: db.prepare('DELETE FROM fold_rows WHERE company = ? AND fold = ? AND key = ?'),
    scanRows: db.prepare(
      'SELECT key, body FROM fold_rows WHERE company = ? AND fold = ? ORDER BY key',
    ),
    putIndex: db.prepare('INSERT INTO fold_index VALUES (?,?,?,?,?)'),
    dropIndex: db.prepare(
      'DELETE FROM fold_index WHERE company = ? AND fold = ? AND name = ? AND value = ? AND key = ?',
    ),
    dropFoldRows: db.prepare('DELETE FROM fold_rows WHERE company = ? AND fold = ?'),
    dropFoldIndex: db.prepare('DELETE FROM fold_index WHERE company = ? AND fold = ?'),
    foldNumber: db.prepare('SELECT number, version FROM folds WHERE company = ? AND name = ?'),
    lastFold: db.prepare('SELECT max(number) AS number FROM folds WHERE company = ?'),
    addFold: db.prepare('INSERT INTO folds (company, name, number) VALUES (?, ?, ?)'),
    setFoldVersion: db.prepare('UPDATE folds SET version = ? WHERE company = ? AND name = ?'),
    /** list queries have few shapes: each is prepared once */
    dynamic: (text: string): StatementSync => {
      let statement = dynamic.get(text);
      if (!statement) {
        statement = db.prepare(text);
        dynamic.set(text, statement);
      }
      return statement;
    },
  };
}

/** Is each of them an event of the stream, the next version each time, and none left out? */
function isInStep(
  found: readonly EventRow[],
  stream: string,
  after: number,
  seqs: readonly number[],
): boolean {
  if (found.length !== new Set(seqs).size) return false;
  let version = Math.max(after, 0);
  for (const [, ofStream, ofVersion] of found) {
    version += 1;
    if (ofStream !== stream || ofVersion !== version) return false;
  }
  return true;
}

/** SQLite rolls back by itself on a full disk; a second fault must not hide the first. */
function rollBack(db: DatabaseSync): void {
  try {
    if (db.isTransaction) db.exec('ROLLBACK');
  } catch {
    // the caller throws the fault that led here
  }
}

/** The journal still holds what was destroyed, until it is written back and cut to nothing. */
function emptyJournal(db: DatabaseSync): void {
  const busy = db.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get()?.busy;
  if (busy === 0) return;
  throw failure(
    'home_busy',
    'It was destroyed, but a reader still holds the journal that has a copy.',
    {},
    'Destroy it once more when the reader is done.',
  );
}

function readHead(statement: StatementSync): LogHead {
  const row = statement.get();
  return row ? { seq: Number(row.seq), hash: String(row.hash) } : { seq: 0, hash: GENESIS };
}

function parseRow(body: unknown): JsonObject {
  return JSON.parse(String(body)); // written by `putRow`
}
