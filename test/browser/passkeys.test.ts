import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { act, ask, cardOf, openTrustWorld, type TrustWorld } from '../flow/trust-kit.ts';
import { type ServedWorld, serveComposed } from '../support/serve-composed.ts';
import { addFinger, letIn, makePasskey, removeDevice, withAuthenticators } from './finger.ts';
import {
  approveButton,
  expectAccessible,
  expectNoSidewaysScroll,
  inBrowser,
  signIn,
  textBecomes,
  textHolds,
} from './page-kit.ts';
import { serveDesk } from './served-desk.ts';

const DIST = fileURLToPath(new URL('../../web/dist', import.meta.url));

const deviceLine = (page: Page, name: string) =>
  page.locator('section[aria-labelledby=devices] li').filter({ hasText: name });

inBrowser('passkeys in a real browser', (visitor) => {
  test('one is made in Settings, let in by its code, and then lets in the next one and a browser', async () => {
    await using desk = await serveDesk('page-passkeys');
    const { page, complaints } = await visitor();
    await signIn(page, await desk.invite());
    await page.goto(`${desk.url}/settings`);
    const cdp = await withAuthenticators(page);
    const finger = await addFinger(cdp, 'internal');
    const invite = page.getByRole('button', { name: /^Add a browser\. Not possible now/ });
    await invite.waitFor();

    // closing the browser's question leaves nothing behind, and says so
    await finger.recognise(false);
    await page.getByRole('button', { name: 'Add a passkey', exact: true }).click();
    const form = page.getByRole('form', { name: 'Add a passkey' });
    await expectAccessible(page, 'adding a passkey');
    await form.getByRole('button', { name: 'Make the passkey' }).click();
    await form.getByText("Your browser's question was closed").waitFor();
    await form.getByRole('button', { name: 'Cancel' }).click();
    await finger.recognise(true);

    const code = await makePasskey(page, 'Laptop finger');
    expect(code).toMatch(/^[0-9a-f]{16}$/);
    await expectAccessible(page, 'a passkey that waits');
    await expectNoSidewaysScroll(page, 'a passkey that waits');
    const devices = await desk.data<readonly { kind: string }[]>(['devices']);
    expect(devices.map(({ kind }) => kind)).not.toContain('passkey');
    await letIn(desk, page, code, 'Laptop finger');
    await deviceLine(page, 'Laptop finger').waitFor();

    // the first one lets in the second: another authenticator, as a key on a ring would be
    await finger.touch(false);
    const ring = await addFinger(cdp, 'usb');
    await makePasskey(page, 'Key ring');
    await ring.touch(false);
    await finger.touch(true);
    await page.getByRole('button', { name: 'Let it in with my passkey' }).click();
    await deviceLine(page, 'Key ring').waitFor();

    // of two, one is chosen before the browser asks
    await finger.touch(false);
    await ring.touch(true);
    await page.getByRole('button', { name: 'Add a browser', exact: true }).click();
    const adding = page.getByRole('form', { name: 'Add a browser' });
    await adding.getByText('Lets whoever opens your link enrol one browser').waitFor();
    await adding.getByLabel('Sign with the passkey').selectOption('Key ring');
    await adding.getByRole('button', { name: 'Sign and show the link', exact: true }).click();
    await page.getByText('Open this link in the other browser').waitFor();
    const link = (await page.locator('.banner code.copy').textContent()) ?? '';
    const second = await visitor();
    await signIn(second.page, link);

    // a grant, which the key of this browser may not sign
    await page.goto(desk.url);
    await approveButton(page).waitFor();
    await page.keyboard.press('w');
    const grant = page.getByRole('form', { name: 'Always, within limits' });
    await grant.getByRole('button', { name: 'Show what I would sign' }).click();
    await grant.getByLabel('Sign with the passkey').waitFor();
    await grant.getByRole('button', { name: 'Sign it', exact: true }).click();
    await page.getByText('Signed. It is listed under Settings').waitFor();
    expect(await desk.data(['grants'])).toMatchObject([{ status: 'active' }]);

    await page.goto(`${desk.url}/settings`);
    await removeDevice(deviceLine(page, 'Key ring'));
    await deviceLine(page, 'Key ring').getByText('removed').waitFor();
    expect(complaints).toEqual([]);
    expect(second.complaints).toEqual([]);
  });

  test('a server that answers with another key gets nothing to sign', async () => {
    await using desk = await serveDesk('page-passkey-lie');
    const { page } = await visitor();
    await signIn(page, await desk.invite());
    await page.goto(`${desk.url}/settings`);
    await addFinger(await withAuthenticators(page), 'internal');
    for (const member of ['publicKey', 'credentialId', 'rpId'] as const) {
      await page.route('**/api/devices/passkeys', async (route) => {
        const response = await route.fetch();
        const proposal = await response.json();
        const { device } = proposal.body;
        const said = String(device[member]);
        // one letter in the middle, so that it stays a key
        const at = said.length >> 1;
        device[member] = said.slice(0, at) + (said[at] === 'A' ? 'B' : 'A') + said.slice(at + 1);
        await route.fulfill({ response, json: proposal });
      });
      await page.getByRole('button', { name: 'Add a passkey', exact: true }).click();
      const form = page.getByRole('form', { name: 'Add a passkey' });
      await form.getByRole('button', { name: 'Make the passkey' }).click();
      await form.getByText('What came back is not the passkey that this browser made.').waitFor();
      await form.getByRole('button', { name: 'Cancel' }).click();
      await page.unroute('**/api/devices/passkeys');
    }
    expect(await page.getByText('steward devices passkey').count()).toBe(0);
  });

  test('at a bare number the page names the address where passkeys work', async () => {
    const home = mkdtempSync(join(tmpdir(), 'steward-page-number-'));
    const served = await serveComposed((verify) => openTrustWorld({ home, verify }), DIST);
    try {
      const number = served.url.replace('localhost', '127.0.0.1');
      served.answerAt(number);
      const { page } = await visitor();
      await page.goto(`${number}/sign-in#${served.services.sessions.newCode('invite')}`);
      await page.getByText('Nothing waits').first().waitFor();
      await page.goto(`${number}/settings`);
      const add = page.getByRole('button', { name: /^Add a passkey\. Not possible now/ });
      await add.waitFor();
      await expect
        .poll(() => add.getAttribute('title'))
        .toBe(`Browsers use no passkeys at this address. Open Steward at ${served.url}`);
    } finally {
      await served.close();
      rmSync(home, { recursive: true, force: true, maxRetries: 3 });
    }
  });

  test('what is grave waits for the passkey: without one it says so, closed it still waits, then it is done', async () => {
    const home = mkdtempSync(join(tmpdir(), 'steward-page-grave-'));
    let served: ServedWorld<TrustWorld> | undefined;
    try {
      served = await serveComposed((verify) => openTrustWorld({ home, verify }), DIST);
      const { world, services, url } = served;
      const { id } = await ask(world, 'pay', { to: ['zoe@example.org'], text: 'Rent' });
      const { item } = await cardOf(world, id);

      const { page, complaints } = await visitor();
      await page.goto(`${url}/sign-in#${services.sessions.newCode('invite')}`);
      await page.getByRole('link', { name: 'Pay it' }).click();
      const off = page.getByRole('button', { name: /^Approve\. Not possible now/ });
      await off.waitFor();
      await textBecomes(
        page.locator('.do-nothing'),
        'This moves money or binds you, so it takes a passkey, and you have none yet. Add one in Settings.',
      );
      await expectAccessible(page, 'a grave card without a passkey');
      await page.keyboard.press('a');
      await page.keyboard.press('x');
      await page.getByText('One of them takes a passkey: open it by itself.').waitFor();
      await page.getByRole('button', { name: 'Clear' }).click();
      await page.getByRole('link', { name: 'Passkeys in Settings' }).click();

      const finger = await addFinger(await withAuthenticators(page), 'internal');
      const code = await makePasskey(page, 'My finger');
      const body = services.passkeyOffers.find(code);
      await act(world, 'device', body); // as where a key has a passphrase
      await deviceLine(page, 'My finger').waitFor();

      await page.goto(`${url}/items/${item.id}`);
      const approve = page.getByRole('button', { name: 'Approve with passkey' });
      await approve.waitFor();
      await page.getByText('Your browser asks for your passkey "My finger".').waitFor();
      await expectAccessible(page, 'a grave card with a passkey');
      await expectNoSidewaysScroll(page, 'a grave card with a passkey');

      const before = world.log.head().seq;
      await finger.recognise(false);
      await approve.click();
      const closed = page.getByRole('alert').filter({ hasText: 'Nothing was signed.' });
      await textHolds(closed, 'It still waits for you.');
      expect(world.sent).toEqual([]);
      expect(world.log.head().seq).toBe(before);
      expect((await cardOf(world, id)).item.status).toBe('open');

      await finger.recognise(true);
      await approve.click();
      await page.getByText('Your decision is recorded.').waitFor();
      await expect
        .poll(() => world.sent)
        .toMatchObject([{ capability: 'post.pay@1', text: 'Rent' }]);
      const [recorded] = (
        await world.log.read({ after: before, limit: 100, types: ['approval.recorded'] })
      ).values();
      expect(recorded?.data).toMatchObject({ assurance: 'present', item: item.id });
      expect(complaints).toEqual([]);
    } finally {
      await served?.close();
      rmSync(home, { recursive: true, force: true, maxRetries: 3 });
    }
  });
});
