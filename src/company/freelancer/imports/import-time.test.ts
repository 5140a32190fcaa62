import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createBooks, HARVEST, harvest, importTime, TOGGL, toggl } from './test-kit.ts';

describe('a corrected row', () => {
  test('is a change where the start is the same', async () => {
    const books = createBooks();
    await importTime(books, TOGGL + toggl() + toggl({ from: '13:00:00', to: '14:00:00' }));
    const corrected = toggl({ text: 'Better', client: 'Beta', to: '10:30:00', time: '01:30:00' });
    const result = await importTime(
      books,
      TOGGL + corrected + toggl({ from: '13:00:00', to: '14:00:00' }),
    );
    expect(result).toMatchObject({ added: 0, changed: 1, unchanged: 1, questions: [] });
    expect(books.entries()[0]?.fields).toMatchObject({ text: 'Better', seconds: 5400 });
    expect(books.all('party').map(({ fields }) => fields.name)).toEqual(['Acme', 'Beta']);
    expect(await importTime(books, TOGGL + corrected)).toMatchObject({ unchanged: 1, changed: 0 });
  });

  test('with another start is asked about, and each answer does what it says', async () => {
    const moved = TOGGL + toggl({ from: '09:30:00', to: '10:30:00' });
    for (const [pick, expected] of [
      [0, { changed: 1, added: 0 }],
      [1, { changed: 0, added: 1 }],
      [2, { changed: 0, added: 0, unchanged: 1 }],
    ] as const) {
      const books = createBooks();
      await importTime(books, TOGGL + toggl());
      const asked = await importTime(books, moved);
      expect(asked).toMatchObject({ asked: 1, added: 0, changed: 0 });
      const [question] = asked.questions;
      expect(question).toMatchObject({ kind: 'correction', line: 2 });
      const answers = { [question?.id ?? '']: question?.options[pick]?.value ?? '' };
      expect(await importTime(books, moved, { answers })).toMatchObject(expected);
      expect(books.entries()).toHaveLength(pick === 1 ? 2 : 1);
      const again = await importTime(books, moved, { answers });
      expect(again).toMatchObject({ added: 0, changed: 0, asked: 0, unchanged: 1 });
    }
  });

  test('beside the row it looks like is simply another row', async () => {
    const books = createBooks();
    await importTime(books, TOGGL + toggl());
    const both = TOGGL + toggl() + toggl({ from: '11:00:00', to: '12:00:00' });
    expect(await importTime(books, both)).toMatchObject({ added: 1, unchanged: 1, questions: [] });
  });

  test('on another day is asked about when it is the same in all else', async () => {
    const books = createBooks();
    const other = toggl({ day: '2026-10-09', text: 'Other' });
    await importTime(books, TOGGL + toggl() + other);
    const moved =
      TOGGL +
      toggl({ day: '2026-10-02' }) +
      other +
      toggl({ day: '2026-10-01', from: '20:00:00', to: '21:00:00', text: 'New', project: 'Else' });
    const asked = await importTime(books, moved);
    expect(asked).toMatchObject({ asked: 1, added: 1, unchanged: 1 });
    const [question] = asked.questions;
    const answers = { [question?.id ?? '']: question?.options[0]?.value ?? '' };
    expect(await importTime(books, moved, { answers })).toMatchObject({ changed: 1 });
    expect(books.entries().map(({ fields }) => fields.day)).toContain('2026-10-02');
    expect(books.entries()).toHaveLength(3);
  });

  test('is not suspected where a file covers other days or other clients only', async () => {
    const books = createBooks();
    await importTime(
      books,
      TOGGL + toggl() + toggl({ client: 'Beta', text: 'b', from: '12:00:00', to: '13:00:00' }),
    );
    const nextWeek = TOGGL + toggl({ day: '2026-10-02' });
    expect(await importTime(books, nextWeek)).toMatchObject({ added: 1, asked: 0 });
    const filtered =
      TOGGL + toggl({ client: 'Gamma', text: 'c', from: '15:00:00', to: '16:00:00' });
    expect(await importTime(books, filtered)).toMatchObject({ added: 1, asked: 0 });
  });

  test('of billed time is a question, never a change', async () => {
    const books = createBooks();
    await importTime(books, HARVEST + harvest('Review', '2.0', 'Yes'));
    for (const row of [harvest('Review', '3.0', 'Yes'), harvest('Review', '2.0', 'No')]) {
      const result = await importTime(books, HARVEST + row);
      expect(result).toMatchObject({ changed: 0, asked: 1 });
      expect(result.questions[0]).toMatchObject({ kind: 'billed', line: 2 });
    }
    expect(books.entries()[0]?.fields).toMatchObject({ seconds: 7200, billedBy: 'external' });
  });

  test('that is invoiced elsewhere by now is billed here too', async () => {
    const books = createBooks();
    await importTime(books, HARVEST + harvest('Review', '2.0', 'No'));
    const result = await importTime(books, HARVEST + harvest('Review', '2.0', 'Yes'));
    expect(result).toMatchObject({ changed: 1, questions: [] });
    expect(books.entries()[0]?.fields.billedBy).toBe('external');
    expect(await importTime(books, HARVEST + harvest('Review', '2.0', 'Yes'))).toMatchObject({
      unchanged: 1,
    });
  });

  test('never overwrites what was changed by hand without asking', async () => {
    const books = createBooks();
    await importTime(books, TOGGL + toggl());
    const [entry] = books.entries();
    const id = entry?.id ?? '';
    books.apply({ type: 'change', record: 'time-entry', id, set: { text: 'Mine' } });
    expect(await importTime(books, TOGGL + toggl())).toMatchObject({ unchanged: 1, questions: [] });
    const corrected = TOGGL + toggl({ text: 'Theirs' });
    const asked = await importTime(books, corrected);
    expect(asked.questions[0]).toMatchObject({ kind: 'edited' });
    expect(books.entries()[0]?.fields.text).toBe('Mine');
    const answers = { [asked.questions[0]?.id ?? '']: 'file' };
    expect(await importTime(books, corrected, { answers })).toMatchObject({ changed: 1 });
    expect(books.entries()[0]?.fields.text).toBe('Theirs');
  });

  test('of time that was archived stays archived', async () => {
    const books = createBooks();
    await importTime(books, TOGGL + toggl());
    books.apply({ type: 'archive', record: 'time-entry', id: books.entries()[0]?.id ?? '' });
    expect(await importTime(books, TOGGL + toggl())).toMatchObject({ added: 0, unchanged: 1 });
    expect(await importTime(books, TOGGL + toggl({ text: 'New' }))).toMatchObject({ unchanged: 1 });
  });

  test('Harvest: hours are a change, notes are a question', async () => {
    const books = createBooks();
    await importTime(books, HARVEST + harvest());
    expect(await importTime(books, HARVEST + harvest('Review', '2.5'))).toMatchObject({
      changed: 1,
    });
    const result = await importTime(books, HARVEST + harvest('Review of it', '2.5'));
    expect(result).toMatchObject({ asked: 1, added: 0 });
    expect(result.questions[0]?.options.map(({ value }) => value.split(' ')[0])).toEqual([
      ...['change', 'add', 'leave'],
    ]);
  });
});

