import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { signDelivery } from '../support/hook-sender.ts';
import { addFinger, letIn, makePasskey, withAuthenticators } from './finger.ts';
import { expectAccessible, expectNoSidewaysScroll, inBrowser, signIn } from './page-kit.ts';
import { serveDesk } from './served-desk.ts';

const section = (page: Page) => page.locator('section[aria-labelledby=hooks]');

inBrowser('webhooks in a real browser', (visitor) => {
  test('one is added in Settings, its secret is shown once, it takes what is signed, and is ended', async () => {
    await using desk = await serveDesk('page-hooks');
    const { page, complaints } = await visitor();
    await signIn(page, await desk.invite());
    await page.goto(`${desk.url}/settings`);
    await addFinger(await withAuthenticators(page), 'internal');
    await letIn(desk, page, await makePasskey(page, 'Finger'), 'Finger');
    await page.getByRole('button', { name: 'Add a webhook…' }).click();
    const form = page.getByRole('form', { name: 'A webhook' });
    await form.getByLabel('How you call it').fill('shop');
    await form.getByLabel('What counts as your own').fill('data.order');
    await expectAccessible(page, 'the form of a webhook');
    await form.getByRole('button', { name: 'Show what I would sign' }).click();
    await form.getByText('Starts nothing').waitFor();
    await page.getByRole('button', { name: 'Sign and add it', exact: true }).click();
    const codes = section(page).locator('.banner code.copy');
    await codes.nth(1).waitFor();
    await expectNoSidewaysScroll(page, 'settings with a new webhook');
    const [address = '', secret = ''] = await codes.allTextContents();
    expect(address).toBe(`${desk.url}/hooks/shop`);
    const deliver = async () => {
      const sent = signDelivery(secret, { data: { order: 'o-17' } }, { at: Date.now() });
      return (await fetch(address, { method: 'POST', ...sent })).status;
    };
    expect(await deliver()).toBe(200);
    expect(await desk.data(['hooks'])).toMatchObject([{ hook: 'shop', status: 'kept' }]);

    await page.reload();
    const line = section(page).locator('li').filter({ hasText: '/hooks/shop' });
    await line.getByText('Counts as your own: data.order.').waitFor();
    expect(await page.content()).not.toContain(secret.slice('whsec_'.length));
    await expectAccessible(page, 'settings with a webhook');
    await expectNoSidewaysScroll(page, 'settings with a webhook');
    await line.getByRole('button', { name: 'End it' }).click();
    await section(page).getByText('Nobody outside can tell you anything here.').waitFor();
    expect(await deliver()).toBe(403);
    expect(complaints).toEqual([]);
  });
});
