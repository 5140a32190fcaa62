import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../src/base/index.ts';
import { freelancerPack } from '../../src/company/freelancer/index.ts';
import { createPlaybookRegistry } from '../../src/kernel/registry-ops/index.ts';
import { PLAN_LIMITS } from '../../src/plan/index.ts';
import { withHome } from '../support/compose-kernel.ts';
import { openInvoiceHome } from '../support/invoice-flow.ts';
import { drive, letters, start, type Travel, travel } from './time-travel-kit.ts';

type Steps = readonly JsonObject[];

function registryOf(parts: Pick<Travel, 'kernel' | 'log'>) {
  // the registry's operations use the same ports as the kernel they stand beside
  return createPlaybookRegistry({ ...parts, ...parts.kernel } as never);
}

function version(number: number, change: (steps: Steps) => Steps = (steps) => steps): JsonObject {
  const plan = letters.plan as unknown as { readonly steps: Steps };
  return { ...letters, version: number, plan: { steps: change(plan.steps) } };
}

const replaced = (id: string, with_: JsonObject) => (steps: Steps) =>
  steps.map((step) => (step.id === id ? { ...step, ...with_ } : step));

describe('publishing', () => {
  test('a new version is active at once, and the answer says what it changes', () =>
    travel(async (parts) => {
      const playbooks = registryOf(parts);
      const two = version(2, replaced('pause', { wait: { for: 'P7D' } }));
      const published = await playbooks.publish(two, 'more time', 'operator:test');
      expect(published).toMatchObject({ playbook: 'letters@2', published: true });
      expect(published.changes.map(({ step, path }) => `${step} ${path}`)).toEqual([
        'pause wait.for',
      ]);
      expect(await playbooks.list('letters')).toMatchObject([
        { version: 1, active: false },
        { version: 2, active: true, because: 'more time' },
      ]);
      const run = await start(parts, 'letters', { to: 'a', n: 1 });
      expect(run.playbook).toBe('letters@2');
    }));

  test('the same content twice is one version, other content is refused', () =>
    travel(async (parts) => {
      const playbooks = registryOf(parts);
      expect(await playbooks.publish(letters, 'again', 'operator:test')).toMatchObject({
        published: false,
      });
      const other = { ...letters, title: 'Other letters' };
      await expect(playbooks.publish(other, '', 'operator:test')).rejects.toMatchObject({
        code: 'already_exists',
      });
      await playbooks.publish(version(3), 'three', 'operator:test');
      await expect(playbooks.publish(version(2), '', 'operator:test')).rejects.toMatchObject({
        code: 'not_possible',
      });
    }));

  test('a plan with faults is not published, and every fault is named', () =>
    travel(async (parts) => {
      const playbooks = registryOf(parts);
      const bad = version(2, (steps) => [
        ...replaced('sum', { call: 'math.ad@1' })(steps),
        { id: 'late', call: 'math.add@1', with: { n: { $expr: 'nothing.n' } } },
      ]);
      const { faults, more } = playbooks.check(bad);
      expect(more).toBe(0);
      expect(faults.map(({ path }) => path)).toEqual(
        expect.arrayContaining([
          expect.stringContaining('steps[1]'),
          expect.stringContaining('steps[8]'),
        ]),
      );
      await expect(playbooks.publish(bad, '', 'operator:test')).rejects.toMatchObject({
        code: 'invalid_plan',
        message: expect.stringMatching(/steps\[1\].*; .*steps\[8\]/),
        remedy: expect.stringContaining('steward playbooks check FILE'),
      });
      expect(await playbooks.list()).toHaveLength(1);
    }));

  test('faults of the shape do not hide those of the other steps, nor when it is published', () =>
    travel(async (parts) => {
      const playbooks = registryOf(parts);
      const bad = version(2, (steps) => [
        ...replaced('pause', { wehn: 'true' })(replaced('sum', { call: 'math.ad@1' })(steps)),
        { id: 'late', call: 'math.add@1', with: { n: { $expr: 'nothing.n' } } },
      ]);
      const paths = playbooks.check(bad).faults.map(({ path }) => path);
      expect(paths.some((path) => path.endsWith('.wehn'))).toBe(true);
      expect(paths).toContain('plan.steps[1].call');
      expect(paths).toContain('plan.steps[8].with.n');
      await expect(playbooks.publish(bad, '', 'operator:test')).rejects.toMatchObject({
        code: 'invalid_plan',
        facts: { count: paths.length },
      });
    }));

  test('more faults than an answer names are counted', () =>
    travel(async (parts) => {
      const playbooks = registryOf(parts);
      const wrong = Array.from({ length: PLAN_LIMITS.faults + 7 }, (_, index) => ({
        id: `x${index}`,
        call: 'math.ad@1',
      }));
      const { faults, more } = playbooks.check(version(2, () => wrong));
      expect(faults).toHaveLength(PLAN_LIMITS.faults);
      expect(more).toBe(7);
    }));

  test('the playbooks that come with the product have no faults', () =>
    withHome(async (home) => {
      const composed = await openInvoiceHome({ home, store: 'memory' });
      const playbooks = registryOf(composed);
      for (const playbook of freelancerPack.playbooks)
        expect(playbooks.check(playbook)).toEqual({ faults: [], more: 0 });
      await composed.close();
    }));
});

