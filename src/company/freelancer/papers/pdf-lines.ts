import { formatAmount, formatQuantity, formatRate } from './format.ts';
import {
  BODY_STRONG,
  breakIfNeeded,
  DETAIL,
  FIGURES,
  HAIRLINE,
  INK,
  LABEL,
  type Layout,
  leading,
} from './pdf-layout.ts';
import { PAGE } from './sheet.ts';

const COLUMN_GAP = 18;
/** points; a taller line of the invoice may go over to the next page */
const KEEP_WHOLE = 130;

/** The table of lines; its head is repeated on each page. */
export function drawLines(layout: Layout): void {
  const { paper, sheet } = layout;
  const table = measureTable(layout);
  drawHead(layout, table);
  paper.lines.forEach((line, index) => {
    const text = sheet.wrap(line.text, table.descriptionWidth, BODY_STRONG);
    const detail = line.detail ? sheet.wrap(line.detail, table.descriptionWidth, DETAIL) : [];
    const textHeight = text.length * leading(BODY_STRONG) + 14;
    const whole = textHeight + detail.length * leading(DETAIL);
    // A tall line takes at least three lines of its detail along.
    const needed = whole <= KEEP_WHOLE ? whole : textHeight + 3 * leading(DETAIL);
    if (breakIfNeeded(layout, Math.min(needed, KEEP_WHOLE))) drawHead(layout, table);

    layout.y += BODY_STRONG.size + 3;
    table.cells[index]?.forEach((cell, column) => {
      sheet.text(cell, table.columns[column]?.right ?? PAGE.right, layout.y, FIGURES, 'right');
    });
    for (const [parts, style] of [
      [text, BODY_STRONG],
      [detail, DETAIL],
    ] as const) {
      for (const part of parts) {
        if (breakIfNeeded(layout, 0)) {
          drawHead(layout, table);
          layout.y += style.size + 3;
        }
        sheet.text(part, PAGE.left, layout.y, style);
        layout.y += leading(style);
      }
    }
    layout.y -= 3;
    sheet.line(PAGE.left, PAGE.right, layout.y, HAIRLINE);
    layout.y += 3;
  });
}

/** Measured once over all pages, so that any amount fits and all columns agree. */
interface Table {
  readonly descriptionWidth: number;
  readonly columns: readonly { readonly label: string; readonly right: number }[];
  readonly cells: readonly (readonly string[])[];
}

function measureTable({ paper, words, sheet }: Layout): Table {
  const { language, lines } = paper;
  const withRate = paper.taxes.length > 1;
  const labels = [
    words.quantity,
    words.unitPrice,
    ...(withRate ? [words.vat] : []),
    `${words.amount} ${paper.currency}`,
  ];
  const cells = lines.map((line) => [
    formatQuantity(line.quantity, language),
    formatAmount(line.unitPrice, language),
    ...(withRate ? [formatRate(line.vat.rateBasisPoints, language)] : []),
    formatAmount(line.net, language),
  ]);
  let right: number = PAGE.right;
  const columns = labels.map((label, index) => {
    const widths = cells.map((row) => sheet.width(row[index] ?? '', FIGURES));
    return { label, width: Math.max(sheet.width(label, LABEL), ...widths) };
  });
  const placed = columns.toReversed().map(({ label, width }) => {
    const column = { label, right };
    right -= width + COLUMN_GAP;
    return column;
  });
  return { descriptionWidth: right - PAGE.left, columns: placed.toReversed(), cells };
}

function drawHead(layout: Layout, table: Table): void {
  const { sheet, words } = layout;
  sheet.text(words.description, PAGE.left, layout.y, LABEL);
  for (const { label, right } of table.columns) sheet.text(label, right, layout.y, LABEL, 'right');
  layout.y += 6;
  sheet.line(PAGE.left, PAGE.right, layout.y, INK, 0.8);
  layout.y += 3;
}