describe('rows that share a key', () => {
  test('two different rows from one moment: the first goes in, the second is asked about', async () => {
    const books = createBooks();
    const file = TOGGL + toggl() + toggl({ project: 'Other' });
    const first = await importTime(books, file);
    expect(first).toMatchObject({ added: 1, asked: 1 });
    expect(first.questions[0]).toMatchObject({ kind: 'same-start', line: 3 });
    const answers = { [first.questions[0]?.id ?? '']: 'add' };
    expect(await importTime(books, file, { answers })).toMatchObject({ added: 1, unchanged: 1 });
    expect(await importTime(books, file)).toMatchObject({ unchanged: 2, asked: 0 });
    const swapped = TOGGL + toggl({ project: 'Other' }) + toggl();
    expect(await importTime(books, swapped)).toMatchObject({ unchanged: 2, changed: 0, asked: 0 });
  });

  test('Harvest twins are asked about and count twice only when told so', async () => {
    const books = createBooks();
    const file = HARVEST + harvest() + harvest();
    const first = await importTime(books, file);
    expect(first).toMatchObject({ added: 1, duplicates: 0, asked: 1 });
    expect(first.questions[0]).toMatchObject({ kind: 'twin', line: 3 });
    const id = first.questions[0]?.id ?? '';
    expect(await importTime(books, file, { answers: { [id]: 'leave' } })).toMatchObject({
      ...{ added: 0, unchanged: 1, duplicates: 1 },
    });
    expect(await importTime(books, file, { answers: { [id]: 'add' } })).toMatchObject({ added: 1 });
    expect(await importTime(books, file)).toMatchObject({ unchanged: 2, asked: 0, added: 0 });
  });

  test('Harvest rows that differ in their hours are two entries', async () => {
    const books = createBooks();
    const file = HARVEST + harvest('Review', '2.0') + harvest('Review', '1.5');
    expect(await importTime(books, file)).toMatchObject({ added: 2, asked: 0 });
    expect(await importTime(books, file)).toMatchObject({ unchanged: 2 });
    const corrected = HARVEST + harvest('Review', '2.0') + harvest('Review', '1.75');
    expect(await importTime(books, corrected)).toMatchObject({ unchanged: 1, asked: 1, added: 0 });
  });
});

