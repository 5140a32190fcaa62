/**
 * The SQLite form of the store. `company` leads every key, so that many companies can share one
 * Postgres with the same tables; in a home it is always 1. Kinds: log (events), fold (fold_rows,
 * fold_index), operational (companies, folds, stream_lists).
 *
 * Tables with large rows keep their rowid: without it SQLite moves every row above 1,000 bytes to a
 * page of its own (measured: 4.7 KB instead of 1.4 KB for an event with 900 bytes of data).
 */
export const SCHEMA_VERSION = 2;

/** "STWD": tells our files from any other SQLite file. */
export const APPLICATION_ID = 0x53545744;

/** The number of a home's only company. */
export const ONE_COMPANY = 1;

/** `seqs`: those of a stream's events, as JSON, from `version` on; complete up to `companies.listed`. */
const STREAM_LISTS = `
CREATE TABLE stream_lists (
  company INTEGER NOT NULL,
  stream TEXT NOT NULL,
  version INTEGER NOT NULL,
  seqs TEXT NOT NULL,
  PRIMARY KEY (company, stream, version)
) STRICT, WITHOUT ROWID;
`;

/** The lists of all streams, from the events. */
export const LIST_ALL = `
DELETE FROM stream_lists;
INSERT INTO stream_lists
  SELECT company, stream, min(version), json_group_array(seq ORDER BY version)
  FROM events GROUP BY company, stream, version / 1024;
UPDATE companies SET listed =
  (SELECT coalesce(max(seq), 0) FROM events WHERE events.company = companies.number);
`;

export const SCHEMA = `
CREATE TABLE companies (
  number INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  listed INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE events (
  seq INTEGER PRIMARY KEY,
  company INTEGER NOT NULL,
  stream TEXT NOT NULL,
  version INTEGER NOT NULL,
  type TEXT NOT NULL,
  at INTEGER NOT NULL,
  id TEXT NOT NULL,
  actor TEXT NOT NULL,
  run TEXT,
  cause TEXT,
  label TEXT NOT NULL,
  field_labels TEXT,
  engine TEXT NOT NULL,
  data_hash TEXT NOT NULL,
  hash TEXT NOT NULL,
  salt TEXT,
  data TEXT
) STRICT;

${STREAM_LISTS}
CREATE TABLE folds (
  company INTEGER NOT NULL,
  name TEXT NOT NULL,
  number INTEGER NOT NULL,
  version INTEGER,
  PRIMARY KEY (company, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE fold_rows (
  company INTEGER NOT NULL,
  fold INTEGER NOT NULL,
  key TEXT NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (company, fold, key)
) STRICT;

CREATE TABLE fold_index (
  company INTEGER NOT NULL,
  fold INTEGER NOT NULL,
  name TEXT NOT NULL,
  value ANY NOT NULL,
  key TEXT NOT NULL,
  PRIMARY KEY (company, fold, name, value, key)
) STRICT, WITHOUT ROWID;
`;

/** What each version of the tables became the next one by. */
export const UPGRADES: Readonly<Record<number, string>> = {
  1: `
${STREAM_LISTS}
ALTER TABLE companies ADD COLUMN listed INTEGER NOT NULL DEFAULT 0;
${LIST_ALL}
DROP INDEX events_by_stream;
DROP TABLE IF EXISTS sync_marks;
`,
};
