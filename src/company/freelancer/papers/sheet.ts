import { failure } from '../../../contract/index.ts';
import type { PaperFonts } from './fonts.ts';
import { printable } from './printable.ts';

/** A4 in points of 1/72 inch. Left as DIN 5008 has it (25 mm), so that the address meets the window. */
export const PAGE = {
  width: 595.28,
  height: 841.89,
  left: 70.87,
  right: 538.58,
  top: 51,
} as const;
export const CONTENT_WIDTH = PAGE.right - PAGE.left;

/** points; the length is what fits on the diagonal */
const WATERMARK = { size: 46, length: 760 } as const;

export interface TextStyle {
  readonly font: 'regular' | 'strong';
  /** points */
  readonly size: number;
  readonly colour: string;
  /** all figures of one width, for columns; it also widens hyphens, so not for words */
  readonly tabular?: true;
}

export interface SheetOptions {
  readonly title: string;
  readonly author: string;
  readonly language: 'de' | 'en';
  /** YYYY-MM-DD, the only date in the file */
  readonly day: string;
  readonly fonts: PaperFonts;
  /** draws what lies under the text of a page; called for each new one */
  readonly onPage: (sheet: Sheet) => void;
}

/**
 * Pages to draw on. It breaks lines itself and never starts a page by itself, so that the one who
 * lays out decides what stays together.
 */
export interface Sheet {
  readonly width: (text: string, style: TextStyle) => number;
  /** Lines that fit `width`; a word that is longer than a line is cut. */
  readonly wrap: (text: string, width: number, style: TextStyle) => readonly string[];
  /** One line with its baseline at `y`; `x` is the left edge, or the right one when aligned right. */
  readonly text: (
    text: string,
    x: number,
    y: number,
    style: TextStyle,
    align?: 'left' | 'right',
  ) => void;
  readonly line: (x1: number, x2: number, y: number, colour: string, width?: number) => void;
  readonly box: (x: number, y: number, width: number, height: number, colour: string) => void;
  /** Dark modules as one path, in a square of `side` points. */
  readonly modules: (
    modules: readonly (readonly boolean[])[],
    x: number,
    y: number,
    side: number,
  ) => void;
  /** A PNG or JPEG in a box, at its top left. Fails with `invalid_input` when it is neither. */
  readonly image: (bytes: Uint8Array, x: number, y: number, width: number, height: number) => void;
  /** Large pale words across the page, behind what is drawn later. */
  readonly watermark: (text: string, colour: string) => void;
  readonly newPage: () => void;
  /** Goes over all pages at the end. */
  readonly eachPage: (draw: (page: number, pages: number) => void) => void;
  /** The file. Equal drawings give equal bytes. */
  readonly finish: () => Promise<Uint8Array>;
}

