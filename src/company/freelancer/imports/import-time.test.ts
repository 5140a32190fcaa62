import { existsSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  decideRecord,
  evolveRecord,
  type RecordCommand,
  type RecordState,
  type TimeEntry,
} from '../../../records/index.ts';
import {
  addCounts,
  type ByteSource,
  type ExistingRecords,
  entryQueries,
  type ImportAnswers,
  type ImportQuestion,
  NO_COUNTS,
  planTimeImport,
  type RowRemark,
  readTimeRows,
  type SurveyOptions,
  surveyTimeFile,
  type TimeBatch,
} from './index.ts';

const ZONE = 'Europe/Vienna';
const SAMPLES = new URL('../../../../../shared/data/time/', import.meta.url);
const samplesThere = existsSync(SAMPLES);

/** Records in memory, decided and evolved by the real rules. */
function createBooks() {
  const states = new Map<string, RecordState>();
  let ids = 0;
  let seq = 0;
  const newId = () => `id${String(++ids).padStart(5, '0')}`;
  const apply = (command: RecordCommand) => {
    const key = `${command.record}/${command.id}`;
    const drafts = decideRecord(states.get(key), command, {
      newId,
      now: 0,
      references: (type, id) => states.get(`${type}/${id}`),
    });
    for (const { type, data } of drafts) {
      const before = states.get(key);
      const version = (before?.version ?? 0) + 1;
      const after = evolveRecord(before, { stream: key, type, data, version, seq: ++seq, at: 0 });
      if (after) states.set(key, after);
    }
    return drafts.length;
  };
  const all = (type: string) => [...states.values()].filter((state) => state.type === type);
  // Records were validated by decideRecord, so their fields have the shape of their schema.
  const entries = () => all('time-entry') as unknown as (RecordState & { fields: TimeEntry })[];
  const existing = (batch: TimeBatch): ExistingRecords => ({
    entries: entries().filter(({ fields }) => {
      const key = `time-entry/${fields.source?.layout}/${fields.source?.key}`;
      return entryQueries(batch).some(({ from = '', to = '' }) => key >= from && key <= to);
    }),
    parties: all('party').map(({ id, archived, fields }) => ({
      ...{ id, archived, name: String(fields.name) },
    })),
    projects: all('project').map(({ id, archived, fields }) => ({
      ...{ id, archived, name: String(fields.name), party: String(fields.party) },
    })),
  });
  return { apply, newId, all, entries, existing, seq: () => seq };
}

type Books = ReturnType<typeof createBooks>;

const bytes = (text: string, chunk = 4_000): ByteSource =>
  async function* () {
    const all = Buffer.from(text);
    for (let at = 0; at < all.length; at += chunk) yield all.subarray(at, at + chunk);
  };

async function importTime(
  books: Books,
  source: ByteSource | string,
  options: SurveyOptions & { zone?: string; answers?: ImportAnswers } = {},
) {
  const file = typeof source === 'string' ? bytes(source) : source;
  const outcome = await surveyTimeFile(file, options);
  if (outcome.status === 'question') throw new Error(`asked: ${outcome.question.id}`);
  let counts = NO_COUNTS;
  const refused: RowRemark[] = [];
  const notices: RowRemark[] = [];
  const questions: ImportQuestion[] = [];
  for await (const batch of readTimeRows(file, outcome.survey, options.zone ?? ZONE)) {
    const step = planTimeImport(batch, {
      survey: outcome.survey,
      existing: books.existing(batch),
      answers: options.answers ?? {},
      newId: books.newId,
    });
    for (const command of step.commands) books.apply(command);
    counts = addCounts(counts, step.counts);
    refused.push(...step.refused);
    notices.push(...step.notices);
    questions.push(...step.questions);
  }
  expect(sumOf(counts) + refused.length).toBe(counts.read);
  return { ...counts, refused, notices, questions };
}

const sumOf = ({ added, changed, unchanged, duplicates, asked }: typeof NO_COUNTS) =>
  added + changed + unchanged + duplicates + asked;

const TOGGL =
  'User,Email,Client,Project,Task,Description,Billable,Start date,Start time,End date,End time,Duration,Tags,Amount (EUR)\n';
