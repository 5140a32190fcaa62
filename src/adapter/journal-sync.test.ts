import { copyFileSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createJournalSync, type JournalSync } from './journal-sync.ts';

const KIB = 1024;

describe('room in the journal', () => {
  let folder: string;
  let database: DatabaseSync;
  let journal: JournalSync;
  const wal = () => join(folder, 'a.db-wal');
  const insert = () => database.exec('INSERT INTO t VALUES (hex(randomblob(2000)))');
  /** the length is looked at once in 16 commits */
  const commitOften = () => {
    for (let commit = 0; commit < 16; commit++) journal.makeRoom();
  };
  const count = (db: DatabaseSync) => db.prepare('SELECT count(*) AS n FROM t').get()?.n;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'steward-journal-'));
    database = new DatabaseSync(join(folder, 'a.db'));
    database.exec('PRAGMA journal_mode=WAL; CREATE TABLE t (body TEXT)');
    journal = createJournalSync(wal());
  });

  afterEach(() => {
    journal.close();
    database.close();
    rmSync(folder, { recursive: true });
  });

  test('is made once for many commits: none of them makes the file longer', () => {
    journal.makeRoom();
    const { size } = statSync(wal());
    expect(size).toBeGreaterThanOrEqual(256 * KIB);
    for (let commit = 0; commit < 20; commit++) {
      insert();
      journal.makeRoom();
    }
    expect(statSync(wal()).size).toBe(size);
  });

  test('is made again where the journal outgrew it, and after it was cut', () => {
    journal.makeRoom();
    for (let commit = 0; commit < 100; commit++) insert();
    const grown = statSync(wal()).size;
    commitOften();
    expect(statSync(wal()).size).toBeGreaterThan(grown + 256 * KIB - 1);
    database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    expect(statSync(wal()).size).toBe(0);
    commitOften();
    insert();
    expect([statSync(wal()).size, count(database)]).toEqual([256 * KIB, 101]);
  });

  test('is nothing that a reader of a journal which nobody closed takes for content', () => {
    for (let commit = 0; commit < 10; commit++) {
      journal.makeRoom();
      insert();
    }
    const copy = join(folder, 'copy.db');
    for (const end of ['', '-wal']) copyFileSync(`${join(folder, 'a.db')}${end}`, `${copy}${end}`);
    const crashed = new DatabaseSync(copy);
    expect([
      count(crashed),
      crashed.prepare('PRAGMA integrity_check').get()?.integrity_check,
    ]).toEqual([10, 'ok']);
    crashed.close();
  });

  test('that cannot be made stops nothing', () => {
    const missing = createJournalSync(join(folder, 'nowhere', 'b.db-wal'));
    expect(() => missing.makeRoom()).not.toThrow();
    missing.close();
  });
});
