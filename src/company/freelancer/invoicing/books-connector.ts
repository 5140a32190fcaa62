import { z } from 'zod';
import { dayIn } from '../../../base/index.ts';
import type {
  Connector,
  EffectRequest,
  Finalised,
  FinalisePorts,
  RecordView,
} from '../../../connect/index.ts';
import {
  type CapabilityContract,
  type CarriedChange,
  failure,
  moneySchema,
} from '../../../contract/index.ts';
import {
  type Company,
  formatNumber,
  type Invoice,
  type Issue,
  type Party,
  seriesKey,
} from '../../../records/index.ts';
import {
  formatDay,
  formatMoney,
  invoiceMail,
  invoicePaper,
  loadPaperFonts,
  type PaperFonts,
} from '../papers/index.ts';
import { buyerOf, sellerOf } from './compose-invoice.ts';
import {
  creditIssueContract,
  finaliseCredit,
  finaliseVoid,
  invoiceVoidContract,
} from './finalise-correction.ts';
import { keepPapers } from './keep-papers.ts';

export const invoiceIssueContract: CapabilityContract = {
  name: 'invoice.issue',
  version: 1,
  title: 'Issue the invoice',
  input: z.strictObject({ invoice: z.string() }),
  output: z.object({
    invoice: z.string(),
    number: z.string(),
    pdf: z.string(),
    xml: z.string(),
    gross: moneySchema,
    dueDate: z.string(),
    attach: z.array(z.strictObject({ name: z.string(), mediaType: z.string(), blob: z.string() })),
    mail: z.strictObject({ subject: z.string(), text: z.string() }),
  }),
  effect: 'final',
  connector: 'books',
  roles: { invoice: 'target' },
  idempotency: 'keyed',
  failures: {},
  reads: { company: '*', party: '*', invoice: '*', 'time-entry': '*' },
  timeoutMs: 30_000,
  cost: { microUsd: 0, latencyMs: 150 },
  placement: 'this-machine',
};

/**
 * Our own books as a connector: issuing an invoice gives it its number for good, so it is signed like
 * anything that leaves. Nothing outside changes; all of it happens with the signature.
 */
export function createBooksConnector(): Connector {
  let fonts: Promise<PaperFonts> | undefined;
  return {
    name: 'books',
    version: 1,
    contracts: [invoiceIssueContract, creditIssueContract, invoiceVoidContract],
    finalise: (request, ports) => {
      fonts ??= loadPaperFonts();
      return fonts.then((loaded) => finalise(request, ports, loaded));
    },
    commit: async () => ({ status: 'committed', receipt: RECEIPT }),
    probe: async () => ({ status: 'committed', receipt: RECEIPT }),
  };
}

/** Each contract of the books has its own way of being prepared. */
function finalise(
  request: EffectRequest,
  ports: FinalisePorts,
  fonts: PaperFonts,
): Promise<Finalised> {
  switch (request.contract.name) {
    case creditIssueContract.name:
      return finaliseCredit(request, ports, fonts);
    case invoiceVoidContract.name:
      return finaliseVoid(request, ports);
    default:
      return finaliseIssue(request, ports, fonts);
  }
}

const RECEIPT = {
  said: 'Done in our own books with your signature.',
  provider: {},
} as const;

