import type { Sha256 } from '../base/index.ts';
import {
  INTEGRITIES,
  type Integrity,
  type Label,
  type Labelled,
  labelOfAll,
  type Money,
  minorDigits,
} from '../contract/index.ts';
import type { AcceptedDecision } from './approval.ts';

/** The operator's signature over the act of raising: `act` is its hash, which the decision names. */
export interface SignedRaise {
  readonly type: 'signed';
  readonly decision: AcceptedDecision;
  readonly act: Sha256;
  readonly to: Integrity;
}

/**
 * A small space that the operator or a contract laid out beforehand. Whoever wrote the text can only
 * choose inside it, so what comes out is worth `own`.
 */
export type Extractor =
  /** a calendar day, `from` and `to` included (YYYY-MM-DD) */
  | { readonly type: 'date'; readonly from: string; readonly to: string }
  | {
      readonly type: 'amount';
      readonly currency: string;
      readonly minMinor: number;
      readonly maxMinor: number;
    }
  | { readonly type: 'choice'; readonly options: readonly string[] };

export type Extraction =
  | { readonly status: 'extracted'; readonly value: Labelled<string | Money> }
  | { readonly status: 'refused'; readonly reason: string };

/** Longest text an extractor looks at, in characters: a mail's body, not a book. */
const MAX_TEXT = 100_000;

/**
 * The label after a signed act; undefined if the decision does not cover the act. Never lowers, never
 * loosens where a value may go.
 */
export function raise(label: Label, by: SignedRaise): Label | undefined {
  const { statement, status } = by.decision;
  const covered = status === 'accepted' && statement.decision === 'authorise';
  if (!covered || !statement.effects.includes(by.act)) return undefined;
  const higher = INTEGRITIES.indexOf(by.to) > INTEGRITIES.indexOf(label.integrity);
  return { integrity: higher ? by.to : label.integrity, placement: label.placement };
}

/**
 * Takes exactly one value of a typed, bounded space out of untrusted text. None or several is a
 * refusal: a guess must never decide. The result is `own` and keeps the text's placement.
 */
export function extract(text: Labelled<string>, extractor: Extractor): Extraction {
  if (text.value.length > MAX_TEXT) return refused('The text is too long to look through.');
  const found = findAll(text.value, extractor);
  if (typeof found === 'string') return refused(found);
  const [only, ...others] = found;
  if (only === undefined) return refused('No such value stands in the text.');
  if (others.length > 0) return refused('Several different values stand in the text.');
  const { placement } = labelOfAll(text.labels);
  const label: Label = { integrity: 'own', placement };
  return { status: 'extracted', value: { value: only, labels: { base: label } } };
}

/** Distinct values, or the sentence that says why none may be taken. */
function findAll(text: string, extractor: Extractor): (string | Money)[] | string {
  switch (extractor.type) {
    case 'date':
      return findDates(text, extractor.from, extractor.to);
    case 'amount':
      return findAmounts(text, extractor);
    case 'choice':
      return findChoices(text, extractor.options);
  }
}

const MONTHS = 'jan feb mar apr may jun jul aug sep oct nov dec'.split(' ');
const MONTH_NAME =
  '(jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sep(?:t(?:ember)?)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)';
/** 2026-06-13; 13.6.2026; 13 June 2026; June 13, 2026. Not 6/13/2026: its order is a guess. */
const DATE_FORMS = [
  { pattern: /(?<![\d.-])(\d{4})-(\d{2})-(\d{2})(?![\d-])/g, order: [1, 2, 3] },
  { pattern: /(?<![\d.])(\d{1,2})\.\s?(\d{1,2})\.\s?(\d{4})(?!\d)/g, order: [3, 2, 1] },
  {
    pattern: new RegExp(
      `(?<!\\d)(\\d{1,2})(?:st|nd|rd|th)? ${MONTH_NAME}\\.?,? (\\d{4})(?!\\d)`,
      'gi',
    ),
    order: [3, 2, 1],
  },
  {
    pattern: new RegExp(`\\b${MONTH_NAME}\\.? (\\d{1,2})(?:st|nd|rd|th)?,? (\\d{4})(?!\\d)`, 'gi'),
    order: [3, 1, 2],
  },
] as const;

