import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { createMemoryStore } from '../../src/adapter/memory-store.ts';
import { defineAgent } from '../../src/agent/index.ts';
import type { JsonObject } from '../../src/base/index.ts';
import { runsFold } from '../../src/kernel/index.ts';
import { schedulesFold } from '../../src/kernel/schedules/index.ts';
import type { Store } from '../../src/log/index.ts';
import { type Composed, composeKernel, withHome } from '../support/compose-kernel.ts';
import { createHandClock, DAY_MS, HAND_START_MS, HOUR_MS } from '../support/hand-clock.ts';

const note = defineAgent(
  {
    ...{ name: 'note.month', version: 1, title: 'Note a month', effect: 'pure' },
    ...{ idempotency: 'idempotent', failures: {}, roles: {}, reads: {}, timeoutMs: 120_000 },
    ...{ cost: { microUsd: 0, latencyMs: 1 }, placement: 'anywhere' },
    input: z.strictObject({ month: z.string() }),
    output: z.strictObject({ noted: z.string() }),
  },
  ({ month }) => ({ output: { noted: month } }),
);

const monthly: JsonObject = {
  name: 'month-note',
  version: 1,
  title: 'Note the month',
  autonomy: 'suggest',
  input: { fields: [{ name: 'month', kind: 'text', required: true }] },
  plan: {
    steps: [{ id: 'note', call: 'note.month@1', with: { month: { $expr: 'input.month' } } }],
  },
};

const EVERY_MORNING: JsonObject = {
  ...{ id: 'mornings', playbook: 'month-note', cron: '0 8 * * *', zone: 'Europe/Berlin' },
  input: { month: { $expr: 'fire.lastMonth' } },
};

/** The hand clock begins on a Tuesday at 10:00 in Berlin, so the first fire is Wednesday 08:00. */
const FIRST = HAND_START_MS + 22 * HOUR_MS;

async function compose(
  work: (composed: Composed, clock: ReturnType<typeof createHandClock>) => Promise<void>,
  store: Store | 'memory' = 'memory',
): Promise<void> {
  await withHome(async (home) => {
    const clock = createHandClock();
    const composed = await composeKernel({
      ...{ home, store, clock, agents: [note], playbooks: [monthly] },
    });
    await work(composed, clock);
    expect(composed.problems).toEqual([]);
    await composed.close();
  });
}

async function runsOf({ log }: Composed) {
  const rows = await log.fold(runsFold).list({ index: 'started' });
  return rows.map(({ row }) => row);
}

