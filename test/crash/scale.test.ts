import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { openSqliteStore } from '../../src/adapter/sqlite-store.ts';
import type { JsonObject } from '../../src/base/index.ts';
import { type NewEvent, OWN } from '../../src/contract/index.ts';
import { runsFold } from '../../src/kernel/index.ts';
import type { Store } from '../../src/log/index.ts';
import { type Composed, composeKernel, withHome } from '../support/compose-kernel.ts';
import { createHandClock, DAY_MS, type HandClock } from '../support/hand-clock.ts';
import { loadAgents } from '../support/load/load-parts.ts';
import { typedBy } from '../support/operator.ts';

/** STEWARD_LONG=1 takes the full sizes: minutes instead of seconds. */
const LONG = process.env.STEWARD_LONG === '1';
/** steps for each item of the long run */
const INNER = LONG ? 10 : 3;
const n = (expression: string): JsonObject => ({ n: { $expr: expression } });

function playbook(name: string, steps: readonly JsonObject[]): JsonObject {
  const input = {
    fields: [
      { name: 'name', kind: 'text', label: 'Name' },
      { name: 'n', kind: 'integer', label: 'n' },
    ],
  };
  return { name, version: 1, title: name, autonomy: 'auto', input, plan: { steps } };
}

const PLAYBOOKS = [
  playbook('bell', [
    {
      id: 'bell',
      wait: { event: 'bell.rung', where: 'event.name == input.name', for: 'P365D' },
    },
  ]),
  playbook('nap', [{ id: 'nap', wait: { for: 'P1D' } }]),
  playbook('many', [
    { id: 'found', call: 'load.list@1', with: n('input.n') },
    {
      id: 'all',
      each: {
        ...{ over: { $expr: 'found.items' }, as: 'one', limit: 10_000 },
        output: { n: { $expr: `s${INNER - 1}.n` }, note: 'x'.repeat(80) },
        do: Array.from({ length: INNER }, (_, index) => ({
          ...{ id: `s${index}`, call: 'load.add@1' },
          with: n(index === 0 ? 'one' : `s${index - 1}.n`),
        })),
      },
    },
    { id: 'bell', after: ['all'], wait: { event: 'bell.rung' } },
    { id: 'sum', after: ['bell'], call: 'load.add@1', with: n('size(all)') },
  ]),
  playbook('inner', [{ id: 'a', call: 'load.add@1', with: { n: 1 } }]),
  playbook('too-much', [
    { id: 'slow', call: 'load.slow@1', with: { n: 1 } },
    { id: 'text', call: 'load.big@1', with: n('slow.n') },
    {
      id: 'inner',
      play: 'inner@1',
      with: { a: { $expr: 'text.text' }, b: { $expr: 'text.text' }, c: { $expr: 'text.text' } },
    },
  ]),
];

interface Counted extends Composed {
  /** rows and events that were read from the store since the last time it was asked */
  readonly reads: () => number;
  readonly hand: HandClock;
}

async function open(home: string, hand = createHandClock()): Promise<Counted> {
  let count = 0;
  const counted = <T>(rows: readonly T[]): readonly T[] => {
    count += rows.length;
    return rows;
  };
  const plain = openSqliteStore({ file: `${home}/steward.db`, company: 'scale' });
  const store: Store = {
    ...plain,
    getRow: (fold, key) => {
      count += 1;
      return plain.getRow(fold, key);
    },
    listRows: (fold, query) => counted(plain.listRows(fold, query)),
    events: (after, limit) => counted(plain.events(after, limit)),
    streamEvents: (stream, after, limit) => counted(plain.streamEvents(stream, after, limit)),
  };
  const parts = { home, store, clock: hand, agents: loadAgents(home), playbooks: PLAYBOOKS };
  const composed = await composeKernel(parts);
  const reads = () => {
    const so = count;
    count = 0;
    return so;
  };
  return { ...composed, reads, hand };
}

/** One run comes to its wait through the kernel; the others get the same facts, through the log. */
async function fillWaiting({ kernel, log, newId }: Counted, wanted: number, name = 'bell') {
  const input = { name: 'bell-0' };
  const { run } = await kernel.submit({ words: 'x', playbook: name, input, by: 'operator:x' });
  expect((await kernel.rest(run)).status).toBe('waiting');
  const facts = await log.readStream(`run/${run}`);
  const again = (id: string, number: number): NewEvent[] =>
    facts.map(({ type, by, label, data }) => {
      const text = JSON.stringify(data).replaceAll('bell-0', `bell-${number}`);
      return { type, by, label, run: id, data: JSON.parse(text) };
    });
  for (let number = 1; number < wanted; number += 250) {
    const count = Math.min(250, wanted - number);
    await log.append(
      Array.from({ length: count }, (_, index) => {
        const id = newId();
        const events = again(id, number + index);
        return { stream: `run/${id}`, expectedVersion: 0, events };
      }),
    );
  }
}

