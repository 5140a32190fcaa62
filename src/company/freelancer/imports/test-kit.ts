import { expect } from 'vitest';
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
  type TimeSurvey,
} from './index.ts';

// What the tests of imports share: books in memory, and rows of each layout.

const ZONE = 'Europe/Vienna';

/** Records in memory, decided and evolved by the real rules. */
export function createBooks() {
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
  const existing = (batch: TimeBatch, survey: TimeSurvey): ExistingRecords => ({
    entries: entries().filter(({ fields }) => {
      const key = `time-entry/${fields.source?.layout}/${fields.source?.key}`;
      return entryQueries(batch, survey).some(({ from = '', to = '' }) => key >= from && key <= to);
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

export const bytes = (text: string, chunk = 4_000): ByteSource =>
  async function* () {
    const all = Buffer.from(text);
    for (let at = 0; at < all.length; at += chunk) yield all.subarray(at, at + chunk);
  };

export async function importTime(
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
      existing: books.existing(batch, outcome.survey),
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

export const TOGGL =
  'User,Email,Client,Project,Task,Description,Billable,Start date,Start time,End date,End time,Duration,Tags,Amount (EUR)\n';
export const toggl = (
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
export const HARVEST =
  'Date,Client,Project,Project Code,Task,Notes,Hours,Billable?,Invoiced?,First Name,Last Name,Billable Rate,Currency\n';
export const harvest = (notes = 'Review', hours = '2.0', invoiced = 'No', rate = '110.0') =>
  `2026-10-07,Harbour,Audit,HL,Analysis,${notes},${hours},Yes,${invoiced},Mara,Lindt,${rate},British Pound - GBP\n`;
