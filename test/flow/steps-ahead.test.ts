import { afterAll, beforeAll, expect, test } from 'vitest';
import type { JsonObject } from '../../src/base/index.ts';
import { type CommandDesk, createExampleDesk } from '../support/command-desk.ts';
import { startPlan } from '../support/start-plan.ts';

let desk: CommandDesk;
beforeAll(async () => {
  desk = await createExampleDesk('steps-ahead');
});
afterAll(() => desk.close());

interface Shown {
  readonly status: string;
  readonly steps: readonly { id: string; status: string }[];
  readonly ahead: {
    readonly steps: readonly {
      id: string;
      title: string | null;
      words: string;
      waitsFor: readonly string[];
    }[];
    readonly more: number;
  };
}

const pause = (id: string, more: JsonObject = {}) => ({ id, wait: { for: 'P1D' }, ...more });

async function aheadOf(run: string): Promise<readonly string[]> {
  const { ahead } = await desk.data<Shown>(['run', run]);
  return ahead.steps.map(({ id, words }) => `${id}: ${words}`);
}

test('a run lists the steps that have not begun, each with what it waits for', async () => {
  const run = await startPlan(desk, 'later', [
    pause('first'),
    pause('second', { title: 'A second day' }),
    { id: 'both', wait: { for: 'P1D' }, after: ['first', 'second'] },
    { id: 'all', after: [], each: { over: ['a'], as: 'x', do: [pause('day'), pause('then')] } },
  ]);
  expect(await aheadOf(run)).toEqual([
    'second: Waits for first.',
    'both: Waits for first, second.',
    'all/0/then: Waits for all/0/day.',
  ]);
  const { out } = await desk.run(['run', run]);
  expect(out).toMatch(/· +second +pending +A second day: Waits for first\./);
  expect(out).toMatch(/· +both +pending +Waits for first, second\./);
  expect(out).not.toContain('have not begun');
});

test('long lists of them are cut, and what is left out is counted', async () => {
  const run = await startPlan(
    desk,
    'long',
    Array.from({ length: 31 }, (_, index) => pause(`s${index}`)),
  );
  const { ahead } = await desk.data<Shown>(['run', run]);
  expect(ahead.steps).toHaveLength(20);
  expect(ahead.more).toBe(10);
  expect((await desk.run(['run', run])).out).toContain('And 10 more that have not begun.');
});

test('a step that waits for many says how many more', async () => {
  const days = ['a', 'b', 'c', 'd', 'e'];
  const run = await startPlan(desk, 'many', [
    ...days.map((id) => pause(id, { after: [] })),
    pause('last', { after: days }),
  ]);
  expect(await aheadOf(run)).toEqual(['last: Waits for a, b, c (and 2 more).']);
  const { ahead } = await desk.data<Shown>(['run', run]);
  expect(ahead.steps[0]?.waitsFor).toEqual(days);
});

test('in a run that was stopped nothing is ahead: each step has its end', async () => {
  const run = await startPlan(desk, 'stopped', [pause('day'), pause('then')]);
  await desk.data(['cancel', run]);
  const { status, steps, ahead } = await desk.data<Shown>(['run', run]);
  expect(status).toBe('cancelled');
  expect(steps).toContainEqual(expect.objectContaining({ id: 'then', status: 'skipped' }));
  expect(ahead).toEqual({ steps: [], more: 0 });
});

test('of a run that failed it says which steps were not reached', async () => {
  const bad = pause('bad', { after: [], onFail: 'fail', when: '10 / 0 > 0' });
  const run = await startPlan(desk, 'failing', [bad, pause('day', { after: [] }), pause('then')]);
  expect((await desk.data<Shown>(['run', run])).status).toBe('failed');
  expect(await aheadOf(run)).toEqual(['then: The run ended before it.']);
  expect((await desk.data<Shown>(['run', run])).ahead.steps[0]?.waitsFor).toEqual([]);
});