const toggl = (
  row: Partial<
    Record<
      'client' | 'project' | 'text' | 'bill' | 'day' | 'from' | 'endDay' | 'to' | 'time' | 'amount',
      string
    >
  > = {},
) => {
  const day = row.day ?? '2026-10-01';
  const cells = [
    'Mara',
    'mara@x.example',
    row.client ?? 'Acme',
    row.project ?? 'Web',
    '',
    row.text ?? 'Work',
    row.bill ?? 'Yes',
    day,
    row.from ?? '09:00:00',
    row.endDay ?? day,
    row.to ?? '10:00:00',
    row.time ?? '01:00:00',
    '',
    row.amount ?? '',
  ];
  return `${cells.join(',')}\n`;
};
const HARVEST =
  'Date,Client,Project,Project Code,Task,Notes,Hours,Billable?,Invoiced?,First Name,Last Name,Billable Rate,Currency\n';
const harvest = (notes = 'Review', hours = '2.0', invoiced = 'No', rate = '110.0') =>
  `2026-10-07,Harbour,Audit,HL,Analysis,${notes},${hours},Yes,${invoiced},Mara,Lindt,${rate},British Pound - GBP\n`;

describe.skipIf(!samplesThere)('the shared samples (skipped without ../shared/data)', () => {
  const sample = (name: string) => bytes(readFileSync(new URL(name, SAMPLES), 'utf8'));

  test('Toggl: good rows go in, the copy counts once, the bad row is named', async () => {
    const books = createBooks();
    const result = await importTime(books, sample('toggl-october.csv'));
    expect(result).toMatchObject({ read: 9, added: 7, changed: 0, unchanged: 0, duplicates: 1 });
    expect(result.refused).toEqual(
      [{ line: 10, column: 'Start date', reason: '"2026-10-32" is not a date.' }].map((remark) => ({
        ...remark,
        reason: expect.stringContaining('2026-10-32'),
      })),
    );
    expect(result.questions).toEqual([]);
    expect(books.all('party').map(({ fields }) => fields.name)).toEqual([
      'Acme GmbH',
      'Bäckerei Öz',
    ]);
    expect(books.all('project')).toHaveLength(3);
    const late = books.entries().find(({ fields }) => fields.text === 'Server update');
    expect(late?.fields).toMatchObject({
      day: '2026-10-31',
      start: '2026-10-31T22:00:00Z',
      end: '2026-10-31T23:20:00Z',
      seconds: 4800,
    });
    const internal = books.entries().find(({ fields }) => fields.text === 'Bookkeeping');
    expect(internal?.fields).toMatchObject({ billable: false });
    expect(internal?.fields.party).toBeUndefined();
  });

  test('Clockify: the 21st settles the order of the dates, the header names the currency', async () => {
    const books = createBooks();
    const result = await importTime(books, sample('clockify-october.csv'));
    expect(result).toMatchObject({ read: 4, added: 4, refused: [], questions: [], notices: [] });
    expect(books.entries().map(({ fields }) => fields.day)).toEqual([
      ...['2026-10-03', '2026-10-04', '2026-10-09', '2026-10-21'],
    ]);
    expect(books.entries()[0]?.fields).toMatchObject({
      start: '2026-10-03T07:10:00Z',
      seconds: 12_600,
      rateHint: { minor: 8500, currency: 'EUR' },
    });
    expect(books.entries()[2]?.fields.rateHint).toBeUndefined();
  });

  test('Harvest: what was invoiced there comes in as billed, in pounds', async () => {
    const books = createBooks();
    const result = await importTime(books, sample('harvest-october.csv'));
    expect(result).toMatchObject({ read: 4, added: 4, refused: [], questions: [] });
    expect(books.entries().map(({ fields }) => fields.billedBy)).toEqual([
      ...[undefined, undefined, undefined, 'external'],
    ]);
    expect(books.entries()[0]?.fields).toMatchObject({
      ...{ seconds: 22_500, rateHint: { minor: 11_000, currency: 'GBP' } },
    });
    expect(books.all('project')[0]?.fields).toMatchObject({ name: 'Data audit', code: 'HL-01' });
  });

  test('importing twice adds nothing and writes nothing', async () => {
    for (const name of ['toggl-october.csv', 'clockify-october.csv', 'harvest-october.csv']) {
      const books = createBooks();
      const first = await importTime(books, sample(name));
      const seq = books.seq();
      const second = await importTime(books, sample(name));
      expect(second).toMatchObject({ added: 0, changed: 0, unchanged: first.added });
      expect(second.duplicates).toBe(first.duplicates);
      expect(books.seq()).toBe(seq);
    }
  });
});

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

