import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, expect, test } from 'vitest';
import { GENESIS, type RawEvent } from '../log/index.ts';
import { queryText } from './sqlite-query.ts';
import { openSqliteStore } from './sqlite-store.ts';
import { verifySqliteLog } from './verify-sqlite-log.ts';

const directory = mkdtempSync(join(tmpdir(), 'steward-store-'));
const file = join(directory, 'steward.db');
const store = openSqliteStore({ file, company: 'company-1' });
afterAll(() => {
  store.close();
  rmSync(directory, { recursive: true });
});

const fold = {
  name: 'rows',
  version: 1,
  reads: () => true,
  keys: () => [],
  apply: () => new Map(),
  indexes: { 'by-n': ({ n }: { readonly n?: unknown }) => (typeof n === 'number' ? n : undefined) },
};

test('no statement sorts or walks a table: each follows a key or an index', () => {
  const lists = [
    {},
    { equals: 'prefix' },
    { index: 'by-n', from: 1, descending: true },
    { index: 'by-n', equals: 1 },
  ].map((query) => queryText(1, query, 'rows').text);
  const statements = [
    ...lists,
    'SELECT seq FROM events WHERE +company = ? AND seq > ? ORDER BY seq LIMIT ?',
    'SELECT seq FROM events WHERE +company = ? ORDER BY seq DESC LIMIT 1',
    'SELECT seq FROM events WHERE +company = ? AND seq IN (SELECT value FROM json_each(?)) ORDER BY seq',
    'SELECT seqs FROM stream_lists WHERE company = ? AND stream = ? ORDER BY version DESC LIMIT 1',
    'SELECT seqs FROM stream_lists WHERE company = ? AND stream = ? AND version >= ? ORDER BY version',
    'SELECT body FROM fold_rows WHERE company = ? AND fold = ? AND key = ?',
  ];
  for (const text of statements) {
    const marks = Array.from(text.matchAll(/\?/g), () => 1);
    const plan = store.database.prepare(`EXPLAIN QUERY PLAN ${text}`).all(...marks);
    const details = plan.map(({ detail }) => String(detail)).join('; ');
    expect(`${text}: ${details}`).not.toContain('TEMP B-TREE');
    if (!text.includes('DESC LIMIT 1')) expect(details).not.toMatch(/^SCAN/);
  }
});

test('a commit that cannot see what another process wrote ends, and the next one looks again', () => {
  const both = join(directory, 'both.db');
  const mine = openSqliteStore({ file: both, company: 'company-1' });
  const other = new DatabaseSync(both, { timeout: 1 });
  other.exec('ALTER TABLE events RENAME TO elsewhere');
  expect(() => mine.transact('normal', () => undefined)).toThrow('no such table');
  other.exec('ALTER TABLE elsewhere RENAME TO events');
  other.exec(`INSERT INTO events (seq, company, stream, version, type, at, id, actor, label, engine, data_hash, hash)
    VALUES (1, 1, 's', 1, 'x.one', 1, 'id', 'kernel', '{}', '0.1.0', '', 'theirs')`);
  mine.transact('normal', () => expect(mine.head()).toEqual({ seq: 1, hash: 'theirs' }));
  other.close();
  mine.close();
});

test('a fold that was first written in a commit that failed takes no number with it', () => {
  expect(() =>
    store.transact('normal', () => {
      store.setFoldVersion('lost', 1);
      throw new Error('this commit fails');
    }),
  ).toThrow('this commit fails');
  store.transact('normal', () => store.putRow(fold, 'a', undefined, { n: 1 }));
  store.transact('normal', () => store.putRow({ ...fold, name: 'lost' }, 'a', undefined, { n: 2 }));
  expect(store.getRow(fold, 'a')).toEqual({ n: 1 });
  expect(store.listRows(fold, {})).toEqual([{ key: 'a', row: { n: 1 } }]);
});

test('reads inside a transaction see what it wrote, and nothing of it when it failed', () => {
  const numbered = () => store.listRows(fold, { index: 'by-n' }).map(({ key }) => key);
  expect(() =>
    store.transact('normal', () => {
      store.putRow(fold, 'b', undefined, { n: 0 });
      store.putRow(fold, 'a', { n: 1 }, null);
      store.putRow(fold, 'b', { n: 0 }, { n: 5 });
      expect(store.getRow(fold, 'a')).toBeUndefined();
      expect(numbered()).toEqual(['b']);
      store.putRow(fold, 'b', { n: 5 }, { n: 7 });
      expect(store.listRows(fold, { index: 'by-n', from: 6 })).toHaveLength(1);
      throw new Error('this commit fails');
    }),
  ).toThrow('this commit fails');
  expect(numbered()).toEqual(['a']);
  expect(store.getRow(fold, 'b')).toBeUndefined();
});

test('a shredded payload is in no file of the home any more', async () => {
  const secret = 'the-secret-of-the-customer';
  const header: RawEvent['header'] = {
    ...{ company: 'company-1', seq: 1, id: 'id-1', stream: 'a', version: 1, type: 'x.one', at: 1 },
    ...{ by: 'kernel', label: { integrity: 'own', placement: 'anywhere' }, engine: '0.1.0' },
    dataHash: GENESIS,
  };
  store.transact('full', () =>
    store.insertEvent({ header, hash: GENESIS, salt: 'salt', data: `{"a":"${secret}"}` }),
  );
  const { readdirSync, readFileSync } = await import('node:fs');
  const holders = () =>
    readdirSync(directory).filter((name) => readFileSync(join(directory, name)).includes(secret));
  expect(holders()).not.toEqual([]);
  store.shred(1);
  expect(holders()).toEqual([]);
  expect(verifySqliteLog(file, [])).toMatchObject({ firstBadSeq: 1 }); // its hash was made up
});
