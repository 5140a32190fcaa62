import { expect, test } from 'vitest';
import { z } from 'zod';
import { defineAgent } from '../../src/agent/index.ts';
import type { JsonObject } from '../../src/base/index.ts';
import { runsFold } from '../../src/kernel/index.ts';
import { type Composed, composeKernel, withHome } from '../support/compose-kernel.ts';
import { createHandClock } from '../support/hand-clock.ts';
import { typedBy } from '../support/operator.ts';

/** What the capability does before it gives the thread back; the test says what. */
let work = (): void => undefined;
const hog = defineAgent(
  {
    ...{ name: 'bad.hog', version: 1, title: 'Count all primes', effect: 'pure' },
    ...{ idempotency: 'idempotent', roles: {}, reads: {}, failures: {}, timeoutMs: 240_000 },
    ...{ cost: { microUsd: 0, latencyMs: 1 }, placement: 'anywhere' },
    input: z.strictObject({}),
    output: z.strictObject({}),
  },
  () => {
    work();
    return { output: {} };
  },
);
const form = { fields: [{ name: 'text', kind: 'text', required: true }] };
const book = (name: string, ...steps: JsonObject[]): JsonObject => ({
  ...{ name, version: 1, title: name, autonomy: 'suggest', input: { fields: [] } },
  plan: { steps },
});
const playbooks = [
  book('hog', { id: 'hog', call: 'bad.hog@1' }),
  book(
    'later',
    { id: 'ask', ask: { title: 'Now?', form } },
    {
      ...{ id: 'hog', call: 'bad.hog@1', when: 'ask.text == "now"' },
    },
  ),
];
/** more often than a run is taken up for nothing */
const PROCESSES = 12;

async function begin({ kernel }: Composed, name: string): Promise<string> {
  const goal = { words: name, playbook: name, input: {}, by: 'operator:test' };
  const { run } = await kernel.submit({ ...goal, again: true });
  await kernel.rest(run);
  return run;
}

test('who kept the thread to itself is named with the time, once until somebody has seen it', () =>
  withHome(async (home) => {
    const clock = createHandClock();
    const parts = await composeKernel({
      ...{ home, store: 'memory', clock, agents: [hog], playbooks },
    });
    const { kernel } = parts;
    work = () => clock.advance(4_000);
    await begin(parts, 'hog');
    expect(await kernel.items.list()).toEqual([]);
    work = () => clock.advance(12_000);
    const run = await begin(parts, 'hog');
    await begin(parts, 'hog');
    await expect.poll(() => kernel.items.list()).toHaveLength(1);
    const [item] = await kernel.items.list();
    expect(item).toMatchObject({
      ...{ kind: 'finding', title: 'Count all primes held everything up for 12 s' },
      body: {
        ...{ capability: 'bad.hog@1', run, step: 'hog', heldMs: 12_000 },
        recommendation: expect.stringContaining(`in run ${run} (hog)`),
      },
    });
    await kernel.items.answer(item?.id ?? '', { seen: true }, typedBy('operator:test'));
    await begin(parts, 'hog');
    await expect.poll(() => kernel.items.list()).toHaveLength(1);
    expect(parts.problems).toEqual([]);
    await parts.close();
  }));

test('a run whose pure step takes every process down is put aside, and its step is named', () =>
  withHome(async (home) => {
    let deaths = 0;
    let composed = await composeKernel({ home, agents: [hog], playbooks });
    const run = await begin(composed, 'later');
    // as if somebody had to kill a process that answers nobody any more
    work = () => {
      deaths += 1;
      composed.abandon();
    };
    const [item] = await composed.kernel.items.list();
    const answer = { text: 'now' };
    await composed.kernel.items.answer(item?.id ?? '', answer, typedBy('operator:test'));
    await expect.poll(() => deaths).toBe(1);
    const status = () =>
      composed.log
        .fold(runsFold)
        .get(run)
        .then(
          (row) => row?.status,
          () => 'dead', // a closed store answers nobody
        );
    for (let n = 0; n < PROCESSES && (await status()) !== 'parked'; n++) {
      const before = deaths;
      composed = await composeKernel({ home, agents: [hog], playbooks, recover: false });
      await composed.kernel.recover();
      await expect.poll(async () => deaths > before || (await status()) === 'parked').toBe(true);
    }
    expect(await status()).toBe('parked');
    const [reason] = await composed.kernel.reasons(run);
    expect(reason?.words).toContain('Each time it was at: Count all primes (bad.hog@1).');
    await composed.close();
  }));

test('what a schedule starts and never comes back from does not begin again for ever', () =>
  withHome(async (home) => {
    const clock = createHandClock();
    let deaths = 0;
    let composed = await composeKernel({ home, clock, agents: [hog], playbooks });
    work = () => {
      deaths += 1;
      composed.abandon();
    };
    await composed.kernel.schedules.set(
      {
        ...{ id: 'primes', cron: '0 7 * * *', zone: 'UTC', playbook: 'hog', input: {} },
        ...{ queue: 'soon', missed: 'one' },
      },
      'operator:test',
    );
    clock.advance(25 * 3_600_000);
    await composed.kernel.schedules.fire(clock.now());
    await expect.poll(() => deaths).toBe(1);
    work = () => undefined;
    composed = await composeKernel({ home, clock, agents: [hog], playbooks, recover: false });
    expect(await composed.log.fold(runsFold).list({})).toHaveLength(1);
    await composed.kernel.recover();
    await expect
      .poll(async () => (await composed.log.fold(runsFold).list({}))[0]?.row.status)
      .toBe('done');
    await composed.close();
  }));
