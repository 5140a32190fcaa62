import { expect, test } from 'vitest';
import { createWorkshop } from '../support/steward-process.ts';
import {
  approveButton,
  countBecomes,
  expectNoSidewaysScroll,
  inBrowser,
  signIn,
  textHolds,
} from './page-kit.ts';

/** What an agent or a mail would write to be run, to be fetched, or to be read as something else. */
const MARKUP = [
  '<img src="https://evil.example/pixel.png" onerror="window.owned = 1">',
  '<script>window.owned = 2</script>',
  '<a href="javascript:window.owned = 3">Approve</a>',
  '<style>* { display: none }</style><iframe src="https://evil.example/"></iframe>',
  '<form action="https://evil.example/"><button>Approve</button></form>',
  '![x](https://evil.example/x.png) &lt;b&gt; {{owned}}',
].join('\n');
const HIDDEN = 'Pay 10 \u202eRUE 0001\u202c to z\u200boe\u2066\u2069';
const LONG = `${'A very long line. '.repeat(3_000)}END OF THE TEXT`;

inBrowser('hostile text on a card, in a real browser', (visitor) => {
  test('is text: nothing of it runs, is fetched, hides, or is left out', async () => {
    await using workshop = await createWorkshop('hostile-card');
    const served = await workshop.serve(['start']);
    const { page, complaints } = await visitor();
    const asked: string[] = [];
    page.on('request', (request) => asked.push(request.url()));
    page.on('dialog', (dialog) => asked.push(`dialog ${dialog.message()}`));
    await signIn(page, served.signIn);
    const { data } = (await workshop.run(['inbox', '--json'])).json();
    const [item] = data as { id: string }[];

    const text = `${MARKUP}\n${HIDDEN}\n${LONG}`;
    const changed = await workshop.run([
      ...['edit', item?.id ?? '', '--json'],
      ...['--set', `mail.subject=${HIDDEN.slice(0, 60)} <b>now</b>`],
      ...['--set', `mail.text=${text}`],
    ]);
    expect(changed.code, changed.out.slice(0, 500)).toBe(0);
    await page.goto(`${served.url}/inbox/${item?.id ?? ''}`);
    await page.getByText('END OF THE TEXT').first().waitFor();

    const card = page.locator('article.card');
    // all of it, as it was written, and what cannot be seen written out
    await textHolds(card, ...MARKUP.split('\n'), '⟦U+202E⟧', '⟦U+200B⟧', '⟦U+2066⟧');
    expect(await card.textContent()).not.toMatch(/[\u202e\u200b\u2066]/);
    expect(
      await card
        .locator('img, script, iframe, style, form:not(.inline-form), a[href^="javascript"]')
        .count(),
    ).toBe(0);
    await countBecomes(approveButton(page), 1);
    expect(await page.evaluate(() => 'owned' in window)).toBe(false);
    await expectNoSidewaysScroll(page, 'a hostile card');

    const { origin } = new URL(served.url);
    expect(
      asked.filter((url) => !url.startsWith(`${origin}/`) && !url.startsWith('blob:')),
    ).toEqual([]);
    expect(complaints).toEqual([]);
  });
});
