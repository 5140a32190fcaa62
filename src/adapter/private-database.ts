import { closeSync, openSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { failure } from '../contract/index.ts';
import { errorCode, PRIVATE_FILE_MODE, storeFailure } from './durable-file.ts';

/**
 * Opens a SQLite file that only its owner may read. A new one is made with that mode first, since
 * SQLite gives its journals the mode of the file. Fails with `not_found` (no such directory),
 * `store_read_only`, `disk_full`, `store_broken`.
 */
export function openPrivateDatabase(path: string): DatabaseSync {
  try {
    // only ever creates: opening an existing SQLite file here would drop this process's locks on it
    closeSync(openSync(path, 'wx', PRIVATE_FILE_MODE));
  } catch (error) {
    if (errorCode(error) === 'ENOENT') {
      throw failure('not_found', `There is no directory for ${path}.`, { path });
    }
    if (errorCode(error) !== 'EEXIST') throw storeFailure(error, path);
  }
  try {
    return new DatabaseSync(path);
  } catch (error) {
    throw sqliteFailure(error, path);
  }
}

/** SQLite's primary result code, of errors that come from it. */
export function sqliteResult(error: unknown): number | undefined {
  return error instanceof Error && 'errcode' in error && typeof error.errcode === 'number'
    ? error.errcode & 0xff
    : undefined;
}

/** The failure behind an error of SQLite; any other error as it is. */
export function sqliteFailure(error: unknown, path: string): unknown {
  const result = sqliteResult(error);
  const code = RESULTS[result ?? -1];
  if (!code || result === undefined) return error;
  return failure(code, `${SENTENCES[code]}: ${path}`, { path, reason: `SQLITE_${result}` });
}

// https://www.sqlite.org/rescode.html
const RESULTS: { readonly [result: number]: keyof typeof SENTENCES } = {
  3: 'store_read_only', // PERM
  5: 'home_busy', // BUSY
  8: 'store_read_only', // READONLY
  10: 'sync_failed', // IOERR
  11: 'store_broken', // CORRUPT
  13: 'disk_full', // FULL
  14: 'store_read_only', // CANTOPEN
  26: 'store_broken', // NOTADB
};

const SENTENCES = {
  store_read_only: 'You may not write here',
  home_busy: 'Another process works on this file',
  sync_failed: 'The disk refused to store',
  store_broken: 'This file is damaged',
  disk_full: 'There is no space left to write',
} as const;
