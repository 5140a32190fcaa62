import { chmodSync, existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openSqliteStore } from '../../src/adapter/sqlite-store.ts';
import { verifyLogFile } from '../../src/adapter/verify-log-file.ts';
import { verifySqliteLog } from '../../src/adapter/verify-sqlite-log.ts';
import { Failure } from '../../src/contract/index.ts';
import type { Log } from '../../src/log/index.ts';
import { cutOff, overwritePage } from './damage.ts';
import { COMPANY, countFold, newEvent } from './log-fixtures.ts';
import { openFileLog } from './open-file-log.ts';
import { asNobody, mountSmallDisk, type SmallDisk } from './tools.ts';

let directory = '';
let file = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'steward-faults-'));
  file = join(directory, 'steward.db');
});
afterEach(() => rmSync(directory, { recursive: true }));

const text = 'x'.repeat(3_000);
const put = (log: Log, count = 1, stream = 'a') =>
  log.append([
    {
      stream,
      expectedVersion: 'any',
      events: Array.from({ length: count }, () => newEvent('x.one', { text })),
    },
  ]);

/** Appends until the store says no; how many were answered before, and with what the last one failed. */
async function fill(log: Log): Promise<{ readonly kept: number; readonly error: unknown }> {
  for (let kept = 0; ; kept++) {
    try {
      await put(log);
    } catch (error) {
      return { kept, error };
    }
  }
}

describe('a full disk', () => {
  test('fails the append that does not fit; when there is space again, all goes on', async () => {
    const { log, store } = openFileLog(file, { maxPages: 60 });
    const { kept, error } = await fill(log);
    expect(error).toMatchObject({ code: 'disk_full' });
    expect(log.head().seq).toBe(kept);
    expect(await log.fold(countFold).get('a')).toMatchObject({ count: kept });
    widen(store, 1_000);
    await put(log, 5);
    expect(await log.fold(countFold).get('a')).toMatchObject({ count: kept + 5 });
    const digest = await log.digest('counts');
    await log.rebuild();
    expect(await log.digest('counts')).toBe(digest);
    await log.close();
    expect(await verifyLogFile(file)).toMatchObject({ status: 'intact', events: kept + 5 });
  });

  test('of appends in one commit only the one that is too big for it fails', async () => {
    const { log } = openFileLog(file, { maxPages: 100 });
    const outcomes = await Promise.allSettled([put(log), put(log, 500, 'b'), put(log, 2, 'c')]);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(outcomes[1]).toMatchObject({ reason: { code: 'disk_full' } });
    expect((await log.read({ after: 0, limit: 10 })).map(({ stream }) => stream)).toEqual([
      'a',
      'c',
      'c',
    ]);
    expect(await log.streamVersion('b')).toBe(0);
    await log.close();
    expect(await verifyLogFile(file)).toMatchObject({ status: 'intact', events: 3 });
  });
});

describe('a real small file system', () => {
  let disk: SmallDisk | undefined;
  beforeEach(() => {
    disk = mountSmallDisk(8);
  });
  afterEach(() => disk?.unmount());

  test('that is full: nothing is lost, and space alone heals it', async ({ skip }) => {
    if (!disk) return skip('needs root to mount a tmpfs');
    const place = join(disk.path, 'steward.db');
    const ballast = join(disk.path, 'ballast');
    writeFileSync(ballast, Buffer.alloc(3 * 1024 * 1024));
    const { log } = openFileLog(place);
    const { kept, error } = await fill(log);
    expect(error).toMatchObject({ code: 'disk_full' });
    await expect(put(log)).rejects.toMatchObject({ code: 'disk_full' });
    expect(log.head().seq).toBe(kept);
    rmSync(ballast);
    await put(log);
    await expect.poll(() => log.durableSeq()).toBe(kept + 1); // without being asked
    await log.close();
    const again = openFileLog(place);
    expect(await again.log.fold(countFold).get('a')).toMatchObject({ count: kept + 1 });
    await again.log.close();
    expect(await verifyLogFile(place)).toMatchObject({ status: 'intact', events: kept + 1 });
  });

  test('that is full from the start is refused in plain words', async ({ skip }) => {
    if (!disk) return skip('needs root to mount a tmpfs');
    const { path } = disk;
    const fillUp = () => writeFileSync(join(path, 'ballast'), Buffer.alloc(9 * 1024 * 1024));
    expect(fillUp).toThrow('ENOSPC');
    expect(() => openFileLog(join(path, 'steward.db'))).toThrow(
      expect.objectContaining({ code: 'disk_full' }),
    );
  });

  test('that is read-only is refused, and can still be verified', async ({ skip }) => {
    if (!disk) return skip('needs root to mount a tmpfs');
    const place = join(disk.path, 'steward.db');
    const { log } = openFileLog(place);
    await put(log, 3);
    await log.close();
    disk.remount('ro');
    expect(() => openFileLog(place)).toThrow(expect.objectContaining({ code: 'store_read_only' }));
    expect(await verifyLogFile(place)).toMatchObject({ status: 'intact', events: 3 });
  });
});

