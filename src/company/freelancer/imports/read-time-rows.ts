import { type ByteSource, IMPORT_LIMITS } from './byte-source.ts';
import type { CsvRecord } from './csv-records.ts';
import type { RowRemark } from './import-outcome.ts';
import { tableRows } from './open-table.ts';
import { readTimeRow, type TimeRow } from './read-row.ts';
import { contentKey, type TimeSurvey } from './survey-time-file.ts';

/** A row with its place among the rows of the same file. */
export interface PlacedRow extends TimeRow {
  /** 1 for the first row that is equal in everything, 2 for its first copy, ... */
  readonly copy: number;
  /** line of the first row with the same key */
  readonly firstLine: number;
}

/** Rows to plan and append together. */
export interface TimeBatch {
  /** rows of the file in this batch, good and bad */
  readonly read: number;
  readonly rows: readonly PlacedRow[];
  readonly refused: readonly RowRemark[];
  /** remarks about rows that do go in */
  readonly notices: readonly RowRemark[];
}

/**
 * The rows of a surveyed file in batches, in file order. Bounded memory. Counts copies in the survey's
 * key table, so a survey serves one reading.
 */
export async function* readTimeRows(
  source: ByteSource,
  survey: TimeSurvey,
  zone: string,
): AsyncGenerator<TimeBatch> {
  const { table, dateOrder } = survey;
  const rules = dateOrder === undefined ? { zone } : { zone, dateOrder };
  let batch = emptyBatch();
  for await (const records of tableRows(source, table)) {
    for (const record of records) {
      batch.read++;
      if (record.status === 'fault') {
        batch.refused.push(faultRemark(record, table.header.names));
      } else {
        const reading = readTimeRow(record.cells, record.line, table.header, rules);
        if (reading.status === 'refused') batch.refused.push(reading.refusal);
        else {
          batch.rows.push(placed(reading.row, survey));
          batch.notices.push(...reading.notices);
        }
      }
      if (batch.read < IMPORT_LIMITS.batchRows) continue;
      yield batch;
      batch = emptyBatch();
    }
  }
  if (batch.read > 0) yield batch;
}

const FAULTS: { readonly [Fault in (CsvRecord & { status: 'fault' })['fault']]: string } = {
  open_quote: 'A quotation mark opens here and does not close.',
  stray_quote: 'There is text behind a closing quotation mark.',
  too_long: `The row is longer than ${IMPORT_LIMITS.recordChars / 1024} KB.`,
};

function faultRemark(record: CsvRecord & { status: 'fault' }, names: readonly string[]): RowRemark {
  const { line, cell, fault } = record;
  return { line, column: names[cell] ?? '', reason: FAULTS[fault] };
}

function placed(row: TimeRow, survey: TimeSurvey): PlacedRow {
  const { line: firstLine } = survey.keys.visit(row.base, row.line);
  const { visits: copy } = survey.keys.visit(contentKey(row), row.line);
  return { ...row, copy, firstLine };
}

function emptyBatch() {
  return {
    read: 0,
    rows: [] as PlacedRow[],
    refused: [] as RowRemark[],
    notices: [] as RowRemark[],
  };
}
