import { type Money, minorDigits } from '../../../contract/index.ts';
import { type Quantity, toDecimal } from '../../../records/index.ts';
import { paymentReference } from './epc-qr.ts';
import { compactIban } from './format.ts';
import type { Paper } from './paper.ts';
import { printable, toPrintable } from './printable.ts';
import { fill, PAPER_WORDS } from './words.ts';

/** The core invoice model that EN 16931-1 defines; nothing national on top. */
export const SPECIFICATION = 'urn:cen.eu:en16931:2017';

/**
 * A paper in the terms of EN 16931 (BT and BG numbers in the comments). Amounts, rates and quantities
 * are plain decimal text, exactly as the file shows them, so that rules check what is written.
 */
export interface EInvoice {
  readonly specification: string; // BT-24
  readonly number: string; // BT-1
  readonly issueDate: string; // BT-2
  readonly typeCode: '380' | '381'; // BT-3
  readonly currency: string; // BT-5
  readonly dueDate?: string; // BT-9
  readonly paymentTerms?: string; // BT-20
  readonly notes: readonly string[]; // BT-22
  readonly period?: { readonly from: string; readonly to: string }; // BG-14
  readonly order?: string; // BT-13
  readonly preceding?: { readonly number: string; readonly issueDate: string }; // BG-3
  readonly seller: EParty;
  readonly buyer: EParty;
  readonly payment?: EPayment; // BG-16
  readonly taxes: readonly ETax[]; // BG-23
  readonly totals: ETotals; // BG-22
  readonly lines: readonly ELine[]; // BG-25
}

export interface EParty {
  readonly name: string; // BT-27, BT-44
  /** BT-29: stands in where no VAT id may be shown */
  readonly identifier?: string;
  readonly vatId?: string; // BT-31, BT-48
  readonly taxId?: string; // BT-32
  readonly email?: string; // BT-34, BT-49 (scheme EM)
  readonly street?: string;
  readonly city?: string;
  readonly postalCode?: string;
  readonly country?: string; // BT-40, BT-55
  readonly contact?: { readonly name?: string; readonly phone?: string; readonly email?: string };
}

export interface EPayment {
  /** UNTDID 4461: 58 SEPA credit transfer, 30 credit transfer */
  readonly code: '58' | '30';
  readonly reference: string; // BT-83
  readonly account: string; // BT-84
  readonly accountName: string; // BT-85
  readonly bic?: string; // BT-86
}

export interface ETax {
  readonly category: string; // BT-118
  readonly percent?: string; // BT-119, absent for category O
  readonly base: string; // BT-116
  readonly tax: string; // BT-117
  readonly reasonCode?: string; // BT-121
  readonly reason?: string; // BT-120
}

export interface ETotals {
  readonly lines: string; // BT-106
  readonly withoutVat: string; // BT-109
  readonly vat: string; // BT-110
  readonly withVat: string; // BT-112
  readonly due: string; // BT-115
}

export interface ELine {
  readonly id: string; // BT-126
  readonly quantity: string; // BT-129
  readonly unit: string; // BT-130, UN/ECE Recommendation 20
  readonly net: string; // BT-131
  readonly name: string; // BT-153
  readonly description?: string; // BT-154
  readonly price: string; // BT-146
  readonly category: string; // BT-151
  readonly percent?: string; // BT-152
}

const UNIT_CODES: Readonly<Record<Quantity['unit'], string>> = {
  hour: 'HUR',
  day: 'DAY',
  piece: 'C62',
};

