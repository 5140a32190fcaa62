import { z } from 'zod';
import { currencySchema, failure, type Money, moneySchema } from '../contract/index.ts';
import { addMoney } from './decimal.ts';

const daySchema = z.iso.date();
const idSchema = z.string().min(1).max(200);
const wordsSchema = z.string().max(2_000);
const languageSchema = z.enum(['de', 'en']);
const blobSchema = z.string().regex(/^[0-9a-f]{64}$/, 'a file is named by its SHA-256');

/**
 * UNTDID 5305 as far as EN 16931 uses it for services: S taxed, Z zero rate, E exempt, AE reverse
 * charge, G export, O outside the scope of VAT. (K, goods within the EU, is not sold by the hour.)
 */
export const VAT_CATEGORIES = ['S', 'Z', 'E', 'AE', 'G', 'O'] as const;
export type VatCategory = (typeof VAT_CATEGORIES)[number];

export const lineVatSchema = z.strictObject({
  category: z.enum(VAT_CATEGORIES),
  /** hundredths of a percent: 1900 is 19 % */
  rateBasisPoints: z.int().min(0).max(10_000),
});

export const UNITS = ['hour', 'day', 'piece'] as const;

export const quantitySchema = z.strictObject({
  /** 12500 is 1.25: four digits, because 20 minutes are 0.3333 hours */
  tenThousandths: z.int(),
  unit: z.enum(UNITS),
});
export type Quantity = Readonly<z.infer<typeof quantitySchema>>;

/** `net` is quantity times unit price, rounded half-up once: what is printed recomputes. */
export const invoiceLineSchema = z.strictObject({
  text: z.string().min(1).max(2_000),
  detail: z.string().max(10_000).exactOptional(),
  quantity: quantitySchema,
  unitPrice: moneySchema,
  net: moneySchema,
  vat: lineVatSchema,
  /** ids of the time entries it bills */
  entries: z.array(idSchema).max(10_000),
});
export type InvoiceLine = Readonly<z.infer<typeof invoiceLineSchema>>;

export const taxReasonSchema = z.strictObject({
  /** of the EN 16931 code list VATEX; absent where the list has none for this exemption */
  code: z.string().exactOptional(),
  de: wordsSchema,
  en: wordsSchema,
});

/** One group of lines with one category and rate (EN 16931 BG-23). */
export const taxSchema = z.strictObject({
  ...lineVatSchema.shape,
  base: moneySchema,
  tax: moneySchema,
  /** why no VAT is charged; printed in the language of the invoice */
  reason: taxReasonSchema.exactOptional(),
  /** the law that this treatment rests on */
  source: wordsSchema,
});
export type InvoiceTax = Readonly<z.infer<typeof taxSchema>>;

export const totalsSchema = z.strictObject({
  net: moneySchema,
  tax: moneySchema,
  gross: moneySchema,
});
export type InvoiceTotals = Readonly<z.infer<typeof totalsSchema>>;

export const paperAddressSchema = z.strictObject({
  street: z.string().max(500).exactOptional(),
  postalCode: z.string().max(50).exactOptional(),
  city: z.string().max(200).exactOptional(),
  /** ISO 3166 alpha-2 */
  country: z
    .string()
    .regex(/^[A-Z]{2}$/, 'a country is two capital letters, such as DE')
    .exactOptional(),
});
export type PaperAddress = Readonly<z.infer<typeof paperAddressSchema>>;

/** The seller as printed: a frozen copy, so that an old invoice never changes its face. */
export const sellerSchema = z.strictObject({
  name: z.string().min(1).max(500),
  owner: z.string().max(500).exactOptional(),
  address: paperAddressSchema,
  email: z.string().max(500).exactOptional(),
  phone: z.string().max(100).exactOptional(),
  website: z.string().max(500).exactOptional(),
  vatId: z.string().max(50).exactOptional(),
  taxId: z.string().max(50).exactOptional(),
  smallBusiness: z.boolean(),
  iban: z.string().max(60).exactOptional(),
  bic: z.string().max(20).exactOptional(),
  bank: z.string().max(200).exactOptional(),
  /** `#rrggbb` of their letterhead */
  colour: z.string().max(20).exactOptional(),
});
export type Seller = Readonly<z.infer<typeof sellerSchema>>;

/** The buyer as printed, a frozen copy too. */
export const buyerSchema = z.strictObject({
  name: z.string().min(1).max(500),
  contact: z.string().max(500).exactOptional(),
  address: paperAddressSchema,
  email: z.string().max(500).exactOptional(),
  vatId: z.string().max(50).exactOptional(),
  customerNumber: z.string().max(100).exactOptional(),
  /** true for a private person: other VAT rules */
  consumer: z.boolean().exactOptional(),
});
export type Buyer = Readonly<z.infer<typeof buyerSchema>>;

export const periodSchema = z.strictObject({ from: daySchema, to: daySchema });

