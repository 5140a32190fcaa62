import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import type { JsonObject } from '../../src/base/index.ts';
import { runsFold, waitsFold } from '../../src/kernel/index.ts';
import { type Composed, composeKernel, withHome } from '../support/compose-kernel.ts';
import { createHandClock, DAY_MS, type HandClock, HOUR_MS } from '../support/hand-clock.ts';
import { loadAgents } from '../support/load/load-parts.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void; // what the flag makes of it

const LONG = process.env.STEWARD_LONG === '1';

function playbook(name: string, steps: readonly JsonObject[]): JsonObject {
  const input = { fields: [{ name: 'n', kind: 'integer', label: 'n' }] };
  return { name, version: 1, title: name, autonomy: 'auto', input, plan: { steps } };
}

const PLAYBOOKS = [
  playbook('nap', [{ id: 'nap', wait: { for: 'P1D' } }]),
  playbook('long-nap', [{ id: 'nap', wait: { for: 'P6D' } }]),
  playbook('bell', [{ id: 'bell', wait: { event: 'bell.rung' } }]),
  playbook('nap-then-fail', [
    { id: 'nap', after: [], wait: { for: 'P1D' } },
    { id: 'bad', after: [], call: 'load.missing@1', onFail: 'fail' },
  ]),
  playbook('count', [
    {
      id: 'rounds',
      repeat: {
        max: 1_000,
        until: 'round >= input.n',
        do: [{ id: 'bump', call: 'load.add@1', with: { n: { $expr: 'round' } } }],
      },
    },
  ]),
];

async function withClock(
  work: (composed: Composed, hand: HandClock) => Promise<void>,
  store: 'memory' | 'sqlite' = 'memory', // the one in memory has no indexes: many rows are slow in it
): Promise<void> {
  await withHome(async (home) => {
    const hand = createHandClock();
    const composed = await composeKernel({
      home,
      store,
      clock: hand,
      agents: loadAgents(home),
      playbooks: PLAYBOOKS,
    });
    try {
      await work(composed, hand);
    } finally {
      await composed.close();
    }
  });
}

const submit = ({ kernel }: Composed, name: string, input: JsonObject = {}) =>
  kernel.submit({ words: name, playbook: name, input, by: 'operator:x', again: true });

/** Waits until so many runs are over, and no longer than is reasonable. */
async function untilEnded({ log }: Composed, wanted: number, limitMs = 500_000): Promise<number> {
  const end = performance.now() + limitMs;
  for (;;) {
    const runs = log.fold(runsFold);
    const ended = (await runs.count({})) - (await runs.count({ index: 'status' }));
    if (ended >= wanted || performance.now() > end) return ended;
    await sleep(10);
  }
}

/** A clock that is moved before they wait moves no time that they wait for. */
async function untilWaiting({ log }: Composed, wanted: number): Promise<void> {
  const waiting = () => log.fold(runsFold).count({ index: 'status', equals: 'waiting' });
  await expect.poll(waiting, { timeout: 500_000 }).toBe(wanted);
}

test('a host that slept for a week takes up everything that became due, at once and once', async () => {
  await withClock(async (composed, hand) => {
    for (const name of ['nap', 'nap', 'long-nap', 'bell']) {
      await composed.kernel.rest((await submit(composed, name)).run);
    }
    hand.advance(7 * DAY_MS);
    await composed.kernel.recover();
    expect(await untilEnded(composed, 3)).toBe(3);
    const waiting = await composed.log.fold(runsFold).list({ index: 'status', equals: 'waiting' });
    expect(waiting.map(({ row }) => row.playbook)).toEqual(['bell@1']);
  });
});

test('a clock that goes back wakes nobody too early and nobody twice', async () => {
  await withClock(async (composed, hand) => {
    const { run } = await submit(composed, 'nap');
    await composed.kernel.rest(run);
    for (const step of [-DAY_MS, 23 * HOUR_MS, 23 * HOUR_MS]) {
      hand.advance(step);
      await composed.kernel.recover();
      expect((await composed.kernel.rest(run)).status).toBe('waiting');
    }
    hand.advance(3 * HOUR_MS);
    await composed.kernel.recover();
    expect(await untilEnded(composed, 1)).toBe(1);
    const events = await composed.log.readStream(`run/${run}`);
    expect(events.filter(({ type }) => type === 'wait.ended')).toHaveLength(1);
  });
});

