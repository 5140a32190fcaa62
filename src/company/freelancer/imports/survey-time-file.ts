import { failure } from '../../../contract/index.ts';
import { type ByteSource, IMPORT_LIMITS, tooLarge } from './byte-source.ts';
import type { ImportQuestion } from './import-outcome.ts';
import {
  type DateOrder,
  type DayReading,
  orderDay,
  orderShownBy,
  readDay,
  writeDay,
} from './import-values.ts';
import { type OpenTable, openTable, tableRows } from './open-table.ts';
import { identifyRow } from './read-row.ts';
import { createSeenKeys, type SeenKeys } from './seen-keys.ts';
import {
  recogniseHeader,
  type TimeHeader,
  type TimeLayoutName,
  unknownLayout,
} from './time-layouts.ts';

export interface SurveyOptions {
  /** `auto` (the default) goes by the header */
  readonly format?: TimeLayoutName | 'auto';
  /** the operator's answer, where the file does not settle it */
  readonly dateOrder?: DateOrder;
}

/** What must be known about a whole file before its first row can be judged. */
export interface TimeSurvey {
  readonly table: OpenTable<TimeHeader>;
  readonly layout: TimeLayoutName;
  /** rows behind the header, good and bad */
  readonly rows: number;
  readonly dateOrder?: DateOrder;
  /** YYYY-MM-DD: the days that the file covers */
  readonly firstDay: string;
  readonly lastDay: string;
  /** base keys, and base keys with a content, of all rows that can be identified */
  readonly keys: SeenKeys;
}

export type SurveyOutcome =
  | { readonly status: 'ready'; readonly survey: TimeSurvey }
  | { readonly status: 'question'; readonly question: ImportQuestion };

/**
 * Reads the whole file twice and writes nothing: encoding, layout, size and the order of its dates,
 * then its keys. Fails with `empty_file`, `wrong_encoding`, `unknown_layout`, `too_large` or
 * `invalid_input`.
 */
export async function surveyTimeFile(
  source: ByteSource,
  options: SurveyOptions = {},
): Promise<SurveyOutcome> {
  const format = options.format ?? 'auto';
  const table = await openTable(
    source,
    (cells) => recogniseHeader(cells, format),
    (cells) => unknownLayout(cells, format),
  );
  const { rows, dates } = await scanDates(source, table);
  if (rows === 0) throw failure('empty_file', 'This file has a header but no rows.');
  const dateOrder = options.dateOrder ?? settledOrder(dates);
  if (dateOrder === 'unsettled') {
    return { status: 'question', question: dateOrderQuestion(dates) };
  }
  const index = await indexKeys(source, table, rows, dateOrder);
  const { layout } = table.header;
  return {
    status: 'ready',
    survey: { table, layout, rows, ...index, ...(dateOrder && { dateOrder }) },
  };
}

interface DateEvidence {
  /** rows that can be read in one order only */
  readonly shown: ReadonlySet<DateOrder>;
  /** first date that can be read in both orders, and means two days */
  readonly open?: { readonly line: number; readonly text: string; readonly reading: DayReading };
}

async function scanDates(source: ByteSource, table: OpenTable<TimeHeader>) {
  const columns = [table.header.columns.startDay, table.header.columns.endDay];
  const shown = new Set<DateOrder>();
  let open: DateEvidence['open'];
  let rows = 0;
  for await (const records of tableRows(source, table)) {
    rows += records.length;
    if (rows > IMPORT_LIMITS.rows) throw tooLarge('rows', IMPORT_LIMITS.rows);
    for (const record of records) {
      if (record.status === 'fault') continue;
      for (const column of columns) {
        const text = column === undefined ? '' : (record.cells[column] ?? '').trim();
        const reading = readDay(text);
        if (reading?.status !== 'numbers') continue;
        const order = orderShownBy(reading);
        if (order !== undefined) shown.add(order);
        else if (reading.first !== reading.second && orderDay(reading, 'day-month') !== undefined) {
          open ??= { line: record.line, text, reading };
        }
      }
    }
  }
  const dates: DateEvidence = open ? { shown, open } : { shown };
  return { rows, dates };
}

/** Only a day above twelve settles it, and only if no other row says the opposite. */
function settledOrder({ shown, open }: DateEvidence): DateOrder | 'unsettled' | undefined {
  const [order] = shown;
  if (shown.size === 1) return order;
  if (shown.size === 2) return 'unsettled';
  // No order is known and none matters: 04/04 is one day either way.
  return open ? 'unsettled' : 'day-month';
}

function dateOrderQuestion({ open }: DateEvidence): ImportQuestion {
  const label = (order: DateOrder): string => {
    const name = order === 'day-month' ? 'Day first' : 'Month first';
    const day = open && orderDay(open.reading, order);
    return open && day ? `${name}: ${open.text} is ${writeDay(day)}` : name;
  };
  const options = (['day-month', 'month-day'] as const).map((value) => ({
    value,
    label: label(value),
  }));
  const base = {
    id: 'date-order',
    kind: 'date-order',
    question: 'Which comes first in the dates of this file, the day or the month?',
    options,
  } as const;
  return open ? { ...base, line: open.line } : base;
}

async function indexKeys(
  source: ByteSource,
  table: OpenTable<TimeHeader>,
  rows: number,
  dateOrder: DateOrder | undefined,
): Promise<Pick<TimeSurvey, 'keys' | 'firstDay' | 'lastDay'>> {
  const keys = createSeenKeys(rows * 2); // a base and a content each
  let [firstDay, lastDay] = ['9999-12-31', '0001-01-01'];
  for await (const records of tableRows(source, table)) {
    for (const record of records) {
      if (record.status === 'fault') continue;
      const row = identifyRow(record.cells, table.header, dateOrder);
      if (!row) continue;
      if (row.day < firstDay) firstDay = row.day;
      if (row.day > lastDay) lastDay = row.day;
      if (keys.add(contentKey(row))) keys.count(row.base);
    }
  }
  return { keys, firstDay, lastDay };
}

/** One content of one base key, as the survey holds it. */
export function contentKey(row: { readonly base: string; readonly content: string }): string {
  return `${row.base}@${row.content}`;
}
