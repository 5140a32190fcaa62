import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createWorkshop, type Served, type Workshop } from '../support/steward-process.ts';
import { expectAccessible, expectNoSidewaysScroll, focusComes, inBrowser } from './page-kit.ts';

inBrowser('a company is made in a real browser', (visitor) => {
  let workshop: Workshop;
  let served: Served;
  let page: Page;
  let complaints: readonly string[];
  beforeAll(async () => {
    workshop = await createWorkshop('onboarding-page');
    served = await workshop.serve(['start'], { STEWARD_EXAMPLE: '0' });
    ({ page, complaints } = await visitor({ width: 390 }));
  });
  afterAll(async () => {
    await workshop?.[Symbol.asyncDispose]();
  });

  test('without the link the page says where to find it', async () => {
    await page.goto(served.url);
    await page.getByText('There is no company here yet.').waitFor();
  });

  test('the link opens the form, and its code leaves the address', async () => {
    await page.goto(served.signIn);
    await page.getByRole('heading', { name: 'Your company' }).waitFor();
    await expect.poll(() => new URL(page.url()).hash).toBe('');
    await expect.poll(() => page.getByLabel('Time zone').inputValue()).not.toBe('');
    await expectAccessible(page, 'onboarding');
    await expectNoSidewaysScroll(page, 'onboarding');
  });

  test('a wrong IBAN is said at its field, which has the focus', async () => {
    await page.getByLabel('Company name').fill('Lindt Design');
    await page.getByLabel('Your name').fill('Mara Lindt');
    await page.getByLabel('Street and number').fill('Lindenstraße 14');
    await page.getByLabel('Postal code').fill('10969');
    await page.getByLabel('City').fill('Berlin');
    await page.getByLabel('Country').selectOption('DE');
    await page.getByLabel('E-mail').fill('mara@lindt.example');
    await page.getByLabel('VAT id').fill('DE136695976');
    const iban = page.getByLabel('IBAN');
    await iban.fill('DE89370400440532013001');
    await page.getByRole('button', { name: 'Create my company' }).click();
    const alert = page.getByRole('alert');
    await expect.poll(() => alert.textContent()).toMatch(/^IBAN is not a valid IBAN/);
    await expect.poll(() => iban.getAttribute('aria-invalid')).toBe('true');
    await focusComes(iban);
    await expectAccessible(page, 'onboarding with a problem');
  });

  test('the recovery key is shown once, and then the inbox opens for a device that may decide', async () => {
    await page.getByLabel('IBAN').fill('DE89370400440532013000');
    await page.getByLabel('IBAN').press('Enter');
    await page.getByRole('heading', { name: 'Your recovery key' }).waitFor();
    const key = (await page.locator('code').textContent()) ?? '';
    expect(key).toMatch(/^([0-9A-Z]{4}-){8}[0-9A-Z]{4}$/);
    await expectAccessible(page, 'recovery key');
    await expectNoSidewaysScroll(page, 'recovery key');
    await page.getByRole('button', { name: 'I have written it down' }).click();
    await page.getByRole('heading', { name: 'Inbox' }).waitFor();
    await expect.poll(() => new URL(page.url()).pathname).toBe('/');
    await page.goto(`${served.url}/settings`);
    await page.getByText(/^You decide here as ".+"/).waitFor();
    expect(await page.content()).not.toContain(key);
    // the refused form is the only thing that the browser may have complained about
    expect(complaints.filter((words) => !words.includes('422'))).toEqual([]);
  });
});