test('a day is a day of 24 hours also when the zone changes its clocks', async () => {
  await withClock(async (composed, hand) => {
    hand.set(Date.UTC(2027, 2, 27, 12)); // the night after it is an hour short in Berlin
    const { run } = await submit(composed, 'nap');
    await composed.kernel.rest(run);
    const [wait] = await composed.log.fold(waitsFold).list();
    expect(wait?.row.until).toBe(hand.now() + DAY_MS);
    hand.advance(DAY_MS);
    await composed.kernel.recover();
    expect(await untilEnded(composed, 1)).toBe(1);
  });
});

test.each(['cancelled', 'failed'])('a run that is %s leaves no timer behind', async (how) => {
  await withClock(async (composed) => {
    const { run } = await submit(composed, how === 'failed' ? 'nap-then-fail' : 'nap');
    await composed.kernel.rest(run);
    if (how === 'cancelled') await composed.kernel.cancel(run, 'enough', 'operator:x');
    expect((await composed.log.fold(runsFold).get(run))?.status).toBe(how);
    expect(await composed.log.fold(waitsFold).list()).toEqual([]);
    expect(await composed.kernel.items.list()).toEqual([]);
  });
});

const DUE = 10_000;
test(`${DUE} timers that are due in the same moment all fire`, async () => {
  await withClock(async (composed, hand) => {
    for (let done = 0; done < DUE; done += 500) {
      await Promise.all(Array.from({ length: 500 }, () => submit(composed, 'nap')));
    }
    await untilWaiting(composed, DUE);
    hand.advance(2 * DAY_MS);
    await composed.kernel.recover();
    expect(await untilEnded(composed, DUE)).toBe(DUE);
    expect(composed.problems).toEqual([]);
  }, 'sqlite');
});

test('one event ends every wait for it, however many there are', async () => {
  await withClock(async (composed) => {
    const count = 1_200;
    await Promise.all(Array.from({ length: count }, () => submit(composed, 'bell')));
    await untilWaiting(composed, count);
    const label = { integrity: 'own', placement: 'anywhere' } as const;
    await composed.log.append([
      {
        stream: 'bell/one',
        expectedVersion: 0,
        events: [{ type: 'bell.rung', data: {}, by: 'operator:x', label }],
      },
    ]);
    expect(await untilEnded(composed, count)).toBe(count);
  }, 'sqlite');
});

const ROUNDS = LONG ? 1_000 : 300;
test(`a run of ${ROUNDS} rounds is folded again from its log and goes on`, async () => {
  await withClock(async (composed) => {
    const { run } = await submit(composed, 'count', { n: ROUNDS });
    expect((await composed.kernel.rest(run)).status).toBe('done');
    expect(await composed.log.streamVersion(`run/${run}`)).toBeGreaterThan(ROUNDS);
  });
});

const WAITING = LONG ? 100_000 : 10_000;
/** rows that were used last are kept, whatever they belong to: that weighs more among few */
const BYTES_PER_RUN = LONG ? 1_500 : 3_000;
test(`${WAITING} waiting runs keep no memory of their own`, async () => {
  await withHome(async (home) => {
    const composed = await composeKernel({ home, playbooks: PLAYBOOKS });
    collectGarbage();
    const before = process.memoryUsage().heapUsed;
    for (let done = 0; done < WAITING; done += 500) {
      await Promise.all(Array.from({ length: 500 }, () => submit(composed, 'nap')));
    }
    await untilWaiting(composed, WAITING);
    await sleep(500);
    collectGarbage();
    const grown = process.memoryUsage().heapUsed - before;
    expect(grown / WAITING).toBeLessThan(BYTES_PER_RUN);
    await composed.close();
  });
}, 1_200_000);
