import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { RunPage } from '../../web/src/api/shapes.ts';
import {
  expectAccessible,
  expectNoSidewaysScroll,
  focusComes,
  inBrowser,
  signIn,
  textHolds,
} from './page-kit.ts';
import { type ServedDesk, serveDesk } from './served-desk.ts';

inBrowser('a task in a real browser', (visitor) => {
  let desk: ServedDesk;
  let page: Page;
  let run: string;
  beforeAll(async () => {
    desk = await serveDesk('page-task');
    ({ page } = await visitor());
    await signIn(page, await desk.invite());
    const form = { fields: [{ name: 'n', kind: 'integer', required: true }] };
    const count = { id: 'count', ask: { title: 'How many?', form }, with: { fruit: expr('x') } };
    run = await failedEach([count]);
  });
  afterAll(() => desk?.[Symbol.asyncDispose]());
  const expr = ($expr: string) => ({ $expr });

  /** A run whose `each` was given an object. */
  async function failedEach(inner: readonly object[]): Promise<string> {
    const steps = [{ id: 'all', each: { over: expr('input.says.list'), as: 'x', do: inner } }];
    const file = join(desk.directory, 'shelves.json');
    const input = { type: 'object', properties: { says: { type: 'object' } } };
    const head = { name: 'shelves', version: 1, title: 'Count', autonomy: 'ask', input };
    await writeFile(file, JSON.stringify({ ...head, plan: { steps } }));
    await desk.data(['playbooks', 'publish', file]);
    const given = JSON.stringify({ says: { list: { red: 1 } } });
    const asked = ['do', 'count the shelves', '--playbook', 'shelves', '--input', given];
    return (await desk.data<{ run: string }>(asked)).run;
  }

  const field = () => page.getByRole('textbox', { name: /^For fix/ });

  async function give(input: string): Promise<void> {
    await page.getByRole('combobox', { name: 'What should happen?' }).selectOption('fix');
    await field().fill(input);
    await page.getByRole('button', { name: 'Answer' }).press('Enter');
  }

  test.each([
    ['another shape', '{"red": 1}', 'expected a list', 'Give a list as input, as JSON.'],
    ['no JSON', 'red, blue', 'The input is not JSON.', 'a list such as ["a", "b"]'],
  ])(
    'a corrected list that is %s is refused with the way out, and what was typed stays',
    async (_, typed, cause, remedy) => {
      await openTask();
      await give(typed);
      await textHolds(page.getByRole('alert'), cause, remedy);
      await expect.poll(() => field().inputValue()).toBe(typed);
      await focusComes(field());
      await expectAccessible(page, 'a refused answer');
    },
  );

  test('with a corrected list the run goes on, on a phone too', async () => {
    await page.setViewportSize({ width: 360, height: 740 });
    await openTask();
    await expectNoSidewaysScroll(page, 'a task on a phone');
    await give('["red", "blue"]');
    await page.getByText('Answered. The work goes on.').waitFor();
    await page.getByText('You answered this.').waitFor();
    await page.goto(`${desk.url}/runs/${run}`);
    const row = (name: string) => page.getByRole('row').filter({ hasText: name });
    await textHolds(row('all/0/count'), 'waits');
    await textHolds(row('all/1/count'), 'waits');
    const { items } = await desk.data<RunPage>(['run', run]);
    expect(items).toHaveLength(2);
  });

  async function openTask(): Promise<void> {
    const { items } = await desk.data<RunPage>(['run', run]);
    await page.goto(`${desk.url}/inbox/${items[0]}`);
    await field().waitFor();
  }
});