async function ring({ log, newId }: Composed, name: string): Promise<void> {
  const events = [{ type: 'bell.rung', data: { name }, by: 'operator:x', label: OWN }];
  await log.append([{ stream: `bell/${newId()}`, expectedVersion: 0, events }]);
}

async function untilDone({ log }: Composed, wanted: number): Promise<void> {
  const runs = log.fold(runsFold);
  const limitMs = LONG ? 1_200_000 : 500_000;
  const done = async () => (await runs.count()) - (await runs.count({ index: 'status' }));
  await expect.poll(done, { timeout: limitMs, interval: 20 }).toBe(wanted);
}

/** What is read until nothing was for a while: who listens hears of an event after it. */
async function readsUntilQuiet({ reads }: Counted): Promise<number> {
  let sum = 0;
  for (let quiet = 0; quiet < 5; ) {
    await sleep(100);
    const fresh = reads();
    quiet = fresh === 0 ? quiet + 1 : 0;
    sum += fresh;
  }
  return sum;
}

test('a start, one event and an idle hour cost the same with few and many waiting runs', async () => {
  const costs: number[][] = [];
  for (const waiting of [500, LONG ? 100_000 : 8_000]) {
    await withHome(async (home) => {
      const filling = await open(home);
      await fillWaiting(filling, waiting);
      await filling.close();
      const composed = await open(home);
      const start = await readsUntilQuiet(composed); // what was missed is looked for behind it
      await ring(composed, 'bell-7');
      await untilDone(composed, 1);
      const event = await readsUntilQuiet(composed);
      await sleep(500);
      costs.push([start, event, composed.reads()]);
      const [run] = await composed.log.fold(runsFold).list({ index: 'status', descending: true });
      expect(run?.row.status).toBe('waiting');
      expect(composed.problems).toEqual([]);
      await composed.close();
    });
  }
  const [few = [], many = []] = costs;
  const MISSED_EVENTS = 10_000; // the end of the log that every start looks at
  expect(many[0]).toBeLessThan((few[0] ?? 0) + MISSED_EVENTS);
  expect(many[1]).toBeLessThan((few[1] ?? 0) + 20);
  expect([few[2], many[2]]).toEqual([0, 0]);
}, 1_800_000);

test('runs that are due are read, those that are not are left alone', async () => {
  const due = LONG ? 10_000 : 1_500;
  await withHome(async (home) => {
    const composed = await open(home);
    await fillWaiting(composed, due * 2, 'bell');
    await fillWaiting(composed, due, 'nap');
    composed.reads();
    composed.hand.advance(2 * DAY_MS);
    await composed.kernel.recover();
    await untilDone(composed, due);
    // about 25 rows and events for each that was due; the other two thirds would add to that
    expect(composed.reads() / due).toBeLessThan(60);
    expect(composed.problems).toEqual([]);
    await composed.close();
  });
}, 1_800_000);

test('a run of very many steps is kept once, and goes on from its log after a restart', async () => {
  const items = LONG ? 10_000 : 4_000; // the outputs of all of them fill more than one event may
  await withHome(async (home) => {
    const first = await open(home);
    const { run } = await first.kernel.submit({
      ...{ words: 'many', playbook: 'many', input: { n: items }, by: 'operator:x' },
    });
    await expect
      .poll(async () => (await first.kernel.rest(run)).status, { timeout: 1_200_000 })
      .toBe('waiting');
    const events = await first.log.streamVersion(`run/${run}`);
    expect(events).toBeGreaterThan(items * INNER);
    expect(first.reads() / events).toBeLessThan(20); // it was not folded again for its own steps
    expect(first.problems).toEqual([]);
    await first.close();
    const second = await open(home);
    await ring(second, 'any');
    await untilDone(second, 1);
    const [sum] = (await second.log.readStream(`run/${run}`, { after: events })).filter(
      ({ type, data }) => type === 'step.completed' && data.step === 'sum',
    );
    expect(sum?.data.output).toEqual({ n: items + 1 });
    expect(second.problems).toEqual([]);
    await second.close();
  });
}, 1_800_000);

test('a run that decides more than fits into the log is parked and asks, and does not turn in place', async () => {
  await withHome(async (home) => {
    const composed = await open(home);
    const goal = { words: 'much', playbook: 'too-much', by: 'operator:x' };
    const { run } = await composed.kernel.submit(goal);
    expect((await composed.kernel.rest(run)).status).toBe('parked');
    const [item] = await composed.kernel.items.list();
    expect(item).toMatchObject({ kind: 'escalation', run });
    expect(item?.title).toContain('at most 262144 fit');
    await composed.kernel.items.answer(item?.id ?? '', { action: 'cancel' }, typedBy('operator:x'));
    expect((await composed.kernel.rest(run)).status).toBe('cancelled');
    expect(composed.problems).toEqual([]);
    await composed.close();
  });
});
