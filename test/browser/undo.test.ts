import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { expectAccessible, inBrowser, pressUntil, signIn } from './page-kit.ts';
import { serveDesk } from './served-desk.ts';

/** long enough to reload a page and press a key on a slow machine */
const LONG_MS = 600_000;
const SHORT_MS = 3_000;
const HELD = 'Approved and held for a moment';

inBrowser('the time to take something back, in a real browser', (visitor) => {
  test('what is held counts down, also after a reload, and taken back it never goes out', async () => {
    await using desk = await serveDesk('page-undo', { undoWindowsMs: { final: LONG_MS } });
    const { page, complaints } = await visitor();
    await signIn(page, await desk.invite());
    await page.locator('.rows .row').first().click();
    await page.waitForURL(/\/inbox\/.+/);
    const card = page.url();
    await pressUntil(page, 'a', HELD);
    const banner = page.getByText(HELD);
    expect(await secondsLeft(page)).toBeGreaterThan(LONG_MS / 2_000);
    expect(await desk.outbox()).toBe(0);
    await page.getByRole('link', { name: /^The run/ }).click();
    await page.waitForURL(/\/runs\/.+/);
    await banner.waitFor(); // the run says until when it can be taken back
    await page.goto(card);
    await banner.waitFor();

    await page.reload();
    await banner.waitFor();
    const first = await secondsLeft(page);
    await page.waitForFunction(
      (before) => Number(/in (\d+) s/.exec(document.body.textContent)?.[1]) < before,
      first,
    );
    await expectAccessible(page, 'a card that is held');
    const [issue, mail] = await effectsOn(page, card);
    expect(issue).toMatchObject({ status: 'committed', heldUntil: null });
    expect(Date.parse(mail?.heldUntil ?? '')).toBeGreaterThan(Date.now());

    const shown = await desk.run(['show', card.split('/').at(-1) ?? '']);
    expect(shown.out).toContain('Take it back before: steward cancel');
    const [run] = await desk.data<readonly { id: string }[]>(['runs']);
    const { effects } = await desk.data<{ effects: readonly HeldEffect[] }>([
      ...['run', run?.id ?? ''],
    ]);
    const decided = await desk.data<readonly HeldEffect[]>(['decisions', run?.id ?? '']);
    for (const told of [effects, decided]) {
      expect(told.map(({ heldUntil }) => heldUntil)).toContain(mail?.heldUntil);
    }
    await page.keyboard.press('z');
    await page.getByText('An issued invoice is corrected with a credit note.').last().waitFor();
    await banner.waitFor({ state: 'detached' });
    expect(await desk.outbox()).toBe(0);
    const after = await effectsOn(page, card);
    expect(after.map(({ status, heldUntil }) => [status, heldUntil])).toEqual([
      ['committed', null],
      ['withdrawn', null],
    ]);
    expect(complaints).toEqual([]);
  });

  test('left alone it goes out once', async () => {
    await using desk = await serveDesk('page-undo', { undoWindowsMs: { final: SHORT_MS } });
    const { page, complaints } = await visitor();
    await signIn(page, await desk.invite());
    await pressUntil(page, 'a', 'Your decision is recorded.');
    await page.getByRole('link', { name: /^The run/ }).click();
    await page.locator('.receipt', { hasText: 'Written to the sandbox outbox.' }).waitFor();
    await page.getByText(HELD).waitFor({ state: 'detached' });
    expect(await desk.outbox()).toBe(1);
    await page.waitForTimeout(500);
    expect(await desk.outbox()).toBe(1);
    expect(complaints).toEqual([]);
  });
});

/** Every effect of the card at this address, as the server tells it. */
function effectsOn(page: Page, card: string): Promise<readonly HeldEffect[]> {
  return page.evaluate(async (id) => {
    const answer = await fetch(`/api/items/${id}`);
    return (await answer.json()).effects;
  }, card.split('/').at(-1));
}

interface HeldEffect {
  readonly status: string;
  readonly heldUntil: string | null;
}

async function secondsLeft(page: Page): Promise<number> {
  const text = await page.getByText(HELD).textContent();
  return Number(/in (\d+) s/.exec(text ?? '')?.[1]);
}
