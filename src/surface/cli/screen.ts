import { type Column, textTable } from './text-table.ts';

/** How an answer looks on a terminal. */
export interface Screen {
  readonly width: number;
  /** the company's zone */
  readonly zone: string;
  readonly bold: (text: string) => string;
  readonly warn: (text: string) => string;
  readonly stop: (text: string) => string;
  readonly ok: (text: string) => string;
}

/** A table with its head in bold. */
export function table(
  columns: readonly Column[],
  rows: readonly (readonly unknown[])[],
  screen: Screen,
) {
  const [head = '', ...lines] = textTable(columns, rows, screen.width);
  return [screen.bold(head), ...lines];
}
