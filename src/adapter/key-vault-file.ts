import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { failure } from '../contract/index.ts';
import type { KeyVault } from '../log/index.ts';
import { makePrivateDirectorySync } from './durable-file.ts';
import { openPrivateDatabase } from './private-database.ts';
import { checkPrivate } from './private-file.ts';
import { mapSqliteError } from './sqlite-errors.ts';

/** Bytes of one subject's key: AES-256. */
export const SUBJECT_KEY_BYTES = 32;

export interface KeyVaultFile extends KeyVault {
  /** Copies every key into a new private SQLite file: the vault's backup, kept apart from the log's. */
  readonly copyTo: (path: string) => void;
  readonly close: () => void;
}

/**
 * Subject keys in `<directory>/subjects.db`. A destroyed key is overwritten in the file and gone from
 * its journal; what a disk keeps beneath the file system, and copies made earlier, it cannot reach.
 * Fails with `store_read_only`, `disk_full`, `sync_failed`, `store_broken`,
 * `not_authorised` (others can read the file).
 */
export function createKeyVaultFile(directory: string): KeyVaultFile {
  makePrivateDirectorySync(directory);
  const path = join(directory, 'subjects.db');
  const database = openVault(path);
  const keys = readKeys(database, path);
  const insert = database.prepare('INSERT INTO subject_key (subject, key) VALUES (?, ?)');
  const remove = database.prepare('DELETE FROM subject_key WHERE subject = ?');
  /** a clean-up that failed, on a full disk perhaps, is made up for by the next call */
  let hasRemains = false;
  const guarded = <T>(work: () => T): T => {
    try {
      return work();
    } catch (error) {
      throw mapSqliteError(error, path);
    }
  };

  return {
    obtain(subject) {
      const known = keys.get(subject);
      if (known) return Uint8Array.from(known);
      const key = new Uint8Array(randomBytes(SUBJECT_KEY_BYTES));
      guarded(() => insert.run(subject, key));
      keys.set(subject, key);
      return Uint8Array.from(key);
    },

    find(subject) {
      const known = keys.get(subject);
      return known && Uint8Array.from(known);
    },

    destroy(subject) {
      const known = keys.get(subject);
      if (known) {
        guarded(() => remove.run(subject));
        // at once: a key that is gone from the disk must encrypt nothing more
        keys.delete(subject);
        known.fill(0); // ours alone: callers hold copies
        hasRemains = true;
      }
      if (hasRemains) guarded(() => forget(database));
      hasRemains = false;
      return known !== undefined;
    },

    copyTo: (target) => copyVault(database, target),
    close: () => database.close(),
  };
}

function openVault(path: string): DatabaseSync {
  checkPrivate(path);
  const database = openPrivateDatabase(path);
  try {
    // temp_store: VACUUM's scratch copy must not become a file of keys
    database.exec(`
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = FULL;
      PRAGMA fullfsync = ON;
      PRAGMA secure_delete = ON;
      PRAGMA temp_store = MEMORY;
      CREATE TABLE IF NOT EXISTS subject_key (subject TEXT PRIMARY KEY, key BLOB NOT NULL)
        STRICT, WITHOUT ROWID;
    `);
    // finishes a destruction that was interrupted between its commit and its clean-up
    database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    return database;
  } catch (error) {
    database.close();
    throw mapSqliteError(error, path);
  }
}

function readKeys(database: DatabaseSync, path: string): Map<string, Uint8Array> {
  const keys = new Map<string, Uint8Array>();
  for (const { subject, key } of database
    .prepare('SELECT subject, key FROM subject_key')
    .iterate()) {
    if (typeof subject !== 'string' || !(key instanceof Uint8Array)) throw damaged(path);
    if (key.byteLength !== SUBJECT_KEY_BYTES) throw damaged(path);
    keys.set(subject, key);
  }
  return keys;
}

function damaged(path: string) {
  return failure('store_broken', 'A subject key is not a key any more.', { path });
}

/** Rewrites the file without what was deleted, and empties the journal that still held it. */
function forget(database: DatabaseSync): void {
  database.exec('VACUUM');
  database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
}

function copyVault(database: DatabaseSync, target: string): void {
  openPrivateDatabase(target).close(); // empty and private before a key is in it
  try {
    database.prepare('VACUUM INTO ?').run(target);
  } catch (error) {
    throw mapSqliteError(error, target);
  }
}
