import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { GENESIS } from '../log/index.ts';
import { openSqliteFile } from './sqlite-open.ts';
import { openSqliteStore, type SqliteStore } from './sqlite-store.ts';
import { createStreamLists } from './stream-lists.ts';

const company = 'company-1';
const LISTED_AT_ONCE = 5;

let folder: string;
const fileOf = (name: string) => join(folder, name);
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'steward-lists-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const streams = fc.constantFrom('a', 'ab', 'b', 'run/1');
const operation = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('append' as const), stream: streams }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('roll back' as const), stream: streams }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('start again' as const), stream: streams }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('read' as const),
      stream: streams,
      after: fc.nat(12),
      limit: fc.integer({ min: 1, max: 12 }),
    }),
  },
);

describe('the lists of the streams', () => {
  test('say what the log says, through rollbacks and starts', () => {
    let round = 0;
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 60 }), (operations) => {
        round += 1;
        const { db } = openSqliteFile({ file: fileOf(`${round}.db`), company });
        const insert = prepareInsert(db);
        const log: { readonly stream: string; readonly seq: number }[] = [];
        const seqsOf = (stream: string) =>
          log.filter((event) => event.stream === stream).map(({ seq }) => seq);
        let lists = createStreamLists(db, LISTED_AT_ONCE);
        const append = (stream: string, end: 'COMMIT' | 'ROLLBACK'): void => {
          const seq = log.length + 1;
          const version = lists.version(stream) + 1;
          expect(version).toBe(seqsOf(stream).length + 1);
          db.exec('BEGIN IMMEDIATE');
          lists.add(stream, version, seq);
          insert(seq, stream, version);
          lists.write();
          db.exec(end);
          if (end === 'COMMIT') log.push({ stream, seq });
          else lists.forget();
        };
        for (const { kind, stream, ...range } of operations) {
          if (kind === 'append') append(stream, 'COMMIT');
          if (kind === 'roll back') append(stream, 'ROLLBACK');
          if (kind === 'start again') lists = createStreamLists(db, LISTED_AT_ONCE);
          const { after = 0, limit = 100 } = range as { after?: number; limit?: number };
          expect(lists.seqs(stream, after, limit)).toEqual(
            seqsOf(stream).slice(after, after + limit),
          );
        }
        db.close();
      }),
      { numRuns: 60 },
    );
  });

  test('are written seldom, and what they do not say yet is found after a start', () => {
    const { db } = openSqliteFile({ file: fileOf('seldom.db'), company });
    const insert = prepareInsert(db);
    const lists = createStreamLists(db);
    for (let seq = 1; seq <= 3_000; seq++) {
      lists.add(`s/${seq % 3}`, Math.ceil(seq / 3), seq);
      insert(seq, `s/${seq % 3}`, Math.ceil(seq / 3));
      lists.write();
    }
    expect(db.prepare('SELECT count(*) AS n FROM stream_lists').get()?.n).toBe(6);
    const again = createStreamLists(db);
    expect(again.version('s/0')).toBe(1_000);
    expect(again.seqs('s/0', 998, 10)).toEqual([2_997, 3_000]);
    expect(again.seqs('s/1', 0, 2_000)).toHaveLength(1_000);
    expect(again.version('s/none')).toBe(0);
    db.close();
  });
});

test('lists that could not be read at once are not taken for empty ones', () => {
  const { db } = openSqliteFile({ file: fileOf('torn.db'), company });
  const lists = createStreamLists(db);
  prepareInsert(db)(1, 's', 1);
  db.exec('ALTER TABLE companies RENAME TO elsewhere');
  expect(() => lists.version('s')).toThrow('no such table');
  db.exec('ALTER TABLE elsewhere RENAME TO companies');
  expect(lists.version('s')).toBe(1);
  db.close();
});

