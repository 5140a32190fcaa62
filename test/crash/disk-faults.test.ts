import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { isJsonObject } from '../../src/base/index.ts';
import { failure, toFailure } from '../../src/contract/index.ts';
import type { Log } from '../../src/log/index.ts';
import { mountSmallDisk } from '../conformance/tools.ts';
import { digestsOf } from '../support/audit.ts';
import { type Composed, withHome } from '../support/compose-kernel.ts';
import { createHandClock } from '../support/hand-clock.ts';
import {
  driveInvoice,
  issuedNumbers,
  messagesIn,
  openInvoiceHome,
  seriesOf,
} from '../support/invoice-flow.ts';
import { checkHistory } from '../support/load/check-history.ts';
import { driveLoad, openLoadHome } from '../support/load/drive-load.ts';
import { typedBy } from '../support/operator.ts';

const full = () => failure('disk_full', 'There is no space left to write');

/** Refuses the appends with these numbers, counted from 1 once `armed`. */
function fullAt(log: Log, refused: ReadonlySet<number>) {
  const state = { armed: false, count: 0 };
  const wrapped: Log = {
    ...log,
    append: (batch, options) => {
      if (state.armed) state.count += 1;
      if (state.armed && refused.has(state.count)) return Promise.reject(full());
      return log.append(batch, options);
    },
  };
  return { wrapped, state };
}

test('a disk that is full at any one append loses nothing, and going on later finishes the flow', async () => {
  const total = await appendsOfFlow();
  expect(total).toBeGreaterThan(10);
  const faults: string[] = [];
  for (let refused = 1; refused <= total; refused++) {
    await withHome(async (home) => {
      const hand = createHandClock();
      let disk: ReturnType<typeof fullAt> | undefined;
      const composed = await openInvoiceHome({
        home,
        store: 'memory',
        clock: hand,
        wrapLog: (log) => {
          disk = fullAt(log, new Set([refused]));
          return disk.wrapped;
        },
      });
      if (disk) disk.state.armed = true;
      const said: string[] = [];
      let status = '';
      for (let round = 0; round < 5 && status !== 'done'; round++) {
        try {
          status = (await driveInvoice(composed)).status;
        } catch (error) {
          if (toFailure(error).code === 'disk_full') said.push('disk_full');
        }
        said.push(...(await tryAgain(composed)));
        hand.advance(60_000);
        await composed.kernel.recover();
      }
      said.push(...composed.problems.map(({ code }) => code));
      said.push(...(await failuresIn(composed)));
      const is = JSON.stringify({
        status,
        messages: messagesIn(home).length,
        numbers: await issuedNumbers(composed),
        used: (await seriesOf(composed))?.used,
        said: [...new Set(said)],
      });
      const wanted = JSON.stringify({
        status: 'done',
        messages: 1,
        numbers: ['2026-0001'],
        used: 1,
        said: ['disk_full'],
      });
      if (is !== wanted) faults.push(`append ${refused}: ${is}`);
      await composed.close();
    });
  }
  expect(faults).toEqual([]);
});

test('a database that may not grow stops with a clear failure; with space again all of it is done', async () => {
  await withHome(async (home) => {
    const small = await openLoadHome({ home, maxPages: 66 });
    const stopped = await driveLoad(small).then(() => undefined, toFailure);
    const codes = [stopped?.code, ...small.problems.map(({ code }) => code)];
    expect(codes).toContain('disk_full');
    await small.close().catch(() => undefined);
    const roomy = await openLoadHome({ home });
    await driveLoad(roomy);
    expect(await checkHistory(roomy)).toEqual({
      lost: [],
      doubled: [],
      reordered: [],
      doubledEffects: [],
    });
    const digests = await digestsOf(roomy);
    expect(digests.kept).toEqual(digests.rebuilt);
    await roomy.close();
  });
});

test('no space for a file: the step says so, and a retry finishes it', async () => {
  await withHome(async (home) => {
    let isFull = false;
    const composed = await openInvoiceHome({
      home,
      store: 'memory',
      wrapBlobs: (blobs) => ({
        ...blobs,
        put: (bytes) => (isFull ? Promise.reject(full()) : blobs.put(bytes)),
      }),
    });
    isFull = true;
    await driveInvoice(composed).catch(() => undefined);
    const items = await composed.kernel.items.list();
    expect(items.map(({ kind }) => kind)).toContain('task');
    expect(items.map(({ title }) => title).join()).toContain('no space left');
    expect(messagesIn(home)).toEqual([]);
    isFull = false;
    for (const { id } of items)
      await composed.kernel.items.answer(id, { action: 'retry' }, typedBy('op:x'));
    expect((await driveInvoice(composed)).status).toBe('done');
    expect(messagesIn(home)).toHaveLength(1);
    expect(await issuedNumbers(composed)).toEqual(['2026-0001']);
    expect(composed.problems).toEqual([]);
    await composed.close();
  });
});

const disk = mountSmallDisk(1);
afterAll(() => disk?.unmount());
test.skipIf(!disk)(
  'no space for the message: nothing is sent, and it goes out when there is some',
  async () => {
    if (!disk) return;
    await withHome(async (home) => {
      mkdirSync(join(disk.path, 'sandbox'));
      symlinkSync(join(disk.path, 'sandbox'), join(home, 'sandbox'));
      const filler = join(disk.path, 'filler');
      fill(filler);
      let nowMs = Date.now();
      const composed = await openInvoiceHome({
        home,
        store: 'memory',
        clock: { now: () => nowMs },
      });
      const run = await driveInvoice(composed);
      expect(run).toMatchObject({ status: 'waiting', waitingFor: 'retry' });
      expect(run.words).toContain('no space left');
      expect(messagesIn(home)).toEqual([]);
      rmSync(filler);
      nowMs += 60_000;
      await composed.kernel.recover();
      expect((await driveInvoice(composed)).status).toBe('done');
      expect(messagesIn(home)).toHaveLength(1);
      await composed.close();
    });
  },
);

function fill(file: string): void {
  for (let kilobytes = 2_048; kilobytes >= 4; kilobytes /= 2) {
    try {
      writeFileSync(file, Buffer.alloc(kilobytes * 1024), { flag: 'a' });
    } catch {
      // as much as fits
    }
  }
}

/** What a person does with a task once there is space; answers with the words of the tasks' failures. */
async function tryAgain({ kernel }: Composed): Promise<readonly string[]> {
  const tasks = (await kernel.items.list()).filter(({ kind }) => kind === 'task');
  for (const { id } of tasks)
    await kernel.items.answer(id, { action: 'retry' }, typedBy('operator:x'));
  return tasks.map(({ title }) => (title.includes('no space left') ? 'disk_full' : title));
}

/** Codes of every failure that a step or an effect was told. */
async function failuresIn({ log }: Composed): Promise<readonly string[]> {
  const types = ['step.failed', 'effect.failed'];
  const events = await log.read({ after: 0, limit: 10_000, types });
  return events.flatMap(({ data }) =>
    data.failure !== undefined && isJsonObject(data.failure) ? [String(data.failure.code)] : [],
  );
}

async function appendsOfFlow(): Promise<number> {
  return withHome(async (home) => {
    let disk: ReturnType<typeof fullAt> | undefined;
    const composed = await openInvoiceHome({
      home,
      store: 'memory',
      wrapLog: (log) => {
        disk = fullAt(log, new Set());
        return disk.wrapped;
      },
    });
    if (disk) disk.state.armed = true;
    await driveInvoice(composed);
    await composed.close();
    return disk?.state.count ?? 0;
  });
}