describe('rolling back', () => {
  test('new runs take the old version, the running one keeps its own to the end', () =>
    travel(async (parts) => {
      const playbooks = registryOf(parts);
      await playbooks.publish(version(2), 'two', 'operator:test');
      const running = await start(parts, 'letters', { to: 'a', n: 1 });
      await playbooks.rollBack('letters', 1, 'two was worse', 'operator:test');
      const after = await start(parts, 'letters', { to: 'b', n: 1 });
      expect([running.playbook, after.playbook]).toEqual(['letters@2', 'letters@1']);
      expect(await drive(parts, running.id)).toMatchObject({
        status: 'done',
        playbook: 'letters@2',
      });
      await expect(playbooks.rollBack('letters', 1, '', 'x')).rejects.toMatchObject({
        code: 'already_decided',
      });
      await expect(playbooks.rollBack('letters', 9, '', 'x')).rejects.toMatchObject({
        code: 'not_found',
      });
    }));
});

describe.each([false, true])(
  'migrating a run that waits (memory thrown away: %s)',
  (evictAlways) => {
    test('what it still has to do is done as the new version says', () =>
      travel(
        async (parts) => {
          const playbooks = registryOf(parts);
          const run = await start(parts, 'letters', { to: 'a', n: 1 });
          expect(run.waitingFor).toBe('answer');
          const two = version(2, (steps) => [
            ...steps.filter(({ id }) => id !== 'second'),
            { id: 'last', call: 'note.keep@1', with: { text: { $expr: 'first.letter' } } },
          ]);
          await playbooks.publish(two, 'no second letter', 'operator:test');
          await playbooks.migrate(run.id, 'letters@2', 'operator:test');
          const ended = await drive(parts, run.id);
          expect(ended).toMatchObject({ status: 'done', playbook: 'letters@2' });
          const { divergence, status } = await parts.kernel.past.replay(run.id);
          expect([divergence, status]).toEqual([undefined, 'identical']);
          expect(parts.world.committed).toHaveLength(1);
          const events = await parts.log.readStream(`run/${run.id}`);
          expect(events.some(({ data }) => data.step === 'last')).toBe(true);
          expect(events.some(({ data }) => data.step === 'second')).toBe(false);
          const started = events.filter(({ type }) => type === 'step.completed');
          const steps = started.map(({ data }) => data.step);
          expect(steps).toEqual([...new Set(steps)]);
        },
        { evictAlways },
      ));

    test('it is refused with reasons when something that has begun is different', () =>
      travel(
        async (parts) => {
          const playbooks = registryOf(parts);
          const run = await start(parts, 'letters', { to: 'a', n: 1 });
          const changes = [
            replaced('sum', { with: { n: 5 } }),
            replaced('confirm', { title: 'Really?' }),
            (steps: Steps) =>
              steps.filter(
                ({ id }) => id !== 'parts' && id !== 'confirm' && id !== 'first' && id !== 'second',
              ),
            (steps: Steps) => [
              { id: 'before', ask: { title: 'Before?', form: { fields: [] } } },
              ...steps,
            ],
          ];
          for (const [index, change] of changes.entries()) {
            const ref = `letters@${index + 2}`;
            await playbooks.publish(version(index + 2, change), '', 'operator:test');
            await expect(playbooks.migrate(run.id, ref, 'operator:test')).rejects.toMatchObject({
              code: 'not_possible',
              facts: {
                reasons: [
                  expect.stringMatching(/has begun/),
                  ...(index === 2 ? [expect.anything()] : []),
                ],
              },
            });
          }
          expect(await drive(parts, run.id)).toMatchObject({
            status: 'done',
            playbook: 'letters@1',
          });
        },
        { evictAlways },
      ));

    test('a letter that is on a card already may not change under it', () =>
      travel(
        async (parts) => {
          const playbooks = registryOf(parts);
          const run = await start(parts, 'letters', { to: 'a', n: 1 });
          await drive(parts, run.id, 'approval');
          const two = version(2, replaced('first', { title: 'Another letter' }));
          await playbooks.publish(two, '', 'operator:test');
          await expect(playbooks.migrate(run.id, 'letters@2', 'x')).rejects.toMatchObject({
            code: 'not_possible',
          });
        },
        { evictAlways },
      ));
  },
);
