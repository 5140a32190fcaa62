import { statSync } from 'node:fs';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import type { Id, JsonObject } from '../base/index.ts';
import { failure, type Label } from '../contract/index.ts';
import {
  type AnyFold,
  canonicalFieldLabels,
  canonicalLabel,
  type FoldQuery,
  GENESIS,
  type IndexValue,
  type LogHead,
  type RawEvent,
  type Store,
} from '../log/index.ts';
import { LruMap } from './lru-map.ts';
import { mapSqliteError } from './sqlite-errors.ts';
import { APPLICATION_ID, SCHEMA, SCHEMA_VERSION } from './sqlite-schema.ts';

/** Versions before this one can lose a commit when a WAL is reset (fixed in 3.51.3). */
const OLDEST_SQLITE = [3, 51, 3] as const;
/** rows kept in memory: the working set of a few hundred runs */
const CACHED_ROWS = 20_000;
const CACHED_STREAMS = 20_000;
/** a file below this size is checked whole at start, in under 200 ms */
const QUICK_CHECK_BYTES = 64 * 1024 * 1024;
const ONE_COMPANY = 1;

export interface SqliteStoreOptions {
  readonly file: string;
  /** created when the file is new; else it must be the company of the file when given */
  readonly company?: Id;
  /** upper bound on the file, in pages of 4 KiB; for tests of a full disk */
  readonly maxPages?: number;
}

export interface SqliteStore extends Store {
  /** for backups and checks; never for writing */
  readonly database: DatabaseSync;
}

/**
 * The default store: one SQLite file, one writer. Fails with `no_company` (file is new and no company
 * was named), `store_broken`, `store_too_new`, `store_read_only`.
 */
