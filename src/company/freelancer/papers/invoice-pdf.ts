import type { PaperFonts } from './fonts.ts';
import type { Paper } from './paper.ts';
import { drawClosing } from './pdf-closing.ts';
import { type Layout, lookOf } from './pdf-layout.ts';
import { drawEdges, drawHeading, drawLetterhead, measureFooter } from './pdf-letter.ts';
import { drawLines } from './pdf-lines.ts';
import { createSheet, PAGE } from './sheet.ts';
import { PAPER_WORDS } from './words.ts';

export interface PdfOptions {
  /** PNG or JPEG */
  readonly logo?: Uint8Array | undefined;
  /** marks every page as not real */
  readonly sandbox: boolean;
  readonly fonts: PaperFonts;
}

const SANDBOX_COLOUR = '#b45309';

/**
 * An invoice or credit note as PDF: A4, real text, fonts embedded. Equal input gives equal bytes, so
 * the hash of what was signed can be made again. Fails with `invalid_input` for a logo that is no
 * picture.
 */
export async function renderInvoicePdf(paper: Paper, options: PdfOptions): Promise<Uint8Array> {
  const words = PAPER_WORDS[paper.language];
  const title = `${words.title[paper.kind]} ${paper.number}`;
  const sheet = await createSheet({
    title,
    author: paper.seller.name,
    language: paper.language,
    day: paper.issueDate,
    fonts: options.fonts,
    onPage: (page) => {
      if (options.sandbox) page.watermark(words.sandbox[paper.kind], SANDBOX_COLOUR);
    },
  });
  const look = lookOf(paper.seller.colour);
  const footer = measureFooter(paper, words, sheet);
  const layout: Layout = { paper, words, look, sheet, title, ...footer, y: PAGE.top };
  drawLetterhead(layout, options.logo);
  drawHeading(layout);
  drawLines(layout);
  drawClosing(layout);
  drawEdges(layout, options.sandbox);
  return sheet.finish();
}
