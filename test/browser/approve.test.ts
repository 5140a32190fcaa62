import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import PostalMime from 'postal-mime';
import { expect, test } from 'vitest';
import { type Effect, effectHash, verifyStatement } from '../../src/contract/portable.ts';
import { createWorkshop, type Served, type Workshop } from '../support/steward-process.ts';
import {
  approveButton,
  countBecomes,
  expectNoSidewaysScroll,
  focusComes,
  inBrowser,
  pressUntil,
  signIn,
  textHolds,
} from './page-kit.ts';

/** The example company bills the month before this one. */
const MONTH = Temporal.Now.plainDateISO('Europe/Berlin').subtract({ months: 1 });
const MONTH_WORDS = MONTH.toLocaleString('en', {
  month: 'long',
  year: 'numeric',
  calendar: 'iso8601',
});

inBrowser('deciding in a real browser', (visitor) => {
  async function example(): Promise<{ workshop: Workshop; served: Served }> {
    const workshop = await createWorkshop('page');
    return { workshop, served: await workshop.serve(['start']) };
  }

  test('what was seen and edited is signed, and exactly those bytes go out', async () => {
    const { workshop, served } = await example();
    await using _ = workshop;
    const { page, complaints } = await visitor();
    await signIn(page, served.signIn);
    expect(new URL(page.url()).hash).toBe('');

    await page.getByText('Vielen Dank für die Zusammenarbeit.').waitFor();
    await page.locator('canvas[role=img]').first().waitFor();
    await textHolds(page.locator('.mail-head'), 'buchhaltung@acme.example');

    await page.keyboard.press('e');
    const text = page.getByRole('textbox', { name: 'Text' });
    await text.fill((await text.inputValue()).replace('Vielen Dank', 'Herzlichen Dank'));
    await page.keyboard.press('Control+Enter');
    const edit = page.getByLabel('Your edit');
    await textHolds(edit.locator('del'), 'Vielen Dank');
    await textHolds(edit.locator('ins'), 'Herzlichen Dank');

    await pressUntil(page, 'a', 'Your decision is recorded.');
    await page.getByText('Written to the sandbox outbox.').first().waitFor();
    expect(complaints).toEqual([]);

    const [sent] = await outbox(workshop);
    const events = await logOf(page);
    const approval = dataOf(events, 'approval.recorded').at(-1)?.signed;
    const device = dataOf(events, 'device.enrolled').at(-1)?.device;
    expect(device.kind).toBe('browser');
    expect(await verifyStatement(approval.statement, approval.signature, device.publicKey)).toBe(
      true,
    );
    const effects: Effect[] = dataOf(events, 'effect.finalised').map(({ effect }) => effect);
    const hashes = await Promise.all(effects.map((effect) => effectHash(effect)));
    const signed = effects.filter((_effect, index) =>
      approval.statement.effects.includes(hashes[index]),
    );
    expect(signed.map(({ step }) => step).sort()).toEqual(['issue', 'mail']);
    const exact = signed
      .find(({ step }) => step === 'mail')
      ?.parts.find(({ use }) => use === 'exact');
    expect(
      createHash('sha256')
        .update(sent ?? '')
        .digest('hex'),
    ).toBe(exact?.blob);
    const mail = await PostalMime.parse(sent ?? Buffer.alloc(0));
    expect(mail.text).toContain('Herzlichen Dank für die Zusammenarbeit.');
    expect(mail.attachments).toHaveLength(2);
  });

  test('at 320 pixels the keyboard alone asks, reads, and approves', async () => {
    const { workshop, served } = await example();
    await using _ = workshop;
    const { page, complaints } = await visitor({ width: 320, height: 640 });
    await page.goto(served.signIn);
    await page.getByRole('heading', { name: 'Inbox' }).waitFor();
    await expectNoSidewaysScroll(page, 'inbox');

    await page.keyboard.press('/');
    await page.keyboard.type(`invoice Studio Nord OG for ${MONTH_WORDS}`);
    await page.keyboard.press('Enter');
    const title = page.getByRole('heading', { level: 2, name: 'Issue invoice' });
    await focusComes(title);
    await expectNoSidewaysScroll(page, 'card');

    await approveButton(page).waitFor();
    await tabTo(page, 'Approve');
    await page.keyboard.press('Enter');
    await page.getByText('Your decision is recorded.').waitFor();
    await tabTo(page, 'Inbox', 'Shift+Tab');
    await page.keyboard.press('Enter');
    await page.getByRole('link', { name: 'Acme GmbH' }).waitFor();
    await countBecomes(page.locator('.rows .row'), 1);
    await expect.poll(() => outbox(workshop)).toHaveLength(1);
    expect(complaints).toEqual([]);
  });

  test('a second browser can look, and every button says why it cannot decide', async () => {
    const { workshop, served } = await example();
    await using _ = workshop;
    const first = await visitor();
    await signIn(first.page, served.signIn);

    const { data } = (await workshop.run(['sign-in', '--json'])).json();
    const second = await visitor();
    await second.page.goto((data as { url: string }).url);
    const approve = second.page.getByRole('button', { name: /^Approve\. Not possible now/ });
    await approve.waitFor();
    expect(await approve.getAttribute('aria-disabled')).toBe('true');
    await textHolds(second.page.locator('.do-nothing'), 'steward devices invite');
    await second.page.keyboard.press('a');
    await approve.click({ force: true });
    expect(await outbox(workshop)).toEqual([]);
    expect(second.complaints).toEqual([]);
  });

  test('a browser that is known decides again after a fresh link', async () => {
    const { workshop, served } = await example();
    await using _ = workshop;
    const { page, complaints } = await visitor();
    await signIn(page, served.signIn);
    await page.goto(`${served.url}/settings`);
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByText('Open the sign-in link').waitFor();

    const { data } = (await workshop.run(['sign-in', '--json'])).json();
    await page.goto((data as { url: string }).url);
    await approveButton(page).click();
    await page.getByText('Your decision is recorded.').waitFor();
    await expect.poll(() => outbox(workshop)).toHaveLength(1);
    expect(complaints).toEqual([]);
  });

  test('a card that changes while it is open says what changed before it can be signed', async () => {
    const { workshop, served } = await example();
    await using _ = workshop;
    const { page } = await visitor();
    await signIn(page, served.signIn);
    const { data } = (await workshop.run(['inbox', '--json'])).json();
    const [item] = data as { id: string }[];
    await workshop.run(['edit', item?.id ?? '', '--set', 'mail.subject=Another subject', '--json']);
    await textHolds(page.getByLabel('What changed'), 'Another subject');
    expect(await outbox(workshop)).toEqual([]);
  });

  test('a lost answer is looked into: it never claims that nothing happened', async () => {
    const { workshop, served } = await example();
    await using _ = workshop;
    const { page } = await visitor();
    await signIn(page, served.signIn);

    await page.route('**/approve', (route) => route.abort());
    await pressUntil(page, 'a', 'It still waits for you');
    await page.unroute('**/approve');

    await page.evaluate(() => {
      const real = window.fetch;
      window.fetch = async (...request) => {
        const answer = await real(...request);
        if (answer.url.endsWith('/approve'))
          throw new TypeError('it arrived; only the answer is lost');
        return answer;
      };
    });
    await pressUntil(page, 'a', 'your decision arrived');
    await expect.poll(() => outbox(workshop)).toHaveLength(1);
  });

  test('bytes that are not what the hash says cannot be approved', async () => {
    const { workshop, served } = await example();
    await using _ = workshop;
    const { page } = await visitor();
    await page.route('**/api/blobs/*', async (route) => {
      const answer = await route.fetch();
      const bytes = await answer.body();
      bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
      await route.fulfill({ response: answer, body: bytes });
    });
    await page.goto(served.signIn);
    await page.getByText('This is not what would be signed.').first().waitFor();
    await page.keyboard.press('a');
    await textHolds(page.locator('.do-nothing'), 'not what would be signed');
    await page.unrouteAll({ behavior: 'wait' }); // a file may still be on its way
    expect(await outbox(workshop)).toEqual([]);
  });
});

/** The messages in the sandbox's outbox. */
async function outbox({ home }: Workshop): Promise<readonly Buffer[]> {
  const folder = join(home, 'sandbox/outbox/new');
  const names = await readdir(folder).catch(() => []);
  return Promise.all(names.map((name) => readFile(join(folder, name))));
}

interface LoggedEvent {
  readonly type: string;
  // biome-ignore lint/suspicious/noExplicitAny: the log holds every shape; each test reads what it wrote
  readonly data: any;
}

async function logOf(page: Page): Promise<readonly LoggedEvent[]> {
  return page.evaluate(
    async () => (await (await fetch('/api/log?after=0&limit=1000')).json()).events,
  );
}

function dataOf(events: readonly LoggedEvent[], type: string): readonly LoggedEvent['data'][] {
  return events.filter((event) => event.type === type).map(({ data }) => data);
}

/** Presses Tab until the focus is on what has this name. */
async function tabTo(page: Page, name: string, key = 'Tab'): Promise<void> {
  for (let press = 0; press < 60; press++) {
    await page.keyboard.press(key);
    const here = await page.evaluate(() => document.activeElement?.textContent ?? '');
    if (here.trim().startsWith(name)) return;
  }
  throw new Error(`no way to "${name}" by keyboard`);
}