/** The paper in the terms of the standard. */
export function toEInvoice(paper: Paper, options: { readonly sandbox?: boolean } = {}): EInvoice {
  const words = PAPER_WORDS[paper.language];
  const { seller, buyer, totals } = paper;
  // BR-O-02: an invoice outside the scope of VAT names no VAT id, neither ours nor theirs.
  const outOfScope = paper.lines.some((line) => line.vat.category === 'O');
  const notes = [
    options.sandbox ? words.sandbox[paper.kind] : undefined,
    paper.reason,
    paper.note,
  ].flatMap((note) => (note ? [printable(note)] : []));
  const terms = paper.kind === 'credit-note' ? words.credited : termsOf(paper);

  return {
    specification: SPECIFICATION,
    number: line(paper.number),
    issueDate: paper.issueDate,
    typeCode: paper.kind === 'invoice' ? '380' : '381',
    currency: paper.currency,
    ...(paper.dueDate ? { dueDate: paper.dueDate } : {}),
    ...(terms ? { paymentTerms: terms } : {}),
    notes,
    ...(paper.period ? { period: paper.period } : {}),
    ...(paper.purchaseOrder ? { order: line(paper.purchaseOrder) } : {}),
    ...(paper.corrects ? { preceding: paper.corrects } : {}),
    seller: partyOf(seller, {
      vatId: outOfScope ? undefined : seller.vatId,
      taxId: seller.taxId,
      identifier: outOfScope || !seller.vatId ? (seller.taxId ?? seller.vatId) : undefined,
      contact: { name: seller.owner ?? seller.name, phone: seller.phone, email: seller.email },
    }),
    buyer: partyOf(buyer, {
      vatId: outOfScope ? undefined : buyer.vatId,
      contact: buyer.contact ? { name: buyer.contact } : undefined,
    }),
    ...paymentOf(paper),
    taxes: paper.taxes.map((tax) => ({
      category: tax.category,
      ...percentOf(tax),
      base: amount(tax.base),
      tax: amount(tax.tax),
      ...(tax.reason?.code ? { reasonCode: tax.reason.code } : {}),
      ...(tax.reason ? { reason: line(tax.reason[paper.language]) } : {}),
    })),
    totals: {
      lines: amount(totals.net),
      withoutVat: amount(totals.net),
      vat: amount(totals.tax),
      withVat: amount(totals.gross),
      due: amount(totals.gross),
    },
    lines: paper.lines.map((one, index) => ({
      id: String(index + 1),
      quantity: toDecimal(one.quantity.tenThousandths, 4),
      unit: UNIT_CODES[one.quantity.unit],
      net: amount(one.net),
      name: line(one.text),
      ...(one.detail ? { description: printable(one.detail) } : {}),
      price: amount(one.unitPrice),
      category: one.vat.category,
      ...percentOf(one.vat),
    })),
  };
}

/** How many characters of a paper's texts were left out because no file may hold them. */
export function removedCharacters(paper: Paper): number {
  let removed = 0;
  const visit = (value: unknown): void => {
    if (typeof value === 'string') removed += toPrintable(value).removed;
    else if (typeof value === 'object' && value !== null) Object.values(value).forEach(visit);
  };
  visit(paper);
  return removed;
}

/** An invoice without a due date says that it is due at once (BR-CO-25). */
function termsOf(paper: Paper): string | undefined {
  if (paper.dueDate) return undefined;
  const gross = `${amount(paper.totals.gross)} ${paper.currency}`;
  return fill(PAPER_WORDS[paper.language].payNow, { amount: gross });
}

function paymentOf(paper: Paper): { readonly payment?: EPayment } {
  const { iban, bic, name } = paper.seller;
  if (!iban || paper.kind === 'credit-note') return {};
  return {
    payment: {
      code: paper.currency === 'EUR' ? '58' : '30',
      reference: line(paymentReference(paper)),
      account: compactIban(iban),
      accountName: line(name),
      ...(bic ? { bic: line(bic) } : {}),
    },
  };
}

function partyOf(
  party: Pick<Paper['seller'], 'name' | 'address'> & { readonly email?: string },
  extra: {
    readonly identifier?: string | undefined;
    readonly vatId?: string | undefined;
    readonly taxId?: string | undefined;
    readonly contact?: Record<string, string | undefined> | undefined;
  },
): EParty {
  const { street, city, postalCode, country } = party.address;
  const { identifier, vatId, taxId } = extra;
  const contact = given(extra.contact ?? {});
  return {
    name: line(party.name),
    ...given({ identifier, vatId, taxId, email: party.email, street, city, postalCode, country }),
    ...(Object.keys(contact).length > 0 ? { contact } : {}),
  };
}

/** The entries that say something, each on one line. */
function given(values: Record<string, string | undefined>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values).flatMap(([key, value]) => {
      const text = line(value ?? '');
      return text === '' ? [] : [[key, text]];
    }),
  );
}

/** BR-O-05: category O has no rate, not even zero. */
function percentOf(vat: { category: string; rateBasisPoints: number }): { percent?: string } {
  return vat.category === 'O' ? {} : { percent: toDecimal(vat.rateBasisPoints, 2) };
}

function amount(money: Money): string {
  return toDecimal(money.minor, minorDigits(money.currency));
}

function line(text: string): string {
  return printable(text).replace(/\s+/g, ' ').trim();
}