async function finaliseIssue(
  request: EffectRequest,
  ports: FinalisePorts,
  fonts: PaperFonts,
): Promise<Finalised> {
  const draft = await ports.record('invoice', String(request.input.value.invoice));
  const invoice = fieldsOf<Invoice>(draft);
  if (invoice.status !== 'draft') {
    throw failure(
      'not_possible',
      `This invoice is ${invoice.status} already.`,
      { invoice: draft.id },
      'Send it again, or correct it with a credit note.',
    );
  }
  const company = fieldsOf<Company>(await ports.company());
  const party = fieldsOf<Party>(await ports.record('party', invoice.party));
  const entries = [...new Set(invoice.lines.flatMap((line) => line.entries))];
  for (const entry of entries)
    await refuseBilled(await ports.record('time-entry', entry), draft.id);

  const issueDate = dayIn(company.zone, request.nowMs);
  const dueDate = Temporal.PlainDate.from(issueDate).add({ days: invoice.paymentDays }).toString();
  const position = await ports.reserveNumber(seriesKey(invoice.series, issueDate));
  const number = formatNumber(invoice.series, issueDate, position);
  const seller = sellerOf(company);
  const buyer = buyerOf(party);
  const paper = invoicePaper(invoice, { number, issueDate, dueDate, seller, buyer });
  const papers = await keepPapers(paper, request.mode === 'sandbox', company.logo, ports, fonts);
  const { attach } = papers;
  const issue: Issue = { number, issueDate, dueDate, seller, buyer, blobs: papers.blobs };
  const { gross } = invoice.totals;
  return {
    account: company.name,
    summary: `Issue invoice ${number} over ${formatMoney(gross, 'en')} to ${buyer.name}`,
    to: [],
    amount: gross,
    parts: papers.parts,
    carries: carriedBy(draft.id, issue, entries),
    undo: { possible: false, how: 'An issued invoice is corrected with a credit note.' },
    preview: { text: previewText(invoice, issue, papers.statement), blobs: attach },
    output: {
      invoice: draft.id,
      number,
      ...papers.blobs,
      gross,
      dueDate,
      attach,
      mail: { ...invoiceMail(paper) },
    },
  };
}

function carriedBy(
  invoice: string,
  issue: Issue,
  entries: readonly string[],
): readonly CarriedChange[] {
  return [
    {
      when: 'signed',
      record: 'invoice',
      id: invoice,
      command: JSON.parse(JSON.stringify({ type: 'issue', ...issue })),
    },
    ...entries.map(
      (id): CarriedChange => ({
        when: 'signed',
        record: 'time-entry',
        id,
        command: { type: 'bill', invoice },
      }),
    ),
  ];
}

async function refuseBilled(entry: RecordView, invoice: string): Promise<void> {
  const { billedBy } = entry.fields;
  if (billedBy === undefined || billedBy === invoice) return;
  throw failure(
    'not_possible',
    'Some of this time was billed on another invoice meanwhile.',
    { entry: entry.id, billedBy },
    'Reject this card and ask for the invoice again: it will bill what is left.',
  );
}

function previewText(invoice: Invoice, issue: Issue, statement: string): string {
  const { language } = invoice;
  const money = (minor: number): string => formatMoney({ minor, currency: invoice.currency }, 'en');
  const { buyer, number } = issue;
  const address = [
    buyer.address.street,
    `${buyer.address.postalCode ?? ''} ${buyer.address.city ?? ''}`.trim(),
    buyer.address.country,
  ];
  return [
    `Invoice ${number}, ${formatDay(issue.issueDate, 'en')}, due ${formatDay(issue.dueDate, 'en')} (${language === 'de' ? 'in German' : 'in English'})`,
    `To: ${[buyer.name, ...address].filter(Boolean).join(', ')}`,
    `For: ${invoice.period.from} to ${invoice.period.to}`,
    '',
    ...invoice.lines.map(
      (line) =>
        `${(line.quantity.tenThousandths / 10_000).toFixed(2)} h x ${money(line.unitPrice.minor)} = ${money(line.net.minor)}  ${line.text}`,
    ),
    '',
    `Net ${money(invoice.totals.net.minor)}`,
    ...invoice.taxes.map(
      (tax) =>
        `VAT ${tax.rateBasisPoints / 100} % ${money(tax.tax.minor)}${tax.reason ? `: ${tax.reason.en}` : ''} (${tax.source})`,
    ),
    `Total ${money(invoice.totals.gross.minor)}`,
    '',
    `E-invoice: ${statement}`,
    `Bills ${new Set(invoice.lines.flatMap((line) => line.entries)).size} time entries; each can be billed only once.`,
  ].join('\n');
}

/** The record store validated these fields with the same schema when they were written. */
function fieldsOf<Fields>(view: RecordView): Fields {
  return view.fields as unknown as Fields;
}
