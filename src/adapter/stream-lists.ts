import type { DatabaseSync } from 'node:sqlite';
import { LruMap } from './lru-map.ts';
import { LIST_ALL, ONE_COMPANY } from './sqlite-schema.ts';

/** Events that are listed at once: so many are found again from the log itself after a start. */
const LISTED_AT_ONCE = 1_024;
/** listed streams whose last version is kept in memory */
const CACHED_STREAMS = 20_000;

/**
 * Which events a stream has. An index entry for each event would write a page per stream with every
 * commit (measured: a seventh of all time with fifty runs at once). So the last events are listed in
 * memory, and one row per stream says where many of its events lie; `companies.listed` is the seq up to
 * which rows say it, and what is not listed yet is found again behind it.
 */
export interface StreamLists {
  /** the version of a stream's last event; 0 when it has none */
  readonly version: (stream: string) => number;
  /** seqs of a stream's events after a version, in order */
  readonly seqs: (stream: string, after: number, limit: number) => readonly number[];
  /** To be called before the event is inserted: the first call reads what is there. */
  readonly add: (stream: string, version: number, seq: number) => void;
  /** Before each commit: writes rows once there is enough to say. */
  readonly write: () => void;
  /** After a rollback, or when another process has written: what is in memory is read again. */
  readonly forget: () => void;
  /** Makes all of them again from the events, in the transaction that is open or in one of its own. */
  readonly renew: () => void;
}

interface StreamTail {
  /** version of the first */
  readonly first: number;
  readonly seqs: number[];
}

function lastOf({ first, seqs }: StreamTail): number {
  return first + seqs.length - 1;
}

export function createStreamLists(db: DatabaseSync, listedAtOnce = LISTED_AT_ONCE): StreamLists {
  const sql = prepareStatements(db);
  const versions = new LruMap<string, number>(CACHED_STREAMS);
  let tails = new Map<string, StreamTail>();
  let count = 0; // of the events in all tails
  let last = 0; // the highest of them
  let isRead = false;

  function add(stream: string, version: number, seq: number): void {
    const tail = tails.get(stream);
    if (tail) tail.seqs.push(seq);
    else tails.set(stream, { first: version, seqs: [seq] });
    count += 1;
    last = seq;
  }

  function readTails(): void {
    if (isRead) return;
    const listed = Number(sql.listed.get(ONE_COMPANY)?.listed ?? 0);
    const unlisted = sql.unlisted.all(ONE_COMPANY, listed);
    isRead = true; // not before: half of it would be taken for the whole
    for (const row of unlisted) add(String(row.stream), Number(row.version), Number(row.seq));
  }

  function forget(): void {
    versions.clear();
    tails = new Map();
    count = 0;
    isRead = false;
  }

  return {
    version: (stream) => {
      readTails();
      const tail = tails.get(stream);
      if (tail) return lastOf(tail);
      const known = versions.get(stream);
      if (known !== undefined) return known;
      const list = sql.lastList.get(ONE_COMPANY, stream);
      const version = Number(list?.version ?? 1) + Number(list?.count ?? 0) - 1;
      versions.set(stream, version);
      return version;
    },
    seqs: (stream, after, limit) => {
      readTails();
      const found: number[] = [];
      const take = (first: number, list: readonly number[]): void => {
        const from = Math.max(after + 1 - first, 0);
        for (let at = from; at < list.length && found.length < limit; at++) {
          found.push(list[at] ?? 0);
        }
      };
      for (const row of sql.lists.iterate(ONE_COMPANY, stream, after + 1)) {
        if (found.length >= limit) return found;
        take(Number(row.version), JSON.parse(String(row.seqs))); // written below
      }
      const tail = tails.get(stream);
      if (tail) take(tail.first, tail.seqs);
      return found;
    },
    add: (stream, version, seq) => {
      readTails();
      add(stream, version, seq);
    },
    write: () => {
      if (count < listedAtOnce) return;
      for (const [stream, tail] of tails) {
        sql.addList.run(ONE_COMPANY, stream, tail.first, JSON.stringify(tail.seqs));
        versions.set(stream, lastOf(tail));
      }
      sql.setListed.run(last, ONE_COMPANY);
      tails = new Map();
      count = 0;
    },
    forget,
    renew: () => {
      listAll(db);
      forget();
    },
  };
}

/**
 * What stands in the lists is counted, and made again from the events when it is not as much as they say,
 * is no JSON, or is of events that are not there. A wrong number among them shows when it is used.
 */
export function repairStreamLists(db: DatabaseSync): void {
  const whole = db.prepare(
    `SELECT listed <= (SELECT coalesce(max(seq), 0) FROM events) AND listed =
       (SELECT coalesce(sum(CASE WHEN json_valid(seqs) THEN json_array_length(seqs) END), 0)
        FROM stream_lists WHERE company = number) AS whole
     FROM companies WHERE number = ?`,
  );
  if (whole.get(ONE_COMPANY)?.whole === 0) listAll(db);
}

function listAll(db: DatabaseSync): void {
  db.exec('SAVEPOINT listing');
  try {
    db.exec(LIST_ALL);
  } catch (error) {
    if (db.isTransaction) db.exec('ROLLBACK TO listing; RELEASE listing');
    throw error;
  }
  db.exec('RELEASE listing');
}

function prepareStatements(db: DatabaseSync) {
  return {
    listed: db.prepare('SELECT listed FROM companies WHERE number = ?'),
    unlisted: db.prepare(
      'SELECT seq, stream, version FROM events WHERE +company = ? AND seq > ? ORDER BY seq',
    ),
    lastList: db.prepare(
      `SELECT version, json_array_length(seqs) AS count FROM stream_lists
       WHERE company = ? AND stream = ? ORDER BY version DESC LIMIT 1`,
    ),
    lists: db.prepare(
      `SELECT version, seqs FROM stream_lists WHERE company = ?1 AND stream = ?2
       AND version >= coalesce((SELECT max(version) FROM stream_lists
         WHERE company = ?1 AND stream = ?2 AND version <= ?3), 0) ORDER BY version`,
    ),
    addList: db.prepare('INSERT INTO stream_lists VALUES (?,?,?,?)'),
    setListed: db.prepare('UPDATE companies SET listed = ? WHERE number = ?'),
  };
}
