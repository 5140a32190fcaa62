import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import {
  type ByteSource,
  IMPORT_LIMITS,
  readTimeRows,
  type SurveyOptions,
  surveyTimeFile,
} from './index.ts';
import { bytes, createBooks, importTime, TOGGL, toggl } from './test-kit.ts';

const SAMPLES = new URL('../../../../../shared/data/time/', import.meta.url);
const samplesThere = existsSync(SAMPLES);

describe.skipIf(!samplesThere)('the shared samples (skipped without ../shared/data)', () => {
  const sample = (name: string) => bytes(readFileSync(new URL(name, SAMPLES), 'utf8'));

  test('Toggl: good rows go in, the copy counts once, the bad row is named', async () => {
    const books = createBooks();
    const result = await importTime(books, sample('toggl-october.csv'));
    expect(result).toMatchObject({ read: 9, added: 7, changed: 0, unchanged: 0, duplicates: 1 });
    expect(result.refused).toEqual([
      { line: 10, column: 'Start date', reason: '"2026-10-32" is not a date.' },
    ]);
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
      code: 'unknown_layout',
      facts: { layout: 'harvest', missing: ['date', 'hours', 'first name'] },
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

  test('rows are read as they are needed: a large file is never held', async () => {
    let pulled = 0;
    const source: ByteSource = async function* () {
      pulled = 0;
      yield Buffer.from(TOGGL);
      for (let chunk = 0; chunk < 400; chunk++) {
        pulled++;
        const rows = Array.from({ length: 50 }, (_, at) =>
          toggl({ text: `${chunk}/${at}`, from: `${at % 10}:00:00`, to: `${(at % 10) + 1}:00:00` }),
        );
        yield Buffer.from(rows.join('').replaceAll(',0:00', ',00:00'));
      }
    };
    const outcome = await surveyTimeFile(source);
    if (outcome.status !== 'ready') throw new Error(outcome.status);
    expect(outcome.survey.rows).toBe(20_000);
    const batches = readTimeRows(source, outcome.survey, 'Europe/Vienna');
    const { value: first } = await batches.next();
    expect(first?.rows.length).toBeLessThanOrEqual(IMPORT_LIMITS.batchRows);
    expect(pulled).toBeLessThan(20);
    let rest = first?.read ?? 0;
    for await (const batch of batches) rest += batch.read;
    expect(rest).toBe(20_000);
  });
});
