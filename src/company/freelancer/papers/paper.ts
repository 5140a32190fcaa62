import { failure } from '../../../contract/index.ts';
import type {
  Buyer,
  CreditNote,
  Invoice,
  InvoiceLine,
  InvoiceTax,
  InvoiceTotals,
  Seller,
} from '../../../records/index.ts';

/** Everything that is printed on one invoice or credit note, and nothing that is not. */
export interface Paper {
  readonly kind: 'invoice' | 'credit-note';
  readonly number: string;
  /** days are YYYY-MM-DD */
  readonly issueDate: string;
  readonly dueDate?: string;
  readonly period?: { readonly from: string; readonly to: string };
  readonly language: 'de' | 'en';
  readonly currency: string;
  readonly lines: readonly InvoiceLine[];
  readonly taxes: readonly InvoiceTax[];
  readonly totals: InvoiceTotals;
  readonly seller: Seller;
  readonly buyer: Buyer;
  readonly purchaseOrder?: string;
  readonly note?: string;
  /** credit notes: the invoice that is taken back, and why */
  readonly corrects?: { readonly number: string; readonly issueDate: string };
  readonly reason?: string;
}

/** What a draft lacks until it is finalised. */
export interface PaperDetails {
  readonly number: string;
  readonly issueDate: string;
  readonly dueDate: string;
  readonly seller: Seller;
  readonly buyer: Buyer;
}

/** An invoice as it is printed. Of a draft the missing parts are in `details`; else `invalid_input`. */
export function invoicePaper(invoice: Invoice, details: Partial<PaperDetails> = {}): Paper {
  const { note, purchaseOrder } = invoice;
  const dueDate = details.dueDate ?? invoice.dueDate;
  return {
    kind: 'invoice',
    ...heading(invoice, details),
    ...(dueDate ? { dueDate } : {}),
    period: invoice.period,
    language: invoice.language,
    currency: invoice.currency,
    lines: invoice.lines,
    taxes: invoice.taxes,
    totals: invoice.totals,
    ...(purchaseOrder ? { purchaseOrder } : {}),
    ...(note ? { note } : {}),
  };
}

/** A credit note as it is printed. Of a draft the missing parts are in `details`. */
export function creditNotePaper(
  creditNote: CreditNote,
  details: Partial<Omit<PaperDetails, 'dueDate'>> = {},
): Paper {
  const { note, invoice, reason } = creditNote;
  return {
    kind: 'credit-note',
    ...heading(creditNote, details),
    language: creditNote.language,
    currency: creditNote.currency,
    lines: creditNote.lines,
    taxes: creditNote.taxes,
    totals: creditNote.totals,
    ...(note ? { note } : {}),
    corrects: { number: invoice.number, issueDate: invoice.issueDate },
    reason,
  };
}

function heading(
  record: Invoice | CreditNote,
  details: Partial<Omit<PaperDetails, 'dueDate'>>,
): Pick<Paper, 'number' | 'issueDate' | 'seller' | 'buyer'> {
  const number = details.number ?? record.number;
  const issueDate = details.issueDate ?? record.issueDate;
  const seller = details.seller ?? record.seller;
  const buyer = details.buyer ?? record.buyer;
  if (number && issueDate && seller && buyer) return { number, issueDate, seller, buyer };
  throw failure(
    'invalid_input',
    'A draft has no number, date, seller or buyer yet, so it cannot be printed.',
    {
      missing: Object.entries({ number, issueDate, seller, buyer }).flatMap(([name, value]) =>
        value ? [] : [name],
      ),
    },
    'Finalise it first.',
  );
}
