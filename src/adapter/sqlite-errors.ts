import { Failure, failure } from '../contract/index.ts';

/** SQLite's primary result codes (sqlite.org/rescode.html). */
const PERM = 3;
const BUSY = 5;
const READONLY = 8;
const IOERR = 10;
const CORRUPT = 11;
const FULL = 13;
const CANTOPEN = 14;
const NOTADB = 26;
/** extended codes of IOERR that say something other than "the disk did not keep it" */
const IOERR_SHMSIZE = 4874; // no room for the WAL's index
const IOERR_SHORT_READ = 522;
const IOERR_CORRUPTFS = 8458;

/** Names what a storage error means for the operator. Anything else passes unchanged. */
export function mapSqliteError(error: unknown, file = 'the database'): unknown {
  if (error instanceof Failure || !(error instanceof Error)) return error;
  const code = 'errcode' in error ? Number(error.errcode) : Number.NaN;
  if (Number.isNaN(code)) return error;
  const facts = { sqlite: code, said: error.message };
  switch (code === IOERR_SHMSIZE ? FULL : isBroken(code) ? CORRUPT : code & 0xff) {
    case FULL:
      return failure('disk_full', 'The disk is full; nothing of this change was written.', facts);
    case PERM:
    case READONLY:
    case CANTOPEN:
      return failure('store_read_only', `Steward may not write to ${file}.`, facts);
    case CORRUPT:
    case NOTADB:
      return failure('store_broken', `${file} is damaged: ${error.message}`, facts);
    case BUSY:
      return failure('home_busy', `Another process is writing to ${file}.`, facts);
    case IOERR:
      // After a failed write or sync nobody knows what the disk holds: the process must stop.
      return failure('sync_failed', `Reading or writing ${file} failed: ${error.message}`, facts);
    default:
      return error;
  }
}

function isBroken(code: number): boolean {
  return code === IOERR_SHORT_READ || code === IOERR_CORRUPTFS;
}