describe('a file that cannot be used', () => {
  const refused = (code: string, company: string | null = COMPANY) =>
    expect(() => openSqliteStore({ file, ...(company === null ? {} : { company }) })).toThrow(
      expect.objectContaining({ code }),
    );

  async function writeLog(events: number): Promise<void> {
    const { log } = openFileLog(file);
    for (let n = 0; n < events; n += 100) await put(log, 100, `s/${n}`);
    await log.close();
  }

  test('a home that this user may not write to', async () => {
    await writeLog(100);
    chmodSync(file, 0o444);
    chmodSync(directory, 0o555);
    asNobody(() => refused('store_read_only'));
    chmodSync(directory, 0o700);
  });

  test('a home that is not there', () => {
    file = join(directory, 'none', 'steward.db');
    refused('not_found');
  });

  test('a letter', () => {
    writeFileSync(file, 'Dear Sir or Madam, '.repeat(500));
    refused('store_broken');
  });

  test("another program's database", () => {
    const db = new DatabaseSync(file);
    db.exec('CREATE TABLE notes (text TEXT)');
    db.close();
    refused('store_broken');
    expect(existsSync(`${file}-wal`)).toBe(false); // it was not touched
  });

  test('one that a newer Steward wrote', async () => {
    await writeLog(100);
    const db = new DatabaseSync(file);
    db.exec('PRAGMA user_version = 99');
    db.close();
    refused('store_too_new');
    await expect(verifyLogFile(file)).rejects.toMatchObject({ code: 'store_too_new' });
  });

  test('one of another company', async () => {
    await writeLog(100);
    refused('store_broken', 'company-2');
  });

  test('an empty one, where a company is expected, stays as it is', () => {
    writeFileSync(file, '');
    refused('no_company', null);
    expect(statSync(file).size).toBe(0);
  });

  test.each([0.1, 0.3, 0.5, 0.7, 0.9])(
    'one with a page of noise at %d is refused or named',
    async (part) => {
      await writeLog(1_000);
      overwritePage(file, part);
      const verified = outcomeOf(() => verifySqliteLog(file, []));
      const opened = outcomeOf(() => {
        openSqliteStore({ file, company: COMPANY }).close();
        return undefined;
      });
      expect([verified, opened]).toSatisfy((found: unknown[]) =>
        found.some((one) => one === 'broken' || one === 'store_broken'),
      );
    },
  );

  test.each([0.2, 0.5, 0.95])('one that was cut off at %d is refused', async (part) => {
    await writeLog(1_000);
    cutOff(file, part);
    refused('store_broken');
  });

  test('a file that breaks while it is open fails what reads it, by name', async () => {
    await writeLog(1_000);
    const { log, store } = openFileLog(file);
    sqliteOf(store).exec('PRAGMA shrink_memory'); // forgets the pages that it has seen
    overwritePage(file, 0.5);
    const pages = await Promise.allSettled(
      Array.from({ length: 100 }, (_, n) => log.read({ after: n * 10, limit: 10 })),
    );
    const failed = pages.filter((page) => page.status === 'rejected');
    expect(failed.length).toBeGreaterThan(0);
    for (const { reason } of failed) expect(reason).toMatchObject({ code: 'store_broken' });
    store.close();
  });

  /** The status or the code that it ends with. */
  function outcomeOf(work: () => { readonly status: string } | undefined): unknown {
    try {
      return work()?.status;
    } catch (error) {
      return error instanceof Failure ? error.code : error;
    }
  }
});

test('the file and its journal are private', async () => {
  const { log } = openFileLog(file);
  await put(log);
  for (const name of [file, `${file}-wal`, `${file}-shm`]) {
    expect(statSync(name).mode & 0o777).toBe(0o600);
  }
  await log.close();
});

/** The limit on the file's pages stands for the disk's room: this makes more of it. */
function widen(store: object, pages: number): void {
  sqliteOf(store).exec(`PRAGMA max_page_count=${pages}`);
}

function sqliteOf(store: object): DatabaseSync {
  if ('database' in store && store.database instanceof DatabaseSync) return store.database;
  throw new Error('this store is not SQLite');
}