function findDates(text: string, from: string, to: string): string[] | string {
  const dates = new Set<string>();
  for (const { pattern, order } of DATE_FORMS) {
    for (const match of text.matchAll(pattern)) {
      const [year, month, day] = order.map((group) => numberOf(match[group] ?? ''));
      const date = toDate(year, month, day);
      if (date === undefined) return 'A date in the text does not exist in the calendar.';
      dates.add(date);
    }
  }
  const outside = [...dates].some((date) => date < from || date > to);
  return outside ? `A date in the text is not between ${from} and ${to}.` : [...dates];
}

function numberOf(written: string): number {
  const month = MONTHS.indexOf(written.slice(0, 3).toLowerCase());
  return month >= 0 ? month + 1 : Number(written);
}

function toDate(year = 0, month = 0, day = 0): string | undefined {
  try {
    return Temporal.PlainDate.from({ year, month, day }, { overflow: 'reject' }).toString();
  } catch {
    return undefined;
  }
}

const SYMBOLS: { readonly [symbol: string]: string } = { '€': 'EUR', $: 'USD', '£': 'GBP' };
const AMOUNT_PATTERN =
  /(?:([A-Z]{3}|[€$£])\s?)?(?<![\d.,])(-?\d{1,15}(?:[.,' ]\d{3})*(?:[.,]\d{1,4})?)(?![\d]|[.,]\d)(?:\s?([A-Z]{3}\b|[€$£]))?/g;

function findAmounts(
  text: string,
  range: Extract<Extractor, { type: 'amount' }>,
): Money[] | string {
  const minors = new Set<number>();
  for (const [, before, digits = '', after] of text.matchAll(AMOUNT_PATTERN)) {
    const mark = [before, after].find((written) => currencyOf(written) !== undefined);
    if (mark === undefined || currencyOf(mark) !== range.currency) continue;
    const minor = toMinor(digits, minorDigits(range.currency));
    if (minor === undefined) return `"${digits} ${range.currency}" cannot be read in one way only.`;
    if (minor < range.minMinor || minor > range.maxMinor) {
      return 'An amount in the text is outside the range.';
    }
    minors.add(minor);
  }
  return [...minors].map((minor) => ({ minor, currency: range.currency }));
}

function currencyOf(written: string | undefined): string | undefined {
  if (written === undefined) return undefined;
  return SYMBOLS[written] ?? (/^[A-Z]{3}$/.test(written) ? written : undefined);
}

/**
 * Minor units of a currency with so many decimals; undefined where a separator may be of thousands or
 * of decimals, or where there are more decimals than the currency has.
 */
function toMinor(digits: string, decimals: number): number | undefined {
  const match = /^(-?)(\d{1,15}|\d{1,3}(?:([.,' ])\d{3})(?:\3\d{3})*)(?:([.,])(\d{1,4}))?$/.exec(
    digits,
  );
  if (!match) return undefined;
  const [, sign = '', written = '', thousands, decimal, part = ''] = match;
  if (thousands !== undefined && thousands === decimal) return undefined;
  // 1.234 and 1,234: a group of thousands as well as three decimals, unless there are no decimals
  const either = thousands === undefined && part.length === 3 && /^[1-9]\d{0,2}$/.test(written);
  if (either && decimals > 0) return undefined;
  const whole = (either ? written + part : written).replace(/\D/g, '');
  const fraction = either ? '' : part;
  if (fraction.length > decimals) return undefined;
  const minor = Number(`${sign}${whole}${fraction.padEnd(decimals, '0')}`);
  return Number.isSafeInteger(minor) ? minor : undefined;
}

function findChoices(text: string, options: readonly string[]): string[] {
  const spaced = words(text);
  return [...new Set(options)].filter((option) => {
    const wanted = words(option);
    return wanted.trim() !== '' && spaced.includes(wanted);
  });
}

/** Words in lower case with single blanks around each, so that only whole words can match. */
function words(text: string): string {
  return ` ${text
    .normalize('NFC')
    .toLowerCase()
    .split(/[^\p{L}\p{N}@.+-]+/u)
    .map(trimDots)
    .filter(Boolean)
    .join(' ')} `;
}

function trimDots(word: string): string {
  return word.replace(/^[.-]+|[.-]+$/g, '');
}

function refused(reason: string): Extraction {
  return { status: 'refused', reason };
}