describe('clocks', () => {
  const night = (from: string, endDay: string, to: string, time: string, day: string) =>
    TOGGL + toggl({ day, from, endDay, to, time });

  test('a night with 25 hours: the reading that fits the duration is meant', async () => {
    const books = createBooks();
    const result = await importTime(
      books,
      night('01:30:00', '2026-10-25', '02:30:00', '02:00:00', '2026-10-25'),
    );
    expect(result).toMatchObject({ added: 1, notices: [] });
    expect(books.entries()[0]?.fields).toMatchObject({
      start: '2026-10-24T23:30:00Z',
      end: '2026-10-25T01:30:00Z',
      seconds: 7200,
    });
  });

  test('a night with 23 hours: the real time that passed fits, the clock time is remarked on', async () => {
    const file = (time: string) => night('01:30:00', '2026-03-29', '03:30:00', time, '2026-03-29');
    expect(await importTime(createBooks(), file('01:00:00'))).toMatchObject({ notices: [] });
    const wall = await importTime(createBooks(), file('02:00:00'));
    expect(wall).toMatchObject({ added: 1, refused: [] });
    expect(wall.notices[0]).toMatchObject({ line: 2, column: 'Duration' });
  });

  test('a time that the clocks skipped is refused', async () => {
    const result = await importTime(
      createBooks(),
      night('02:30:00', '2026-03-29', '04:00:00', '00:30:00', '2026-03-29'),
    );
    expect(result.refused[0]).toMatchObject({ line: 2, column: 'Start time' });
  });

  test('an entry over midnight belongs to the day it began, in the company zone', async () => {
    const books = createBooks();
    const file = night('23:30:00', '2026-11-01', '00:30:00', '01:00:00', '2026-10-31');
    await importTime(books, file, { zone: 'America/New_York' });
    expect(books.entries()[0]?.fields).toMatchObject({
      day: '2026-10-31',
      start: '2026-11-01T03:30:00Z',
    });
  });

  test('a duration off by more than an hour is refused, less is remarked on, a minute is nothing', async () => {
    const file = (time: string) => TOGGL + toggl({ time });
    expect((await importTime(createBooks(), file('01:00:59'))).notices).toHaveLength(0);
    expect((await importTime(createBooks(), file('01:15:00'))).notices).toHaveLength(1);
    expect((await importTime(createBooks(), file('02:30:00'))).refused[0]?.column).toBe('Duration');
  });

  test('a changed company zone does not import everything again', async () => {
    const books = createBooks();
    await importTime(books, TOGGL + toggl(), { zone: 'Europe/Vienna' });
    expect(await importTime(books, TOGGL + toggl(), { zone: 'Asia/Tokyo' })).toMatchObject({
      ...{ added: 0, unchanged: 1 },
    });
  });
});

describe('dates', () => {
  const clockify = (...days: string[]) =>
    `Project,Client,Description,User,Email,Billable,Start Date,Start Time,End Date,End Time,Duration (h)\n${days
      .map(
        (day, at) =>
          `Web,Acme,Work,Mara,m@x.example,Yes,${day},09:0${at}:00 AM,${day},10:0${at}:00 AM,01:00:00\n`,
      )
      .join('')}`;

  test('an order that the file does not settle is asked, with both readings', async () => {
    for (const days of [
      ['10/03/2026', '10/04/2026'],
      ['03.10.2026', '04.10.2026'],
      ['13/10/2026', '10/13/2026', '01/02/2026'],
    ]) {
      const outcome = await surveyTimeFile(bytes(clockify(...days)));
      expect(outcome).toMatchObject({ status: 'question', question: { id: 'date-order' } });
    }
    const outcome = await surveyTimeFile(bytes(clockify('10/03/2026')));
    expect(outcome.status === 'question' && outcome.question.options).toEqual([
      { value: 'day-month', label: 'Day first: 10/03/2026 is 10 March 2026' },
      { value: 'month-day', label: 'Month first: 10/03/2026 is 3 October 2026' },
    ]);
  });

  test('the answer is followed, and rows it makes impossible are refused', async () => {
    const books = createBooks();
    const file = clockify('10/03/2026', '10/13/2026');
    const result = await importTime(books, file, { dateOrder: 'day-month' });
    expect(result).toMatchObject({ added: 1 });
    expect(result.refused[0]).toMatchObject({ line: 3, column: 'Start Date' });
    expect(books.entries()[0]?.fields.day).toBe('2026-03-10');
  });

  test('one day above twelve settles it; an impossible day does not', async () => {
    const settled = await surveyTimeFile(bytes(clockify('01/02/2026', '28/02/2026')));
    expect(settled).toMatchObject({ status: 'ready', survey: { dateOrder: 'day-month' } });
    const open = await surveyTimeFile(bytes(clockify('01/02/2026', '32/01/2026', '31/11/2026')));
    expect(open.status).toBe('question');
  });
});

