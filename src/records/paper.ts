import type { JsonObject } from '../base/index.ts';
import type { CreditNoteEvent } from './credit-note.ts';
import { formatValue } from './format-value.ts';
import type { InvoiceEvent } from './invoice.ts';

type PaperEvent = InvoiceEvent | CreditNoteEvent;

// What an invoice and a credit note have in common as records.

/** Classes of the fields in `paperFields`. */
export const PAPER_CLASSES = {
  status: 'business',
  series: 'business',
  number: 'business',
  party: 'business',
  projects: 'business',
  language: 'business',
  currency: 'business',
  issueDate: 'business',
  lines: 'business',
  taxes: 'business',
  totals: 'business',
  seller: 'business',
  buyer: 'personal',
  note: 'business',
  blobs: 'business',
  sentAt: 'business',
  sentTo: 'personal',
  sentBy: 'business',
} as const;

const WHEN_ISSUED = 'It is filled in when the paper is issued.';
const WHEN_SENT = 'It is filled in when the paper is sent.';

/** Fields that no hand edit changes, with the way out. */
export const PAPER_OWN_ONLY = {
  status: 'Issue it, void it or write a credit note instead.',
  number: WHEN_ISSUED,
  issueDate: WHEN_ISSUED,
  seller: 'Change the company instead; the copy is made when the paper is issued.',
  buyer: 'Change the party instead; the copy is made when the paper is issued.',
  blobs: WHEN_ISSUED,
  sentAt: WHEN_SENT,
  sentTo: WHEN_SENT,
  sentBy: WHEN_SENT,
  voidReason: 'Void it instead.',
} as const;

/** Paths into an own event's data that name the buyer. */
export function personalInPaper(event: PaperEvent): string[] {
  if (event.type.endsWith('.sent')) return ['to'];
  if (!('buyer' in event.data) || event.data.buyer === undefined) return [];
  return Object.entries(event.data.buyer).flatMap(([name, value]) =>
    typeof value === 'object'
      ? Object.keys(value).map((part) => `buyer.${name}.${part}`)
      : `buyer.${name}`,
  );
}

/** The own events of both papers in a plain sentence. */
export function describePaperEvent(event: {
  readonly type: string;
  readonly data: JsonObject;
}): string | undefined {
  const { data } = event;
  switch (event.type.slice(event.type.indexOf('.') + 1)) {
    case 'issued':
      return `Issued as ${formatValue(data.number)}.`;
    case 'sent':
      return `Sent to ${formatValue(data.to)}.`;
    case 'voided':
      return `Voided: ${formatValue(data.reason)}.`;
    case 'credited':
      return `Taken back by a credit note over ${formatValue(data.amount)}.`;
    case 'matched':
      return `Payment of ${formatValue(data.amount)} counted on ${formatValue(data.day)}.`;
    default:
      return undefined;
  }
}
