import { epcPayload, payeeOf, paymentReference, qrModules } from './epc-qr.ts';
import { formatAmount, formatIban, formatMoney, formatRate } from './format.ts';
import {
  BODY,
  BODY_STRONG,
  breakIfNeeded,
  contentEnd,
  dayOf,
  FIGURES,
  GREY,
  HAIRLINE,
  LABEL,
  type Layout,
  leading,
  PAGE_START,
  paragraph,
  SMALL,
} from './pdf-layout.ts';
import { CONTENT_WIDTH, PAGE } from './sheet.ts';
import { fill } from './words.ts';

const QR_SIDE = 88; // 31 mm: modules of 0.6 mm and more, which phones read from paper
const ROW = 17;
const PAYMENT_ROW = 15;
const TOTALS_MIN_WIDTH = 232;

/** Something that stays in one piece. `draw` starts at `layout.y` and leaves it at its end. */
interface Block {
  readonly height: number;
  readonly draw: () => void;
}

/**
 * Totals, the operator's note, and how to pay. Neither totals nor payment is ever split; together
 * they go to a new page rather than leave the payment alone on one.
 */
export function drawClosing(layout: Layout): void {
  const { paper, sheet } = layout;
  const totals = totalsBlock(layout);
  const payment = paper.kind === 'invoice' ? paymentBlock(layout) : undefined;
  const noteLines = paper.note ? sheet.wrap(paper.note, CONTENT_WIDTH, BODY).length : 0;
  const noteHeight = noteLines === 0 ? 0 : 8 + noteLines * leading(BODY);
  const together = totals.height + noteHeight + (payment?.height ?? 0);
  const onePage = contentEnd(layout) - PAGE_START;

  breakIfNeeded(layout, together <= onePage ? together : totals.height);
  totals.draw();
  if (paper.note) {
    layout.y += 8;
    paragraph(layout, paper.note, BODY);
  }
  if (!payment) return;
  breakIfNeeded(layout, payment.height);
  payment.draw();
}

function totalsBlock(layout: Layout): Block {
  const { paper, words, look, sheet } = layout;
  const { language, totals, taxes } = paper;
  const rows = totalRows(layout);
  const label = words.total[paper.kind];
  const total = formatMoney(totals.gross, language);
  const widths = rows.map(([text, sum]) => sheet.width(text, BODY) + sheet.width(sum, FIGURES));
  const totalWidth = sheet.width(label, look.total) + sheet.width(total, look.total);
  const width = Math.max(TOTALS_MIN_WIDTH, totalWidth + 30, ...widths.map((one) => one + 30));
  const left = Math.max(PAGE.left, PAGE.right - width);
  const sentences = taxes.flatMap((tax) => (tax.reason ? [tax.reason[language]] : []));
  if (paper.kind === 'credit-note') sentences.push(words.credited);
  const sentenceLines = sentences.flatMap((one) => sheet.wrap(one, CONTENT_WIDTH, BODY));

  return {
    height: 18 + rows.length * ROW + 13 + 26 + sentenceLines.length * leading(BODY),
    draw: () => {
      layout.y += 18;
      for (const [text, amount] of rows) {
        sheet.text(text, left, layout.y, { ...BODY, colour: GREY });
        sheet.text(amount, PAGE.right, layout.y, FIGURES, 'right');
        layout.y += ROW;
      }
      if (rows.length > 0) sheet.line(left, PAGE.right, layout.y - 6, look.accent, 1.2);
      layout.y += rows.length > 0 ? 13 : 6;
      sheet.text(label, left, layout.y, look.total);
      sheet.text(total, PAGE.right, layout.y, look.total, 'right');
      layout.y += 26;
      for (const line of sentenceLines) {
        sheet.text(line, PAGE.left, layout.y, BODY);
        layout.y += leading(BODY);
      }
    },
  };
}

/** Net and VAT by rate. Nothing where no VAT is charged: the law forbids some of them to show any. */
function totalRows({ paper, words }: Layout): readonly (readonly [string, string])[] {
  const { language, totals, taxes } = paper;
  const isTaxed = (category: string) => category === 'S' || category === 'Z';
  if (!taxes.some((tax) => isTaxed(tax.category))) return [];
  const rows: [string, string][] = [[words.net, formatAmount(totals.net, language)]];
  for (const tax of taxes) {
    const base = formatAmount(tax.base, language);
    const rate = formatRate(tax.rateBasisPoints, language);
    const text = fill(isTaxed(tax.category) ? words.tax : words.untaxed, { rate, base });
    rows.push([text, formatAmount(tax.tax, language)]);
  }
  return rows;
}

/** Whom to pay, how much, by when, and the code for the banking app. Nothing when nothing is owed. */
function paymentBlock(layout: Layout): Block | undefined {
  const { paper, words, sheet } = layout;
  const { seller, language, totals, dueDate } = paper;
  if (totals.gross.minor <= 0) return undefined;
  const payload = epcPayload(paper);
  const amount = formatMoney(totals.gross, language);
  const sentence =
    dueDate && dueDate > paper.issueDate
      ? fill(words.pay, { amount, day: dayOf(layout, dueDate) })
      : fill(words.payNow, { amount });
  const rows = [
    ...(seller.iban ? [[words.payee, payeeOf(paper)] as const] : []),
    ...(seller.iban ? [['IBAN', formatIban(seller.iban)] as const] : []),
    ...(seller.iban && seller.bic ? [['BIC', seller.bic] as const] : []),
    ...(seller.iban && seller.bank ? [[words.bank, seller.bank] as const] : []),
    [words.reference, paymentReference(paper)] as const,
  ];
  const labelWidth = Math.max(...rows.map(([label]) => sheet.width(label, LABEL))) + 16;
  const textWidth = CONTENT_WIDTH - (payload ? QR_SIDE + 30 : 0);
  const sentenceLines = sheet.wrap(sentence, textWidth, BODY_STRONG);
  const details = rows.flatMap(([label, value]) =>
    sheet
      .wrap(value, textWidth - labelWidth, BODY)
      .map((line, index) => [index === 0 ? label : '', line] as const),
  );
  const textHeight = (sentenceLines.length + details.length) * PAYMENT_ROW + 8;
  const height = 28 + Math.max(textHeight, payload ? QR_SIDE + 14 : 0);

  return {
    height,
    draw: () => {
      const start = layout.y;
      sheet.line(PAGE.left, PAGE.right, start + 10, HAIRLINE);
      const top = start + 26;
      let y = top + 8;
      for (const line of sentenceLines) {
        sheet.text(line, PAGE.left, y, BODY_STRONG);
        y += PAYMENT_ROW;
      }
      y += 5;
      for (const [label, line] of details) {
        sheet.text(label, PAGE.left, y, LABEL);
        sheet.text(line, PAGE.left + labelWidth, y, BODY);
        y += PAYMENT_ROW;
      }
      if (payload) {
        sheet.modules(qrModules(payload), PAGE.right - QR_SIDE, top, QR_SIDE);
        sheet.text(words.scan, PAGE.right, top + QR_SIDE + 11, { ...SMALL, size: 7 }, 'right');
      }
      layout.y = start + height;
    },
  };
}
