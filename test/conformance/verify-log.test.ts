import { spawnSync } from 'node:child_process';
import { generateKeyPairSync, sign } from 'node:crypto';
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { publicKeyOf } from '../../src/adapter/ed25519.ts';
import { openSqliteStore } from '../../src/adapter/sqlite-store.ts';
import { verifyLogFile } from '../../src/adapter/verify-log-file.ts';
import { verifySqliteLog } from '../../src/adapter/verify-sqlite-log.ts';
import { COUNTERPARTY } from '../../src/contract/index.ts';
import {
  type CheckpointSigner,
  checkpointOf,
  createLog,
  formatCheckpoint,
  type LogHead,
} from '../../src/log/index.ts';
import { overwritePage } from './damage.ts';
import {
  COMPANY,
  createCountedIds,
  createHandClock,
  createMemoryVault,
  newEvent,
  START_MS,
} from './log-fixtures.ts';

const EVENTS = 5_000; // more than two chunks of the walk
const directory = mkdtempSync(join(tmpdir(), 'steward-verify-'));
const good = join(directory, 'good.db');
const bad = join(directory, 'bad.db');
const heads: LogHead[] = [];

beforeAll(async () => {
  const log = createLog({
    store: openSqliteStore({ file: good, company: COMPANY }),
    vault: createMemoryVault(),
    clock: createHandClock(),
    newId: createCountedIds(),
    folds: [],
    engine: '0.1.0',
  });
  for (let n = 0; n < EVENTS; n += 500) {
    const events = Array.from({ length: 500 }, (_, index) =>
      newEvent('x.one', { n: n + index, text: 'ä "quoted" \\' }, index % 7 ? {} : rich),
    );
    const { events: stored } = await log.append([{ stream: `s/${n}`, expectedVersion: 0, events }]);
    heads.push(...stored.map(({ seq, hash }) => ({ seq, hash })));
  }
  await log.close();
});
afterAll(() => rmSync(directory, { recursive: true }));

const rich = {
  run: 'run-1',
  cause: 'id-1',
  fieldLabels: { text: COUNTERPARTY },
  personal: { subject: 'ada', paths: ['text'] },
};

/** Changes a copy of the log as somebody with a SQLite shell could. */
function tampered(change: (db: DatabaseSync) => void): string {
  copyFileSync(good, bad);
  const db = new DatabaseSync(bad);
  db.exec('PRAGMA journal_mode=DELETE; PRAGMA ignore_check_constraints=ON');
  change(db);
  db.close();
  return bad;
}

const CHANGES: readonly (readonly [what: string, firstBadSeq: number, sql: string])[] = [
  [
    'an amount changed',
    3_001,
    "UPDATE events SET data = replace(data, '3000', '9000') WHERE seq = 3001",
  ],
  [
    'a label raised',
    8,
    `UPDATE events SET label = '{"integrity":"operator","placement":"anywhere"}' WHERE seq = 8`,
  ],
  [
    'a label written otherwise',
    2,
    "UPDATE events SET label = replace(label, ',', ', ') WHERE seq = 2",
  ],
  [
    'a label with one more member',
    2,
    "UPDATE events SET label = replace(label, '}', ',\"x\":1}') WHERE seq = 2",
  ],
  [
    'a run hidden in the label',
    8,
    `UPDATE events SET label = label || ',"run":"' || run || '"', run = NULL WHERE seq = 8`,
  ],
  ['a label that is no JSON', 2, "UPDATE events SET label = '{' WHERE seq = 2"],
  ['a field label taken away', 8, 'UPDATE events SET field_labels = NULL WHERE seq = 8'],
  ['an actor changed', 4_999, "UPDATE events SET actor = 'operator:x' WHERE seq = 4999"],
  ['a time changed', 5_000, 'UPDATE events SET at = at + 1 WHERE seq = 5000'],
  ['a time that no clock shows', 7, 'UPDATE events SET at = 9007199254740993 WHERE seq = 7'],
  ['a run put in', 3, "UPDATE events SET run = '' WHERE seq = 3"],
  ['an event dropped', 2_000, 'DELETE FROM events WHERE seq = 2000'],
  [
    'an event dropped and the rest moved up',
    2_000,
    'DELETE FROM events WHERE seq = 2000; UPDATE events SET seq = seq - 1 WHERE seq > 2000',
  ],
  ['the first event dropped', 1, 'DELETE FROM events WHERE seq = 1'],
  [
    'an event put in front',
    1,
    "UPDATE events SET seq = -1 WHERE seq = 5000; UPDATE events SET stream = 'z' WHERE seq = -1",
  ],
  ['an event moved to the end', 4, 'UPDATE events SET seq = 5001 WHERE seq = 4'],
  ['an event given to another company', 9, 'UPDATE events SET company = 2 WHERE seq = 9'],
  ['the company renamed', 1, "UPDATE companies SET id = 'company-2'"],
  ['a salt emptied', 77, 'UPDATE events SET salt = NULL WHERE seq = 77'],
];

