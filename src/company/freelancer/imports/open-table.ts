import { failure } from '../../../contract/index.ts';
import { type ByteSource, readText } from './byte-source.ts';
import { type CsvRecord, isBlank, readCsv } from './csv-records.ts';

/** A CSV file whose header was understood. */
export interface OpenTable<Header> {
  readonly header: Header;
  readonly delimiter: string;
  /** physical line of the header, from 1 */
  readonly headerLine: number;
  readonly columns: number;
}

const DELIMITERS = [',', ';', '\t'] as const;
/** characters looked at to find the header: a header is one short row */
const HEAD_CHARS = 64 * 1024;

/**
 * Finds delimiter and header: the delimiter under which `recognise` understands the first row that is
 * not blank. Fails with `empty_file`, `wrong_encoding` or what `refuse` makes of the columns found.
 */
export async function openTable<Header>(
  source: ByteSource,
  recognise: (cells: readonly string[]) => Header | undefined,
  refuse: (cells: readonly string[]) => Error,
): Promise<OpenTable<Header>> {
  const head = await readHead(source);
  if (head.trim() === '') throw failure('empty_file', 'This file is empty.');
  const firstRows = await Promise.all(
    DELIMITERS.map(async (delimiter) => ({ delimiter, ...(await firstRow(head, delimiter)) })),
  );
  for (const { delimiter, cells, line } of firstRows) {
    const header = recognise(cells);
    if (header !== undefined) {
      return { header, delimiter, headerLine: line, columns: cells.length };
    }
  }
  const widest = firstRows.reduce((a, b) => (b.cells.length > a.cells.length ? b : a));
  throw refuse(widest.cells);
}

/** The rows behind the header, in groups, without blank ones. Reads the file from its beginning. */
export async function* tableRows(
  source: ByteSource,
  table: OpenTable<unknown>,
): AsyncGenerator<readonly CsvRecord[]> {
  for await (const records of readCsv(readText(source), table)) {
    yield records.filter(
      (record) =>
        record.line > table.headerLine && !(record.status === 'cells' && isBlank(record.cells)),
    );
  }
}

async function readHead(source: ByteSource): Promise<string> {
  let head = '';
  for await (const text of readText(source)) {
    head += text;
    if (head.length >= HEAD_CHARS && head.trim() !== '') break;
  }
  return head.slice(0, HEAD_CHARS);
}

async function firstRow(head: string, delimiter: string) {
  async function* once() {
    yield head;
  }
  for await (const records of readCsv(once(), { delimiter })) {
    for (const record of records) {
      if (record.status === 'fault') return { cells: [], line: record.line };
      // Excel's own first line, which names the delimiter.
      const isNote = record.cells.join(delimiter).startsWith('sep=');
      if (!isBlank(record.cells) && !isNote) return { cells: record.cells, line: record.line };
    }
  }
  return { cells: [], line: 1 };
}
