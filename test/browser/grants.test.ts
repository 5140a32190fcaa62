import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { addFinger, letIn, makePasskey, removeDevice, withAuthenticators } from './finger.ts';
import {
  approveButton,
  countBecomes,
  expectAccessible,
  expectNoSidewaysScroll,
  inBrowser,
  pressUntil,
  signIn,
  textHolds,
} from './page-kit.ts';
import { serveDesk, UNLOCK } from './served-desk.ts';

const PARTIES = ['records', 'party'];

/** The example company bills the month before this one. */
const MONTH_WORDS = Temporal.Now.plainDateISO('Europe/Berlin')
  .subtract({ months: 1 })
  .toLocaleString('en', { month: 'long', year: 'numeric', calendar: 'iso8601' });

interface GrantLine {
  readonly id: string;
  readonly status: string;
  readonly because: string | null;
}

inBrowser('delegating in a real browser', (visitor) => {
  test('"Always" shows its limits, lets them be changed, and says in sentences what is signed', async () => {
    await using desk = await serveDesk('page-grants');
    const { page, complaints } = await visitor();
    await signIn(page, await desk.invite());
    await page.keyboard.press('w');
    const form = page.getByRole('form', { name: 'Always, within limits' });
    const to = form.getByLabel('Only to');
    await expect.poll(() => to.inputValue()).toBe('buchhaltung@acme.example');
    expect(await form.getByLabel('At most', { exact: true }).inputValue()).toBe('1');
    await expectAccessible(page, 'the form of a grant');

    await form.getByLabel('At most', { exact: true }).fill('3');
    await form.getByRole('button', { name: 'Show what I would sign' }).click();
    const shown = form.getByLabel('What you would sign');
    await textHolds(shown, 'mail.send@1', 'buchhaltung@acme.example', '3 times per month');
    // the key of a browser lies open: it may not sign a grant, and the way out is a command
    const sign = form.getByRole('button', { name: /^Sign it\. Not possible now/ });
    expect(await sign.getAttribute('aria-disabled')).toBe('true');
    await sign.click({ force: true });
    expect(await desk.data(['grants'])).toEqual([]);

    const command = (await shown.locator('code').textContent()) ?? '';
    await desk.data([...wordsOf(command), '--yes'], UNLOCK);
    await page.goto(`${desk.url}/settings`);
    const line = page.locator('section[aria-labelledby=grants] li');
    await textHolds(line, '3 times a month', 'used 0 times');
    await expectNoSidewaysScroll(page, 'settings with a grant');

    await line.getByRole('button', { name: 'End it' }).click();
    await page.getByText('is over: you are asked again.').waitFor();
    await line.getByText('ended', { exact: true }).waitFor();
    await countBecomes(line.getByRole('button'), 0);
    const [grant] = await desk.data<readonly GrantLine[]>(['grants']);
    expect(grant).toMatchObject({ status: 'revoked', because: 'You ended it.' });
    expect(complaints).toEqual([]);
  });

  test('with a passkey the page signs the grant itself, exactly as it was shown', async () => {
    await using desk = await serveDesk('page-grants');
    const { page, complaints } = await visitor();
    await signIn(page, await desk.invite());
    await page.goto(`${desk.url}/settings`);
    await addFinger(await withAuthenticators(page), 'internal');
    const code = await makePasskey(page, 'Laptop finger');
    await letIn(desk, page, code, 'Laptop finger');

    await page.getByRole('link', { name: 'Inbox' }).click();
    await approveButton(page).waitFor();
    await page.keyboard.press('w');
    const form = page.getByRole('form', { name: 'Always, within limits' });
    await form.getByLabel('times', { exact: true }).selectOption('week');
    await form.getByRole('button', { name: 'Show what I would sign' }).click();
    await form.getByText('At most once per week.').waitFor();
    // another limit is another grant: what was shown before cannot be signed any more
    await form.getByLabel('At most', { exact: true }).fill('2');
    await countBecomes(form.getByRole('button', { name: /^Sign it/ }), 0);
    await form.getByRole('button', { name: 'Show what I would sign' }).click();
    await form.getByText('At most 2 times per week.').waitFor();
    await form.getByRole('button', { name: 'Sign it', exact: true }).click();
    await page.getByText('Signed. It is listed under Settings').waitFor();
    const [grant] = await desk.data<readonly (GrantLine & { limits: unknown })[]>(['grants']);
    expect(grant).toMatchObject({
      status: 'active',
      limits: [{ type: 'count', max: 2, per: 'week' }],
    });
    expect(complaints).toEqual([]);
  });

  test('what a grant covers goes out without its own question, and the page counts the use', async () => {
    await using desk = await serveDesk('page-grants');
    const parties =
      await desk.data<readonly { title: string; fields: { email: string } }[]>(PARTIES);
    const email = parties.find(({ title }) => title.startsWith('Studio Nord'))?.fields.email ?? '';
    const grant = ['grant', 'mail.send', '--to', email, '--count', '2/month'];
    await desk.data([...grant, '--playbook', 'invoice-month', '--yes'], UNLOCK);
    await desk.data(['do', `invoice Studio Nord OG for ${MONTH_WORDS}`, '--wait']);

    const { page, complaints } = await visitor();
    await page.goto(await desk.invite());
    await page.getByRole('link', { name: 'Studio Nord' }).click();
    await page.getByRole('heading', { level: 2, name: 'Issue invoice' }).waitFor();
    // only what the grant does not cover is asked
    await approveButton(page).waitFor();
    await countBecomes(page.getByRole('checkbox'), 0);
    const always = page.getByRole('button', { name: /^Always…\. Not possible now/ });
    await expect.poll(() => always.getAttribute('title')).toContain('nobody outside');
    const provenance = page.locator('details.provenance');
    await provenance.waitFor();
    await page.keyboard.press('o');
    await expect.poll(() => provenance.getAttribute('open')).toBe('');
    await pressUntil(page, 'a', 'Your decision is recorded.');
    await expect.poll(desk.outbox).toBe(1);
    await page.getByRole('link', { name: /^The run/ }).click();
    const why = page.getByRole('region', { name: 'Why it was allowed, asked or refused' });
    await why.getByText('On your grant').waitFor();
    await countBecomes(why.locator('li'), 2);
    await textHolds(why, 'you were asked');
    await expectAccessible(page, 'a run with its decisions');
    await page.goto(`${desk.url}/settings`);
    await page.getByText('used once').waitFor();
    expect(complaints).toEqual([]);
  });

  test('another policy is tried on the past before it is signed with a passkey', async () => {
    await using desk = await serveDesk('page-grants');
    const { page, complaints } = await visitor();
    await signIn(page, await desk.invite());
    await page.goto(`${desk.url}/settings`);
    await page.getByRole('button', { name: 'Change the policy' }).click();
    const form = page.getByRole('form', { name: 'Another policy' });
    const text = form.getByLabel('The policy');
    await text.fill('{ "rules": [');
    await form.getByRole('button', { name: 'Try it on the past' }).click();
    await form.getByText('This is not JSON').waitFor();
    const rule = {
      id: 'mail',
      when: 'class == "final"',
      // biome-ignore lint/suspicious/noThenProperty: a rule of the policy
      then: 'deny',
      because: 'Not this week.',
    };
    await text.fill(JSON.stringify({ rules: [rule] }));
    await form.getByRole('button', { name: 'Try it on the past' }).click();
    const tried = form.getByLabel('What you would sign');
    await textHolds(tried, 'Not this week.', '2 would have been decided', '2,826.25 EUR');
    await expectAccessible(page, 'a policy that is tried');
    // the key of a browser lies open: it may not sign a policy
    const weak = form.getByRole('button', { name: /^Sign it\. Not possible now/ });
    await weak.waitFor();
    expect(await desk.data(['policy', 'history'])).toEqual([]);
    await form.getByRole('button', { name: 'Cancel' }).click();

    await addFinger(await withAuthenticators(page), 'internal');
    const code = await makePasskey(page, 'Laptop finger');
    await letIn(desk, page, code, 'Laptop finger');
    await page.getByRole('button', { name: 'Change the policy' }).click();
    await text.fill(JSON.stringify({ rules: [rule] }));
    await form.getByLabel('Why').fill('Holidays');
    await form.getByRole('button', { name: 'Try it on the past' }).click();
    await form.getByRole('button', { name: 'Sign it', exact: true }).click();
    await page.getByText('Signed. The new policy is in force.').waitFor();
    const [now] = await desk.data<readonly { because: string }[]>(['policy', 'history']);
    expect(now).toMatchObject({ because: 'Holidays', policy: { rules: [rule] } });
    await page.locator('section[aria-labelledby=policy] li', { hasText: 'Holidays' }).waitFor();
    expect(complaints).toEqual([]);
  });

  test('a device that is removed on the page decides nothing any more', async () => {
    await using desk = await serveDesk('page-grants');
    const first = await visitor();
    const second = await visitor();
    await signIn(first.page, await desk.invite());
    await signIn(second.page, await desk.invite());

    await first.page.goto(`${desk.url}/settings`);
    const other = devices(first.page).filter({ hasText: 'browser' }).filter({
      hasNotText: 'this browser',
    });
    await removeDevice(other);
    await other.getByText(/removed/).waitFor();

    await pressUntil(second.page, 'a', 'Open the sign-in link');
    expect(await desk.outbox()).toBe(0);
  });
});

function devices(page: Page) {
  return page.locator('section[aria-labelledby=devices] li');
}

/** The words of a command as a shell would hand them over, without the program's name. */
function wordsOf(command: string): readonly string[] {
  const words = command.match(/'(?:[^']|'\\'')*'|\S+/g) ?? [];
  return words
    .slice(1)
    .map((word) => (word.startsWith("'") ? word.slice(1, -1).replaceAll("'\\''", "'") : word));
}
