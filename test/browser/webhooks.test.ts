import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { signDelivery } from '../support/hook-sender.ts';
import { addFinger, letIn, makePasskey, withAuthenticators } from './finger.ts';
import {
  expectAccessible,
  expectNoSidewaysScroll,
  focusComes,
  inBrowser,
  signIn,
  textHolds,
} from './page-kit.ts';
import { serveDesk, UNLOCK } from './served-desk.ts';

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
    await form.getByText('Starts nothing:').waitFor();
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

  test('its secret is replaced and what it may do is changed, each after a signature', async () => {
    await using desk = await serveDesk('page-hook-change');
    const before = await desk.data<{ readonly whsec: string }>(
      ['hook', 'add', 'shop', '--fact', 'data.order', '--yes'],
      UNLOCK,
    );
    const { context, page, complaints } = await visitor();
    await context.grantPermissions(['clipboard-read', 'clipboard-write']);
    await signIn(page, await desk.invite());
    await page.goto(`${desk.url}/settings`);
    await addFinger(await withAuthenticators(page), 'internal');
    await letIn(desk, page, await makePasskey(page, 'Finger'), 'Finger');
    const line = section(page).locator('li').filter({ hasText: '/hooks/shop' });
    const deliver = async (secret: string, order: string) => {
      const sent = signDelivery(secret, { data: { order } }, { at: Date.now() });
      return (await fetch(`${desk.url}/hooks/shop`, { method: 'POST', ...sent })).status;
    };
    const rotate = async (old: string) => {
      await line.getByRole('button', { name: 'New secret… shop' }).press('Enter');
      const form = page.getByRole('form', { name: 'A new secret for shop' });
      await form.getByLabel('How long the old one counts').selectOption(old);
      await form.getByRole('button', { name: 'Show what I would sign' }).click();
      await form.getByText('Gives the hook "shop" a new secret.').waitFor();
      await expectAccessible(page, 'the form of a new secret');
      await form.getByRole('button', { name: 'Sign and replace it', exact: true }).click();
      await focusComes(line.getByRole('button', { name: 'New secret… shop' }));
      const banner = section(page).locator('.banner');
      await banner.getByRole('button', { name: 'Copy the secret' }).click();
      await banner.getByRole('button', { name: 'Copied the secret' }).waitFor();
      return page.evaluate(() => navigator.clipboard.readText());
    };

    const second = await rotate('One day more');
    expect(await deliver(second, 'o-1')).toBe(200);
    expect(await deliver(before.whsec, 'o-2')).toBe(200);
    await textHolds(section(page).locator('.banner'), 'The old secret counts until');
    await line.getByText('The old secret counts until').waitFor();
    await expectAccessible(page, 'settings with a new secret');
    await expectNoSidewaysScroll(page, 'settings with a new secret');
    const third = await rotate('It ends at once');
    await textHolds(section(page).locator('.banner'), 'The old secret counts no more.');
    expect(await deliver(third, 'o-3')).toBe(200);
    expect(await deliver(second, 'o-4')).toBe(403);

    await line.getByRole('button', { name: 'Change… shop' }).click();
    expect(await page.content()).not.toContain(third);
    const form = page.getByRole('form', { name: 'What shop may do' });
    const facts = form.getByLabel('What counts as your own');
    expect(await facts.inputValue()).toBe('data.order');
    await facts.fill('data.order\ndata.amount');
    await form.getByLabel('What each one starts').fill('invoice-project');
    await form.getByLabel('What the playbook is given').fill('{"project": ');
    await form.getByRole('button', { name: 'Show what I would sign' }).click();
    await form.getByText('This is not JSON').waitFor();
    await form.getByLabel('What the playbook is given').fill('');
    await form.getByLabel('What each one starts').fill('');
    await form.getByRole('button', { name: 'Show what I would sign' }).click();
    await form.getByText('data.order, data.amount').first().waitFor();
    await form.getByRole('button', { name: 'Sign and change it', exact: true }).click();
    await line.getByText('Counts as your own: data.order, data.amount.').waitFor();
    expect(await desk.data(['hook', 'list'])).toMatchObject([
      { name: 'shop', playbook: null, facts: ['data.order', 'data.amount'] },
    ]);
    expect(complaints).toEqual([]);
  });
});
