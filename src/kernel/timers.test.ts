import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createTimers, type Timers } from './timers.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

let timers: Timers | undefined;
beforeEach(() => {
  vi.useFakeTimers();
  vi.setSystemTime(Date.UTC(2026, 10, 24));
});
afterEach(() => {
  timers?.close();
  vi.useRealTimers();
});

/** Times that are due; what is fired goes, unless it is stuck. */
function watch(dueMs: number[], { stuck = new Set<number>(), failures = 0 } = {}) {
  const looks: number[] = [];
  const fired: number[] = [];
  const errors: unknown[] = [];
  let left = failures;
  timers = createTimers(
    { now: () => Date.now() },
    {
      next: async (from) => {
        looks.push(from);
        return dueMs.toSorted((a, b) => a - b).find((time) => time >= from);
      },
      fire: async (from, now) => {
        if (left-- > 0) throw new Error('the disk is full');
        for (const time of dueMs.filter((one) => one >= from && one <= now)) {
          fired.push(time);
          if (!stuck.has(time)) dueMs.splice(dueMs.indexOf(time), 1);
        }
      },
      onError: (error) => errors.push(error),
    },
  );
  return { timers, looks, fired, errors };
}

const after = (ms: number) => vi.advanceTimersByTimeAsync(ms);

test('nothing that is due means no timer at all', async () => {
  const { timers, looks } = watch([]);
  timers.plan();
  await after(DAY_MS);
  expect(looks.length).toBeLessThan(3);
  expect(vi.getTimerCount()).toBe(0);
});

test('each time is fired when it comes, and once', async () => {
  const start = Date.now();
  const times = [start + 1_000, start + 90_000, start + 2 * DAY_MS];
  const { timers, fired } = watch([...times]);
  timers.plan();
  await after(999);
  expect(fired).toEqual([]);
  await after(1);
  expect(fired).toEqual(times.slice(0, 1));
  await after(3 * DAY_MS);
  expect(fired).toEqual(times);
});

test('what stays due is told more and more rarely, and holds up nothing behind it', async () => {
  const start = Date.now();
  const stuck = start - 1;
  const { timers, looks, fired } = watch([stuck, start + 10_000], { stuck: new Set([stuck]) });
  timers.plan();
  await after(10_000);
  expect(fired).toContain(start + 10_000);
  looks.length = 0;
  await after(DAY_MS);
  // every quarter of a second would be 345,600
  expect(looks.length).toBeLessThan(1_000);
});

test('a time that is set while others are fired is not passed over', async () => {
  const start = Date.now();
  const due = [start];
  const { timers, fired } = watch(due);
  timers.plan();
  await after(10);
  due.push(start + 5); // before what was told last
  timers.plan(start + 5);
  await after(1);
  expect(fired).toEqual([start, start + 5]);
});

test('a clock that goes back months looks at everything anew, and fires nothing early', async () => {
  const start = Date.now();
  const due = [start + 1_000];
  const { timers, fired } = watch(due);
  timers.plan();
  await after(1_000);
  vi.setSystemTime(start - 90 * DAY_MS);
  due.push(start - 90 * DAY_MS + 2_000, start + DAY_MS);
  timers.plan(start + DAY_MS);
  await after(5 * MINUTE_MS);
  expect(fired).toEqual([start + 1_000, start - 90 * DAY_MS + 2_000]);
});

test('a look that fails is told and tried again', async () => {
  const start = Date.now();
  const { timers, fired, errors } = watch([start], { failures: 1 });
  timers.plan();
  await after(10_000);
  expect(errors).toHaveLength(1);
  expect(fired).toEqual([start]);
});
