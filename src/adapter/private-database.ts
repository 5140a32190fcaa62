import { closeSync, openSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { failure } from '../contract/index.ts';
import { errorCode, PRIVATE_FILE_MODE, storeFailure } from './durable-file.ts';
import { mapSqliteError } from './sqlite-errors.ts';

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
    throw mapSqliteError(error, path);
  }
}
