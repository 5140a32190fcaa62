import { failure } from '../../../contract/index.ts';
import { IMPORT_LIMITS } from './byte-source.ts';

// Why not a library: after a quote that never closes, the rows behind it must still go in, each with
// the line it begins on, in bounded memory. The tests hold this reader against csv-parse.

/** One row of a CSV file (RFC 4180), or the reason why it is none. */
export type CsvRecord =
  | { readonly status: 'cells'; readonly line: number; readonly cells: readonly string[] }
  | {
      readonly status: 'fault';
      /** physical line it begins on, from 1 */
      readonly line: number;
      /** cell in which it went wrong, from 0 */
      readonly cell: number;
      readonly fault: 'open_quote' | 'stray_quote' | 'too_long';
    };

export interface CsvShape {
  readonly delimiter: string;
  /** cells of a sound row; a row over several lines with another number swallowed its neighbours */
  readonly columns?: number;
}

/**
 * Splits text into rows, in groups as they come. A quote counts at the beginning of a cell only. A
 * malformed row costs its first line and reading resumes on the next one. Holds one row and one chunk
 * in memory. Fails with `invalid_input` after too many malformed rows.
 */
export async function* readCsv(
  chunks: AsyncIterable<string>,
  shape: CsvShape,
): AsyncGenerator<readonly CsvRecord[]> {
  let text = '';
  let line = 1;
  let faults = 0;
  let skipping = false;

  const take = (eof: boolean): CsvRecord[] => {
    const records: CsvRecord[] = [];
    let at = 0;
    while (at < text.length) {
      if (skipping) {
        const next = nextLine(text, at, eof);
        if (next === undefined) {
          at = text.endsWith('\r') ? text.length - 1 : text.length;
          break;
        }
        at = next;
        line++;
        skipping = false;
        continue;
      }
      let scan = scanRecord(text, at, shape.delimiter, eof);
      if (scan.status === 'more') {
        if (text.length - at <= IMPORT_LIMITS.recordChars) break;
        scan = { status: 'fault', fault: scan.quoted ? 'open_quote' : 'too_long', cell: scan.cell };
      } else if (scan.status === 'record') {
        scan = judge(scan, at, shape);
      }
      if (scan.status === 'fault') {
        if (++faults > IMPORT_LIMITS.faults) throw unreadable(line);
        records.push({ ...scan, line });
        skipping = true;
      } else {
        records.push({ status: 'cells', line, cells: scan.cells });
        line += scan.lines;
        at = scan.next;
      }
    }
    text = text.slice(at);
    return records;
  };

  for await (const chunk of chunks) {
    text = text === '' ? chunk : text + chunk;
    const records = take(false);
    if (records.length > 0) yield records;
  }
  const rest = take(true);
  if (rest.length > 0) yield rest;
}

/** True for a row with nothing in it: an empty line, or separators only. */
export function isBlank(cells: readonly string[]): boolean {
  return cells.every((cell) => cell.trim() === '');
}

type Complete = {
  readonly status: 'record';
  readonly cells: string[];
  /** index behind its line end */
  readonly next: number;
  /** physical lines it takes */
  readonly lines: number;
};
type Fault = Pick<CsvRecord & { status: 'fault' }, 'status' | 'fault' | 'cell'>;
type Scan =
  | Complete
  | Fault
  | { readonly status: 'more'; readonly quoted: boolean; readonly cell: number };

function judge(scan: Complete, at: number, shape: CsvShape): Complete | Fault {
  const last = scan.cells.length - 1;
  if (scan.next - at > IMPORT_LIMITS.recordChars) {
    return { status: 'fault', fault: 'too_long', cell: last };
  }
  const ragged = shape.columns !== undefined && scan.cells.length !== shape.columns;
  if (scan.lines > 1 && ragged) {
    const broken = scan.cells.findIndex((cell) => /[\r\n]/.test(cell));
    return { status: 'fault', fault: 'open_quote', cell: Math.max(broken, 0) };
  }
  return scan;
}

function scanRecord(text: string, at: number, delimiter: string, eof: boolean): Scan {
  const newline = text.indexOf('\n', at);
  if (newline >= 0) {
    const end = newline > at && text[newline - 1] === '\r' ? newline - 1 : newline;
    const row = text.slice(at, end);
    if (!row.includes('"') && !row.includes('\r')) {
      return { status: 'record', cells: row.split(delimiter), next: newline + 1, lines: 1 };
    }
  }
  return scanCells(text, at, delimiter, eof);
}

function scanCells(text: string, start: number, delimiter: string, eof: boolean): Scan {
  const cells: string[] = [];
  let at = start;
  let lines = 1;
  for (;;) {
    const quoted = text[at] === '"';
    if (quoted) {
      const cell = scanQuoted(text, at + 1, eof);
      if (cell === 'open') {
        return eof
          ? { status: 'fault', fault: 'open_quote', cell: cells.length }
          : { status: 'more', quoted, cell: cells.length };
      }
      cells.push(cell.value);
      lines += cell.value.split(/\r\n|\r|\n/).length - 1;
      at = cell.next;
    } else {
      const begin = at;
      while (at < text.length && !isCellEnd(text[at], delimiter)) at++;
      cells.push(text.slice(begin, at));
    }
    const end = text[at];
    if (end === delimiter) {
      at++;
      continue;
    }
    if (end === undefined) {
      if (!eof) return { status: 'more', quoted, cell: cells.length - 1 };
      return { status: 'record', cells, next: at, lines };
    }
    if (end !== '\n' && end !== '\r') {
      return { status: 'fault', fault: 'stray_quote', cell: cells.length - 1 };
    }
    const next = nextLine(text, at, eof);
    if (next === undefined) return { status: 'more', quoted: false, cell: cells.length - 1 };
    return { status: 'record', cells, next, lines };
  }
}

function scanQuoted(text: string, start: number, eof: boolean) {
  let value = '';
  let at = start;
  for (;;) {
    const quote = text.indexOf('"', at);
    if (quote < 0 || (quote === text.length - 1 && !eof)) return 'open';
    value += text.slice(at, quote);
    if (text[quote + 1] !== '"') return { value, next: quote + 1 };
    value += '"';
    at = quote + 2;
  }
}

/** Index behind the next line end at or after `at`; undefined while it is not in sight. */
function nextLine(text: string, at: number, eof: boolean): number | undefined {
  for (let i = at; i < text.length; i++) {
    if (text[i] === '\n') return i + 1;
    if (text[i] !== '\r') continue;
    if (i + 1 === text.length && !eof) return undefined;
    return text[i + 1] === '\n' ? i + 2 : i + 1;
  }
  return eof ? text.length : undefined;
}

function isCellEnd(char: string | undefined, delimiter: string): boolean {
  return char === delimiter || char === '\n' || char === '\r';
}

function unreadable(line: number) {
  return failure(
    'invalid_input',
    `More than ${IMPORT_LIMITS.faults} rows cannot be read as CSV, up to line ${line}.`,
    { line },
    'Export the file again from the time tracker. Nothing was written.',
  );
}
