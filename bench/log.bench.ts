import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSqliteStore } from '../src/adapter/sqlite-store.ts';
import { verifyLogFile } from '../src/adapter/verify-log-file.ts';
import { createIds, type JsonObject } from '../src/base/index.ts';
import { type NewEvent, OWN } from '../src/contract/index.ts';
import { createLog, type Fold, type Log } from '../src/log/index.ts';

export interface Figure {
  readonly id: string;
  readonly value: number;
  readonly unit: string;
}

const ROUNDS = 3; // the median is reported: one slow disk moment does not count
const SINGLE_NORMAL = 6_000;
const SINGLE_FULL = 2_000;
const GROUPED = 60_000;
/** appends that wait at the same time */
const CONCURRENT = 1_000;
const RUNS = 50;
/** events in the log that is verified and rebuilt: a few busy months */
const WALKED = 250_000;

/** The log over SQLite, with one fold, in events per second. Events are like a run's steps. */
export async function measureLog(): Promise<Figure[]> {
  const rounds: Figure[][] = [];
  for (let round = 0; round < ROUNDS; round++) rounds.push(await measureOnce());
  return (rounds[0] ?? []).map(({ id, unit }, index) => {
    const values = rounds.map((figures) => figures[index]?.value ?? 0).sort((a, b) => a - b);
    return { id, value: Math.round(values[Math.floor(ROUNDS / 2)] ?? 0), unit };
  });
}

async function measureOnce(): Promise<Figure[]> {
  const directory = mkdtempSync(join(tmpdir(), 'steward-bench-'));
  const file = join(directory, 'steward.db');
  const log = openLog(file);
  try {
    const figures = [
      await perSecond('append.single.normal', SINGLE_NORMAL, (count) => appendOneByOne(log, count)),
      await perSecond('append.single.full', SINGLE_FULL, (count) =>
        appendOneByOne(log, count, true),
      ),
      await perSecond('append.grouped', GROUPED, (count) => appendTogether(log, count)),
    ];
    await growTo(log, WALKED);
    figures.push(
      await perSecond('verify', WALKED, async () => {
        const report = await verifyLogFile(file);
        if (report.status !== 'intact') throw new Error(report.reason);
      }),
      await perSecond('rebuild', WALKED, () => log.rebuild()),
    );
    return figures;
  } finally {
    await log.close();
    rmSync(directory, { recursive: true });
  }
}

async function perSecond(
  id: string,
  count: number,
  work: (count: number) => Promise<void>,
): Promise<Figure> {
  const start = performance.now();
  await work(count);
  return { id, value: count / ((performance.now() - start) / 1_000), unit: '1/s' };
}

async function appendOneByOne(log: Log, count: number, barrier = false): Promise<void> {
  for (let n = 0; n < count; n++) {
    await log.append([{ stream: 'run/0', expectedVersion: 'any', events: [step(n)] }], { barrier });
  }
}

/** One event in an append of its own, from many writers at once. */
async function appendTogether(log: Log, count: number): Promise<void> {
  for (let n = 0; n < count; n += CONCURRENT) {
    await Promise.all(
      Array.from({ length: CONCURRENT }, (_, index) => {
        const stream = `run/${index % RUNS}`;
        return log.append([{ stream, expectedVersion: 'any', events: [step(n + index)] }]);
      }),
    );
  }
}

async function growTo(log: Log, seq: number): Promise<void> {
  while (log.head().seq < seq) {
    const count = Math.min(CONCURRENT, seq - log.head().seq);
    const events = Array.from({ length: count }, (_, index) => step(index));
    const stream = `run/${log.head().seq % RUNS}`;
    await log.append([{ stream, expectedVersion: 'any', events }]);
  }
}

function step(n: number): NewEvent {
  const data: JsonObject = {
    step: `step-${n}`,
    output: { total: n, currency: 'EUR' },
    durationMs: 12,
    note: 'forty characters of a typical short text',
  };
  return {
    type: 'step.completed',
    by: 'agent:drafter@1',
    label: OWN,
    run: `run-${n % RUNS}`,
    data,
  };
}

const progress: Fold<{ steps: number; at: number }> = {
  name: 'progress',
  version: 1,
  reads: () => true,
  keys: ({ stream }) => [stream],
  apply: (rows, { stream, at }) =>
    new Map([[stream, { steps: (rows.get(stream)?.steps ?? 0) + 1, at }]]),
};

function openLog(file: string): Log {
  const clock = { now: () => Date.now() };
  const key = new Uint8Array(randomBytes(32));
  return createLog({
    store: openSqliteStore({ file, company: 'bench' }),
    vault: { obtain: () => key, find: () => key, destroy: () => false },
    clock,
    newId: createIds(clock.now),
    folds: [progress],
    engine: '0.1.0',
  });
}