/** Opens a sheet with its first page. The PDF library is loaded here, not at start-up. */
export async function createSheet(options: SheetOptions): Promise<Sheet> {
  const { default: PdfDocument } = await import('pdfkit');
  const doc = new PdfDocument({
    size: [PAGE.width, PAGE.height],
    margin: 0,
    autoFirstPage: false,
    bufferPages: true,
    lang: options.language,
    displayTitle: true,
    pdfVersion: '1.7',
    info: {
      Title: options.title,
      Author: options.author,
      Creator: options.author,
      CreationDate: new Date(`${options.day}T00:00:00Z`),
    },
  });
  const chunks: Uint8Array[] = [];
  const ended = new Promise<void>((resolve, reject) => {
    doc.on('data', (chunk: Uint8Array) => chunks.push(chunk));
    doc.on('end', () => resolve());
    doc.on('error', reject);
  });
  doc.registerFont('regular', Buffer.from(options.fonts.regular));
  doc.registerFont('strong', Buffer.from(options.fonts.strong));

  const measure = (text: string, style: TextStyle) =>
    doc
      .font(style.font)
      .fontSize(style.size)
      .widthOfString(text, { features: ['tnum'] });

  const sheet: Sheet = {
    width: (text, style) => measure(printable(text), style),
    wrap: (text, width, style) =>
      printable(text)
        .split('\n')
        .flatMap((paragraph) => wrapParagraph(paragraph, width, (part) => measure(part, style))),
    text: (raw, x, y, style, align = 'left') => {
      const text = printable(raw).replace(/\u00a0/g, ' ');
      const left = align === 'right' ? x - measure(text, style) : x;
      doc
        .font(style.font)
        .fontSize(style.size)
        .fillColor(style.colour)
        .text(text, left, y, {
          ...featuresOf(style),
          lineBreak: false,
          baseline: 'alphabetic',
        });
    },
    line: (x1, x2, y, colour, width = 0.5) => {
      doc.moveTo(x1, y).lineTo(x2, y).lineWidth(width).strokeColor(colour).stroke();
    },
    box: (x, y, width, height, colour) => {
      doc.rect(x, y, width, height).fillColor(colour).fill();
    },
    modules: (modules, x, y, side) => {
      const size = side / modules.length;
      modules.forEach((row, rowIndex) => {
        for (const [from, length] of runs(row)) {
          doc.rect(x + from * size, y + rowIndex * size, length * size, size);
        }
      });
      doc.fillColor('#000000').fill();
    },
    image: (bytes, x, y, width, height) => {
      requireImage(bytes);
      try {
        doc.image(Buffer.from(bytes), x, y, { fit: [width, height] });
      } catch (error) {
        throw badLogo(error instanceof Error ? error.message : String(error));
      }
    },
    watermark: (text, colour) => {
      const full: TextStyle = { font: 'strong', size: WATERMARK.size, colour };
      const shrink = Math.min(1, WATERMARK.length / measure(text, full));
      const style: TextStyle = { ...full, size: WATERMARK.size * shrink };
      const centreX = PAGE.width / 2;
      const centreY = PAGE.height / 2;
      doc.save();
      doc.rotate(-52, { origin: [centreX, centreY] }).fillOpacity(0.09);
      sheet.text(text, centreX - measure(text, style) / 2, centreY, style);
      doc.restore();
    },
    newPage: () => {
      doc.addPage();
      options.onPage(sheet);
    },
    eachPage: (draw) => {
      const { start, count } = doc.bufferedPageRange();
      for (let index = 0; index < count; index++) {
        doc.switchToPage(start + index);
        draw(index + 1, count);
      }
    },
    finish: async () => {
      doc.end();
      await ended;
      return new Uint8Array(Buffer.concat(chunks));
    },
  };
  sheet.newPage();
  return sheet;
}

function featuresOf(style: TextStyle): { features?: ['tnum'] } {
  return style.tabular ? { features: ['tnum'] } : {};
}

function wrapParagraph(
  paragraph: string,
  width: number,
  measure: (text: string) => number,
): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of paragraph.replace(/\t/g, ' ').split(/ +/)) {
    const candidate = line === '' ? word : `${line} ${word}`;
    if (measure(candidate) <= width) {
      line = candidate;
      continue;
    }
    if (line !== '') lines.push(line);
    const pieces = cutWord(word, width, measure);
    lines.push(...pieces.slice(0, -1));
    line = pieces.at(-1) ?? '';
  }
  lines.push(line);
  return lines;
}

/** Pieces of a word that each fit; whole characters only. Short ones come back as they are. */
function cutWord(word: string, width: number, measure: (text: string) => number): string[] {
  const pieces: string[] = [];
  let rest = [...word];
  while (rest.length > 1 && measure(rest.join('')) > width) {
    let low = 1;
    let high = rest.length - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if (measure(rest.slice(0, middle).join('')) <= width) low = middle;
      else high = middle - 1;
    }
    pieces.push(rest.slice(0, low).join(''));
    rest = rest.slice(low);
  }
  pieces.push(rest.join(''));
  return pieces;
}

/** Start and length of each run of dark modules in a row. */
function runs(row: readonly boolean[]): readonly (readonly [number, number])[] {
  const found: [number, number][] = [];
  row.forEach((dark, index) => {
    if (!dark) return;
    const last = found.at(-1);
    if (last && last[0] + last[1] === index) last[1] += 1;
    else found.push([index, 1]);
  });
  return found;
}

function requireImage(bytes: Uint8Array): void {
  const png = bytes[0] === 0x89 && bytes[1] === 0x50 && bytes[2] === 0x4e && bytes[3] === 0x47;
  const jpeg = bytes[0] === 0xff && bytes[1] === 0xd8;
  if (!png && !jpeg) throw badLogo('it is neither PNG nor JPEG');
}

function badLogo(reason: string) {
  return failure(
    'invalid_input',
    'The logo cannot be printed.',
    { path: 'logo', reason },
    'Use a PNG or JPEG picture, or none.',
  );
}
