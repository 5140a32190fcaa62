/**
 * The SQLite form of the store. `company` leads every key, so that many companies can share one
 * Postgres with the same tables; in a home it is always 1. Kinds: log (events), fold (fold_rows,
 * fold_index), operational (companies, folds, sync_marks).
 *
 * Tables with large rows keep their rowid: without it SQLite moves every row above 1,000 bytes to a
 * page of its own (measured: 4.7 KB instead of 1.4 KB for an event with 900 bytes of data).
 */
export const SCHEMA_VERSION = 1;

/** "STWD": tells our files from any other SQLite file. */
export const APPLICATION_ID = 0x53545744;

/** The number of a home's only company. */
export const ONE_COMPANY = 1;

export const SCHEMA = `
CREATE TABLE companies (
  number INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE
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

CREATE UNIQUE INDEX events_by_stream ON events (company, stream, version);

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

CREATE TABLE sync_marks (
  company INTEGER PRIMARY KEY,
  count INTEGER NOT NULL
) STRICT;
`;
