import type { Page, Route } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Json } from '../../src/base/portable.ts';
import { actHash, type DecisionStatement } from '../../src/contract/portable.ts';
import { NotSigned } from '../../web/src/device/not-signed.ts';
import { signerOfShown } from '../../web/src/device/signer-of-shown.ts';
import { addFinger, letIn, makePasskey, withAuthenticators } from './finger.ts';
import {
  approveButton,
  countBecomes,
  expectAccessible,
  expectNoSidewaysScroll,
  focusComes,
  inBrowser,
  signIn,
  textBecomes,
  textHolds,
} from './page-kit.ts';
import { type ServedDesk, serveDesk, UNLOCK } from './served-desk.ts';

const PROPOSE = '**/api/grants/propose';
const ACTS = '**/api/acts';
const REFUSAL = { status: 409, json: { detail: 'It changed.', remedy: 'Look at it again.' } };

interface Sent {
  readonly kind: 'grant';
  readonly body: Json;
  readonly signed: { readonly statement: { readonly effects: readonly string[] } };
}

test('the signer of what is shown signs no other act, and not two of them', async () => {
  const statement = (effects: readonly string[]): DecisionStatement => ({
    ...{ company: 'acme', incarnation: 0, effects: [...effects], decision: 'authorise' },
    ...{ policy: 'p', exp: '2026-11-22T12:00:00Z', nonce: 'n', device: 'me' },
  });
  const shown = { kind: 'grant', body: { max: 1 } } as const;
  const signer = signerOfShown(
    shown,
    { device: 'me', sign: async (signed) => ({ statement: signed, signature: 'by me' }) },
    () => true,
  );
  const right = await actHash('grant', { max: 1 });
  const wrong = await actHash('grant', { max: 2 });
  expect(await signer.sign(statement([right]))).toMatchObject({ signature: 'by me' });
  for (const effects of [[wrong], [right, wrong], []]) {
    await expect(signer.sign(statement(effects)), String(effects)).rejects.toThrow(NotSigned);
  }
});

