import { failure } from '../../../contract/index.ts';
import { type ByteSource, tooLarge } from './byte-source.ts';
import type { RowRemark } from './import-outcome.ts';
import { oneLine } from './import-values.ts';
import { openTable, tableRows } from './open-table.ts';

/** Columns of a parties file; any order, others may stand between them. Only `name` is needed. */
export const PARTY_COLUMNS = [
  'name',
  'email',
  'street',
  'postalCode',
  'city',
  'country',
  'vatId',
  'hourlyRate',
  'currency',
  'language',
  'paymentDays',
] as const;
export type PartyColumn = (typeof PARTY_COLUMNS)[number];

/** One row, as written; empty cells are absent. */
export interface PartyRow {
  readonly line: number;
  readonly cells: { readonly [Column in PartyColumn]?: string };
}

export interface PartyFile {
  /** header as written, for messages; by column */
  readonly names: { readonly [Column in PartyColumn]?: string };
  readonly read: number;
  readonly rows: readonly PartyRow[];
  readonly refused: readonly RowRemark[];
}

/** rows of a parties file: it is held in memory, and nobody invoices more clients alone */
const PARTY_ROWS = 20_000;

/**
 * Reads a whole parties file. Fails with `empty_file`, `wrong_encoding`, `unknown_layout` or
 * `too_large`.
 */
export async function readPartyRows(source: ByteSource): Promise<PartyFile> {
  const table = await openTable(source, recognise, refuseHeader);
  const { columns, width } = table.header;
  const names: { [Column in PartyColumn]?: string } = {};
  for (const [column, index] of columns) names[column] = table.header.names[index] ?? column;
  const rows: PartyRow[] = [];
  const refused: RowRemark[] = [];
  let read = 0;
  for await (const records of tableRows(source, table)) {
    for (const record of records) {
      if (++read > PARTY_ROWS) throw tooLarge('rows', PARTY_ROWS);
      const { line } = record;
      if (record.status === 'fault') {
        const column = table.header.names[record.cell] ?? '';
        refused.push({ line, column, reason: 'The quotation marks of this row do not fit.' });
      } else if (record.cells.length > width) {
        const reason = `The row has ${record.cells.length} columns, the header has ${width}.`;
        refused.push({ line, column: '', reason });
      } else {
        rows.push({ line, cells: cellsOf(record.cells, columns) });
      }
    }
  }
  if (read === 0) throw failure('empty_file', 'This file has a header but no rows.');
  return { names, read, rows, refused };
}

interface PartyHeader {
  readonly columns: ReadonlyMap<PartyColumn, number>;
  readonly names: readonly string[];
  readonly width: number;
}

/** `Postal code`, `postal_code` and `postalCode` are one column. */
function recognise(cells: readonly string[]): PartyHeader | undefined {
  const folded = cells.map((cell) => cell.toLowerCase().replaceAll(/[\s_-]/g, ''));
  const columns = new Map<PartyColumn, number>();
  for (const column of PARTY_COLUMNS) {
    const index = folded.indexOf(column.toLowerCase());
    if (index >= 0 && folded.lastIndexOf(column.toLowerCase()) !== index) return undefined;
    if (index >= 0) columns.set(column, index);
  }
  const isParties = columns.has('name') && (columns.size > 1 || cells.length === 1);
  return isParties ? { columns, names: cells.map(oneLine), width: cells.length } : undefined;
}

function refuseHeader(cells: readonly string[]): Error {
  return failure(
    'unknown_layout',
    'This is not a list of parties: it needs a column "name", and each column once.',
    { expected: [...PARTY_COLUMNS], found: cells.map(oneLine).slice(0, 40) },
    `Give the file a first row with these names: ${PARTY_COLUMNS.join(', ')}.`,
  );
}

function cellsOf(cells: readonly string[], columns: PartyHeader['columns']): PartyRow['cells'] {
  const out: { [Column in PartyColumn]?: string } = {};
  for (const [column, index] of columns) {
    const value = oneLine(cells[index] ?? '');
    if (value !== '') out[column] = value;
  }
  return out;
}
