import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { JsonObject } from '../../src/base/index.ts';
import { type CommandDesk, createExampleDesk } from '../support/command-desk.ts';
import { openDeskHouse } from '../support/desk-house.ts';

interface Row {
  readonly title: string;
  readonly run: string | null;
}

const ITEMS = 25;
const inOrder = Array.from({ length: ITEMS }, (_, n) => `Item ${n}?`);

let desk: CommandDesk;
let run: string;
let answered: readonly Row[];

beforeAll(async () => {
  desk = await createExampleDesk('inbox-order');
  const form = { fields: [{ name: 'n', kind: 'integer', required: true }] };
  const question: JsonObject = {
    id: 'ask',
    ask: { title: { $expr: '"Item " + string(x) + "?"' }, form },
  };
  const over = Array.from({ length: ITEMS }, (_, n) => n);
  const list = { id: 'each', each: { over, as: 'x', parallel: ITEMS, do: [question] } };
  const file = join(desk.directory, 'asks.json');
  const head = { name: 'asks', version: 1, title: 'Asks', autonomy: 'ask', input: { fields: [] } };
  await writeFile(file, JSON.stringify({ ...head, plan: { steps: [list] } }));
  await desk.data(['playbooks', 'publish', file]);
  const asked = await desk.data<{ run: string; items: readonly Row[] }>([
    ...['do', 'ask all', '--playbook', 'asks'],
  ]);
  run = asked.run;
  answered = asked.items;
});
afterAll(() => desk.close());

const titles = (rows: readonly Row[]) =>
  rows.filter((row) => row.run === run).map(({ title }) => title);

describe('what the items of one list ask', () => {
  test('stands in the order of the items, item 2 before item 10', async () => {
    expect(titles(await desk.data(['inbox']))).toEqual(inOrder);
    expect(titles(answered)).toEqual(inOrder);
  });

  test('goes on in that order on the next page', async () => {
    const first = await desk.data<readonly (Row & { id: string })[]>(['inbox', '--limit', '11']);
    const last = first[first.length - 1]?.id ?? '';
    const rest = await desk.data<readonly Row[]>(['inbox', '--after', last]);
    expect(titles([...first, ...rest])).toEqual(inOrder);
  });

  test('stands in that order at the door of the page, in the inbox and in the run', async () => {
    const { house, ask } = await openDeskHouse(desk);
    try {
      const { items } = (await ask('GET', '/api/inbox')).json();
      const rows: readonly (Row & { id: string })[] = items;
      const listed = rows.filter((row) => row.run === run);
      expect(titles(listed)).toEqual(inOrder);
      const shown = (await ask('GET', `/api/runs/${run}`)).json();
      expect(shown.items).toEqual(listed.map(({ id }) => id));
    } finally {
      await house.close();
    }
  });
});