/** What an invoice and a credit note have in common, as printed. */
export const paperFields = {
  series: z.string().min(1).max(100),
  number: z.string().min(1).max(100).exactOptional(),
  party: idSchema,
  projects: z.array(idSchema).max(1_000),
  language: languageSchema,
  currency: currencySchema,
  issueDate: daySchema.exactOptional(),
  lines: z.array(invoiceLineSchema).max(1_000),
  taxes: z.array(taxSchema).max(50),
  totals: totalsSchema,
  seller: sellerSchema.exactOptional(),
  buyer: buyerSchema.exactOptional(),
  note: z.string().max(10_000).exactOptional(),
  blobs: z.strictObject({ pdf: blobSchema, xml: blobSchema.exactOptional() }).exactOptional(),
  sentAt: z.iso.datetime().exactOptional(),
  sentTo: z.string().max(500).exactOptional(),
  /** hash of the effect that sent it */
  sentBy: z.string().max(200).exactOptional(),
};

/**
 * An invoice. `sentAt` and `paid` are facts of their own, apart from the status: an issued invoice
 * may be unsent, and a credited one paid. Numbers, dates and frozen copies appear when it is issued.
 */
export const invoiceSchema = z.strictObject({
  ...paperFields,
  status: z.enum(['draft', 'issued', 'voided', 'credited']),
  /** when the work was done */
  period: periodSchema,
  /** the single days, where the law or the customer wants more than the period */
  serviceDates: z.array(daySchema).max(1_000),
  /** days until it is due; 0 is at once */
  paymentDays: z.int().min(0).max(365),
  dueDate: daySchema.exactOptional(),
  purchaseOrder: z.string().max(200).exactOptional(),
  paid: moneySchema.exactOptional(),
  /** day of the last payment */
  paidAt: daySchema.exactOptional(),
  /** ids of the payments counted in `paid` */
  payments: z.array(idSchema).max(1_000).exactOptional(),
  /** what credit notes took back so far, gross */
  credited: moneySchema.exactOptional(),
  creditNotes: z.array(idSchema).max(1_000).exactOptional(),
  voidReason: wordsSchema.exactOptional(),
  /** id of the voided or credited invoice that this one replaces */
  corrects: idSchema.exactOptional(),
});
export type Invoice = Readonly<z.infer<typeof invoiceSchema>>;

/** What becomes true with the operator's signature. */
export interface Issue {
  readonly number: string;
  readonly issueDate: string;
  readonly dueDate: string;
  readonly seller: Seller;
  readonly buyer: Buyer;
  readonly blobs: { readonly pdf: string; readonly xml?: string };
}

export type InvoiceCommand =
  | { readonly type: 'create'; readonly draft: Invoice }
  | ({ readonly type: 'issue' } & Issue)
  | {
      readonly type: 'record-sent';
      /** RFC 3339 */
      readonly at: string;
      readonly to: string;
      readonly effect: string;
    }
  | { readonly type: 'void'; readonly reason: string }
  | { readonly type: 'credit'; readonly creditNote: string; readonly amount: Money }
  | {
      readonly type: 'match-payment';
      readonly payment: string;
      readonly amount: Money;
      readonly day: string;
    };

export type InvoiceEvent =
  | { readonly type: 'invoice.created'; readonly data: Invoice }
  | { readonly type: 'invoice.issued'; readonly data: Issue }
  | {
      readonly type: 'invoice.sent';
      readonly data: { readonly at: string; readonly to: string; readonly effect: string };
    }
  | { readonly type: 'invoice.voided'; readonly data: { readonly reason: string } }
  | {
      readonly type: 'invoice.credited';
      readonly data: { readonly creditNote: string; readonly amount: Money };
    }
  | {
      readonly type: 'payment.matched';
      readonly data: {
        readonly invoice?: string;
        readonly payment: string;
        readonly amount: Money;
        readonly day: string;
      };
    };

/**
 * Decides; does nothing. A step that the state does not allow fails with `not_possible` and names
 * the way out. A payment that was counted before gives no event.
 */
export function decideInvoice(
  invoice: Invoice | undefined,
  command: InvoiceCommand,
): readonly InvoiceEvent[] {
  if (command.type === 'create') {
    if (invoice) throw failure('already_exists', 'This invoice exists already.');
    if (command.draft.status !== 'draft') {
      throw notPossible('A new invoice starts as a draft.', 'Create the draft, then issue it.');
    }
    return [{ type: 'invoice.created', data: command.draft }];
  }
  if (!invoice) throw failure('not_found', 'There is no such invoice.');
  switch (command.type) {
    case 'issue':
      return issueInvoice(invoice, command);
    case 'record-sent': {
      requireIssued(invoice, 'sent');
      const { type: _, ...data } = command;
      return [{ type: 'invoice.sent', data }];
    }
    case 'void':
      return voidInvoice(invoice, command.reason);
    case 'credit':
      return creditInvoice(invoice, command.creditNote, command.amount);
    case 'match-payment':
      return matchPayment(invoice, command);
  }
}

