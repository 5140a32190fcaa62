import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { JsonObject } from '../../src/base/index.ts';
import type { RunPage, RunRow } from '../../web/src/api/shapes.ts';
import { startPlan } from '../support/start-plan.ts';
import {
  approveButton,
  countBecomes,
  focusComes,
  inBrowser,
  pressUntil,
  signIn,
  textHolds,
} from './page-kit.ts';
import { type ServedDesk, serveDesk } from './served-desk.ts';

/** runs of a page, as the page asks for them */
const PAGE = 200;

inBrowser('runs in a real browser', (visitor) => {
  let desk: ServedDesk;
  let page: Page;
  const ids: string[] = [];
  beforeAll(async () => {
    desk = await serveDesk('page-runs');
    for (const fruit of ['oranges', 'lemons']) {
      ids.unshift((await desk.data<{ run: string }>(['do', `juggle three ${fruit}`])).run);
    }
    ({ page } = await visitor());
    await signIn(page, await desk.invite());
  });
  afterAll(() => desk?.[Symbol.asyncDispose]());

  /** As if a full page of newer runs stood before those that there are. */
  async function putBehindAPage(): Promise<void> {
    await page.route('**/api/runs?*', async (route) => {
      const url = new URL(route.request().url());
      const before = url.searchParams.get('before');
      if (before !== null && !before.startsWith('newer')) return route.continue();
      if (before !== null) url.searchParams.delete('before');
      const response = await route.fetch({ url: url.href });
      if (before !== null) return route.fulfill({ response });
      const [run] = (await response.json()) as readonly RunRow[];
      const json = Array.from({ length: PAGE }, (_, at) => ({ ...run, id: `newer-${at}` }));
      return route.fulfill({ response, json });
    });
  }

  test('a run on an older page shows what became of it, and nothing else moves', async () => {
    await putBehindAPage();
    await page.goto(`${desk.url}/runs`);
    const more = page.getByRole('button', { name: 'Older runs' });
    await more.press('Enter');
    const [first = '', second = ''] = ids;
    const row = (id: string) => page.locator(`#row-${id}`);
    await focusComes(row(first)); // where reading goes on
    const before = await row(second).boundingBox();
    for (const id of [second, first]) {
      await row(id).getByText('waits').waitFor();
      await desk.data(['cancel', id]);
      await row(id).getByText('cancelled').waitFor();
    }
    expect(await row(second).boundingBox()).toEqual(before);
    await focusComes(row(first));
    await countBecomes(page.locator('.rows .row'), PAGE + 3);
  });

  test('after a decision the card says how its run is now', async () => {
    await page.unrouteAll();
    await page.goto(desk.url);
    await approveButton(page).waitFor();
    await page.route('**/reject', async (route) => {
      const response = await route.fetch();
      const json = { ...(await response.json()), status: 'running' };
      await route.fulfill({ response, json });
    });
    await pressUntil(page, 'r', 'Why? It is kept with your decision.');
    await page.keyboard.press('Control+Enter');
    await page.getByText('Your decision is recorded.').waitFor();
    const says = page.getByRole('link', { name: /^The run is/ });
    await expect.poll(() => says.textContent()).toMatch(/stopped|cancelled|failed|done/);
  });

  const pause = (id: string, more: JsonObject = {}) => ({ id, wait: { for: 'P1D' }, ...more });
  const step = (name: string) =>
    page
      .getByRole('row')
      .filter({ has: page.getByRole('rowheader', { name: new RegExp(`^${name}`) }) });

  test('steps that have not begun stand with the others, and say what they wait for', async () => {
    const form = { fields: [{ name: 'n', kind: 'integer', required: true }] };
    const count = { id: 'count', title: 'Count the pears', ask: { title: 'How many?', form } };
    const inner = [pause('day'), pause('night', { title: 'Let it settle' })];
    const run = await startPlan(desk, 'pears', [
      { id: 'all', after: [], each: { over: ['a', 'b'], as: 'x', do: inner } },
      { ...count, after: [] },
      pause('rest', { title: 'Let them ripen' }),
      pause('last'),
    ]);
    await page.goto(`${desk.url}/runs/${run}`);
    await textHolds(step('Let them ripen'), 'Waits for "Count the pears".', 'not yet');
    await textHolds(step('last'), 'Waits for "Let them ripen".');
    await textHolds(step('Let it settle').first(), 'Waits for all/0/day.');
    const names = page.getByRole('rowheader');
    const order = (await names.allTextContents()).map((name) => name.split('Wait')[0]);
    const inList = ['all/0/day', 'Let it settle', 'all/1/day', 'Let it settle'];
    expect(order).toEqual(['all', ...inList, 'Count the pearsHow many?', 'Let them ripen', 'last']);
    const { items } = await desk.data<RunPage>(['run', run]);
    await desk.data(['answer', items[0] ?? '', '--set', 'n=3']);
    await textHolds(step('Let them ripen'), 'Waits until');
    await textHolds(step('last'), 'Waits for "Let them ripen".', 'not yet');
  });

  test('of a run that ended, steps say that it did not come to them', async () => {
    const bad = pause('bad', { after: [], onFail: 'fail', when: '10 / 0 > 0' });
    const run = await startPlan(desk, 'failing', [bad, pause('later')]);
    await page.goto(`${desk.url}/runs/${run}`);
    await textHolds(step('later'), 'The run ended before it.', 'not reached');
    await textHolds(page.getByRole('region', { name: 'The plan' }), 'not reached · for 1 day');
  });

  test('steps beyond those that fit a screen are counted', async () => {
    const many = Array.from({ length: 31 }, (_, index) => pause(`s${index}`));
    const run = await startPlan(desk, 'long', many);
    await page.goto(`${desk.url}/runs/${run}`);
    await page.getByText('And 10 more that have not begun.').waitFor();
    await countBecomes(page.getByRole('rowheader'), 21);
  });

  test('until when a run waits is said once, as people write it', async () => {
    await startPlan(desk, 'pause', [pause('day')]);
    await page.goto(`${desk.url}/automations`);
    const line = page.getByRole('listitem').filter({ hasText: 'pause' }).first();
    await textHolds(line, 'Waits until');
    const words = (await line.textContent()) ?? '';
    expect(words).not.toMatch(/\dT\d/);
    expect(words.match(/until/gi)).toHaveLength(1);
  });
});