export function openSqliteStore(options: SqliteStoreOptions): SqliteStore {
  const db = openDatabase(options);
  const company = obtainCompany(db, options.company);
  const sql = prepareStatements(db);
  const foldNumbers = new Map<string, number>();
  const rows = new LruMap<string, JsonObject | null>(CACHED_ROWS);
  const versions = new LruMap<string, number>(CACHED_STREAMS);
  let head = readHead(sql.head);
  let synchronous: 'normal' | 'full' = 'full';
  let open = true;

  function transact<T>(sync: 'normal' | 'full', work: () => T): T {
    try {
      if (sync !== synchronous) {
        // The pragma acts when it is executed and fails inside a transaction: so here, as text.
        db.exec(sync === 'full' ? 'PRAGMA synchronous=FULL' : 'PRAGMA synchronous=NORMAL');
        synchronous = sync;
      }
      sql.begin.run();
    } catch (error) {
      throw mapSqliteError(error);
    }
    const before = head;
    try {
      const result = work();
      // A commit that wrote nothing syncs nothing: a barrier always leaves a mark.
      if (sync === 'full') sql.mark.run(ONE_COMPANY);
      sql.commit.run();
      return result;
    } catch (error) {
      head = before;
      rows.clear();
      versions.clear();
      if (db.isTransaction) db.exec('ROLLBACK');
      throw mapSqliteError(error);
    }
  }

  function foldNumber(name: string): number {
    let number = foldNumbers.get(name);
    if (number === undefined) {
      const found = sql.foldNumber.get(ONE_COMPANY, name);
      if (found) {
        number = Number(found.number);
      } else {
        number = Number(sql.foldCount.get(ONE_COMPANY)?.count ?? 0) + 1;
        sql.addFold.run(ONE_COMPANY, name, number);
      }
      foldNumbers.set(name, number);
    }
    return number;
  }

  function getRow(fold: AnyFold, key: string): JsonObject | undefined {
    const place = `${fold.name}\0${key}`;
    const cached = rows.get(place);
    if (cached !== undefined) return cached ?? undefined;
    const found = sql.getRow.get(ONE_COMPANY, foldNumber(fold.name), key);
    const row = found ? parseRow(found.body) : undefined;
    rows.set(place, row ?? null);
    return row;
  }

  function putIndexes(
    fold: AnyFold,
    key: string,
    before: JsonObject | undefined,
    after: JsonObject | null,
  ): void {
    const number = foldNumber(fold.name);
    for (const [name, orderBy] of Object.entries(fold.indexes ?? {})) {
      const old = before && orderBy(before, key);
      const fresh = after ? orderBy(after, key) : undefined;
      if (old === fresh) continue;
      if (old !== undefined) sql.dropIndex.run(ONE_COMPANY, number, name, old, key);
      if (fresh !== undefined) sql.putIndex.run(ONE_COMPANY, number, name, fresh, key);
    }
  }

  function select(fold: AnyFold, query: FoldQuery, what: 'rows' | 'count') {
    const number = foldNumber(fold.name);
    const { text, values } = queryText(number, query, what);
    return sql.dynamic(text).all(...values);
  }

  const store: SqliteStore = {
    database: db,
    company,
    transact,
    head: () => head,
    streamVersion: (stream) => {
      const cached = versions.get(stream);
      if (cached !== undefined) return cached;
      const version = Number(sql.streamVersion.get(ONE_COMPANY, stream)?.version ?? 0);
      versions.set(stream, version);
      return version;
    },
    insertEvent: ({ header: h, hash, salt, data }) => {
      sql.insertEvent.run(
        ONE_COMPANY,
        h.seq,
        h.stream,
        h.version,
        h.type,
        h.at,
        h.id,
        h.by,
        h.run ?? null,
        h.cause ?? null,
        canonicalLabel(h.label),
        h.fieldLabels === undefined ? null : canonicalFieldLabels(h.fieldLabels),
        h.engine,
        h.dataHash,
        hash,
        salt,
        data,
      );
      versions.set(h.stream, h.version);
      head = { seq: h.seq, hash };
    },
    getRow,
    putRow: (fold, key, before, after) => {
      const number = foldNumber(fold.name);
      if (after === null) sql.dropRow.run(ONE_COMPANY, number, key);
      else sql.putRow.run(ONE_COMPANY, number, key, JSON.stringify(after));
      if (fold.indexes) putIndexes(fold, key, before, after);
      rows.set(`${fold.name}\0${key}`, after);
    },
    listRows: (fold, query) =>
      select(fold, query, 'rows').map((found) => ({
        key: String(found.key),
        row: parseRow(found.body),
      })),
    countRows: (fold, query) => Number(select(fold, query, 'count')[0]?.count ?? 0),
    scanRows: function* (fold) {
      for (const found of sql.scanRows.iterate(ONE_COMPANY, foldNumber(fold.name))) {
        yield { key: String(found.key), row: parseRow(found.body) };
      }
    },
    events: (after, limit) =>
      sql.events.all(ONE_COMPANY, after, limit).map((row) => toRawEvent(company, row)),
    streamEvents: (stream, after, limit) =>
      sql.streamEvents
        .all(ONE_COMPANY, stream, after, limit)
        .map((row) => toRawEvent(company, row)),
    shred: (seq) => {
      db.exec('PRAGMA secure_delete=ON');
      transact('full', () => sql.shred.run(ONE_COMPANY, seq));
      db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    },
    foldVersion: (name) => {
      const version = sql.foldNumber.get(ONE_COMPANY, name)?.version;
      return typeof version === 'number' ? version : undefined;
    },
    setFoldVersion: (name, version) => {
      foldNumber(name);
      sql.setFoldVersion.run(version ?? null, ONE_COMPANY, name);
    },
    dropFold: (fold) => {
      const number = foldNumber(fold.name);
      sql.dropFoldRows.run(ONE_COMPANY, number);
      sql.dropFoldIndex.run(ONE_COMPANY, number);
      rows.clear();
    },
    close: () => {
      if (!open) return;
      open = false;
      db.close();
    },
  };
  return store;
}