/** The state after the event. Total: an event that says nothing about invoices changes nothing. */
export function evolveInvoice(
  invoice: Invoice | undefined,
  event: InvoiceEvent,
): Invoice | undefined {
  if (event.type === 'invoice.created') return event.data;
  if (!invoice) return undefined;
  switch (event.type) {
    case 'invoice.issued':
      return { ...invoice, ...event.data, status: 'issued' };
    case 'invoice.sent': {
      const { at, to, effect } = event.data;
      return { ...invoice, sentAt: at, sentTo: to, sentBy: effect };
    }
    case 'invoice.voided':
      return { ...invoice, status: 'voided', voidReason: event.data.reason };
    case 'invoice.credited': {
      const credited = add(invoice, invoice.credited, event.data.amount);
      return {
        ...invoice,
        status: credited.minor >= invoice.totals.gross.minor ? 'credited' : invoice.status,
        credited,
        creditNotes: [...(invoice.creditNotes ?? []), event.data.creditNote],
      };
    }
    case 'payment.matched': {
      const { payment, amount, day } = event.data;
      return {
        ...invoice,
        paid: add(invoice, invoice.paid, amount),
        paidAt: day,
        payments: [...(invoice.payments ?? []), payment],
      };
    }
    default:
      return invoice;
  }
}

/** What is still to be paid: gross less payments and credit notes. Below zero when overpaid. */
export function openAmount(invoice: Invoice): Money {
  const taken = (invoice.paid?.minor ?? 0) + (invoice.credited?.minor ?? 0);
  return { minor: invoice.totals.gross.minor - taken, currency: invoice.currency };
}

function issueInvoice(invoice: Invoice, command: Issue & { type: 'issue' }): InvoiceEvent[] {
  if (invoice.status !== 'draft') {
    throw notPossible(
      `This invoice was issued before${invoice.number ? ` as ${invoice.number}` : ''}.`,
      'Send it again, or correct it with a credit note.',
    );
  }
  if (invoice.lines.length === 0) {
    throw notPossible('This invoice has no line.', 'Add what you want to charge, then issue it.');
  }
  const { type: _, ...data } = command;
  return [{ type: 'invoice.issued', data }];
}

function voidInvoice(invoice: Invoice, reason: string): InvoiceEvent[] {
  if (invoice.status === 'draft') {
    throw notPossible('A draft has no number to void.', 'Archive the draft instead.');
  }
  requireIssued(invoice, 'voided');
  if (invoice.sentAt !== undefined || (invoice.paid?.minor ?? 0) !== 0 || invoice.credited) {
    throw notPossible(
      'This invoice has left the house: it can no longer be voided.',
      'Correct it with a credit note.',
    );
  }
  return [{ type: 'invoice.voided', data: { reason } }];
}

function creditInvoice(invoice: Invoice, creditNote: string, amount: Money): InvoiceEvent[] {
  requireIssued(invoice, 'credited');
  if (invoice.creditNotes?.includes(creditNote)) return [];
  const credited = add(invoice, invoice.credited, amount);
  if (amount.minor <= 0 || credited.minor > invoice.totals.gross.minor) {
    throw notPossible(
      'A credit note cannot take back more than the invoice charged, nor less than nothing.',
      'Lower the amount of the credit note.',
    );
  }
  return [{ type: 'invoice.credited', data: { creditNote, amount } }];
}

function matchPayment(
  invoice: Invoice,
  command: InvoiceCommand & { type: 'match-payment' },
): InvoiceEvent[] {
  if (invoice.status === 'draft' || invoice.status === 'voided') {
    throw notPossible(
      `A payment cannot belong to an invoice that is ${invoice.status === 'draft' ? 'still a draft' : 'void'}.`,
      'Match it to an issued invoice, or leave it open.',
    );
  }
  if (invoice.payments?.includes(command.payment)) return [];
  add(invoice, invoice.paid, command.amount); // refuses another currency and unsafe sums
  const { type: _, ...data } = command;
  return [{ type: 'payment.matched', data }];
}

function requireIssued(invoice: Invoice, verb: string): void {
  if (invoice.status === 'issued') return;
  const wayOut: Record<Exclude<Invoice['status'], 'issued'>, string> = {
    draft: 'Issue it first.',
    voided: 'Write a new invoice; this number stays void.',
    credited: 'Write a new invoice; this one was taken back in full.',
  };
  const words = { draft: 'a draft', voided: 'void', credited: 'credited in full' };
  throw notPossible(
    `This invoice is ${words[invoice.status]}, so it cannot be ${verb}.`,
    wayOut[invoice.status],
  );
}

function add(invoice: Invoice, so: Money | undefined, more: Money): Money {
  return addMoney(invoice.currency, so ? [so, more] : [more]);
}

function notPossible(message: string, remedy: string) {
  return failure('not_possible', message, {}, remedy);
}
