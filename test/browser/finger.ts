import type { CDPSession, Locator, Page } from 'playwright-core';
import { type ServedDesk, UNLOCK } from './served-desk.ts';

/** An authenticator inside the browser, which answers for a person. */
export interface Finger {
  /** false: the person is not recognised, and the browser's question ends without an answer */
  readonly recognise: (isUserVerified: boolean) => Promise<void>;
  /** false: nobody touches it */
  readonly touch: (enabled: boolean) => Promise<void>;
}

export async function addFinger(cdp: CDPSession, transport: 'internal' | 'usb'): Promise<Finger> {
  const { authenticatorId } = await cdp.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      ...{ protocol: 'ctap2', transport, hasResidentKey: true },
      ...{ hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true },
    },
  });
  return {
    recognise: async (isUserVerified) => {
      await cdp.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified });
    },
    touch: async (enabled) => {
      await cdp.send('WebAuthn.setAutomaticPresenceSimulation', { authenticatorId, enabled });
    },
  };
}

export async function withAuthenticators(page: Page): Promise<CDPSession> {
  const cdp = await page.context().newCDPSession(page);
  await cdp.send('WebAuthn.enable');
  return cdp;
}

/** Makes a passkey in Settings; the code under which it waits. */
export async function makePasskey(page: Page, name: string): Promise<string> {
  await page.getByRole('button', { name: 'Add a passkey', exact: true }).click();
  const form = page.getByRole('form', { name: 'Add a passkey' });
  await form.getByLabel('How you call it').fill(name);
  await form.getByRole('button', { name: 'Make the passkey' }).click();
  const waits = page.getByRole('region', { name: 'The new passkey' });
  await waits.waitFor();
  const command = (await waits.locator('code.copy').textContent()) ?? '';
  return command.split(' ').at(-1) ?? '';
}

/** Lets a passkey in at the command line; the page says so for a few seconds, maybe before that ends. */
export async function letIn(
  desk: ServedDesk,
  page: Page,
  code: string,
  name: string,
): Promise<void> {
  await Promise.all([
    desk.data(['devices', 'passkey', code, '--yes'], UNLOCK),
    page.getByText(`${name} can sign for you now.`).waitFor(),
  ]);
}

/** Removes the device of this line in Settings, after what is shown of it. */
export async function removeDevice(line: Locator): Promise<void> {
  await line.getByRole('button', { name: 'Remove…' }).click();
  const form = line.page().getByRole('form', { name: /^Remove / });
  await form.getByText('There is no undo').waitFor();
  await form.getByRole('button', { name: 'Remove it for good', exact: true }).click();
}
