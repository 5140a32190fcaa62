import { gzipSync } from 'node:zlib';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { createWorkshop, type Served, type Workshop } from '../support/steward-process.ts';
import {
  buildPage,
  countBecomes,
  expectAccessible,
  expectNoSidewaysScroll,
  firstLoad,
  focusComes,
  inBrowser,
  lastMonth,
  signIn,
  textBecomes,
} from './page-kit.ts';

const FIRST_LOAD_BYTES = 60 * 1024;

beforeAll(() => buildPage());

test('the first load is at most 60 KB', () => {
  const files = firstLoad();
  expect(files.map(({ name }) => name.replace(/-[^.]+\./, '.')).sort()).toEqual(
    expect.arrayContaining(['/assets/index.css', '/assets/index.js', 'index.html']),
  );
  const bytes = files.map(({ bytes: file }) => gzipSync(file, { level: 9 }).byteLength);
  expect(bytes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(FIRST_LOAD_BYTES);
});

test('the page names nothing but its own origin, and nothing inline', () => {
  const [page] = firstLoad();
  const html = page?.bytes.toString() ?? '';
  expect(html).not.toMatch(/https?:/);
  expect(html).not.toMatch(/<script(?![^>]*src=)|<style|style=|\son\w+=/);
});

inBrowser('every screen in a real browser', (visitor) => {
  let workshop: Workshop;
  let served: Served;
  let page: Page;
  let complaints: readonly string[];
  beforeAll(async () => {
    workshop = await createWorkshop('screens');
    served = await workshop.serve(['start']);
    ({ page, complaints } = await visitor());
    await signIn(page, served.signIn);
    const box = page.getByRole('textbox', { name: 'What should be done?' });
    await box.fill('juggle three oranges');
    await box.press('Enter');
    await page.getByRole('heading', { level: 2, name: 'juggle three oranges' }).waitFor();
  });
  afterAll(async () => {
    await workshop?.[Symbol.asyncDispose]();
  });

  /** Each with the way there and what shows that it is whole. */
  const SCREENS: readonly (readonly [name: string, go: () => Promise<void>])[] = [
    ['approval', () => openItem('Acme')],
    ['question', () => openItem('juggle')],
    ['today', () => open('/today', 'What happened')],
    ['runs', () => open('/runs', 'invoice Acme')],
    ['run', () => openFirst('/runs', 'invoice Acme')],
    ['step', openStep],
    ['records', () => open('/business/party', '95.00 EUR an hour')],
    ['record', () => openFirst('/business/party', 'Acme GmbH')],
    ['record form', () => open('/business/party/new', 'New party')],
    ['automations', () => open('/automations', 'Invoice a month of time')],
    ['connections', () => open('/connections', 'Mail')],
    ['settings', () => open('/settings', 'this browser')],
    ['log', () => open('/log', 'You asked')],
    ['palette', () => withKey('Control+k', 'dialog.palette')],
    ['help', () => withKey('?', 'dialog.help')],
  ];

  test.each([
    ['light', 1280, 800, false],
    ['dark', 1280, 800, true],
    ['on a phone', 320, 640, false],
  ] as const)(
    'nothing on any screen is hard to reach or to read (%s)',
    async (_name, width, height, dark) => {
      await page.setViewportSize({ width, height });
      await page.emulateMedia({ colorScheme: dark ? 'dark' : 'light' });
      for (const [screen, go] of SCREENS) {
        await go();
        await expectAccessible(page, screen);
        await expectNoSidewaysScroll(page, screen);
      }
      expect(complaints).toEqual([]);
    },
  );

  test('the single keys can be switched off', async () => {
    await page.setViewportSize({ width: 1280, height: 800 });
    await open('/settings', 'this browser');
    const box = page.getByRole('checkbox', { name: /Single keys/ });
    await box.uncheck();
    await page.keyboard.press('?');
    expect(await page.locator('dialog').count()).toBe(0);
    await box.check();
    await page.keyboard.press('?');
    await page.locator('dialog.help').waitFor();
    await page.keyboard.press('Escape');
  });

  test('a record keeps its history, and opens as it was', async () => {
    await openFirst('/business/party', 'Studio Nord');
    await page.getByRole('button', { name: 'Edit' }).click();
    const billing = page.getByRole('group', { name: 'Billing' });
    await billing.getByRole('textbox', { name: 'Payment days' }).fill('21');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Changed payment days of billing to 21.').waitFor();
    await page.getByRole('button', { name: 'As it was then' }).last().click();
    await page.getByText('This is how it was').waitFor();
    await expect.poll(() => page.locator('.differs').textContent()).toMatch(/30.*now: 21/);
  });

  test('a change by hand that is wrong is refused in words, and the field is found', async () => {
    await openFirst('/business/party', 'Studio Nord');
    await page.getByRole('button', { name: 'Edit' }).click();
    const mail = page.getByRole('textbox', { name: 'E-mail' });
    await mail.fill('nobody');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('alert').waitFor();
    await focusComes(mail);
    await page.keyboard.press('Escape');
  });

  test('a full inbox counts, lists and shortens itself, and older runs follow', async () => {
    await page.setViewportSize({ width: 1280, height: 800 });
    onTestFinished(() => page.unrouteAll({ behavior: 'ignoreErrors' }));
    const many = <Row extends object>(row: Row | undefined, count: number) =>
      Array.from({ length: count }, (_, index) => ({ ...row, id: `0000-${index}` }));
    await page.route('**/api/inbox', async (route) => {
      const response = await route.fetch();
      const { items } = await response.json();
      await route.fulfill({ response, json: { items: many(items[0], 203), total: 203 } });
    });
    await open('/runs', 'invoice Acme');
    const known = await page.request.get(new URL('/api/runs', served.url).href);
    const [run] = await known.json();
    await page.route('**/api/runs?*', (route) => {
      const isOlder = route.request().url().endsWith('before=0000-199');
      return route.fulfill({ json: isOlder ? many(run, 205).slice(200) : many(run, 200) });
    });
    await open('/today', '195 more in the inbox');
    await page.getByRole('link', { name: 'Inbox 203 waiting' }).waitFor();
    const count = page.locator('.rail-count');
    await textBecomes(count, '99+');
    const box = await count.boundingBox();
    expect(box?.height).toBeLessThan(20);
    expect(box && box.x >= 0 && box.x + box.width <= 48).toBe(true);
    await page.setViewportSize({ width: 360, height: 740 });
    const icons = page.locator('.rail-link > .icon');
    const heights = await icons.evaluateAll((all) => all.map((it) => it.getBoundingClientRect().y));
    expect([...new Set(heights)].length, 'all icons stand on one line').toBe(1);
    await expectNoSidewaysScroll(page, 'a full inbox on a phone');
    await page.setViewportSize({ width: 1280, height: 800 });
    await open('/runs', 'Older runs');
    await page.getByRole('button', { name: 'Older runs' }).click();
    await countBecomes(page.locator('.rows .row'), 205);
    await countBecomes(page.getByRole('button', { name: 'Older runs' }), 0);
  });

  test('the keyboard skips a list, however long it is', async () => {
    await openFirst('/business/party', 'Acme GmbH');
    await page.getByRole('link', { name: 'Skip the list' }).focus();
    await page.keyboard.press('Enter');
    await page.keyboard.press('Tab');
    await focusComes(page.getByRole('button', { name: 'Edit' }));
  });

  test('on a phone no word of a table is broken into letters', async () => {
    await page.setViewportSize({ width: 390, height: 844 });
    await openFirst('/business/invoice', 'draft');
    const cell = page.getByRole('region', { name: 'Lines' }).locator('td').first();
    expect((await cell.boundingBox())?.width).toBeGreaterThan(120);
    await expectNoSidewaysScroll(page, 'an invoice on a phone');
    await page.setViewportSize({ width: 1280, height: 800 });
  });

  test('on a phone an event is what happened, and one line of number, time and who', async () => {
    await page.setViewportSize({ width: 360, height: 740 });
    await open('/log', 'You asked');
    const lines = await page
      .locator('.log tbody tr')
      .evaluateAll((rows) =>
        rows.map(
          (row) => new Set([...row.children].map((cell) => cell.getBoundingClientRect().y)).size,
        ),
      );
    expect(new Set(lines)).toEqual(new Set([2]));
    await page.setViewportSize({ width: 1280, height: 800 });
  });

  test('a step that happens elsewhere appears by itself', async () => {
    await open('/runs', 'invoice Acme');
    const words = `invoice Harbour Labs for ${lastMonth()}`;
    await workshop.run(['do', words, '--json']);
    await page.getByText(words).first().waitFor();
  });

  test('without the server the page says from when it is, and comes back by itself', async () => {
    await open('/today', 'What happened');
    await page.context().setOffline(true);
    await served.stop('SIGKILL');
    await page.getByText('Reconnecting; what you see is from').waitFor();
    await page.context().setOffline(false);
    served = await workshop.serve(['start'], { STEWARD_PORT: new URL(served.url).port });
    await page.getByText('Reconnecting').waitFor({ state: 'detached' });
  });

  async function open(path: string, shows: string): Promise<void> {
    await page.goto(new URL(path, served.url).href);
    await page.getByText(shows).first().waitFor();
  }

  async function openFirst(path: string, shows: string): Promise<void> {
    await open(path, shows);
    await page.locator('.rows .row', { hasText: shows }).first().click();
    await page.locator('#card-title').waitFor();
  }

  async function openStep(): Promise<void> {
    await openFirst('/runs', 'invoice Acme');
    await page.getByRole('button', { name: 'Write the draft' }).click();
    await page.getByRole('heading', { name: 'Result' }).waitFor();
  }

  async function openItem(words: string): Promise<void> {
    await openFirst('/', words);
    await page.locator('.decide').waitFor();
    if (words === 'Acme') await page.locator('canvas[role=img]').first().waitFor();
  }

  async function withKey(key: string, shows: string): Promise<void> {
    await open('/today', 'What happened');
    await page.keyboard.press(key);
    await page.locator(shows).waitFor();
  }
});