function openDatabase({ file, maxPages }: SqliteStoreOptions): DatabaseSync {
  let db: DatabaseSync | undefined;
  try {
    db = new DatabaseSync(file, { readBigInts: false });
    checkSqliteVersion(db);
    checkOwner(db, file);
    db.exec('PRAGMA journal_mode=WAL');
    db.exec('PRAGMA fullfsync=ON; PRAGMA checkpoint_fullfsync=ON; PRAGMA temp_store=MEMORY');
    db.exec('PRAGMA cache_size=-16384; PRAGMA synchronous=FULL');
    if (maxPages !== undefined) db.exec(`PRAGMA max_page_count=${Math.floor(maxPages)}`);
    return db;
  } catch (error) {
    db?.close();
    throw mapSqliteError(error, file);
  }
}

function checkSqliteVersion(db: DatabaseSync): void {
  const text = String(db.prepare('SELECT sqlite_version() AS version').get()?.version);
  const version = text.split('.').map(Number);
  for (const [index, oldest] of OLDEST_SQLITE.entries()) {
    const part = version[index] ?? 0;
    if (part > oldest) return;
    if (part < oldest) {
      throw failure(
        'store_broken',
        `SQLite ${text} has a known fault; at least ${OLDEST_SQLITE.join('.')} is needed.`,
        { version: text },
        'Run Steward with the Node that it installs.',
      );
    }
  }
}

/** Creates the tables in a new file; refuses a foreign, broken or newer one before touching it. */
function checkOwner(db: DatabaseSync, file: string): void {
  const application = Number(db.prepare('PRAGMA application_id').get()?.application_id);
  const version = Number(db.prepare('PRAGMA user_version').get()?.user_version);
  const tables = Number(db.prepare('SELECT count(*) AS n FROM sqlite_schema').get()?.n);
  if (tables === 0 && application === 0) {
    db.exec('PRAGMA journal_mode=WAL');
    db.exec('BEGIN IMMEDIATE');
    db.exec(SCHEMA);
    db.exec(`PRAGMA application_id=${APPLICATION_ID}; PRAGMA user_version=${SCHEMA_VERSION}`);
    db.exec('COMMIT');
    return;
  }
  if (application !== APPLICATION_ID) {
    throw failure('store_broken', `${file} is not a Steward database.`, { file });
  }
  if (version > SCHEMA_VERSION) {
    throw failure('store_too_new', `${file} was written by a newer Steward.`, {
      file,
      version,
      known: SCHEMA_VERSION,
    });
  }
  if (statSync(file).size < QUICK_CHECK_BYTES) {
    const said = String(db.prepare('PRAGMA quick_check(1)').get()?.quick_check);
    if (said !== 'ok') throw failure('store_broken', `${file} is damaged: ${said}`, { file });
  }
}

function obtainCompany(db: DatabaseSync, wanted: Id | undefined): Id {
  try {
    const found = db.prepare('SELECT id FROM companies WHERE number = ?').get(ONE_COMPANY)?.id;
    if (typeof found === 'string') {
      if (wanted === undefined || wanted === found) return found;
      throw failure('store_broken', 'This home belongs to another company.', { found, wanted });
    }
    if (wanted === undefined) throw failure('no_company', 'There is no company in this home.');
    db.prepare('INSERT INTO companies (number, id) VALUES (?, ?)').run(ONE_COMPANY, wanted);
    return wanted;
  } catch (error) {
    db.close();
    throw mapSqliteError(error);
  }
}

const EVENT_COLUMNS =
  'seq, stream, version, type, at, id, actor, run, cause, label, field_labels, engine, data_hash, hash, salt, data';

