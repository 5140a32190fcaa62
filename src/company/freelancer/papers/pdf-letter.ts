import { countryName, formatPeriod } from './format.ts';
import type { Paper } from './paper.ts';
import {
  BODY,
  cityLine,
  dayOf,
  HAIRLINE,
  INK,
  LABEL,
  type Layout,
  leading,
  paragraph,
  SMALL,
} from './pdf-layout.ts';
import { CONTENT_WIDTH, PAGE, type Sheet, type TextStyle } from './sheet.ts';
import { fill, type PaperWords } from './words.ts';

/** DIN 5008 form B: the window's return line and first address line */
const SENDER_Y = 172;
const ADDRESS_Y = 190;
const WINDOW_WIDTH = 240; // 85 mm
const HEADING_Y = 302;
const LOGO = { width: 190, height: 52 };
const FACT_GAP = 26;
const FACT_ROW = 33;
const FOOTER = { bottom: 816, row: 10.5, gap: 8, fewestRows: 4 } as const;
const FOOTER_COLUMN = (CONTENT_WIDTH - 40) / 3;

const SENDER: TextStyle = { ...SMALL, size: 7 };
const ADDRESS: TextStyle = { ...BODY, size: 10.5 };
const SANDBOX_BAND = '#fdf0dc';
const SANDBOX_TEXT: TextStyle = { font: 'strong', size: 8.5, colour: '#8a3f06' };

/** Logo or name, and the address in the window. */
export function drawLetterhead(layout: Layout, logo: Uint8Array | undefined): void {
  const { paper, look, sheet } = layout;
  if (logo) {
    sheet.image(logo, PAGE.left, PAGE.top, LOGO.width, LOGO.height);
  } else {
    let y = PAGE.top + 20;
    for (const line of sheet.wrap(paper.seller.name, CONTENT_WIDTH, look.brand).slice(0, 3)) {
      sheet.text(line, PAGE.left, y, look.brand);
      y += look.brand.size * 1.3;
    }
    sheet.box(PAGE.left, y - 8.5, 28, 2.2, look.accent);
  }
  drawAddress(layout);
}

/** Title, and under it a row of facts: label above value, as many columns as there are facts. */
export function drawHeading(layout: Layout): void {
  const { paper, words, look, sheet, title } = layout;
  layout.y = HEADING_Y;
  for (const line of sheet.wrap(title, CONTENT_WIDTH, look.title)) {
    sheet.text(line, PAGE.left, layout.y, look.title);
    layout.y += look.title.size * 1.2;
  }
  if (paper.corrects) {
    const { number, issueDate } = paper.corrects;
    const text = fill(words.corrects, { number, day: dayOf(layout, issueDate) });
    paragraph(layout, paper.reason ? `${text}: ${paper.reason}` : text, BODY);
    layout.y += 8;
  }
  layout.y += 2;
  drawFacts(layout);
}

/** What every page carries: small print, page number, title on later pages, the sandbox mark. */
export function drawEdges(layout: Layout, sandbox: boolean): void {
  const { paper, words, look, sheet, title, smallPrint, footerTop } = layout;
  sheet.eachPage((page, pages) => {
    sheet.line(PAGE.left, PAGE.right, footerTop, HAIRLINE);
    smallPrint.forEach((lines, column) => {
      const x = PAGE.left + column * (FOOTER_COLUMN + FOOTER.gap);
      lines.forEach((line, row) => {
        sheet.text(line, x, footerTop + 14 + row * FOOTER.row, SMALL);
      });
    });
    sheet.text(`${page}/${pages}`, PAGE.right, footerTop + 14, SMALL, 'right');
    if (page > 1) {
      const [name = ''] = sheet.wrap(paper.seller.name, CONTENT_WIDTH / 2, SMALL);
      sheet.text(title, PAGE.left, PAGE.top + 8, { ...SMALL, font: 'strong', colour: INK });
      sheet.text(name, PAGE.right, PAGE.top + 8, SMALL, 'right');
      sheet.box(PAGE.left, PAGE.top + 17, 28, 1.4, look.accent);
    }
    if (sandbox) {
      sheet.box(0, 0, PAGE.width, 20, SANDBOX_BAND);
      sheet.text(words.sandbox[paper.kind], PAGE.left, 13.2, SANDBOX_TEXT);
    }
  });
}

