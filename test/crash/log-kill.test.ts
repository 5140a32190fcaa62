import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { verifySqliteLog } from '../../src/adapter/verify-sqlite-log.ts';
import type { LogHead } from '../../src/log/index.ts';
import { newEvent } from '../conformance/log-fixtures.ts';
import { openFileLog } from '../conformance/open-file-log.ts';

const KILLS = 20;
const child = (name: string) => join(import.meta.dirname, name);

test(`after ${KILLS} kills every answered barrier is there, the chain whole, the folds right`, async () => {
  const directory = mkdtempSync(join(tmpdir(), 'steward-kill-'));
  const file = join(directory, 'steward.db');
  try {
    const promised: LogHead[] = [];
    for (let kill = 0; kill < KILLS; kill++) {
      promised.push(...(await appendUntilKilled(file, (kill * 37) % 120)));
      expect(verifySqliteLog(file, promised)).toMatchObject({
        status: 'intact',
      });
    }
    expect(promised.length).toBeGreaterThanOrEqual(KILLS);
    const { log } = openFileLog(file);
    const names = ['counts', 'entries'];
    const found = await Promise.all(names.map(log.digest));
    await log.rebuild();
    expect(await Promise.all(names.map(log.digest))).toEqual(found);
    await log.close();
  } finally {
    rmSync(directory, { recursive: true });
  }
});

const LONG = process.env.STEWARD_LONG === '1';
const EVENTS = LONG ? 1_000_000 : 50_000;
/** Held, the events of the short run take 60 MB. */
const GROWTH_MB = 4;

test(
  `${EVENTS} events are rebuilt and verified while memory grows by less than ${GROWTH_MB} MB`,
  async () => {
    const directory = mkdtempSync(join(tmpdir(), 'steward-rebuild-'));
    const file = join(directory, 'steward.db');
    try {
      const { log } = openFileLog(file);
      const text = 'x'.repeat(400);
      for (let n = 0; n < EVENTS; n += 1_000) {
        const events = Array.from({ length: 1_000 }, (_, index) =>
          newEvent('entry.put', { key: `k${(n + index) % 500}`, name: text, value: index }),
        );
        await log.append([{ stream: `s/${n % 7_000}`, expectedVersion: 'any', events }]);
      }
      const digest = await log.digest('entries');
      await log.close();
      const { status, stdout, stderr } = spawnSync(
        process.execPath,
        ['--expose-gc', child('log-rebuild.child.ts'), file, String(EVENTS / 10)],
        { encoding: 'utf8' },
      );
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
      const { aliveMb, ...result } = JSON.parse(stdout);
      expect(result).toEqual({ digest, verified: EVENTS });
      expect(aliveMb.length).toBeGreaterThanOrEqual(18); // ten parts of each walk, less rounding
      expect(largestRise(aliveMb)).toBeLessThan(GROWTH_MB);
    } finally {
      rmSync(directory, { recursive: true });
    }
  },
  LONG ? 1_200_000 : 600_000,
);

/** Heads that the child was answered under a barrier before it was killed, some time after the first. */
async function appendUntilKilled(file: string, afterMs: number): Promise<readonly LogHead[]> {
  const writer = spawn(process.execPath, [child('log-kill.child.ts'), file]);
  let said = '';
  let complaint = '';
  writer.stdout.setEncoding('utf8').on('data', (chunk) => {
    said += chunk;
  });
  writer.stderr.setEncoding('utf8').on('data', (chunk) => {
    complaint += chunk;
  });
  const closed = once(writer, 'close');
  await Promise.race([once(writer.stdout, 'data'), closed]);
  setTimeout(() => writer.kill('SIGKILL'), afterMs);
  await closed;
  expect(complaint).toBe('');
  expect(writer.signalCode).toBe('SIGKILL');
  const lines = said.split('\n').slice(0, -1); // the last one may be half written
  return lines.map((line) => {
    const [seq = '', hash = ''] = line.split(' ');
    return { seq: Number(seq), hash };
  });
}

/** How far it ever stood above its lowest point so far: a fall is no growth, and hides none. */
function largestRise(values: readonly number[]): number {
  let lowest = Number.POSITIVE_INFINITY;
  let rise = 0;
  for (const value of values) {
    lowest = Math.min(lowest, value);
    rise = Math.max(rise, value - lowest);
  }
  return rise;
}