inBrowser('signing an act in a real browser', (visitor) => {
  let desk: ServedDesk;
  let page: Page;
  /** what the page sent to be done */
  let sent: Sent[] = [];
  beforeAll(async () => {
    desk = await serveDesk('page-signing');
    ({ page } = await visitor());
    page.on('request', (request) => {
      if (request.url().endsWith('/api/acts')) sent.push(request.postDataJSON());
    });
    await signIn(page, await desk.invite());
    await page.goto(`${desk.url}/settings`);
    await addFinger(await withAuthenticators(page), 'internal');
    await letIn(desk, page, await makePasskey(page, 'Finger'), 'Finger');
  });
  afterAll(() => desk?.[Symbol.asyncDispose]());

  /** The form of a grant over this many times a week, before anything is shown. */
  async function startGrant(title: string, times: number) {
    sent = [];
    await page.unrouteAll();
    await page.goto(desk.url);
    await approveButton(page).waitFor();
    await page.keyboard.press('w');
    const form = page.getByRole('form', { name: 'Always, within limits' });
    await form.getByLabel('How you call it').fill(title);
    await form.getByLabel('times', { exact: true }).selectOption('week');
    const atMost = form.getByLabel('At most', { exact: true });
    await atMost.fill(String(times));
    return {
      form,
      atMost,
      show: form.getByRole('button', { name: 'Show what I would sign' }),
      shown: form.getByLabel('What you would sign'),
      sign: form.getByRole('button', { name: 'Sign it', exact: true }),
      trouble: form.getByRole('alert'),
      cancel: form.getByRole('button', { name: 'Cancel' }),
      /** the act as it is spelled out on the screen */
      exact: async () => JSON.parse((await form.locator('pre.source').textContent()) ?? ''),
    };
  }

  const grants = () => desk.data<readonly { readonly title: string }[]>(['grants']);

  test('what is signed and sent is what is on the screen, to the last byte', async () => {
    const { show, shown, sign, exact, form } = await startGrant('Exact', 2);
    await show.click();
    await shown.getByText('At most 2 times per week.').waitFor();
    await form.getByText('Exactly, as it is signed').click();
    await expectAccessible(page, 'what would be signed');
    await expectNoSidewaysScroll(page, 'what would be signed');
    const onScreen = await exact();
    await sign.click();
    await form.waitFor({ state: 'detached' });
    const [only] = sent;
    expect(sent.length).toBe(1);
    expect(only?.body).toEqual(onScreen);
    expect(only?.signed.statement.effects).toEqual([await actHash('grant', onScreen)]);
  });

  test('after a refusal the way out is on the screen, and what is signed next is what is shown next', async () => {
    const { form, show, shown, sign, exact, trouble } = await startGrant('Refused', 3);
    await show.click();
    await shown.getByText('At most 3 times per week.').waitFor();
    await page.route(ACTS, (route) => route.fulfill(REFUSAL), { times: 1 });
    // by now the server would make something else of the same wish
    const more = async (route: Route): Promise<void> => {
      const asked = route.request().postDataJSON();
      await route.continue({ postData: JSON.stringify({ ...asked, count: '7/week' }) });
    };
    await page.route(PROPOSE, more, { times: 1 });
    await sign.click();
    await shown.getByText('At most 7 times per week.').waitFor();
    await textBecomes(trouble, 'It changed.Look at it again.');
    expect(await shown.textContent()).not.toContain('At most 3 times');
    const onScreen = await exact();
    await sign.click();
    await form.waitFor({ state: 'detached' });
    expect(sent.length).toBe(2);
    expect(JSON.stringify(onScreen)).toContain('"max":7');
    expect(sent[1]?.body).toEqual(onScreen);
    expect(sent[1]?.signed.statement.effects).toEqual([await actHash('grant', onScreen)]);
  });

  test('where it cannot be proposed again, nothing is left that could be signed', async () => {
    const { show, shown, sign, trouble, cancel } = await startGrant('Gone', 3);
    await show.click();
    await shown.waitFor();
    await page.route(ACTS, (route) => route.fulfill(REFUSAL), { times: 1 });
    await page.route(PROPOSE, (route) => route.abort(), { times: 1 });
    await sign.click();
    await trouble.getByText('Look at it again.').waitFor();
    await show.waitFor();
    await countBecomes(shown, 0);
    await cancel.click();
  });

  test('an answer to an older wish is never shown', async () => {
    const { show, shown, atMost, cancel } = await startGrant('Overtaken', 4);
    const late = Promise.withResolvers<void>();
    const answered = Promise.withResolvers<void>();
    const slow = async (route: Route): Promise<void> => {
      const response = await route.fetch();
      await late.promise;
      await route.fulfill({ response });
      answered.resolve();
    };
    await page.route(PROPOSE, slow, { times: 1 });
    await show.click();
    await atMost.fill('5');
    late.resolve();
    await answered.promise;
    await show.click();
    await shown.getByText('At most 5 times per week.').waitFor();
    expect(await shown.textContent()).not.toContain('At most 4 times');
    await cancel.click();
  });

  test('what is changed while the finger is waited for is not sent', async () => {
    const { show, shown, sign, atMost, trouble, cancel } = await startGrant('Changed', 6);
    await show.click();
    await shown.waitFor();
    await page.evaluate(() => {
      const ask = navigator.credentials.get.bind(navigator.credentials);
      navigator.credentials.get = async (options) => {
        const answer = await ask(options);
        await new Promise((resolve) => window.addEventListener('lifted', resolve, { once: true }));
        return answer;
      };
    });
    await sign.click();
    await atMost.fill('8');
    await countBecomes(shown, 0);
    await page.evaluate(() => window.dispatchEvent(new Event('lifted')));
    await trouble.getByText('You changed it while it was being signed').waitFor();
    await cancel.click();
    expect(sent).toEqual([]);
  });

  test('sentences over another act are never shown', async () => {
    const { show, shown, trouble, cancel } = await startGrant('Lie', 1);
    const lie = async (route: Route): Promise<void> => {
      const response = await route.fetch();
      const proposal = await response.json();
      await route.fulfill({
        response,
        json: { ...proposal, body: { ...proposal.body, id: 'x' } },
      });
    };
    await page.route(PROPOSE, lie, { times: 1 });
    await show.click();
    await trouble.getByText('What would be shown is not what would be signed.').waitFor();
    await countBecomes(shown, 0);
    await cancel.click();
  });

  test('a second press on the way signs nothing that nobody read', async () => {
    const { show, shown, sign, cancel } = await startGrant('Hasty', 1);
    // every 10 ms, for a while that is much shorter than reading takes
    await page.evaluate(() => {
      const watch = new MutationObserver(() => {
        if (!document.querySelector('[aria-label="What you would sign"]')) return;
        watch.disconnect();
        const until = performance.now() + 400;
        const press = (): void => {
          if (performance.now() > until) clearInterval(timer);
          else document.querySelector<HTMLElement>('.inline-form .form-actions .action')?.click();
        };
        const timer = setInterval(press, 10);
        press();
      });
      watch.observe(document.body, { childList: true, subtree: true });
    });
    await show.click();
    await shown.waitFor();
    await sign.waitFor(); // it could be pressed now, and nothing was sent before
    expect(sent).toEqual([]);
    await cancel.click();
  });

  test('a lost answer is never told as nothing', async () => {
    const { show, shown, sign, trouble, cancel } = await startGrant('Lost', 1);
    await show.click();
    await shown.waitFor();
    const lose = async (route: Route): Promise<void> => {
      await route.fetch();
      await route.abort();
    };
    await page.route(ACTS, lose, { times: 1 });
    await sign.click();
    await trouble.getByText('it is not known whether this was done').waitFor();
    await textHolds(trouble, 'Look whether it is there');
    expect((await grants()).filter(({ title }) => title === 'Lost').length).toBe(1);
    await cancel.click();
  });

  test('what is missing is asked for before anything is proposed', async () => {
    await page.goto(`${desk.url}/settings`);
    const asked: string[] = [];
    page.on('request', (request) => {
      if (request.method() === 'POST') asked.push(request.url());
    });
    await page.getByRole('button', { name: 'Keep a secret…' }).click();
    const form = page.getByRole('form', { name: 'Keep a secret' });
    const hosts = form.getByLabel('Where it may be sent');
    await form.getByLabel('How you call it').fill('bank');
    await form.getByRole('button', { name: 'Show what I would sign' }).click();
    await focusComes(hosts);
    expect(asked).toEqual([]);
    await form.getByRole('button', { name: 'Cancel' }).click();
  });

  test('a secret is removed after a warning, and an erasure keeps its receipt in Settings', async () => {
    const set = ['secret', 'set', 'bank', '--host', 'api.bank.example', '--yes'];
    await desk.data(set, { ...UNLOCK, Secret: 'typed-in-value-1' });
    const made = ['--set', 'name=Zoe Gone', '--set', 'kinds=customer'];
    const { id } = await desk.data<{ id: string }>(['create', 'party', ...made], UNLOCK);
    await desk.data(['erase', id, '--because', 'By contract', '--yes'], UNLOCK);
    await page.getByRole('link', { name: 'Settings' }).click();

    const line = page.locator('section[aria-labelledby=secrets] li', { hasText: 'bank' });
    const remove = line.getByRole('button', { name: 'Remove…' });
    await remove.focus();
    await page.keyboard.press('Enter');
    const form = page.getByRole('form', { name: 'Remove bank' });
    await form.getByText('There is no undo').waitFor();
    await form.getByText('Removes the secret "bank".').waitFor();
    await expectAccessible(page, 'the removal of a secret');
    const sign = form.getByRole('button', { name: 'Remove it for good', exact: true });
    await sign.waitFor();
    expect(await desk.data(['secret', 'list'])).toMatchObject([{ name: 'bank' }]);
    await sign.focus();
    await page.keyboard.press('Enter');
    await page.getByText('No connection was given a key or a password.').waitFor();
    expect(await desk.data(['secret', 'list'])).toEqual([]);

    const erased = page.locator('section[aria-labelledby=erasures] > ul > li');
    await textHolds(erased, 'By contract');
    await erased.getByText('Receipt').focus();
    await page.keyboard.press('Enter');
    await erased.getByText('Backups: readable until').waitFor();
    await textHolds(erased, '1 record closed for good');
    expect(await page.content()).not.toContain('Zoe Gone');
    await expectAccessible(page, 'the receipt of an erasure');
  });

  test('whatever is refused, the way out is read with the reason', async () => {
    const refused = async (path: string, press: () => Promise<void>): Promise<void> => {
      await page.route(path, (route) => route.fulfill(REFUSAL), { times: 1 });
      await press();
      const notice = page.locator('.notice');
      await textHolds(notice, 'It changed. Look at it again.');
      await notice.getByRole('button', { name: 'Close' }).click();
    };
    const press = async (name: string, within: Page | ReturnType<Page['locator']> = page) =>
      within.getByRole('button', { name, exact: true }).first().click();
    await page.goto(`${desk.url}/settings`);
    await refused('**/api/sign-out', () => press('Sign out'));
    await page.getByRole('button', { name: 'End it Exact' }).waitFor();
    await refused(ACTS, () => press('End it Exact'));
    await page.goto(`${desk.url}/business/party`);
    await page.locator('.rows .row').first().click();
    await refused('**/archive', () => press('Archive'));
    await page.goto(`${desk.url}/runs`);
    await page.locator('.rows .row').first().click();
    await refused('**/cancel', async () => {
      await press('Cancel this run');
      await press('Cancel the run');
    });
    await page.getByRole('link', { name: 'Inbox' }).click();
    await approveButton(page).waitFor();
    await refused('**/snooze', async () => {
      await page.keyboard.press('s');
      await page.getByRole('button', { name: /^Tomorrow/ }).click();
    });
    await refused('**/api/do', async () => {
      await page.keyboard.press('/');
      await page.keyboard.type('juggle');
      await page.keyboard.press('Enter');
    });
  });
});