function prepareStatements(db: DatabaseSync) {
  const dynamic = new Map<string, StatementSync>();
  return {
    begin: db.prepare('BEGIN IMMEDIATE'),
    commit: db.prepare('COMMIT'),
    mark: db.prepare(
      'INSERT INTO sync_marks VALUES (?, 1) ON CONFLICT DO UPDATE SET count = count + 1',
    ),
    head: db.prepare(
      `SELECT seq, hash FROM events WHERE company = ${ONE_COMPANY} ORDER BY seq DESC LIMIT 1`,
    ),
    streamVersion: db.prepare(
      'SELECT max(version) AS version FROM events WHERE company = ? AND stream = ?',
    ),
    insertEvent: db.prepare(
      `INSERT INTO events (company, ${EVENT_COLUMNS}) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)`,
    ),
    events: db.prepare(
      `SELECT ${EVENT_COLUMNS} FROM events WHERE company = ? AND seq > ? ORDER BY seq LIMIT ?`,
    ),
    streamEvents: db.prepare(
      `SELECT ${EVENT_COLUMNS} FROM events
       WHERE company = ? AND stream = ? AND version > ? ORDER BY version LIMIT ?`,
    ),
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
    putIndex: db.prepare('INSERT OR IGNORE INTO fold_index VALUES (?,?,?,?,?)'),
    dropIndex: db.prepare(
      'DELETE FROM fold_index WHERE company = ? AND fold = ? AND name = ? AND value = ? AND key = ?',
    ),
    dropFoldRows: db.prepare('DELETE FROM fold_rows WHERE company = ? AND fold = ?'),
    dropFoldIndex: db.prepare('DELETE FROM fold_index WHERE company = ? AND fold = ?'),
    foldNumber: db.prepare('SELECT number, version FROM folds WHERE company = ? AND name = ?'),
    foldCount: db.prepare('SELECT count(*) AS count FROM folds WHERE company = ?'),
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

function queryText(
  fold: number,
  query: FoldQuery,
  what: 'rows' | 'count',
): { readonly text: string; readonly values: (string | number)[] } {
  const { index, equals, from, to, descending } = query;
  const column = index === undefined ? 'r.key' : 'i.value';
  const values: (string | number)[] = [ONE_COMPANY, fold];
  let text =
    what === 'count' ? 'SELECT count(*) AS count ' : 'SELECT r.key AS key, r.body AS body ';
  if (index === undefined) {
    text += 'FROM fold_rows r WHERE r.company = ? AND r.fold = ?';
  } else {
    text += `FROM fold_index i JOIN fold_rows r
      ON r.company = i.company AND r.fold = i.fold AND r.key = i.key
      WHERE i.company = ? AND i.fold = ? AND i.name = ?`;
    values.push(index);
  }
  const bound = (operator: string, value: IndexValue): void => {
    text += ` AND ${column} ${operator} ?`;
    values.push(value);
  };
  if (equals !== undefined && index === undefined) {
    bound('>=', String(equals)); // a prefix of the key
    bound('<', `${equals}\u{10ffff}`);
  } else if (equals !== undefined) {
    bound('=', equals);
  }
  if (from !== undefined) bound('>=', from);
  if (to !== undefined) bound('<=', to);
  if (what === 'rows') {
    const order = descending ? 'DESC' : 'ASC';
    text += ` ORDER BY ${column} ${order}${index === undefined ? '' : `, i.key ${order}`}`;
    text += ' LIMIT ? OFFSET ?';
    values.push(query.limit ?? 1_000, query.offset ?? 0);
  }
  return { text, values };
}

type Row = { readonly [column: string]: unknown };

function readHead(statement: StatementSync): LogHead {
  const row = statement.get();
  return row ? { seq: Number(row.seq), hash: String(row.hash) } : { seq: 0, hash: GENESIS };
}

function parseRow(body: unknown): JsonObject {
  return JSON.parse(String(body));
}

function toRawEvent(company: Id, row: Row): RawEvent {
  const text = (name: string): string => String(row[name]);
  const optional = (name: string): string | null =>
    typeof row[name] === 'string' ? row[name] : null;
  const run = optional('run');
  const cause = optional('cause');
  const fieldLabels = optional('field_labels');
  const label: Label = JSON.parse(text('label'));
  return {
    header: {
      company,
      seq: Number(row.seq),
      id: text('id'),
      stream: text('stream'),
      version: Number(row.version),
      type: text('type'),
      at: Number(row.at),
      by: text('actor'),
      ...(run === null ? {} : { run }),
      ...(cause === null ? {} : { cause }),
      label,
      ...(fieldLabels === null ? {} : { fieldLabels: JSON.parse(fieldLabels) }),
      engine: text('engine'),
      dataHash: text('data_hash'),
    },
    hash: text('hash'),
    salt: optional('salt'),
    data: optional('data'),
  };
}
