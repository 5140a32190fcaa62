import { formatDay } from './format.ts';
import type { Paper } from './paper.ts';
import { CONTENT_WIDTH, PAGE, type Sheet, type TextStyle } from './sheet.ts';
import type { PaperWords } from './words.ts';

/** A paper being laid out, from the top of its first page to the end of its last. */
export interface Layout {
  readonly paper: Paper;
  readonly words: PaperWords;
  readonly look: Look;
  readonly sheet: Sheet;
  readonly title: string;
  /** three columns at the foot of each page: what the law wants of the seller is among them */
  readonly smallPrint: readonly (readonly string[])[];
  /** top of the footer's hairline; higher where the small print is long */
  readonly footerTop: number;
  /** baseline of what comes next */
  y: number;
}

/** The look of one company: its colour draws, and writes only where it can be read. */
export interface Look {
  readonly accent: string;
  readonly brand: TextStyle;
  readonly title: TextStyle;
  readonly total: TextStyle;
}

export const INK = '#16191d';
export const GREY = '#5b626b'; // 6.1:1 on white
export const HAIRLINE = '#d5d9de';

export const BODY: TextStyle = { font: 'regular', size: 9.5, colour: INK };
export const BODY_STRONG: TextStyle = { ...BODY, font: 'strong' };
export const FIGURES: TextStyle = { ...BODY, tabular: true };
export const DETAIL: TextStyle = { font: 'regular', size: 8.5, colour: GREY };
export const LABEL: TextStyle = { font: 'regular', size: 8, colour: GREY };
export const SMALL: TextStyle = { font: 'regular', size: 7.5, colour: GREY };

/** first baseline on later pages */
export const PAGE_START = PAGE.top + 52;
/** baseline to baseline, as a share of the size */
const LEADING = 1.42;

/** The look for a company's colour (`#rrggbb`); dark ink without one. */
export function lookOf(colour: string | undefined): Look {
  const accent = colour && /^#[0-9a-f]{6}$/i.test(colour) ? colour : INK;
  const ink = contrastOnWhite(accent) >= 4.5 ? accent : INK; // WCAG 2.2, 1.4.3
  return {
    accent,
    brand: { font: 'strong', size: 15, colour: ink },
    title: { font: 'strong', size: 19, colour: INK },
    total: { font: 'strong', size: 13, colour: ink, tabular: true },
  };
}

/** Baseline to baseline, in points. */
export function leading(style: TextStyle): number {
  return style.size * LEADING;
}

/** Writes text over the full width and goes on on the next page where it must. */
export function paragraph(layout: Layout, text: string, style: TextStyle): void {
  for (const line of layout.sheet.wrap(text, CONTENT_WIDTH, style)) {
    breakIfNeeded(layout, leading(style));
    layout.sheet.text(line, PAGE.left, layout.y, style);
    layout.y += leading(style);
  }
}

/** The last baseline of content on a page. */
export function contentEnd(layout: Layout): number {
  return layout.footerTop - 14;
}

/** Starts a new page when `height` points do not fit on this one; says whether it did. */
export function breakIfNeeded(layout: Layout, height: number): boolean {
  if (layout.y + height <= contentEnd(layout)) return false;
  layout.sheet.newPage();
  layout.y = PAGE_START;
  return true;
}

export function cityLine(address: Paper['seller']['address']): string {
  return [address.postalCode, address.city].filter(Boolean).join(' ');
}

/** A day in the paper's language. */
export function dayOf(layout: Layout, day: string): string {
  return formatDay(day, layout.paper.language);
}

/** Contrast ratio against white, as WCAG 2.2 defines it. */
function contrastOnWhite(colour: string): number {
  const channel = (at: number) => {
    const value = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  };
  const luminance = 0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5);
  return 1.05 / (luminance + 0.05);
}
