import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { JsonObject } from '../../src/base/index.ts';
import { inBrowser, signIn } from './page-kit.ts';
import { type ServedDesk, serveDesk } from './served-desk.ts';

const ITEMS = 12;

inBrowser('plans with lists and rounds in a real browser', (visitor) => {
  let desk: ServedDesk;
  let page: Page;
  let directory: string;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'steward-lists-and-bounds-'));
    desk = await serveDesk('page-lists');
    ({ page } = await visitor());
    await signIn(page, await desk.invite());
  });
  afterAll(async () => {
    await desk?.[Symbol.asyncDispose]();
    await rm(directory, { recursive: true });
  });

  async function startPlan(name: string, ...steps: readonly JsonObject[]): Promise<string> {
    const file = join(directory, `${name}.json`);
    const head = { name, version: 1, title: name, autonomy: 'ask', input: { fields: [] } };
    await writeFile(file, JSON.stringify({ ...head, plan: { steps } }));
    await desk.data(['playbooks', 'publish', file]);
    return (await desk.data<{ run: string }>(['do', name, '--playbook', name])).run;
  }

  test('a run says of a step that it stopped at its bound', async () => {
    const pause = { id: 'pause', wait: { until: '2020-01-01T00:00:00Z' } };
    const repeat = { max: 2, until: 'round > 9', do: [pause] };
    const run = await startPlan('tries', { id: 'tries', repeat });
    await page.goto(`${desk.url}/runs/${run}`);
    const words = 'It stopped after 2 rounds, its bound, and "round > 9" was never true.';
    await page.locator('.step-detail').getByText(words).waitFor();
    await page.locator('.banner').getByText(`tries: ${words}`).waitFor();
  });

  test('the questions of a list stand in the order of its items', async () => {
    const form = { fields: [{ name: 'n', kind: 'integer', required: true }] };
    const ask = { title: { $expr: '"Item number " + string(x)' }, form };
    const over = Array.from({ length: ITEMS }, (_, n) => n);
    const each = { over, as: 'x', parallel: ITEMS, do: [{ id: 'ask', ask }] };
    await startPlan('asks', { id: 'each', each });
    await page.goto(desk.url);
    const rows = page.locator('.rows .row').filter({ hasText: 'Item number' });
    await expect.poll(() => rows.count()).toBe(ITEMS);
    const said = (await rows.allTextContents()).map((text) => /Item number (\d+)/.exec(text)?.[1]);
    expect(said).toEqual(over.map(String));
  });
});
