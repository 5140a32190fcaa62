import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Json, JsonObject } from '../../src/base/index.ts';
import { type CommandDesk, createExampleDesk } from '../support/command-desk.ts';
import { drive, start, type Travel, travel } from './time-travel-kit.ts';

const head = { version: 1, autonomy: 'suggest', input: { fields: [] } };
const add = (id: string, n: Json): JsonObject => ({ id, call: 'math.add@1', with: { n } });

/** Counts its rounds, twice: once up to three, and once for ever. */
const counts: JsonObject = {
  ...{ ...head, name: 'counts', title: 'Count' },
  plan: {
    steps: [
      {
        id: 'met',
        repeat: { max: 3, until: 'sum.n == 4', do: [add('sum', { $expr: 'round' })] },
      },
      {
        id: 'bound',
        repeat: {
          ...{ max: 3, until: 'sum.n > 90', do: [add('sum', { $expr: 'round' })] },
          output: { sum: { $expr: 'sum.n' }, met: { $expr: 'sum.n > 90' } },
        },
      },
      { ...add('after', { $expr: 'bound.sum' }), when: '!bound.met' },
    ],
  },
};

async function unmetOf({ log }: Travel, run: string): Promise<JsonObject> {
  const events = await log.readStream(`run/${run}`);
  const ends = events.filter(({ type, data }) => type === 'step.completed' && data.unmet);
  return Object.fromEntries(ends.map(({ data }) => [String(data.step), data.unmet ?? null]));
}

describe('a repeat that reaches its bound', () => {
  test('is done, and the log says that its condition was never true', () =>
    travel(
      async (parts) => {
        const { id } = await start(parts, 'counts', {});
        expect((await drive(parts, id)).status).toBe('done');
        expect(await unmetOf(parts, id)).toEqual({ bound: { rounds: 3, until: 'sum.n > 90' } });
        expect((await parts.kernel.past.replay(id)).status).toBe('identical');
        const fork = await parts.kernel.past.fork(id, 'after', 'operator:test');
        await drive(parts, fork.run);
        expect(Object.keys(await unmetOf(parts, fork.run))).toEqual(['bound']);
      },
      { playbooks: [counts] },
    ));

  test('shows its output to later steps as it stood, and what the plan makes of its condition', () =>
    travel(
      async (parts) => {
        const { id } = await start(parts, 'counts', {});
        await drive(parts, id);
        const events = await parts.log.readStream(`run/${id}`);
        const outputs = events
          .filter(({ type }) => type === 'step.completed')
          .map(({ data }) => [data.step, data.output]);
        expect(outputs).toContainEqual(['bound', { sum: 4, met: false }]);
        expect(outputs).toContainEqual(['after', { n: 5 }]);
      },
      { playbooks: [counts] },
    ));
});

describe('at a terminal', () => {
  let desk: CommandDesk;
  let run: string;
  beforeAll(async () => {
    desk = await createExampleDesk('repeat-bound');
    const pause = { id: 'pause', wait: { until: '2020-01-01T00:00:00Z' } };
    const plan = { steps: [{ id: 'tries', repeat: { max: 2, until: 'round > 9', do: [pause] } }] };
    const file = join(desk.directory, 'tries.json');
    await writeFile(file, JSON.stringify({ ...head, name: 'tries', title: 'Try', plan }));
    await desk.data(['playbooks', 'publish', file]);
    run = (await desk.data<{ run: string }>(['do', 'try', '--playbook', 'tries'])).run;
  });
  afterAll(() => desk.close());

  const words = 'It stopped after 2 rounds, its bound, and "round > 9" was never true.';
  const flat = (text: string) => text.replace(/\s+/g, ' ');

  test('the run, its step and why say that it stopped without what it repeats for', async () => {
    const shown = await desk.data<JsonObject>(['run', run]);
    expect(shown).toMatchObject({ status: 'done', why: { words: `tries: ${words}` } });
    expect(shown.steps).toContainEqual(
      expect.objectContaining({
        ...{ id: 'tries', status: 'done', because: words },
        unmet: { rounds: 2, until: 'round > 9' },
      }),
    );
    expect(await desk.data(['why', run])).toMatchObject({ unmet: [{ step: 'tries', words }] });
    expect((await desk.data<JsonObject>(['step', run, 'tries'])).because).toBe(words);
  });

  test('each of them says so in a sentence', async () => {
    const { out } = await desk.run(['run', run]);
    expect(flat(out)).toContain(`tries: ${words}`);
    expect(out.split('\n').find((line) => line.startsWith('✓'))).toContain('It stopped after');
    expect(flat((await desk.run(['why', run])).out)).toContain(words);
    expect(flat((await desk.run(['step', run, 'tries'])).out)).toContain(words);
  });
});
