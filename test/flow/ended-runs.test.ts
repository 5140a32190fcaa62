import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { JsonObject } from '../../src/base/index.ts';
import { type CommandDesk, createExampleDesk } from '../support/command-desk.ts';

let desk: CommandDesk;
beforeAll(async () => {
  desk = await createExampleDesk('ended-runs');
});
afterAll(() => desk.close());

interface Shown {
  readonly status: string;
  readonly steps: readonly { id: string; status: string; waiting: unknown }[];
}

const pause = (id: string, more: JsonObject = {}) => ({ id, wait: { for: 'P1D' }, ...more });
const ask = (id: string) => {
  const form = { fields: [{ name: 'n', kind: 'integer', required: true }] };
  return { id, after: [], ask: { title: 'How many?', form } };
};
/** Two items wait for a day, and with them whatever stands beside the list. */
const list = (id: string, more: JsonObject = {}) => ({
  ...{ id, after: [], each: { over: [0, 1], as: 'x', do: [pause('day'), pause('then', more)] } },
});

async function startPlan(name: string, steps: readonly JsonObject[]): Promise<string> {
  const file = join(desk.directory, `${name}.json`);
  const head = { name, version: 1, title: name, autonomy: 'ask', input: { fields: [] } };
  await writeFile(file, JSON.stringify({ ...head, plan: { steps } }));
  await desk.data(['playbooks', 'publish', file]);
  await desk.run(['do', name, '--playbook', name]);
  const [newest] = await desk.data<readonly { id: string }[]>(['runs', '--limit', '1']);
  return newest?.id ?? '';
}

async function itemsOf(run: string): Promise<readonly { id: string }[]> {
  const items = await desk.data<readonly { id: string; run: string }[]>(['inbox']);
  return items.filter((item) => item.run === run);
}

describe('a run that is over', () => {
  test('fails and takes along what it asked in the same moment', async () => {
    const failing = list('items', { after: [], when: '10 / x > 0', onFail: 'fail' });
    const run = await startPlan('fails', [failing, ask('many'), pause('beside', { after: [] })]);
    const { status, steps } = await desk.data<Shown>(['run', run]);
    expect(status).toBe('failed');
    expect(await itemsOf(run)).toEqual([]);
    const open = steps.filter((step) => !['failed', 'skipped', 'cancelled'].includes(step.status));
    expect(open).toEqual([]);
    expect(steps.filter(({ waiting }) => waiting !== null)).toEqual([]);
    expect((await desk.run(['run', run])).err).not.toContain('steward show');
  });

  test('was cancelled, and nothing in it still runs', async () => {
    const run = await startPlan('waits', [list('items'), ask('many')]);
    expect(await itemsOf(run)).toHaveLength(1);
    await desk.data(['cancel', run]);
    const { status, steps } = await desk.data<Shown>(['run', run]);
    expect(status).toBe('cancelled');
    expect(await itemsOf(run)).toEqual([]);
    const items = steps.find(({ id }) => id === 'items');
    expect(items).toMatchObject({ status: 'cancelled', waiting: null });
    expect((await desk.data<{ status: string }>(['step', run, 'items'])).status).toBe('cancelled');
  });
});

describe('a run that is listed at a terminal', () => {
  test('says of each step that does not run why, and of a done one nothing of what failed before', async () => {
    const run = await startPlan('reasons', [
      pause('day', { after: [] }),
      pause('mended', { after: [], when: '10 / 0 > 0', catch: { value: { timedOut: true } } }),
    ]);
    const { steps } = await desk.data<Shown>(['run', run]);
    expect(steps.map(({ id, status }) => [id, status])).toContainEqual(['mended', 'done']);
    const { out } = await desk.run(['run', run]);
    const lineOf = (id: string) => out.split('\n').find((line) => line.includes(` ${id} `)) ?? '';
    expect(lineOf('day')).toMatch(/waiting\s+Waits until \d{4}-\d\d-\d\d \d\d:\d\d/);
    expect(lineOf('mended')).toMatch(/done\s*$/);
  });
});