describe('the chain of a file', () => {
  test('is intact, with every event a checkpoint', async () => {
    const seen: number[] = [];
    const report = await verifyLogFile(good, {
      checkpoints: heads,
      onProgress: (seq) => seen.push(seq),
    });
    expect(report).toEqual({ status: 'intact', events: EVENTS, head: heads.at(-1), shredded: 0 });
    expect(seen).toEqual([2_000, 4_000, 5_000]);
    expect(standAlone(good)).toMatchObject({ exit: 0, report });
  });

  test.each(CHANGES)(
    '%s: event %i is named, by us and by the stand-alone verifier',
    async (_, firstBadSeq, sql) => {
      const file = tampered((db) => db.exec(sql));
      expect(await verifyLogFile(file)).toMatchObject({ status: 'broken', firstBadSeq });
      expect(standAlone(file)).toMatchObject({
        exit: 1,
        report: { status: 'broken', firstBadSeq },
      });
    },
  );

  test('any change of any column of any row is named', () => {
    const columns = [
      'stream',
      'type',
      'id',
      'actor',
      'engine',
      'data_hash',
      'hash',
      'salt',
      'data',
      'label',
    ];
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: EVENTS }),
        fc.constantFrom(...columns),
        fc.nat(),
        (seq, column, place) => {
          const file = tampered((db) => {
            const row = db.prepare(`SELECT ${column} AS text FROM events WHERE seq = ?`).get(seq);
            const text = String(row?.text);
            const index = place % text.length;
            const flipped = String.fromCharCode(text.charCodeAt(index) ^ 1);
            const changed = text.slice(0, index) + flipped + text.slice(index + 1);
            db.prepare(`UPDATE events SET ${column} = ? WHERE seq = ?`).run(changed, seq);
          });
          expect(verifySqliteLog(file, [])).toMatchObject({ status: 'broken', firstBadSeq: seq });
        },
      ),
      { numRuns: 40 },
    );
  });

  test('a page overwritten in the middle of the file is named or refused, never passed', async () => {
    for (const part of [0.25, 0.5, 0.75]) {
      copyFileSync(good, bad);
      overwritePage(bad, part);
      const outcome = await verifyLogFile(bad).catch((error) => error);
      expect(outcome).toSatisfy((o) => o.status === 'broken' || o.code === 'store_broken');
    }
  });

  test('a log is checked while it is being written', async () => {
    const file = join(directory, 'busy.db');
    copyFileSync(good, file);
    const store = openSqliteStore({ file });
    const log = createLog({
      ...{ store, vault: createMemoryVault(), clock: createHandClock(), folds: [] },
      ...{ newId: createCountedIds(), engine: '0.1.0' },
    });
    const report = verifyLogFile(file);
    let done = false;
    report.finally(() => {
      done = true;
    });
    let appended = 0;
    while (!done) {
      await log.append([
        { stream: 'busy', expectedVersion: appended, events: [newEvent('x.one')] },
      ]);
      appended += 1;
    }
    expect(await report).toMatchObject({ status: 'intact' });
    expect(appended).toBeGreaterThan(2); // the main thread was free meanwhile
    await log.close();
  });

  test('a file that is no log is refused', async () => {
    const foreign = join(directory, 'foreign.db');
    writeFileSync(
      foreign,
      'this is a letter, not a database, and long enough to be read as one.'.repeat(20),
    );
    await expect(verifyLogFile(foreign)).rejects.toMatchObject({ code: 'store_broken' });
    expect(standAlone(foreign).exit).toBe(2);
    expect(standAlone(join(directory, 'none.db')).exit).toBe(2);
  });
});

