import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createMemoryStore } from '../../src/adapter/memory-store.ts';
import { openSqliteStore } from '../../src/adapter/sqlite-store.ts';
import { verifySqliteLog } from '../../src/adapter/verify-sqlite-log.ts';
import { createIds } from '../../src/base/index.ts';
import { createLog, type RawEvent, type Store } from '../../src/log/index.ts';
import { chainOf } from '../conformance/log-chain.ts';
import { newEvent } from '../conformance/log-fixtures.ts';
import { goldenCounts, goldenEvents } from './golden-folds.ts';

const releases = readdirSync(import.meta.dirname, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

test('there is a golden log', () => expect(releases).toContain('0.1.0'));

describe.each(releases)('the golden log of %s', (release) => {
  const read = (name: string) => readFileSync(join(import.meta.dirname, release, name), 'utf8');
  const text = read('log.jsonl');
  const events: readonly RawEvent[] = text.trimEnd().split('\n').map((line) => JSON.parse(line));
  const keys: Readonly<Record<string, string>> = JSON.parse(read('keys.json'));
  const expected = JSON.parse(read('expected.json'));
  const company = events[0]?.header.company ?? '';

  test('is the file that was released', () => {
    expect(createHash('sha256').update(text).digest('hex')).toBe(expected.sha256);
  });

  test('is read, folded and continued by this Steward, from memory', async () => {
    await checkStore(createMemoryStore(company));
  });

  test('is read, folded, continued and verified by this Steward, from a file', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'steward-golden-'));
    try {
      const file = join(directory, 'steward.db');
      await checkStore(openSqliteStore({ file, company }));
      expect(verifySqliteLog(file, [expected.head])).toMatchObject({
        status: 'intact',
        events: events.length + 1,
        shredded: 1,
      });
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  async function checkStore(store: Store): Promise<void> {
    store.transact('full', () => {
      for (const event of events) store.insertEvent(event);
    });
    expect(chainOf(store, [expected.head])).toMatchObject({ status: 'intact', head: expected.head });
    const find = (subject: string) =>
      keys[subject] === undefined ? undefined : new Uint8Array(Buffer.from(keys[subject], 'hex'));
    const clock = { now: () => 0 };
    const log = createLog({
      ...{ store, clock, newId: createIds(clock.now), engine: '99.0.0' },
      ...{ folds: [goldenEvents, goldenCounts], upcasters: {} },
      vault: { find, obtain: (subject) => find(subject) ?? new Uint8Array(32), destroy: () => false },
    });
    for (const [name, digest] of Object.entries(expected.digests)) {
      expect(await log.digest(name)).toBe(digest);
    }
    const { events: more } = await log.append([
      { stream: 'note/1', expectedVersion: 1, events: [newEvent('note.changed')] },
    ]);
    expect(more[0]?.seq).toBe(events.length + 1);
    expect(chainOf(store, [expected.head]).status).toBe('intact');
    await log.close();
  }
});
