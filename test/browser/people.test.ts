import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { addFinger, letIn, makePasskey, withAuthenticators } from './finger.ts';
import {
  expectAccessible,
  expectNoSidewaysScroll,
  inBrowser,
  signIn,
  textHolds,
  type Visit,
} from './page-kit.ts';
import { type ServedDesk, serveDesk, UNLOCK } from './served-desk.ts';

interface Party {
  readonly id: string;
  readonly title: string;
}

/** A browser that may sign what takes a passkey. */
async function signer(visited: Visit, desk: ServedDesk): Promise<Visit> {
  const { page } = visited;
  await signIn(page, await desk.invite());
  await page.goto(`${desk.url}/settings`);
  await addFinger(await withAuthenticators(page), 'internal');
  await letIn(desk, page, await makePasskey(page, 'Finger'), 'Finger');
  return visited;
}

const signNow = (page: Page, name: string) => page.getByRole('button', { name, exact: true });

inBrowser('people and programs in a real browser', (visitor) => {
  test('a person is erased from the record: all that goes is shown, signed, and receipted', async () => {
    await using desk = await serveDesk('page-erase');
    const made = ['--set', 'name=Zoe Gone', '--set', 'kinds=customer', '--set', 'notes=secret'];
    const zoe = await desk.data<Party>(['create', 'party', ...made], UNLOCK);
    const { page, complaints } = await signer(await visitor(), desk);
    await page.goto(`${desk.url}/business/party/${zoe.id}`);
    await page.getByRole('button', { name: 'Erase this person…' }).click();
    const form = page.getByRole('form', { name: 'Erase Zoe Gone' });
    await expectAccessible(page, 'the form of an erasure');
    await form.getByRole('button', { name: 'Show what I would sign' }).click();
    const shown = form.getByLabel('What you would sign');
    await textHolds(shown, 'everything personal about "Zoe Gone" for good');
    expect(await desk.data(['erasures'])).toEqual([]);
    await expectNoSidewaysScroll(page, 'an erasure before it is signed');
    await signNow(page, 'Erase for good').click();
    const receipt = page.getByRole('status', { name: 'Erased' });
    await textHolds(receipt, 'Backups: readable until');
    await page.getByText('(erased)').first().waitFor();
    const [erasure] = await desk.data<readonly object[]>(['erasures']);
    expect(erasure).toMatchObject({ subject: zoe.id, because: 'They asked for it.' });
    expect(complaints).toEqual([]);
  });

  test('a token is made in Settings, shown once, works, and is ended', async () => {
    await using desk = await serveDesk('page-tokens');
    const { page, complaints } = await signer(await visitor(), desk);
    await page.getByRole('button', { name: 'Make a token…' }).click();
    const form = page.getByRole('form', { name: 'A token for a worker or an agent' });
    await form.getByLabel('Who will hold it').fill('Night helper');
    await form.getByLabel('What it may read').fill('project\ntime-entry');
    await expectAccessible(page, 'the form of a token');
    await form.getByRole('button', { name: 'Show what I would sign' }).click();
    await form.getByText('It can approve, sign, delegate and change nothing.').waitFor();
    await signNow(page, 'Sign and show the token').click();
    const code = page.locator('section[aria-labelledby=tokens] .banner code.copy');
    await code.waitFor();
    const token = (await code.textContent()) ?? '';
    const read = async (type: string) =>
      (
        await fetch(`${desk.url}/api/records/${type}`, {
          headers: { authorization: `Bearer ${token}` },
        })
      ).status;
    expect([await read('project'), await read('party')]).toEqual([200, 403]);

    await page.reload();
    const line = page.locator('section[aria-labelledby=tokens] li');
    await textHolds(line, 'reads project, time-entry');
    expect(await page.content()).not.toContain(token);
    await line.getByRole('button', { name: 'End it' }).click();
    await line.getByText('ended', { exact: true }).waitFor();
    expect(await read('project')).toBe(401);
    expect(complaints).toEqual([]);
  });

  test('a secret is kept and gets a new value in Settings, and the page forgets both', async () => {
    await using desk = await serveDesk('page-secrets');
    const { page, complaints } = await signer(await visitor(), desk);
    await page.getByRole('button', { name: 'Keep a secret…' }).click();
    const form = page.getByRole('form', { name: 'Keep a secret' });
    await form.getByLabel('How you call it').fill('bank');
    await form.getByLabel('Where it may be sent').fill('api.bank.example');
    const value = form.getByLabel('The key or password');
    expect(await value.getAttribute('type')).toBe('password');
    await value.fill('typed-in-value-1');
    await expectAccessible(page, 'the form of a secret');
    await form.getByRole('button', { name: 'Show what I would sign' }).click();
    await form.getByText('sends it to nobody but: api.bank.example').waitFor();
    await signNow(page, 'Sign and keep it').click();
    const line = page
      .locator('section[aria-labelledby=secrets] li')
      .filter({ hasText: 'sent to api.bank.example; value' });
    await line.waitFor();

    await line.getByRole('button', { name: 'New value…' }).click();
    const next = page.getByRole('form', { name: 'A new value for bank' });
    await next.getByLabel('The key or password').fill('typed-in-value-2');
    await next.getByRole('button', { name: 'Show what I would sign' }).click();
    await next.getByText('Replaces the value').waitFor();
    await signNow(page, 'Sign and keep it').click();
    await line.getByText('value 2').waitFor();
    expect(await page.content()).not.toContain('typed-in-value');
    expect(await desk.data(['secret', 'list'])).toMatchObject([{ name: 'bank', version: 2 }]);
    expect(complaints).toEqual([]);
  });
});
