import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../src/base/index.ts';
import { isJsonObject } from '../../src/base/index.ts';
import { start, travel } from './time-travel-kit.ts';

const playbook: JsonObject = {
  ...{ name: 'made', version: 1, title: 'A made plan', autonomy: 'suggest' },
  input: { type: 'object', properties: { plan: {} }, required: ['plan'] },
  plan: {
    steps: [
      {
        id: 'made',
        expand: { plan: { $expr: 'input.plan' }, allow: ['math.add@1'], limit: 2 },
      },
    ],
  },
};
const options = { playbooks: [playbook] };
const add = (id: string, more: JsonObject = {}): JsonObject => ({
  ...{ id, call: 'math.add@1', with: { n: 1 }, ...more },
});

describe('a plan that a step made', () => {
  test('runs when it keeps to what the step allows', () =>
    travel(async (parts) => {
      const run = await start(parts, 'made', { plan: { steps: [add('a'), add('b')] } });
      expect(run.status).toBe('done');
      expect((await parts.kernel.past.replay(run.id)).status).toBe('identical');
    }, options));

  test.each<[string, JsonObject | string, string, string]>([
    [
      'calls what the step does not allow',
      { steps: [{ id: 'keep', call: 'note.keep@1', with: { text: 'x' } }] },
      ...(['steps[0].call', 'one of math.add@1'] as const),
    ],
    [
      'has more steps than the step allows',
      { steps: [add('a'), add('b'), add('c')] },
      ...(['steps', 'at most 2 steps'] as const),
    ],
    [
      'names a step like a type of the language',
      { steps: [add('list'), add('b', { with: { n: { $expr: 'list.n' } } })] },
      ...(['steps[0].id', 'an id that has no other meaning'] as const),
    ],
    [
      'reads a step around it',
      { steps: [add('a', { with: { n: { $expr: 'made.n' } } })] },
      ...(['steps[0].with.n', 'a step or a name that can be seen from here'] as const),
    ],
    ['is no plan', 'no plan', '', 'an object'],
  ])('is refused before anything of it runs when it %s', (_, plan, path, expected) =>
    travel(async (parts) => {
      const { kernel, log, world } = parts;
      const run = await start(parts, 'made', { plan });
      expect([run.status, run.waitingFor]).toEqual(['waiting', 'answer']);
      const events = await log.readStream(`run/${run.id}`);
      const failed = events.find(({ type }) => type === 'step.failed');
      const problem = failed?.data.failure;
      const faults = isJsonObject(problem) ? problem.faults : undefined;
      expect(faults).toContainEqual(expect.objectContaining({ path, expected }));
      expect(events.filter(({ type }) => type === 'step.completed')).toEqual([]);
      expect(world.records).toBe(0);
      expect((await kernel.past.replay(run.id)).status).toBe('identical');
    }, options),
  );
});
