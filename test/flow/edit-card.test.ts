import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type CommandDesk, createExampleDesk } from '../support/command-desk.ts';

let desk: CommandDesk;
let item: string;
beforeAll(async () => {
  desk = await createExampleDesk('edit-card');
  const file = join(desk.directory, 'greet.json');
  const letter = { to: ['ann@example.com'], subject: 'Hello', text: 'Good morning' };
  const steps = [{ id: 'greet', call: 'mail.send@1', with: letter }];
  const head = { name: 'greet', version: 1, title: 'Greet', autonomy: 'ask' };
  await writeFile(file, JSON.stringify({ ...head, input: { fields: [] }, plan: { steps } }));
  await desk.data(['playbooks', 'publish', file]);
  const asked = await desk.data<{ items: readonly { id: string }[] }>([
    ...['do', 'greet', '--playbook', 'greet'],
  ]);
  item = asked.items[0]?.id ?? '';
});
afterAll(() => desk.close());

async function saidOn(...set: readonly string[]): Promise<{ code: number; err: string }> {
  const { code, err } = await desk.run(['edit', item, ...set.flatMap((one) => ['--set', one])]);
  return { code, err: err.replace(/\s+/g, ' ') };
}

describe('editing what is on a card at a terminal', () => {
  test('a value that cannot be is refused in words, and nothing changes', async () => {
    const before = await desk.data<{ effects: readonly { hash: string }[] }>(['show', item]);
    const { code, err } = await saidOn('greet.to=nobody');
    expect(code).toBe(2);
    expect(err).toContain('to.0: a mail address such as anna@example.org is needed.');
    expect(err).not.toContain('invalid_');
    expect(err).not.toContain('connection');
    const after = await desk.data<{ effects: readonly { hash: string }[] }>(['show', item]);
    expect(after.effects.map(({ hash }) => hash)).toEqual(before.effects.map(({ hash }) => hash));
  });

  test('a field that is not there is answered with those that are', async () => {
    const { code, err } = await saidOn('mail.subject=Hi');
    expect(code).toBe(2);
    expect(err).toContain('These can be changed: greet.subject, greet.text, greet.to.');
  });

  test('one address stands for a list of one', async () => {
    expect(await saidOn('greet.to=bob@example.com')).toMatchObject({ code: 0 });
    const { effects } = await desk.data<{
      effects: readonly { effect: { to: readonly string[] } }[];
    }>(['show', item]);
    expect(effects.map(({ effect }) => effect.to)).toEqual([['bob@example.com']]);
  });
});

test('a choice or a time that cannot be says which there are', async () => {
  const choice = await desk.run([
    ...['schedules', 'set', 'daily', '--playbook', 'greet', '--cron', '@daily', '--missed', 'some'],
  ]);
  expect(choice).toMatchObject({ code: 2 });
  expect(choice.err).toContain('missed: one of skip, one, all is needed.');
  const file = join(desk.directory, 'greet.json');
  const time = await desk.run(['what-if', 'greet', '--file', file, '--from', 'yesterday']);
  expect(time).toMatchObject({ code: 2 });
  expect(time.err).toContain('or a time such as 2026-12-01T09:00:00Z is needed.');
});

test('a file that cannot be read says in which line it breaks', async () => {
  const file = join(desk.directory, 'broken.yaml');
  await writeFile(file, 'name: x\nplan: [b\ntitle: d\n');
  const { code, err } = await desk.run(['playbooks', 'check', file]);
  expect(code).toBe(2);
  expect(err.replace(/\s+/g, ' ')).toContain('It breaks at line 3, column 1.');
});
