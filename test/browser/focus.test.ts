import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  approveButton,
  countBecomes,
  focusComes,
  inBrowser,
  lastMonth,
  pressUntil,
  signIn,
} from './page-kit.ts';
import { type ServedDesk, serveDesk, UNLOCK } from './served-desk.ts';

inBrowser('the focus in a real browser', (visitor) => {
  let desk: ServedDesk;
  let page: Page;
  beforeAll(async () => {
    desk = await serveDesk('page-focus');
    ({ page } = await visitor());
    await signIn(page, await desk.invite());
  });
  afterAll(() => desk?.[Symbol.asyncDispose]());

  const button = (name: string | RegExp) => page.getByRole('button', { name, exact: true });

  /** By keyboard only: opens what this button opens. */
  async function pressOn(name: string | RegExp, form: string | RegExp) {
    await button(name).focus();
    await page.keyboard.press('Enter');
    const opened = page.getByRole('form', { name: form });
    await opened.waitFor();
    await expect
      .poll(() => opened.evaluate((it) => it.contains(document.activeElement)))
      .toBe(true);
    return opened;
  }

  test.each([
    ['Add a passkey', 'Add a passkey'],
    ['Add a webhook…', 'A webhook'],
    ['Keep a secret…', 'Keep a secret'],
    ['Make a token…', 'A token for a worker or an agent'],
    ['Change the policy', 'Another policy'],
  ])('in Settings it goes back to "%s" when that form is left', async (name, form) => {
    await page.goto(`${desk.url}/settings`);
    const byKey = await pressOn(name, form);
    await page.keyboard.press('Escape');
    await countBecomes(byKey, 0);
    await focusComes(button(name));
    const byButton = await pressOn(name, form);
    await byButton.getByRole('button', { name: 'Cancel' }).press('Enter');
    await focusComes(button(name));
  });

  test.each([
    ['Edit', 'Edit before you decide'],
    ['Reject', 'Reject'],
    ['Snooze', 'Show it again'],
    ['Always…', 'Always, within limits'],
  ])('on a card it goes back to "%s"', async (name, form) => {
    await page.goto(desk.url);
    await approveButton(page).waitFor();
    await pressOn(name, form);
    await page.keyboard.press('Escape');
    await focusComes(button(name));
  });

  test('it goes back to the button with which a record was edited', async () => {
    await page.goto(`${desk.url}/business/party`);
    await page.locator('.rows .row').first().click();
    await pressOn('Edit', /^Edit /);
    await page.keyboard.press('Escape');
    await focusComes(button('Edit'));
  });

  test('Escape leaves a form that the focus is not in', async () => {
    await page.goto(`${desk.url}/settings`);
    const form = await pressOn('Keep a secret…', 'Keep a secret');
    await page.getByRole('heading', { level: 1 }).click();
    await focusComes(page.locator('main'));
    await page.keyboard.press('Escape');
    await countBecomes(form, 0);
    await focusComes(button('Keep a secret…'));
  });

  test('a thing that was ended leaves it at the heading of the others', async () => {
    const may = ['--may', 'invoice.draft@1', '--days', '1', '--yes'];
    await desk.data(['tokens', 'create', 'Robot', ...may], UNLOCK);
    await page.goto(`${desk.url}/runs`);
    await page.locator('.rows .row').first().waitFor();
    await page.getByRole('link', { name: 'Settings' }).press('Enter');
    await button('End it Robot').press('Enter');
    await countBecomes(button('End it Robot'), 0);
    await focusComes(page.locator('#tokens'));
  });

  test('after a decision it is on the card that says what became of it, and j opens the one after it', async () => {
    await desk.data(['do', `invoice Harbour Labs for ${lastMonth()}`]);
    await desk.data(['do', 'juggle three oranges']);
    await page.goto(desk.url);
    await approveButton(page).waitFor();
    const rows = page.locator('.rows .row');
    await countBecomes(rows, 3);
    const ids = await rows.evaluateAll((all) => all.map((row) => row.id));
    await rows.nth(0).focus();
    await page.keyboard.press('j');
    await focusComes(rows.nth(1));
    await approveButton(page).waitFor();
    await pressUntil(page, 'r', 'Why? It is kept with your decision.');
    await page.keyboard.press('Control+Enter');
    await page.getByText('Your decision is recorded.').waitFor();
    await countBecomes(page.locator(`#${ids[1]}`), 0);
    await focusComes(page.locator('#card-title'));
    await page.keyboard.press('j');
    await focusComes(page.locator(`#${ids[2]}`));
  });

  describe('on a phone', () => {
    const row = (id: string) => page.locator(`#${id}`);
    beforeAll(() => page.setViewportSize({ width: 360, height: 740 }));
    afterAll(() => page.setViewportSize({ width: 1280, height: 800 }));

    /** Opens the last row of a list by keyboard; its id. */
    async function openLast(path: string, title: string): Promise<string> {
      await page.goto(desk.url + path);
      await page.locator('.rows .row').first().waitFor();
      const last = page.locator('.rows .row').last();
      await last.press('Enter');
      await page.getByRole('link', { name: title, exact: true }).first().waitFor();
      await page.locator('#card-title').waitFor();
      return (await last.getAttribute('id')) ?? '';
    }
    const back = (title: string) => page.locator('a.back', { hasText: title });

    test.each([
      ['/runs', 'Runs'],
      ['/', 'Inbox'],
      ['/business/party', 'Business'],
    ])('going back to %s puts it on the row that was opened', async (path, title) => {
      const byLink = await openLast(path, title);
      await back(title).press('Enter');
      await focusComes(row(byLink));
      const byBrowser = await openLast(path, title);
      await page.goBack();
      await focusComes(row(byBrowser));
      expect(byBrowser).toBe(byLink);
    });

    test('what is gone from the list leaves it at the heading of the list', async () => {
      const { run } = await desk.data<{ run: string }>(['do', 'juggle four pears']);
      await page.goto(desk.url);
      const pears = page.locator('.rows .row', { hasText: 'four pears' });
      await pears.press('Enter');
      await page.locator('.decide').waitFor();
      await desk.data(['cancel', run]);
      await countBecomes(pears, 0);
      await back('Inbox').press('Enter');
      await focusComes(page.locator('#page-title'));
    });

    test.each([
      ['/settings', 'Open the log'],
      ['/', 'Invoice a month of time'],
    ])('nothing on %s that has it is behind the bottom edge', async (path, name) => {
      await page.setViewportSize({ width: 320, height: 640 });
      await page.goto(desk.url + path);
      if (path === '/') await page.locator('.rows .row', { hasText: 'Acme' }).press('Enter');
      if (path === '/') await page.locator('.decide').waitFor();
      await page.locator('details').evaluateAll((all) => {
        for (const one of all) one.setAttribute('open', '');
      });
      const last = page.getByRole('link', { name }).last();
      await last.waitFor();
      const isThere = () => last.evaluate((it) => it === document.activeElement);
      for (let tabs = 0; tabs < 99 && !(await isThere()); tabs++) {
        await page.keyboard.press('Tab');
        expect(await page.evaluate(coveredFocus)).toBe('');
      }
      await focusComes(last);
    });

    test('another place of the rail keeps it', async () => {
      await openLast('/runs', 'Runs');
      const link = page.getByRole('navigation').getByRole('link', { name: 'Runs' });
      await link.press('Enter');
      await page.locator('.rows .row').first().waitFor();
      await focusComes(link);
    });
  });
});

/** What has the focus and is not to be seen; a link that jumps over something is beside the page. */
function coveredFocus(): string {
  const it = document.activeElement;
  if (!it || it === document.body || it.matches('.skip')) return '';
  const { x, y, width, height } = it.getBoundingClientRect();
  const top = document.elementFromPoint(x + Math.min(width, 40) / 2, y + Math.min(height, 40) / 2);
  return top && (it.contains(top) || top.contains(it)) ? '' : (it.textContent ?? '');
}
