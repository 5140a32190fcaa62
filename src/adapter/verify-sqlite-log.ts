import type { DatabaseSync } from 'node:sqlite';
import type { Id } from '../base/index.ts';
import {
  type ChainLink,
  type ChainReport,
  GENESIS,
  type LogHead,
  verifyLinks,
} from '../log/index.ts';
import { openSqliteFileReadOnly } from './sqlite-open.ts';
import { type EventRow, prepareEvents, toChainLink } from './sqlite-rows.ts';

/** Rows in one read: short enough that the writer's journal is never held back for long. */
const CHUNK_EVENTS = 2_000;

/**
 * Walks the whole chain of a log's file, as it lies there now, on a connection of its own. Blocks the
 * thread that it runs in: `verifyLogFile` gives it one. Fails with `store_broken` when the file cannot be
 * opened; an event that cannot be read is named like any other bad one.
 */
export function verifySqliteLog(
  file: string,
  checkpoints: readonly LogHead[],
  onProgress?: (seq: number) => void,
): ChainReport {
  const { db, company } = openSqliteFileReadOnly(file);
  try {
    const links = readLinks(db, company, onProgress);
    return verifyLinks(links, { seq: 0, hash: GENESIS }, checkpoints);
  } catch (error) {
    if (!(error instanceof UnreadableEvent)) throw error;
    const reason = `Event ${error.seq} cannot be read: ${error.message}`;
    return { status: 'broken', firstBadSeq: error.seq, reason };
  } finally {
    db.close();
  }
}

/** From below the first seq, so that a row that was put in front is found too. */
function* readLinks(
  db: DatabaseSync,
  company: Id,
  onProgress?: (seq: number) => void,
): Generator<ChainLink> {
  const events = prepareEvents(db);
  const last = readLastSeq(db);
  for (let after = Number.MIN_SAFE_INTEGER; after < last; ) {
    const rows = readRows(events, after);
    const end = rows[rows.length - 1];
    if (!end) return;
    for (const row of rows) yield toChainLink(company, row);
    after = end[0];
    onProgress?.(after);
  }
}

function readRows(events: ReturnType<typeof prepareEvents>, after: number): readonly EventRow[] {
  try {
    return events(after, CHUNK_EVENTS);
  } catch {
    return readUpToFault(events, after); // one row of these cannot be read: which one?
  }
}

function readUpToFault(
  events: ReturnType<typeof prepareEvents>,
  after: number,
): readonly EventRow[] {
  const rows: EventRow[] = [];
  let seq = after;
  try {
    while (rows.length < CHUNK_EVENTS) {
      const [row] = events(seq, 1);
      if (!row) return rows;
      rows.push(row);
      seq = row[0];
    }
    return rows;
  } catch (error) {
    if (rows.length > 0) return rows; // these are checked first; the next read ends here at once
    throw new UnreadableEvent(Math.max(seq, 0) + 1, String(error));
  }
}

function readLastSeq(db: DatabaseSync): number {
  try {
    return Number(db.prepare('SELECT max(seq) AS seq FROM events').get()?.seq ?? 0);
  } catch {
    return Number.POSITIVE_INFINITY; // the walk itself will name what is wrong
  }
}

class UnreadableEvent extends Error {
  readonly seq: number;

  constructor(seq: number, message: string) {
    super(message);
    this.seq = seq;
  }
}
