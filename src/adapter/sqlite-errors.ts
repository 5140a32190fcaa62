import { Failure, failure } from '../contract/index.ts';

/** SQLite's primary result codes (sqlite.org/rescode.html). */
const BUSY = 5;
const READONLY = 8;
const IOERR = 10;
const CORRUPT = 11;
const FULL = 13;
const CANTOPEN = 14;
const NOTADB = 26;
/** extended codes of a sync that failed: IOERR_FSYNC, IOERR_DIR_FSYNC */
const SYNC_CODES: readonly number[] = [1034, 1290];

/** Names what a storage error means for the operator. Anything else passes unchanged. */
export function mapSqliteError(error: unknown, file = 'the database'): unknown {
  if (error instanceof Failure || !(error instanceof Error)) return error;
  const code = 'errcode' in error ? Number(error.errcode) : Number.NaN;
  if (Number.isNaN(code)) return error;
  const facts = { sqlite: code, said: error.message };
  if (SYNC_CODES.includes(code)) {
    return failure('sync_failed', `The disk refused to store: ${error.message}`, facts);
  }
  switch (code & 0xff) {
    case FULL:
      return failure('disk_full', 'The disk is full; nothing of this change was written.', facts);
    case READONLY:
    case CANTOPEN:
      return failure('store_read_only', `Steward may not write to ${file}.`, facts);
    case CORRUPT:
    case NOTADB:
      return failure('store_broken', `${file} is damaged: ${error.message}`, facts);
    case BUSY:
      return failure('home_busy', `Another process is writing to ${file}.`, facts);
    case IOERR:
      return failure('sync_failed', `Reading or writing ${file} failed: ${error.message}`, facts);
    default:
      return error;
  }
}
