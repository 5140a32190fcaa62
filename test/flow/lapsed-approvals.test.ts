import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../src/base/index.ts';
import { createDueWork } from '../../src/kernel/due-work.ts';
import { effectsFold } from '../../src/kernel/index.ts';
import { composeKernel, withHome } from '../support/compose-kernel.ts';
import { createHandClock, DAY_MS } from '../support/hand-clock.ts';
import { decideCard, typedBy } from '../support/operator.ts';
import { agentsOf, createWorld, postOf, type Travel, travel } from './time-travel-kit.ts';

const book = (name: string, ...steps: JsonObject[]): JsonObject => ({
  ...{ name, version: 1, title: name, autonomy: 'suggest', plan: { steps } },
  input: { fields: [] },
});
const form = { fields: [{ name: 'text', kind: 'text', required: true }] };
const letter = (text: string): JsonObject => ({
  call: 'post.send@1',
  with: { to: 'ann@example.org', text, amount: { minor: 100, currency: 'EUR' } },
});
const playbooks = [
  book('asks', { id: 'ask', lock: 'one', ask: { title: 'Well?', form } }),
  book(
    'letters',
    { id: 'first', lock: 'one', ...letter('Hello') },
    { id: 'second', ...letter('Hello again') },
  ),
];

async function begin({ kernel }: Pick<Travel, 'kernel'>, name: string): Promise<string> {
  const goal = { words: name, playbook: name, input: {}, by: 'operator:test' };
  const { run } = await kernel.submit({ ...goal, again: true });
  await kernel.rest(run);
  return run;
}

/** Two letters on one card, approved, while another run holds the key of the first. */
async function approvedAndHeldUp(parts: Travel) {
  const { kernel } = parts;
  const holder = await begin(parts, 'asks');
  const run = await begin(parts, 'letters');
  await decideCard(parts, (await cards(parts))[0]?.id ?? '');
  expect((await kernel.rest(run)).waitingFor).toBe('lock');
  return { holder, run };
}

async function cards({ kernel }: Pick<Travel, 'kernel'>) {
  return (await kernel.items.list()).filter(({ kind }) => kind === 'approval');
}

async function letGo({ kernel }: Travel, holder: string): Promise<void> {
  const item = (await kernel.items.list()).find(({ run }) => run === holder);
  await kernel.items.answer(item?.id ?? '', { text: 'yes' }, typedBy('operator:test'));
  await kernel.rest(holder);
}

describe('an approval that lapses while its effect waits for a key', () => {
  test.each([false, true])(
    'is asked again on one card that says why, and goes out once (memory thrown away: %s)',
    (evictAlways) =>
      travel(
        async (parts) => {
          const { kernel, world, clock } = parts;
          const { holder, run } = await approvedAndHeldUp(parts);
          clock.advance(DAY_MS + 1_000);
          kernel.runner.wake(run);
          expect(await kernel.rest(run)).toMatchObject({ waitingFor: 'approval' });
          const [card, ...others] = await cards(parts);
          expect(others).toEqual([]);
          expect(card?.effects).toHaveLength(2);
          const why = `ran out while it waited. Waits for one, which run ${holder} (ask) holds.`;
          expect(JSON.stringify(card?.body)).toContain(why);
          const { effects } = await kernel.items.open(card?.id ?? '');
          expect(effects[0]?.reasons[0]).toContain(`It is asked again. `);
          // nothing goes out on the old signature, and nobody stands in line for the card
          expect(kernel.locks()[0]?.queue).toEqual([]);
          await letGo(parts, holder);
          expect((await kernel.rest(run)).waitingFor).toBe('approval');
          expect(world.committed).toEqual([]);
          await decideCard(parts, card?.id ?? '');
          expect((await kernel.rest(run)).status).toBe('done');
          expect(world.committed).toHaveLength(2);
          const { divergence } = await kernel.past.replay(run);
          expect(divergence).toBeUndefined();
        },
        { playbooks, evictAlways },
      ),
  );

  test('is asked again by the clock, at that very moment', () =>
    travel(
      async (parts) => {
        const { log, clock, kernel } = parts;
        const { run } = await approvedAndHeldUp(parts);
        const [row] = (await log.fold(effectsFold).list({ index: 'run', equals: run })).map(
          (found) => found.row,
        );
        const woken: string[] = [];
        const due = createDueWork({
          ...{ log, schedules: kernel.schedules, runner: { wake: (id) => woken.push(id) } },
          report: (problem) => {
            throw problem;
          },
        });
        const now = clock.now();
        expect(await due.next(now)).toBe(row?.expiresMs);
        await due.fire(now, (row?.expiresMs ?? 0) - 1);
        expect(woken).toEqual([]);
        await due.fire(now, row?.expiresMs ?? 0);
        expect(new Set(woken)).toEqual(new Set([run]));
        clock.advance(DAY_MS);
        kernel.runner.wake(run);
        await kernel.rest(run);
        expect(await due.next(now)).toBeUndefined();
      },
      { playbooks },
    ));

  test('is asked again by the next process when this one ended before', () =>
    withHome(async (home) => {
      const world = createWorld();
      const clock = createHandClock();
      const compose = () =>
        composeKernel({
          ...{ home, clock, playbooks, agents: agentsOf(world), connectors: [postOf(world)] },
        });
      const first = await compose();
      const { run } = await approvedAndHeldUp({ ...first, world, clock });
      first.abandon();
      clock.advance(2 * DAY_MS);
      const second = await compose();
      await expect
        .poll(async () => (await cards(second)).map(({ run: of, effects }) => [of, effects.length]))
        .toEqual([[run, 2]]);
      expect(world.committed).toEqual([]);
      expect(second.problems).toEqual([]);
      await second.close();
    }));
});