describe('schedules', () => {
  test('a fire submits the playbook with an input made of its intended time', () =>
    compose(async (composed, clock) => {
      const { kernel, log } = composed;
      const set = await kernel.schedules.set(EVERY_MORNING, 'operator:test');
      expect(Date.parse(set.next ?? '')).toBe(FIRST);
      expect(await kernel.schedules.nextDue()).toBe(FIRST);
      clock.set(FIRST - 1);
      await kernel.schedules.fire(clock.now());
      expect(await runsOf(composed)).toEqual([]);
      clock.set(FIRST);
      await kernel.schedules.fire(clock.now());
      const [run] = await runsOf(composed);
      const ended = await kernel.rest(run?.id ?? '');
      expect(ended).toMatchObject({ status: 'done', playbook: 'month-note@1', queue: 'soon' });
      const decided = (await log.readStream(`run/${ended.id}`)).find(
        ({ type }) => type === 'plan.decided',
      );
      expect(decided?.data.input).toEqual({ month: '2026-10' });
      expect(await kernel.schedules.get('mornings')).toMatchObject({
        next: new Date(FIRST + DAY_MS).toISOString(),
        last: { run: ended.id, intended: new Date(FIRST).toISOString() },
      });
    }));

  test('one that is fired twice at once makes one run, and that comes to its end', () =>
    compose(async (composed, clock) => {
      const { kernel } = composed;
      await kernel.schedules.set(EVERY_MORNING, 'operator:test');
      clock.set(FIRST);
      await Promise.all([1, 2, 3].map(() => kernel.schedules.fire(clock.now())));
      const [run, ...others] = await runsOf(composed);
      expect(others).toEqual([]);
      expect((await kernel.rest(run?.id ?? '')).status).toBe('done');
    }));

  test('two processes that fire the same time make one run', () =>
    withHome(async (home) => {
      const clock = createHandClock();
      const store = createMemoryStore('one-company');
      const parts = { home, store, clock, agents: [note], playbooks: [monthly] };
      const first = await composeKernel(parts);
      await first.kernel.schedules.set(EVERY_MORNING, 'operator:test');
      const second = await composeKernel(parts);
      clock.set(FIRST);
      await Promise.all([
        first.kernel.schedules.fire(clock.now()),
        second.kernel.schedules.fire(clock.now()),
        first.kernel.schedules.fire(clock.now()),
      ]);
      await second.kernel.schedules.fire(clock.now());
      expect(await runsOf(first)).toHaveLength(1);
      const fired = (await first.log.readStream('schedule/mornings')).filter(
        ({ type }) => type === 'schedule.fired',
      );
      expect(fired).toHaveLength(1);
      expect([...first.problems, ...second.problems]).toEqual([]);
      await first.kernel.close();
      await second.close();
    }));

  test.each([
    ['skip', 0],
    ['one', 1],
    ['all', 5],
  ] as const)('after five days of sleep "%s" starts %i runs', (missed, count) =>
    compose(async (composed, clock) => {
      const { kernel } = composed;
      await kernel.schedules.set({ ...EVERY_MORNING, missed }, 'operator:test');
      clock.set(FIRST + 4 * DAY_MS + HOUR_MS);
      await kernel.schedules.fire(clock.now());
      await kernel.schedules.fire(clock.now());
      expect(await runsOf(composed)).toHaveLength(count);
      const { next, last } = await kernel.schedules.get('mornings');
      expect(next).toBe(new Date(FIRST + 5 * DAY_MS).toISOString());
      expect(last?.intended).toBe(new Date(FIRST + 4 * DAY_MS).toISOString());
    }),
  );

  test('a clock that is set back fires nothing a second time', () =>
    compose(async (composed, clock) => {
      const { kernel } = composed;
      await kernel.schedules.set(EVERY_MORNING, 'operator:test');
      clock.set(FIRST + HOUR_MS);
      await kernel.schedules.fire(clock.now());
      clock.set(FIRST - 3 * DAY_MS);
      await kernel.schedules.fire(clock.now());
      clock.set(FIRST);
      await kernel.schedules.fire(clock.now());
      expect(await runsOf(composed)).toHaveLength(1);
    }));

  test('a removed schedule is silent, and an unknown one cannot be removed', () =>
    compose(async (composed, clock) => {
      const { kernel } = composed;
      await kernel.schedules.set(EVERY_MORNING, 'operator:test');
      await kernel.schedules.remove('mornings', 'not needed', 'operator:test');
      clock.set(FIRST + 2 * DAY_MS);
      await kernel.schedules.fire(clock.now());
      expect(await runsOf(composed)).toEqual([]);
      expect(await kernel.schedules.list()).toEqual([]);
      expect(await kernel.schedules.nextDue()).toBeUndefined();
      await expect(kernel.schedules.remove('mornings', '', 'x')).rejects.toMatchObject({
        code: 'not_found',
      });
    }));

  test('what cannot run is refused when it is set', () =>
    compose(async ({ kernel }) => {
      const refusals = [
        [{ ...EVERY_MORNING, cron: '0 0 30 2 *' }, 'invalid_input'],
        [{ ...EVERY_MORNING, playbook: 'nothing' }, 'not_found'],
        [{ ...EVERY_MORNING, input: {} }, 'invalid_input'],
        [{ ...EVERY_MORNING, input: { month: { $expr: 'clock.now' } } }, 'expression_failed'],
      ] as const;
      for (const [schedule, code] of refusals) {
        await expect(kernel.schedules.set(schedule, 'operator:test')).rejects.toMatchObject({
          code,
        });
      }
    }));

  test('a fire that cannot start waits in the inbox with its reason, and the next one is tried', () =>
    compose(async (composed, clock) => {
      const { kernel, log } = composed;
      await kernel.schedules.set(EVERY_MORNING, 'operator:test');
      const stream = 'schedule/mornings';
      const [set] = await log.readStream(stream);
      // as if the playbook that it names had been published under another name since
      await log.append([
        {
          stream,
          expectedVersion: 1,
          events: [
            {
              ...{ type: 'schedule.set', by: 'operator:test' },
              label: set?.label ?? { integrity: 'own', placement: 'anywhere' },
              data: {
                next: FIRST,
                schedule: { ...EVERY_MORNING, playbook: 'gone', missed: 'one', queue: 'now' },
              },
            },
          ],
        },
      ]);
      clock.set(FIRST);
      await kernel.schedules.fire(clock.now());
      const [item] = await kernel.items.list();
      expect(item).toMatchObject({ kind: 'finding' });
      expect(item?.title).toContain('There is no playbook "gone"');
      expect(await kernel.schedules.nextDue()).toBe(FIRST + DAY_MS);
    }));

  test('its own timer fires it, without anybody asking', () =>
    withHome(async (home) => {
      let offset = 0;
      const clock = { now: () => Date.now() + offset };
      const composed = await composeKernel({
        ...{ home, store: 'memory', clock, agents: [note], playbooks: [monthly] },
      });
      const cron = '* * * * *';
      const { next } = await composed.kernel.schedules.set(
        { ...EVERY_MORNING, cron },
        'operator:test',
      );
      offset += Date.parse(next ?? '') - clock.now() - 2_000;
      // something happens, so the timer looks at the clock again
      await composed.kernel.schedules.set({ ...EVERY_MORNING, cron }, 'operator:test');
      // one minute more, should the machine stand still for longer than that
      await expect.poll(() => runsOf(composed), { timeout: 150_000 }).toHaveLength(1);
      await composed.close();
    }));

  test('the fold is the same after it was derived again', () =>
    compose(async ({ kernel, log }, clock) => {
      await kernel.schedules.set(EVERY_MORNING, 'operator:test');
      clock.set(FIRST + DAY_MS);
      await kernel.schedules.fire(clock.now());
      const before = await log.digest(schedulesFold.name);
      await log.rebuild();
      expect(await log.digest(schedulesFold.name)).toBe(before);
    }));
});
