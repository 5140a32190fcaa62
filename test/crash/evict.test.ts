import fc from 'fast-check';
import { expect, test } from 'vitest';
import { effectsFold, runsFold } from '../../src/kernel/index.ts';
import { type Composed, withHome } from '../support/compose-kernel.ts';
import { createHandClock } from '../support/hand-clock.ts';
import {
  askForInvoice,
  driveInvoice,
  issuedNumbers,
  messagesIn,
  openInvoiceHome,
} from '../support/invoice-flow.ts';
import { driveLoad, openLoadHome } from '../support/load/drive-load.ts';
import { decideCard } from '../support/operator.ts';

/** What a person would call the result; ids and times differ between any two runs. */
async function resultOf(composed: Composed): Promise<unknown> {
  const { log, kernel, home } = composed;
  const runs = (await log.fold(runsFold).list()).map(({ row }) => row);
  const steps = await Promise.all(
    runs.map(async ({ id, goal }) => {
      const events = await log.readStream(`run/${id}`, { limit: 1_000 });
      const ended = events.filter(({ type }) => /^step\.(completed|skipped|denied)$/.test(type));
      return [goal, ...ended.map(({ type, data }) => `${type} ${data.step}`).sort()];
    }),
  );
  const effects = (await log.fold(effectsFold).list()).map(
    ({ row }) => `${row.step} ${row.status}`,
  );
  return {
    runs: runs.map(({ goal, status }) => `${goal} ${status}`).sort(),
    steps: steps.sort(),
    effects: effects.sort(),
    records: (await kernel.records.list('party')).length,
    numbers: await issuedNumbers(composed),
    messages: messagesIn(home).length,
  };
}

test('a mixed load ends the same when its memory is thrown away after every turn', async () => {
  const results: unknown[] = [];
  for (const evictAlways of [false, true]) {
    await withHome(async (home) => {
      const composed = await openLoadHome({ home, store: 'memory', evictAlways });
      await driveLoad(composed);
      expect(composed.problems).toEqual([]);
      results.push(await resultOf(composed));
      await composed.close();
    });
  }
  expect(results[1]).toEqual(results[0]);
});

test('invoices end the same with and without memory, whatever is approved and rejected', async () => {
  const decisions = fc.tuple(...['Acme', 'Studio', 'Harbour'].map(() => fc.boolean()));
  await fc.assert(
    fc.asyncProperty(decisions, async (approved) => {
      const results: unknown[] = [];
      for (const evictAlways of [false, true]) {
        await withHome(async (home) => {
          const clock = createHandClock();
          const composed = await openInvoiceHome({ home, store: 'memory', clock, evictAlways });
          for (const [index, customer] of ['Acme', 'Studio', 'Harbour'].entries()) {
            const { id } = await askForInvoice(composed, customer);
            const card = (await composed.kernel.items.list()).find(({ run }) => run === id);
            await decideCard(composed, card?.id ?? '', {
              decision: approved[index] ? 'approve' : 'reject',
            });
            await composed.kernel.rest(id);
          }
          expect(composed.problems).toEqual([]);
          results.push(await resultOf(composed));
          await composed.close();
        });
      }
      expect(results[1]).toEqual(results[0]);
    }),
    { numRuns: 4 },
  );
});

test('the invoice flow ends done without any memory', async () => {
  await withHome(async (home) => {
    const composed = await openInvoiceHome({ home, store: 'memory', evictAlways: true });
    expect((await driveInvoice(composed)).status).toBe('done');
    expect(messagesIn(home)).toHaveLength(1);
    await composed.close();
  });
});
