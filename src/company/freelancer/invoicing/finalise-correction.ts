import { z } from 'zod';
import { dayIn } from '../../../base/index.ts';
import type { EffectRequest, Finalised, FinalisePorts } from '../../../connect/index.ts';
import {
  type CapabilityContract,
  type CarriedChange,
  failure,
  moneySchema,
} from '../../../contract/index.ts';
import {
  type Company,
  type CreditNote,
  formatNumber,
  type Invoice,
  type Party,
  seriesKey,
} from '../../../records/index.ts';
import { creditNotePaper, formatMoney, invoiceMail, type PaperFonts } from '../papers/index.ts';
import { buyerOf, sellerOf } from './compose-invoice.ts';
import { keepPapers } from './keep-papers.ts';

const onBooks = {
  version: 1,
  effect: 'final',
  connector: 'books',
  idempotency: 'keyed',
  failures: {},
  timeoutMs: 30_000,
  cost: { microUsd: 0, latencyMs: 150 },
  placement: 'this-machine',
} as const satisfies Partial<CapabilityContract>;

export const creditIssueContract: CapabilityContract = {
  ...onBooks,
  name: 'credit-note.issue',
  title: 'Issue the credit note',
  input: z.strictObject({ creditNote: z.string() }),
  output: z.object({
    creditNote: z.string(),
    number: z.string(),
    gross: moneySchema,
    attach: z.array(z.strictObject({ name: z.string(), mediaType: z.string(), blob: z.string() })),
    mail: z.strictObject({ subject: z.string(), text: z.string() }),
  }),
  roles: { creditNote: 'target' },
  reads: { company: '*', party: '*', invoice: '*', 'credit-note': '*', 'time-entry': '*' },
};

export const invoiceVoidContract: CapabilityContract = {
  ...onBooks,
  name: 'invoice.void',
  title: 'Void the invoice',
  input: z.strictObject({ invoice: z.string(), reason: z.string().min(1).max(2_000) }),
  output: z.object({ invoice: z.string(), number: z.string() }),
  roles: { invoice: 'target', reason: 'content' },
  reads: { invoice: '*', 'time-entry': '*' },
};

/** The credit note's number, papers, and what it does to the invoice and its time. */
export async function finaliseCredit(
  request: EffectRequest,
  ports: FinalisePorts,
  fonts: PaperFonts,
): Promise<Finalised> {
  const id = String(request.input.value.creditNote);
  const draft = (await ports.record('credit-note', id)).fields as unknown as CreditNote; // validated when written
  if (draft.status !== 'draft') {
    throw failure(
      'not_possible',
      `This credit note is ${draft.status} already.`,
      { creditNote: id },
      'Send it again.',
    );
  }
  const invoice = (await ports.record('invoice', draft.invoice.id)).fields as unknown as Invoice; // the same
  const company = (await ports.company()).fields as unknown as Company; // the same
  const party = (await ports.record('party', draft.party)).fields as unknown as Party; // the same
  const issueDate = dayIn(company.zone, request.nowMs);
  const number = formatNumber(
    draft.series,
    issueDate,
    await ports.reserveNumber(seriesKey(draft.series, issueDate)),
  );
  const seller = sellerOf(company);
  const buyer = buyerOf(party);
  const paper = creditNotePaper(draft, { number, issueDate, seller, buyer });
  const papers = await keepPapers(paper, request.mode === 'sandbox', company.logo, ports, fonts);
  const { gross } = draft.totals;
  const whole = (invoice.credited?.minor ?? 0) + gross.minor >= invoice.totals.gross.minor;
  const freed = whole ? await billedBy(ports, draft.invoice.id, invoice) : [];
  return {
    account: company.name,
    summary: `Issue credit note ${number} over ${formatMoney(gross, 'en')} for invoice ${draft.invoice.number} to ${buyer.name}`,
    to: [],
    amount: gross,
    parts: papers.parts,
    carries: [
      {
        when: 'signed',
        record: 'credit-note',
        id,
        command: JSON.parse(
          JSON.stringify({ type: 'issue', number, issueDate, seller, buyer, blobs: papers.blobs }),
        ),
      },
      {
        when: 'signed',
        record: 'invoice',
        id: draft.invoice.id,
        command: { type: 'credit', creditNote: id, amount: { ...gross } },
      },
      ...freed,
    ],
    undo: {
      possible: false,
      how: 'A credit note is final. Write a new invoice for what you still want to charge.',
    },
    preview: {
      text: [
        `Credit note ${number} for invoice ${draft.invoice.number} of ${draft.invoice.issueDate}`,
        `To: ${buyer.name}`,
        `Why: ${draft.reason}`,
        `Takes back ${formatMoney(gross, 'en')}.`,
        freed.length > 0
          ? `${freed.length} time entries can be billed again.`
          : 'The time stays billed.',
        `E-invoice: ${papers.statement}`,
      ].join('\n'),
      blobs: papers.attach,
    },
    output: {
      creditNote: id,
      number,
      gross,
      attach: papers.attach,
      mail: { ...invoiceMail(paper) },
    },
  };
}

/** Only an invoice that never left can be voided; the record refuses the others. */
export async function finaliseVoid(
  request: EffectRequest,
  ports: FinalisePorts,
): Promise<Finalised> {
  const { invoice: id, reason } = request.input.value;
  const found = await ports.record('invoice', String(id));
  const invoice = found.fields as unknown as Invoice; // validated when written
  if (invoice.status !== 'issued' || invoice.sentAt !== undefined || !invoice.number) {
    throw failure(
      'not_possible',
      invoice.sentAt === undefined
        ? `This invoice is ${invoice.status}.`
        : 'This invoice was sent.',
      { status: invoice.status },
      'Take it back with a credit note: steward do "..." --playbook invoice-credit',
    );
  }
  const freed = await billedBy(ports, found.id, invoice);
  return {
    account: invoice.seller?.name ?? '',
    summary: `Void invoice ${invoice.number}, which was not sent`,
    to: [],
    amount: invoice.totals.gross,
    parts: [],
    carries: [
      {
        when: 'signed',
        record: 'invoice',
        id: found.id,
        command: { type: 'void', reason: String(reason) },
      },
      ...freed,
    ],
    undo: { possible: false, how: 'A void number stays void; bill the time again instead.' },
    preview: {
      text: `Invoice ${invoice.number} over ${formatMoney(invoice.totals.gross, 'en')} becomes void. Its number stays used.\n${freed.length} time entries can be billed again.\nWhy: ${String(reason)}`,
      blobs: [],
    },
    output: { invoice: found.id, number: invoice.number },
  };
}

/** The entries that this invoice bills; they become free with it. */
async function billedBy(
  ports: FinalisePorts,
  invoiceId: string,
  invoice: Invoice,
): Promise<readonly CarriedChange[]> {
  const entries = [...new Set(invoice.lines.flatMap((line) => line.entries))];
  const changes: CarriedChange[] = [];
  for (const id of entries) {
    const { fields } = await ports.record('time-entry', id);
    if (fields.billedBy !== invoiceId) continue;
    changes.push({ when: 'signed', record: 'time-entry', id, command: { type: 'release' } });
  }
  return changes;
}
