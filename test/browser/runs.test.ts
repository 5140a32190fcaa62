import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { RunRow } from '../../web/src/api/shapes.ts';
import {
  approveButton,
  countBecomes,
  focusComes,
  inBrowser,
  pressUntil,
  signIn,
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
});
