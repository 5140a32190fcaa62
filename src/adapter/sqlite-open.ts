import { existsSync, statSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import type { Id } from '../base/index.ts';
import { failure } from '../contract/index.ts';
import { openPrivateDatabase } from './private-database.ts';
import { mapSqliteError } from './sqlite-errors.ts';
import { APPLICATION_ID, ONE_COMPANY, SCHEMA, SCHEMA_VERSION, UPGRADES } from './sqlite-schema.ts';
import { repairStreamLists } from './stream-lists.ts';

/** Versions before this one can lose a commit when a WAL is reset (fixed in 3.51.3). */
const OLDEST_SQLITE = [3, 51, 3] as const;
/** a file below this size is checked whole at start, in under 200 ms */
const QUICK_CHECK_BYTES = 64 * 1024 * 1024;
/** how long a commit waits for a reader in another process that recovers the WAL */
const BUSY_TIMEOUT_MS = 1_000;
/**
 * A checkpoint of at most 16 MiB: a short pause, a journal that is soon written over instead of growing
 * (a sync is a tenth quicker then), and after a crash so much is read again in a moment.
 */
const CHECKPOINT_PAGES = 4_000;

export interface SqliteFileOptions {
  readonly file: string;
  /** created when the file is new; else it must be the company of the file when given */
  readonly company?: Id;
  /** upper bound on the file, in pages of 4 KiB; for tests of a full disk */
  readonly maxPages?: number;
}

/**
 * Opens the file for writing, with its tables. Fails with `no_company` (nothing is in the file and no
 * company was named; it is left as it is), `store_broken`, `store_too_new`, `store_read_only`.
 */
export function openSqliteFile(options: SqliteFileOptions): {
  readonly db: DatabaseSync;
  readonly company: Id;
} {
  const { file, company, maxPages } = options;
  const db = openPrivateDatabase(file);
  try {
    checkSqliteVersion(db);
    db.exec(`PRAGMA busy_timeout=${BUSY_TIMEOUT_MS}; PRAGMA temp_store=MEMORY`);
    if (isNew(db)) createTables(db, company);
    else checkOwner(db, file);
    useWal(db, file);
    upgrade(db);
    repairStreamLists(db);
    db.exec('PRAGMA fullfsync=ON; PRAGMA checkpoint_fullfsync=ON; PRAGMA synchronous=NORMAL');
    // What is erased or redacted must be gone from the pages too, whoever overwrites it.
    db.exec('PRAGMA secure_delete=ON; PRAGMA cache_size=-16384');
    db.exec(`PRAGMA wal_autocheckpoint=${CHECKPOINT_PAGES}`);
    if (maxPages !== undefined) db.exec(`PRAGMA max_page_count=${Math.floor(maxPages)}`);
    return { db, company: obtainCompany(db, company) };
  } catch (error) {
    db.close();
    throw mapSqliteError(error, file);
  }
}

/** A second connection beside the writer's, for long reads. Fails with `store_broken`, `no_company`. */
export function openSqliteFileReadOnly(file: string): {
  readonly db: DatabaseSync;
  readonly company: Id;
} {
  let db: DatabaseSync | undefined;
  try {
    db = openForReading(file);
    if (isNew(db)) throw failure('no_company', 'There is no company in this home.', { file });
    checkKind(db, file);
    return { db, company: obtainCompany(db, undefined) };
  } catch (error) {
    db?.close();
    throw mapSqliteError(error, file);
  }
}

function openForReading(file: string): DatabaseSync {
  const open = (location: string | URL): DatabaseSync => {
    const db = new DatabaseSync(location, { readOnly: true, timeout: BUSY_TIMEOUT_MS });
    try {
      isNew(db); // SQLite opens the file with the first read
      return db;
    } catch (error) {
      db.close();
      throw error;
    }
  };
  try {
    return open(file);
  } catch (error) {
    // Without a journal, on a medium that cannot be written to, nobody else writes: that must be said.
    if (!existsSync(file) || existsSync(`${file}-wal`)) throw error;
    const location = pathToFileURL(file);
    location.search = '?immutable=1';
    return open(location);
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

function isNew(db: DatabaseSync): boolean {
  const tables = Number(db.prepare('SELECT count(*) AS n FROM sqlite_schema').get()?.n);
  return tables === 0 && pragma(db, 'application_id') === 0;
}

function createTables(db: DatabaseSync, company: Id | undefined): void {
  if (company === undefined) throw failure('no_company', 'There is no company in this home.');
  db.exec('PRAGMA journal_mode=WAL');
  db.exec('BEGIN IMMEDIATE');
  db.exec(SCHEMA);
  db.exec(`PRAGMA application_id=${APPLICATION_ID}; PRAGMA user_version=${SCHEMA_VERSION}`);
  db.prepare('INSERT INTO companies (number, id) VALUES (?, ?)').run(ONE_COMPANY, company);
  db.exec('COMMIT');
}

/** Tables of an earlier version become today's, each version in a transaction of its own. */
function upgrade(db: DatabaseSync): void {
  for (let from = pragma(db, 'user_version'); from < SCHEMA_VERSION; from++) {
    db.exec(`BEGIN IMMEDIATE; ${UPGRADES[from] ?? ''}; PRAGMA user_version=${from + 1}; COMMIT`);
  }
}

/** Refuses a foreign, broken or newer file before touching it. */
function checkOwner(db: DatabaseSync, file: string): void {
  checkKind(db, file);
  if (statSync(file).size >= QUICK_CHECK_BYTES) return;
  const said = String(db.prepare('PRAGMA quick_check(1)').get()?.quick_check);
  if (said !== 'ok') throw failure('store_broken', `${file} is damaged: ${said}`, { file });
}

function checkKind(db: DatabaseSync, file: string): void {
  const version = pragma(db, 'user_version');
  if (pragma(db, 'application_id') !== APPLICATION_ID) {
    throw failure('store_broken', `${file} is not a Steward database.`, { file });
  }
  if (version > SCHEMA_VERSION) {
    throw failure('store_too_new', `${file} was written by a newer Steward.`, {
      file,
      version,
      known: SCHEMA_VERSION,
    });
  }
}

function useWal(db: DatabaseSync, file: string): void {
  const mode = String(db.prepare('PRAGMA journal_mode=WAL').get()?.journal_mode);
  if (mode === 'wal') return;
  throw failure(
    'store_broken',
    `The file system under ${file} cannot hold a shared journal.`,
    { file, mode },
    'Put the home on a local disk.',
  );
}

function obtainCompany(db: DatabaseSync, wanted: Id | undefined): Id {
  const found = db.prepare('SELECT id FROM companies WHERE number = ?').get(ONE_COMPANY)?.id;
  if (typeof found !== 'string') throw failure('store_broken', 'The company of this home is gone.');
  if (wanted === undefined || wanted === found) return found;
  throw failure('store_broken', 'This home belongs to another company.', { found, wanted });
}

function pragma(db: DatabaseSync, name: string): number {
  return Number(db.prepare(`PRAGMA ${name}`).get()?.[name]);
}