describe('clients', () => {
  test('a client of that name, whatever its case and spaces, is not created again', async () => {
    const books = createBooks();
    books.apply({ type: 'create', record: 'party', id: 'p1', set: { name: 'ACME  ' } });
    await importTime(books, TOGGL + toggl({ client: ' acme ' }));
    expect(books.all('party')).toHaveLength(1);
    expect(books.entries()[0]?.fields.party).toBe('p1');
  });

  test('two clients of one name are asked about; their rows wait and nothing is made for them', async () => {
    const books = createBooks();
    for (const id of ['p1', 'p2']) {
      books.apply({ type: 'create', record: 'party', id, set: { name: 'Acme' } });
    }
    const file = TOGGL + toggl() + toggl({ from: '11:00:00', to: '12:00:00' });
    const asked = await importTime(books, file);
    expect(asked).toMatchObject({ asked: 2, added: 0 });
    expect(asked.questions).toHaveLength(1);
    const answers = { [asked.questions[0]?.id ?? '']: 'p2' };
    expect(await importTime(books, file, { answers })).toMatchObject({ added: 2 });
    expect(books.entries().map(({ fields }) => fields.party)).toEqual(['p2', 'p2']);
  });

  test('an archived client is asked about, and a new one is made once', async () => {
    const books = createBooks();
    books.apply({ type: 'create', record: 'party', id: 'p1', set: { name: 'Acme' } });
    books.apply({ type: 'archive', record: 'party', id: 'p1' });
    const [question] = (await importTime(books, TOGGL + toggl())).questions;
    const answers = { [question?.id ?? '']: 'new' };
    await importTime(books, TOGGL + toggl(), { answers });
    await importTime(books, TOGGL + toggl() + toggl({ from: '12:00:00', to: '13:00:00' }), {
      answers,
    });
    expect(books.all('party')).toHaveLength(2);
    expect(books.entries()).toHaveLength(2);
  });

  test('a refused row leaves no client behind', async () => {
    const books = createBooks();
    const result = await importTime(books, TOGGL + toggl({ client: 'x'.repeat(501) }));
    expect(result.refused[0]).toMatchObject({ line: 2, column: 'Client' });
    expect(books.all('party')).toHaveLength(0);
  });
});

describe('laws', () => {
  const row = fc.record({
    client: fc.constantFrom('Acme', 'Beta', ''),
    text: fc.constantFrom('a', 'b', ''),
    from: fc.constantFrom('09:00:00', '09:30:00'),
    day: fc.constantFrom('2026-10-01', '2026-10-02', '2026-10-99'),
    time: fc.constantFrom('00:30:00', '01:00:00'),
    to: fc.constant('10:00:00'),
  });

  test('whatever the file, importing it twice writes nothing the second time', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 12 }), async (rows) => {
        const file = TOGGL + rows.map(toggl).join('');
        const books = createBooks();
        await importTime(books, file);
        const seq = books.seq();
        const again = await importTime(books, file);
        expect(again).toMatchObject({ added: 0, changed: 0 });
        expect(books.seq()).toBe(seq);
      }),
      { numRuns: 60 },
    );
  });

  test('whatever was imported before, a second file never leaves two entries for one start unasked', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(row, { minLength: 1, maxLength: 8 }),
        fc.array(row, { minLength: 1, maxLength: 8 }),
        async (before, after) => {
          const books = createBooks();
          await importTime(books, TOGGL + before.map(toggl).join(''));
          await importTime(books, TOGGL + after.map(toggl).join(''));
          const starts = books.entries().map(({ fields }) => fields.start);
          expect(new Set(starts).size).toBe(starts.length);
        },
      ),
      { numRuns: 60 },
    );
  });
});
