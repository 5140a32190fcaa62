import type { Id, Json } from '../base/index.ts';
import { isJsonObject } from '../base/index.ts';
import type { RecordState } from './define-record.ts';
import { findDefinition } from './record-types.ts';

/** Why a record may not be erased yet. Days are inclusive. */
export interface LegalHold {
  /** in plain words, with the law */
  readonly because: string;
  /** YYYY-MM-DD, the last day */
  readonly until: string;
}

interface Term {
  /** whole years after the end of the year of the document */
  readonly papers: number;
  readonly letters: number;
  readonly law: string;
}

/** How long books and business letters are kept, by country of the company. */
const TERMS: { readonly [country: string]: Term } = {
  // § 147 (3) AO and § 257 HGB; receipts eight years since 2025 (BEG IV), letters six
  DE: { papers: 8, letters: 6, law: '§ 147 AO, § 257 HGB' },
  // § 132 (1) BAO
  AT: { papers: 7, letters: 7, law: '§ 132 BAO' },
  // Art. 958f OR
  CH: { papers: 10, letters: 10, law: 'Art. 958f OR' },
};
/** No country we know asks for more, so an unknown one errs on the side of the books. */
const LONGEST: Term = { papers: 10, letters: 10, law: 'the bookkeeping law of your country' };

/**
 * Whether the law asks to keep this record today: issued invoices, credit notes and payments, and the
 * letters that speak of them. `find` looks up a record that it refers to.
 */
export function legalHold(
  state: RecordState,
  company: { readonly country: string; readonly today: string },
  find: (type: string, id: Id) => RecordState | undefined,
): LegalHold | undefined {
  const term = TERMS[company.country] ?? LONGEST;
  const years = isBookPaper(state)
    ? term.papers
    : isAboutPaper(state, find)
      ? term.letters
      : undefined;
  if (years === undefined) return undefined;
  const day = findDefinition(state.type)?.day?.(state.fields) ?? state.createdAt;
  const until = `${Number(day.slice(0, 4)) + years}-12-31`;
  return until < company.today
    ? undefined
    : { because: `Books and business letters are kept by law (${term.law}).`, until };
}

/** A paper or a payment that stands in the books. A draft does not. */
function isBookPaper({ type, fields }: RecordState): boolean {
  if (type === 'payment') return true;
  return (type === 'invoice' || type === 'credit-note') && fields.status !== 'draft';
}

function isAboutPaper(
  { type, fields }: RecordState,
  find: (type: string, id: Id) => RecordState | undefined,
): boolean {
  if (type !== 'message') return false;
  const about: readonly Json[] = Array.isArray(fields.about) ? fields.about : [];
  return about.some((reference) => {
    if (!isJsonObject(reference)) return false;
    const paper = find(String(reference.type), String(reference.id));
    return paper !== undefined && isBookPaper(paper);
  });
}
