import { z } from 'zod';
import { failure } from '../contract/index.ts';
import { type Invoice, type InvoiceLine, type Issue, paperFields } from './invoice.ts';
import { totalInvoice } from './totals.ts';
import type { VatTreatment } from './vat.ts';

/**
 * A credit note: takes back an issued invoice, wholly or in part. Amounts are positive, as EN 16931
 * wants them for document type 381; the kind of paper says which way the money goes.
 */
export const creditNoteSchema = z.strictObject({
  ...paperFields,
  status: z.enum(['draft', 'issued', 'voided']),
  /** the invoice it refers to, frozen: id, number and date are asked for by law */
  invoice: z.strictObject({
    id: z.string().min(1).max(200),
    number: z.string().min(1).max(100),
    issueDate: z.iso.date(),
  }),
  reason: z.string().min(1).max(2_000),
  voidReason: z.string().max(2_000).exactOptional(),
});
export type CreditNote = Readonly<z.infer<typeof creditNoteSchema>>;

export type CreditNoteIssue = Omit<Issue, 'dueDate'>;

export type CreditNoteCommand =
  | { readonly type: 'create'; readonly draft: CreditNote }
  | ({ readonly type: 'issue' } & CreditNoteIssue)
  | {
      readonly type: 'record-sent';
      /** RFC 3339 */
      readonly at: string;
      readonly to: string;
      readonly effect: string;
    }
  | { readonly type: 'void'; readonly reason: string };

export type CreditNoteEvent =
  | { readonly type: 'credit-note.created'; readonly data: CreditNote }
  | { readonly type: 'credit-note.issued'; readonly data: CreditNoteIssue }
  | {
      readonly type: 'credit-note.sent';
      readonly data: { readonly at: string; readonly to: string; readonly effect: string };
    }
  | { readonly type: 'credit-note.voided'; readonly data: { readonly reason: string } };

/** Decides; does nothing. Fails with `not_possible` and the way out. */
export function decideCreditNote(
  creditNote: CreditNote | undefined,
  command: CreditNoteCommand,
): readonly CreditNoteEvent[] {
  if (command.type === 'create') {
    if (creditNote) throw failure('already_exists', 'This credit note exists already.');
    if (command.draft.status !== 'draft') {
      throw notPossible('A new credit note starts as a draft.', 'Create the draft, then issue it.');
    }
    return [{ type: 'credit-note.created', data: command.draft }];
  }
  if (!creditNote) throw failure('not_found', 'There is no such credit note.');
  switch (command.type) {
    case 'issue': {
      if (creditNote.status !== 'draft') {
        throw notPossible('This credit note was issued before.', 'Send it again.');
      }
      const { type: _, ...data } = command;
      return [{ type: 'credit-note.issued', data }];
    }
    case 'record-sent': {
      requireIssued(creditNote, 'sent');
      const { type: _, ...data } = command;
      return [{ type: 'credit-note.sent', data }];
    }
    case 'void': {
      requireIssued(creditNote, 'voided');
      if (creditNote.sentAt !== undefined) {
        throw notPossible(
          'This credit note was sent: it can no longer be voided.',
          'Write a new invoice for what you still want to charge.',
        );
      }
      return [{ type: 'credit-note.voided', data: { reason: command.reason } }];
    }
  }
}

/** The state after the event. Total. */
export function evolveCreditNote(
  creditNote: CreditNote | undefined,
  event: CreditNoteEvent,
): CreditNote | undefined {
  if (event.type === 'credit-note.created') return event.data;
  if (!creditNote) return undefined;
  switch (event.type) {
    case 'credit-note.issued':
      return { ...creditNote, ...event.data, status: 'issued' };
    case 'credit-note.sent': {
      const { at, to, effect } = event.data;
      return { ...creditNote, sentAt: at, sentTo: to, sentBy: effect };
    }
    case 'credit-note.voided':
      return { ...creditNote, status: 'voided', voidReason: event.data.reason };
    default:
      return creditNote;
  }
}

/**
 * The draft that takes back an invoice: the whole of it line by line, with the same rounding and
 * totals, or only `lines`, taxed as the invoice was. Fails with `not_possible` when the invoice was
 * never issued, is already taken back, or has less left than this would take.
 */
export function creditNoteFor(
  id: string,
  invoice: Invoice,
  reason: string,
  lines: readonly InvoiceLine[] = invoice.lines,
): CreditNote {
  if (invoice.status !== 'issued' || !invoice.number || !invoice.issueDate) {
    throw notPossible(
      'Only an issued invoice can be taken back.',
      invoice.status === 'draft' ? 'Change or archive the draft.' : 'Nothing is left to take back.',
    );
  }
  const treatments = invoice.taxes.map(
    ({ category, rateBasisPoints, reason: why, source }): VatTreatment => ({
      type: 'ruling',
      vat: { category, rateBasisPoints },
      ...(why ? { reason: why } : {}),
      source,
    }),
  );
  const { taxes, totals } = totalInvoice(lines, invoice.currency, treatments);
  const left = invoice.totals.gross.minor - (invoice.credited?.minor ?? 0);
  if (lines.length === 0 || totals.gross.minor > left) {
    throw notPossible(
      'This would take back more than the invoice has left, or nothing at all.',
      'Choose the lines that are left to take back.',
    );
  }
  return {
    status: 'draft',
    series: invoice.series,
    party: invoice.party,
    projects: invoice.projects,
    language: invoice.language,
    currency: invoice.currency,
    lines: [...lines],
    taxes,
    totals,
    invoice: { id, number: invoice.number, issueDate: invoice.issueDate },
    reason,
  };
}

function requireIssued(creditNote: CreditNote, verb: string): void {
  if (creditNote.status === 'issued') return;
  throw creditNote.status === 'draft'
    ? notPossible(`A draft cannot be ${verb}.`, 'Issue it first, or archive the draft.')
    : notPossible(`This credit note is void, so it cannot be ${verb}.`, 'Write a new one.');
}

function notPossible(message: string, remedy: string) {
  return failure('not_possible', message, {}, remedy);
}