function drawAddress({ paper, sheet }: Layout): void {
  const { seller, buyer, language } = paper;
  const sender = [seller.name, seller.address.street, cityLine(seller.address)];
  const senderLine = sender.filter(Boolean).join(' · ');
  const shrink = Math.min(1, WINDOW_WIDTH / sheet.width(senderLine, SENDER));
  sheet.text(senderLine, PAGE.left, SENDER_Y, { ...SENDER, size: SENDER.size * shrink });

  const abroad = buyer.address.country !== seller.address.country && buyer.address.country;
  const lines = [
    buyer.name,
    buyer.contact,
    buyer.address.street,
    cityLine(buyer.address),
    abroad ? countryName(abroad, language) : undefined,
  ];
  const shown = lines.flatMap((line) => (line ? sheet.wrap(line, WINDOW_WIDTH, ADDRESS) : []));
  // The window ends where the heading begins: an address of many lines is set closer.
  const step = Math.min(leading(ADDRESS), (HEADING_Y - 30 - ADDRESS_Y) / Math.max(1, shown.length));
  shown.forEach((line, row) => {
    sheet.text(line, PAGE.left, ADDRESS_Y + row * step, ADDRESS);
  });
}

function drawFacts(layout: Layout): void {
  const { sheet } = layout;
  let x: number = PAGE.left;
  for (const [label, value] of factsOf(layout)) {
    const shown = sheet.wrap(value, CONTENT_WIDTH, BODY)[0] ?? '';
    const width = Math.max(sheet.width(label, LABEL), sheet.width(shown, BODY));
    if (x > PAGE.left && x + width > PAGE.right) {
      x = PAGE.left;
      layout.y += FACT_ROW;
    }
    sheet.text(label, x, layout.y, LABEL);
    sheet.text(shown, x, layout.y + 14, BODY);
    x += width + FACT_GAP;
  }
  layout.y += FACT_ROW + 11;
}

function factsOf(layout: Layout): readonly (readonly [string, string])[] {
  const { paper, words } = layout;
  const { period, buyer } = paper;
  const facts: [string, string][] = [[words.issueDate[paper.kind], dayOf(layout, paper.issueDate)]];
  if (period) {
    const label = period.from === period.to ? words.serviceDay : words.period;
    facts.push([label, formatPeriod(period, paper.language)]);
  }
  if (paper.dueDate) facts.push([words.dueDate, dayOf(layout, paper.dueDate)]);
  if (buyer.customerNumber) facts.push([words.customerNumber, buyer.customerNumber]);
  if (paper.purchaseOrder) facts.push([words.purchaseOrder, paper.purchaseOrder]);
  if (buyer.vatId) facts.push([words.buyerVatId, buyer.vatId]);
  return facts;
}

/** Small print, wrapped to its columns, and where the footer has to begin so that all of it fits. */
export function measureFooter(
  paper: Paper,
  words: PaperWords,
  sheet: Sheet,
): Pick<Layout, 'smallPrint' | 'footerTop'> {
  const smallPrint = smallPrintOf(paper, words).map((lines) =>
    lines.flatMap((line) => sheet.wrap(line, FOOTER_COLUMN - FOOTER.gap, SMALL)),
  );
  const rows = Math.max(FOOTER.fewestRows, ...smallPrint.map((lines) => lines.length));
  return { smallPrint, footerTop: FOOTER.bottom - rows * FOOTER.row - 2 };
}

function smallPrintOf(paper: Paper, words: PaperWords): readonly (readonly string[])[] {
  const { seller, buyer, language } = paper;
  const owned = seller.owner && seller.owner !== seller.name;
  const abroad = seller.address.country !== buyer.address.country && seller.address.country;
  const columns = [
    [
      seller.name,
      seller.address.street,
      cityLine(seller.address),
      abroad ? countryName(abroad, language) : undefined,
    ],
    [
      owned ? fill(words.owner, { owner: seller.owner ?? '' }) : undefined,
      seller.email,
      seller.phone,
      seller.website,
    ],
    [
      seller.vatId ? `${words.vatId} ${seller.vatId}` : undefined,
      seller.taxId ? `${words.taxId} ${seller.taxId}` : undefined,
    ],
  ];
  return columns.map((lines) => lines.flatMap((line) => (line ? [line] : [])));
}
