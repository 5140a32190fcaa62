import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { countBecomes, expectAccessible, inBrowser, signIn, textHolds } from './page-kit.ts';
import { type ServedDesk, serveDesk, UNLOCK } from './served-desk.ts';

inBrowser('connections in a real browser', (visitor) => {
  let desk: ServedDesk;
  let page: Page;
  beforeAll(async () => {
    desk = await serveDesk('page-connections');
    ({ page } = await visitor());
    await signIn(page, await desk.invite());
  });
  afterAll(() => desk?.[Symbol.asyncDispose]());
  const mail = () => page.getByRole('listitem').filter({ hasText: 'Send a mail' }).first();

  test('what is off or stopped says how it goes on, and so do the steps that are possible', async () => {
    await page.goto(`${desk.url}/connections`);
    await textHolds(mail(), 'Sandbox');
    await desk.data(['connect', 'mail', '--mode', 'off', '--yes'], UNLOCK);
    await textHolds(mail(), 'Nothing goes out. Switch it on with: steward connect mail');
    await desk.data(['stop']);
    await textHolds(mail(), 'Let it go on with: steward resume');
    await desk.data(['resume', '--yes'], UNLOCK);
    await countBecomes(page.getByText('steward resume'), 0);
    const next = page.getByRole('region', { name: 'What you can do' });
    await textHolds(next, 'steward connect mail --mode sandbox', 'cannot be connected yet');
    await expectAccessible(page, 'connections');
    await next.getByRole('link', { name: 'Settings' }).press('Enter');
    await page.getByRole('button', { name: 'Add a webhook…' }).waitFor();
  });

  test('where nothing is connected the page says what can be done', async () => {
    await page.route('**/api/connectors', (route) => route.fulfill({ json: [] }));
    await page.goto(`${desk.url}/connections`);
    await page.getByText('Nothing is connected, so nothing can go out.').waitFor();
    const next = page.getByRole('region', { name: 'What you can do' });
    await textHolds(next, 'add a webhook', 'steward import --help');
    expect(await next.getByText('steward connect').count()).toBe(0);
  });
});