describe('the stand-alone verifier with a checkpoint', () => {
  const { privateKey } = generateKeyPairSync('ed25519');
  const publicKey = publicKeyOf(privateKey);
  const signer: CheckpointSigner = {
    name: 'steward-log',
    publicKey: Buffer.from(publicKey, 'base64url'),
    sign: (bytes) => sign(null, bytes, privateKey),
  };
  const noteAt = (seq: number, company = COMPANY) => {
    const path = join(directory, `${seq}.checkpoint`);
    const hash = heads[seq - 1]?.hash ?? '';
    writeFileSync(path, formatCheckpoint(checkpointOf(company, seq, hash, START_MS), signer));
    return path;
  };

  test('finds a cut end and a rolled back log, as we do', async () => {
    const note = noteAt(4_000);
    const file = tampered((db) => db.exec('DELETE FROM events WHERE seq > 3500'));
    expect(standAlone(file)).toMatchObject({ exit: 0 });
    const checkpoints = [{ seq: 4_000, hash: heads[3_999]?.hash ?? '' }];
    const report = await verifyLogFile(file, { checkpoints });
    expect(report).toMatchObject({ status: 'broken', firstBadSeq: 3_501 });
    expect(standAlone(file, '--checkpoint', note, '--key', publicKey)).toMatchObject({
      exit: 1,
      report: { firstBadSeq: 3_501 },
    });
    expect(standAlone(good, '--checkpoint', note, '--key', publicKey)).toMatchObject({
      exit: 0,
      report: { checkpoints: 1 },
    });
  });

  test('finds a forked log: whole by itself, and not the one that the checkpoint saw', async () => {
    const forked = join(directory, 'forked.db');
    const log = createLog({
      store: openSqliteStore({ file: forked, company: COMPANY }),
      vault: createMemoryVault(),
      clock: createHandClock(),
      newId: createCountedIds(),
      folds: [],
      engine: '0.1.0',
    });
    // as many events as the one that left the house, every link right, and other things happened
    const events = Array.from({ length: 500 }, (_, n) => newEvent('x.two', { n }));
    for (const stream of ['s/0', 's/500']) {
      await log.append([{ stream, expectedVersion: 0, events }]);
    }
    await log.close();
    expect(standAlone(forked)).toMatchObject({ exit: 0 });
    const checkpoints = [{ seq: 800, hash: heads[799]?.hash ?? '' }];
    const report = await verifyLogFile(forked, { checkpoints });
    expect(report).toMatchObject({ status: 'broken', firstBadSeq: 800 });
    const note = ['--checkpoint', noteAt(800), '--key', publicKey] as const;
    expect(standAlone(forked, ...note)).toMatchObject({ exit: 1, report: { firstBadSeq: 800 } });
    expect(standAlone(good, ...note)).toMatchObject({ exit: 0 });
  });

  test('believes no note of another key, another company, or changed after it was signed', () => {
    const other = publicKeyOf(generateKeyPairSync('ed25519').privateKey);
    expect(standAlone(good, '--checkpoint', noteAt(10), '--key', other).exit).toBe(2);
    expect(standAlone(good, '--checkpoint', noteAt(11, 'c'), '--key', publicKey).exit).toBe(2);
    const forged = join(directory, 'forged.checkpoint');
    const note = formatCheckpoint(
      checkpointOf(COMPANY, 9_000, heads[0]?.hash ?? '', START_MS),
      signer,
    );
    writeFileSync(forged, note.replace('9000', '5000'));
    expect(standAlone(good, '--checkpoint', forged, '--key', publicKey).exit).toBe(2);
  });

  test('explains itself when it is called wrongly', () => {
    for (const args of [[], [good, '--what'], [good, '--checkpoint', 'x'], [good, bad]]) {
      const { exit, said } = runVerifier(args);
      expect(exit).toBe(2);
      expect(said).toContain('node verify-log.mjs steward.db');
    }
  });
});

function standAlone(file: string, ...options: string[]): { exit: number | null; report?: unknown } {
  const { exit, out } = runVerifier([file, ...options]);
  return out === '' ? { exit } : { exit, report: JSON.parse(out) };
}

function runVerifier(args: readonly string[]) {
  const script = join(import.meta.dirname, '../../verifier/verify-log.mjs');
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...args], {
    encoding: 'utf8',
  });
  return { exit: status, out: stdout, said: stderr };
}
