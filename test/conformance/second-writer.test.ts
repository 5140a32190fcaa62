import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { verifySqliteLog } from '../../src/adapter/verify-sqlite-log.ts';
import { toFailure } from '../../src/contract/index.ts';
import { runChild } from '../support/child.ts';
import { countFold, newEvent } from './log-fixtures.ts';
import { openFileLog } from './open-file-log.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'steward-second-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const child = join(import.meta.dirname, 'second-writer.child.ts');
const one = (text: string) => [newEvent('x.one', { text })];

describe('a second process that writes to the same file', () => {
  test('makes an append on an old version a conflict, and the next one sees what it wrote', async () => {
    const { log, store } = openFileLog(join(directory, 'steward.db'));
    await log.append([{ stream: 'a', expectedVersion: 0, events: one('first') }]);
    expect(await log.fold(countFold).get('a')).toEqual({ count: 1, last: '"first"' });
    const { stdout, stderr } = await runChild(child, [directory, '3', 'a']);
    expect([stderr, stdout.trim()]).toEqual(['', '{"done":3}']);
    const expectedVersion = await log.streamVersion('a');
    await expect(
      log.append([{ stream: 'a', expectedVersion, events: one('late') }]),
    ).rejects.toMatchObject({ code: 'version_conflict', facts: { expected: 1, actual: 4 } });
    expect(await log.streamVersion('a')).toBe(4);
    const { events } = await log.append([
      { stream: 'a', expectedVersion: 4, events: one('again') },
      { stream: 'b', expectedVersion: 0, events: one('other') },
    ]);
    expect(events.map(({ seq, version }) => [seq, version])).toEqual([
      [5, 5],
      [6, 1],
    ]);
    expect(await log.fold(countFold).get('a')).toEqual({ count: 5, last: '"again"' });
    expect(store.head().seq).toBe(6);
    await log.close();
  });

  test('loses and doubles nothing while both write as fast as they can', async () => {
    const file = join(directory, 'steward.db');
    const { log } = openFileLog(file);
    await log.append([{ stream: 'own', expectedVersion: 'any', events: one('first') }]);
    let running = true;
    const other = runChild(child, [directory, '200', 'shared', 'theirs']).finally(() => {
      running = false;
    });
    const ends: { [code: string]: number } = {};
    while (running) {
      await setTimeout(1); // the other one gets a turn at the file too
      for (const stream of ['own', 'shared']) {
        const expectedVersion = await log.streamVersion(stream);
        const code = await log.append([{ stream, expectedVersion, events: one('parent') }]).then(
          () => `done ${stream}`,
          (error: unknown) => toFailure(error).code,
        );
        ends[code] = (ends[code] ?? 0) + 1;
      }
    }
    const { stdout, stderr } = await other;
    expect(stderr).toBe('');
    const theirs: { [code: string]: number } = JSON.parse(stdout);
    const codes = new Set([...Object.keys(ends), ...Object.keys(theirs)]);
    for (const code of ['done', 'done own', 'done shared', 'version_conflict', 'home_busy'])
      codes.delete(code);
    expect([...codes]).toEqual([]);
    const total = 1 + (ends['done own'] ?? 0) + (ends['done shared'] ?? 0) + (theirs.done ?? 0);
    expect(ends['done own']).toBeGreaterThan(0);
    expect(theirs.done).toBeGreaterThan(0);
    await log.append([{ stream: 'own', expectedVersion: 'any', events: one('last') }]);
    expect(log.head().seq).toBe(total + 1);
    // the folds that two processes kept in turns are those that the log gives
    const digest = await log.digest('counts');
    await log.rebuild();
    expect(await log.digest('counts')).toBe(digest);
    await log.close();
    expect(verifySqliteLog(file, [])).toMatchObject({ status: 'intact' });
  });
});
