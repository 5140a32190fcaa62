import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { Connector } from '../../src/connect/index.ts';
import { effectsFold, fact } from '../../src/kernel/index.ts';
import { digestsOf } from '../support/audit.ts';
import { withHome } from '../support/compose-kernel.ts';
import { askForInvoice, messagesIn, openInvoiceHome } from '../support/invoice-flow.ts';
import { driveLoad, openLoadHome } from '../support/load/drive-load.ts';
import { journalsOf, loadConnector } from '../support/load/load-parts.ts';
import { decideCard } from '../support/operator.ts';

// Invariants 1, 2 and 3 of the design, each with its guard taken on directly. 4 is in zombies.test.ts,
// 8 in bad-capabilities.test.ts and disk-faults.test.ts.

test('1: an effect that a forged row calls approved is not committed', async () => {
  await withHome(async (home) => {
    const composed = await openInvoiceHome({ home, store: 'memory' });
    const { id } = await askForInvoice(composed);
    for (const { row } of await composed.log.fold(effectsFold).list()) {
      const forged = fact('effect.approved', { hash: row.hash, approval: 'nobody', holds: [] });
      await composed.log.append([
        { stream: `effect/${row.key}`, expectedVersion: 'any', events: [forged] },
      ]);
    }
    composed.kernel.runner.wake(id);
    await composed.kernel.rest(id);
    expect(messagesIn(home)).toEqual([]);
    const rows = (await composed.log.fold(effectsFold).list()).map(({ row }) => row.status);
    expect(rows).not.toContain('committed');
    await composed.close();
  });
});

test('2: a commit that was under way when the process died is probed and not repeated', async () => {
  await withHome(async (home) => {
    const done = Promise.withResolvers<void>();
    const real = loadConnector(home);
    const silent: Connector = {
      ...real,
      commit: async (effect) => {
        journalsOf(home).commits.write(effect.key);
        done.resolve();
        return new Promise(() => undefined); // done, and nobody hears of it
      },
    };
    const dying = await openLoadHome({ home, connectors: [silent] });
    const { run } = await dying.kernel.submit({
      words: 's',
      playbook: 'load-send',
      by: 'operator:x',
    });
    await dying.kernel.rest(run);
    for (const { id } of await dying.kernel.items.list()) await decideCard(dying, id);
    await done.promise;
    dying.abandon();
    const heir = await openLoadHome({ home });
    const deadline = Date.now() + 60_000;
    while ((await heir.kernel.rest(run)).status !== 'done' && Date.now() < deadline) {
      for (const { id } of await heir.kernel.items.list()) await decideCard(heir, id);
      await sleep(5);
    }
    expect((await heir.kernel.rest(run)).status).toBe('done');
    const commits = journalsOf(home).commits.lines();
    expect(commits).toHaveLength(2); // one for each of its two effects
    expect(new Set(commits).size).toBe(2);
    await heir.close();
  });
});

test.each([
  ['was done', 'committed'],
  ['was not done', 'stale'],
])('2: whose run is over by then is looked at and not done again: it %s', async (how, end) => {
  await withHome(async (home) => {
    const begun = Promise.withResolvers<void>();
    const real = loadConnector(home);
    const silent: Connector = {
      ...real,
      commit: async ({ key }) => {
        if (how === 'was done') journalsOf(home).commits.write(key);
        begun.resolve();
        return new Promise(() => undefined);
      },
    };
    const dying = await openLoadHome({ home, connectors: [silent] });
    const goal = { words: 's', playbook: 'load-send', by: 'operator:x' };
    const { run } = await dying.kernel.submit(goal);
    await dying.kernel.rest(run);
    for (const { id } of await dying.kernel.items.list()) await decideCard(dying, id);
    await begun.promise;
    const over = fact('run.finished', { status: 'failed' }, { run });
    await dying.log.append([{ stream: `run/${run}`, expectedVersion: 'any', events: [over] }]);
    dying.abandon();
    const before = journalsOf(home).commits.lines().length;
    const heir = await openLoadHome({ home });
    const statuses = async () =>
      (await heir.log.fold(effectsFold).list({ index: 'run', equals: run })).map(
        ({ row }) => row.status,
      );
    await expect.poll(statuses).not.toContain('committing');
    expect(await statuses()).toContain(end);
    expect(journalsOf(home).commits.lines()).toHaveLength(before); // nothing was done again
    expect(before > 0).toBe(how === 'was done');
    await heir.close();
  });
});

test('3: every fold of a whole load is rebuilt from the log to the same digest', async () => {
  await withHome(async (home) => {
    const composed = await openLoadHome({ home, store: 'memory' });
    await driveLoad(composed);
    const { kept, rebuilt } = await digestsOf(composed);
    expect(new Set(kept).size).toBeGreaterThan(5);
    expect(rebuilt).toEqual(kept);
    await composed.close();
  });
});