test('a file of the first version, with an index of streams, is read and continued', () => {
  const file = fileOf('first.db');
  const store = openSqliteStore({ file, company });
  store.transact('full', () => {
    for (let seq = 1; seq <= 2_500; seq++) put(store, seq, `s/${seq % 2}`, Math.ceil(seq / 2));
  });
  store.database.exec(`
    DROP TABLE stream_lists;
    ALTER TABLE companies DROP COLUMN listed;
    CREATE UNIQUE INDEX events_by_stream ON events (company, stream, version);
    CREATE TABLE sync_marks (company INTEGER PRIMARY KEY, count INTEGER NOT NULL) STRICT;
    PRAGMA user_version = 1;
  `);
  store.close();

  const upgraded = openSqliteStore({ file });
  expect(upgraded.streamVersion('s/1')).toBe(1_250);
  expect(upgraded.streamEvents('s/1', 1_248, 9).map(({ header }) => header.seq)).toEqual([
    2_497, 2_499,
  ]);
  upgraded.transact('full', () => put(upgraded, 2_501, 's/1', 1_251));
  upgraded.close();
  const again = openSqliteStore({ file });
  expect(again.streamEvents('s/1', 0, 9_999)).toHaveLength(1_251);
  const names = again.database.prepare('SELECT name FROM sqlite_schema').all();
  expect(names.map(({ name }) => name)).not.toContain('events_by_stream');
  again.close();
});

describe('lists that were damaged', () => {
  const DAMAGE = {
    'lost a row': "DELETE FROM stream_lists WHERE stream = 's/1'",
    'lost its end': "UPDATE stream_lists SET seqs = json_remove(seqs, '$[#-1]')",
    'are no JSON': "UPDATE stream_lists SET seqs = substr(seqs, 2) WHERE stream = 's/1'",
    'are ahead of a log that was cut': 'DELETE FROM events WHERE seq > 1500',
    'name an event of another stream': "UPDATE stream_lists SET seqs = replace(seqs, '101', '102')",
    'name an event twice': "UPDATE stream_lists SET seqs = replace(seqs, '101', '103')",
    'name an event that is not there':
      "UPDATE stream_lists SET seqs = replace(seqs, '101', '99999999')",
  };
  const seqsOf = (store: SqliteStore, stream: string) =>
    store.streamEvents(stream, 0, Number.POSITIVE_INFINITY).map(({ header }) => header.seq);
  const odd = (upTo: number) =>
    Array.from({ length: Math.ceil(upTo / 2) }, (_, index) => 2 * index + 1);

  test.each(Object.entries(DAMAGE))(
    'and %s are made again: no history is lost, no version comes twice',
    (_, sql) => {
      const file = fileOf('damaged.db');
      const first = openSqliteStore({ file, company });
      first.transact('full', () => {
        for (let seq = 1; seq <= 2_000; seq++) put(first, seq, `s/${seq % 2}`, Math.ceil(seq / 2));
      });
      expect(first.database.prepare(sql).run().changes).toBeGreaterThan(0);
      first.close();
      const store = openSqliteStore({ file });
      const last = store.head().seq;
      expect(store.streamVersion('s/1')).toBe(last / 2);
      expect(seqsOf(store, 's/1')).toEqual(odd(last));
      store.transact('full', () => put(store, last + 1, 's/1', last / 2 + 1));
      store.close();
      const again = openSqliteStore({ file });
      expect(seqsOf(again, 's/1')).toEqual(odd(last + 1));
      again.close();
    },
  );
});

function put(target: SqliteStore, seq: number, stream: string, version: number): void {
  target.insertEvent({
    header: {
      ...{ company, seq, id: `id-${seq}`, stream, version, type: 'x.one', at: 1, by: 'kernel' },
      ...{ label: { integrity: 'own', placement: 'anywhere' }, engine: '0.1.0' },
      dataHash: GENESIS,
    },
    ...{ hash: GENESIS, salt: 'salt', data: '{}' },
  });
}

function prepareInsert(db: DatabaseSync): (seq: number, stream: string, version: number) => void {
  const statement = db.prepare(
    `INSERT INTO events (seq, company, stream, version, type, at, id, actor, label, engine, data_hash, hash)
     VALUES (?, 1, ?, ?, 'x.one', 1, 'id', 'kernel', '{}', '0.1.0', '', '')`,
  );
  return (seq, stream, version) => void statement.run(seq, stream, version);
}