describe('files', () => {
  const code = async (source: ByteSource | string, options?: SurveyOptions) =>
    surveyTimeFile(typeof source === 'string' ? bytes(source) : source, options).then(
      ({ status }) => status,
      (error: unknown) => (error as { code: string }).code, // surveyTimeFile throws Failures only
    );
  const raw = (buffer: Buffer): ByteSource =>
    async function* () {
      yield buffer;
    };

  test('empty, wrongly encoded and foreign files are refused by name', async () => {
    expect(await code('')).toBe('empty_file');
    expect(await code('\uFEFF \n\n')).toBe('empty_file');
    expect(await code(TOGGL)).toBe('empty_file');
    expect(await code(raw(Buffer.from(`\uFEFF${TOGGL}`, 'utf16le')))).toBe('wrong_encoding');
    expect(await code(raw(Buffer.from(TOGGL + toggl(), 'utf16le')))).toBe('wrong_encoding');
    expect(await code(raw(Buffer.from(TOGGL + toggl({ client: 'Bäcker' }), 'latin1')))).toBe(
      'wrong_encoding',
    );
    expect(await code(raw(Buffer.from('PK\x03\x04rest')))).toBe('wrong_encoding');
    expect(await code('a,b,c\n1,2,3\n')).toBe('unknown_layout');
    expect(await code('{"not":"csv"}')).toBe('unknown_layout');
  });

  test('wrong bytes deep in the file are found before anything is planned, with their line', async () => {
    const good = TOGGL + toggl().repeat(3);
    const file = raw(Buffer.concat([Buffer.from(good), Buffer.from([0xe4]), Buffer.from('\n')]));
    await expect(surveyTimeFile(file)).rejects.toMatchObject({ facts: { line: 5 } });
  });

  test('--format names what the file lacks, and reads what it has', async () => {
    await expect(
      surveyTimeFile(bytes(TOGGL + toggl()), { format: 'harvest' }),
    ).rejects.toMatchObject({
      ...{
        code: 'unknown_layout',
        facts: {
          missing: ['date', 'notes', 'hours']
            .filter((name) => name !== 'notes')
            .concat('first name'),
        },
      },
    });
    expect(await code(TOGGL + toggl(), { format: 'toggl' })).toBe('ready');
  });

  test('a column that is needed and there twice is not guessed', async () => {
    expect(await code(`Duration,${TOGGL}${toggl()}`)).toBe('unknown_layout');
  });

  test('semicolons, tabs, reordered and additional columns, a sep line and a BOM are read', async () => {
    const rows =
      'Extra;Duration;Start time;Start date;Email;Description;Amount (CHF)\nx;1:30;9:00;2026-10-01;m@x.example;Hi;135,00\n';
    for (const file of [
      rows,
      `\uFEFFsep=;\r\n${rows.replaceAll('\n', '\r\n')}`,
      rows.replaceAll(';', '\t'),
    ]) {
      const books = createBooks();
      expect(await importTime(books, file)).toMatchObject({ added: 1, refused: [] });
      expect(books.entries()[0]?.fields).toMatchObject({
        seconds: 5400,
        rateHint: { minor: 9000, currency: 'CHF' },
        billable: false,
      });
    }
  });

  test('bad rows are refused with line, column and reason while the good ones go in', async () => {
    const broken = [
      toggl({ day: '2026-02-30' }),
      toggl({ from: '25:00:00' }),
      toggl({ time: 'one hour' }),
      toggl({ time: '00:00:00' }),
      toggl({ bill: 'maybe' }),
      toggl({ text: 'zero\0byte' }),
      toggl({ amount: '1,5,5' }).replace('1,5,5', '"1,250"'),
      'just,three,cells\n',
      'x,"never closed,y\n',
      toggl({ endDay: '2026-09-30' }),
    ];
    const books = createBooks();
    const text = TOGGL + broken.join('') + toggl({ text: '=HYPERLINK("http://x.example")' });
    const result = await importTime(books, text);
    expect(result).toMatchObject({ read: 11, added: 1 });
    expect(result.refused.map(({ line, column }) => `${line} ${column}`)).toEqual([
      '2 Start date',
      '3 Start time',
      '4 Duration',
      '5 Duration',
      '6 Billable',
      '7 Description',
      '8 ',
      '9 Project',
      '10 Email',
      '11 End time',
    ]);
    for (const { reason } of result.refused) expect(reason).toMatch(/^\S.*\.$/);
    expect(books.entries()[0]?.fields.text).toBe('=HYPERLINK("http://x.example")');
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
