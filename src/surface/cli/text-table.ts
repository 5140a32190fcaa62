import { plain } from './format.ts';

export interface Column {
  readonly title: string;
  readonly align?: 'right';
  /** the one that gives way where the line is too short */
  readonly flexible?: boolean;
}

const GAP = '  ';
const SHORTEST = 8;

/** Rows in columns that fit a line of `width` characters; the flexible column is cut, visibly. */
export function textTable(
  columns: readonly Column[],
  rows: readonly (readonly unknown[])[],
  width: number,
): readonly string[] {
  const cells = rows.map((row) => columns.map((_, index) => plain(row[index])));
  const widths = columns.map(({ title }, index) =>
    Math.max(title.length, ...cells.map((row) => lengthOf(row[index] ?? ''))),
  );
  const total = widths.reduce((sum, each) => sum + each, 0) + GAP.length * (columns.length - 1);
  const flexible = columns.findIndex((column) => column.flexible);
  if (total > width && flexible >= 0) {
    const current = widths[flexible] ?? 0;
    widths[flexible] = Math.max(SHORTEST, current - (total - width));
  }
  const line = (texts: readonly string[]): string =>
    texts
      .map((text, index) => pad(text, widths[index] ?? 0, columns[index]?.align))
      .join(GAP)
      .trimEnd();
  return [line(columns.map(({ title }) => title)), ...cells.map(line)];
}

/** A text of at most `width` characters; what is cut shows as an ellipsis. */
export function cut(text: string, width: number): string {
  const letters = [...text];
  return letters.length <= width ? text : `${letters.slice(0, Math.max(0, width - 1)).join('')}…`;
}

/** Text broken at spaces into lines of at most `width` characters, each behind `indent`. */
export function wrap(text: string, width: number, indent = ''): readonly string[] {
  const room = Math.max(SHORTEST, width - indent.length);
  return text.split('\n').flatMap((paragraph) => {
    const lines: string[] = [];
    let line = '';
    for (const word of paragraph.split(' ')) {
      if (line !== '' && lengthOf(line) + 1 + lengthOf(word) > room) {
        lines.push(indent + line);
        line = word;
      } else {
        line = line === '' ? word : `${line} ${word}`;
      }
    }
    return [...lines, indent + line];
  });
}

function pad(text: string, width: number, align: 'right' | undefined): string {
  const fitting = cut(text, width);
  const space = ' '.repeat(Math.max(0, width - lengthOf(fitting)));
  return align === 'right' ? space + fitting : fitting + space;
}

/** Characters, not code units: an umlaut or a symbol is one. */
function lengthOf(text: string): number {
  return [...text].length;
}
