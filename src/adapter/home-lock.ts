import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { z } from 'zod';
import { toTimestamp } from '../base/index.ts';
import { Failure, failure } from '../contract/index.ts';
import { PRIVATE_FILE_MODE } from './durable-file.ts';
import { openPrivateDatabase } from './private-database.ts';
import { mapSqliteError } from './sqlite-errors.ts';

export interface HomeLock {
  readonly release: () => void;
}

/**
 * The one right to write in a home: an exclusive transaction on `home.lock`, which the system frees
 * with the process, however that ends. Fails with `home_busy` (facts: pid, started, when known),
 * `store_read_only`, `not_found` for a home that does not exist.
 */
export function acquireHomeLock(home: string): HomeLock {
  const path = join(home, 'home.lock');
  const database = openPrivateDatabase(path);
  try {
    database.exec('PRAGMA busy_timeout = 0; BEGIN EXCLUSIVE');
  } catch (error) {
    database.close();
    const cause = mapSqliteError(error, path);
    throw cause instanceof Failure && cause.code === 'home_busy' ? homeBusy(home) : cause;
  }
  writeHolder(home);
  return { release: () => release(home, database) };
}

function release(home: string, database: DatabaseSync): void {
  if (!database.isOpen) return;
  // before the lock goes, so that a successor's note is never the one removed
  removeHolder(home);
  database.close();
}

function homeBusy(home: string) {
  const holder = readHolder(home);
  return failure(
    'home_busy',
    holder ? `Process ${holder.pid} works on this home.` : 'Another process works on this home.',
    { home, ...holder },
  );
}

/** Who holds it is kept beside the lock: nothing may open a SQLite file by plain file calls. */
const holderPath = (home: string) => join(home, 'home.lock.holder');
const holderSchema = z.object({ pid: z.int().positive(), started: z.iso.datetime() });

function writeHolder(home: string): void {
  const holder = { pid: process.pid, started: toTimestamp(Date.now()) };
  try {
    writeFileSync(holderPath(home), JSON.stringify(holder), { mode: PRIVATE_FILE_MODE });
  } catch {
    removeHolder(home); // a full disk: the lock holds without its note, and no old note may lie
  }
}

function removeHolder(home: string): void {
  try {
    rmSync(holderPath(home), { force: true });
  } catch {
    // a note that cannot be removed must not keep the lock
  }
}

/** A hint only: it may be half written, or gone, while the lock itself is certain. */
function readHolder(home: string): z.infer<typeof holderSchema> | undefined {
  try {
    return holderSchema.parse(JSON.parse(readFileSync(holderPath(home), 'utf8')));
  } catch {
    return undefined;
  }
}
