import { describe, expect, test } from 'vitest';
import {
  creditNoteFor,
  creditNoteSchema,
  decideCreditNote,
  evolveCreditNote,
} from './credit-note.ts';
import {
  decideInvoice,
  evolveInvoice,
  type Invoice,
  type InvoiceCommand,
  invoiceSchema,
  openAmount,
} from './invoice.ts';
import { checkInvoice } from './invoice-check.ts';
import { totalInvoice } from './totals.ts';

const vat = { category: 'S', rateBasisPoints: 1900 } as const;
const eur = (minor: number) => ({ minor, currency: 'EUR' });
const lines: Invoice['lines'] = [
  {
    text: 'Site: Build',
    quantity: { tenThousandths: 100_000, unit: 'hour' },
    unitPrice: eur(10_000),
    net: eur(100_000),
    vat,
    entries: ['t1'],
  },
];
const DRAFT: Invoice = {
  status: 'draft',
  series: '2026-{number}',
  party: 'acme',
  projects: [],
  language: 'de',
  currency: 'EUR',
  lines,
  ...totalInvoice(lines, 'EUR', [{ type: 'domestic', vat, source: 'UStG par. 12 (1)' }]),
  period: { from: '2026-10-01', to: '2026-10-31' },
  serviceDates: [],
  paymentDays: 14,
};
const ADDRESS = { street: 'Weg 1', postalCode: '20095', city: 'Hamburg', country: 'DE' };
const SELLER = { name: 'Studio', address: ADDRESS, taxId: '42/1', smallBusiness: false };
const BUYER = { name: 'Acme', address: ADDRESS };
const ISSUE: InvoiceCommand = {
  type: 'issue',
  number: '2026-0001',
  issueDate: '2026-10-31',
  dueDate: '2026-11-14',
  seller: SELLER,
  buyer: BUYER,
  blobs: { pdf: 'a'.repeat(64), xml: 'b'.repeat(64) },
};
const SENT: InvoiceCommand = {
  type: 'record-sent',
  at: '2026-10-31T10:00:00Z',
  to: 'a@acme.example',
  effect: 'h1',
};

function run(commands: readonly InvoiceCommand[], start: Invoice = DRAFT): Invoice {
  return commands.reduce((invoice, command) => {
    const next = decideInvoice(invoice, command).reduce<Invoice | undefined>(
      evolveInvoice,
      invoice,
    );
    return invoiceSchema.parse(next);
  }, start);
}

function pay(payment: string, minor: number): InvoiceCommand {
  return { type: 'match-payment', payment, amount: eur(minor), day: '2026-11-10' };
}

function credit(creditNote: string, minor: number): InvoiceCommand {
  return { type: 'credit', creditNote, amount: eur(minor) };
}

describe('an invoice', () => {
  test('is issued with number, dates and frozen copies, then sent and paid as facts of their own', () => {
    const invoice = run([ISSUE, SENT, pay('p1', 100_000), pay('p2', 19_000)]);
    expect(invoice).toMatchObject({
      status: 'issued',
      number: '2026-0001',
      seller: SELLER,
      sentTo: 'a@acme.example',
      paid: eur(119_000),
      payments: ['p1', 'p2'],
    });
    expect(openAmount(invoice)).toEqual(eur(0));
  });

  test('counts the same payment and the same credit note once', () => {
    const paid = run([ISSUE, pay('p1', 500)]);
    expect(decideInvoice(paid, pay('p1', 500))).toEqual([]);
    const credited = run([ISSUE, credit('c1', 500)]);
    expect(decideInvoice(credited, credit('c1', 500))).toEqual([]);
  });

  test('is credited in full only when all of it was taken back', () => {
    const part = run([ISSUE, credit('c1', 119)]);
    expect(part.status).toBe('issued');
    expect(run([credit('c2', 118_881)], part).status).toBe('credited');
  });

  test.each<[string, readonly InvoiceCommand[], InvoiceCommand, string]>([
    ['a draft is not sent', [], SENT, 'Issue it first.'],
    ['a draft is not voided', [], { type: 'void', reason: 'x' }, 'Archive the draft'],
    ['a draft is not paid', [], pay('p', 1), 'issued invoice'],
    ['it is not issued twice', [ISSUE], ISSUE, 'credit note'],
    ['what was sent is not voided', [ISSUE, SENT], { type: 'void', reason: 'x' }, 'credit note'],
    ['what was paid is not voided', [ISSUE, pay('p', 1)], { type: 'void', reason: 'x' }, 'credit'],
    ['what is void is not sent', [ISSUE, { type: 'void', reason: 'x' }], SENT, 'new invoice'],
    ['no more is credited than charged', [ISSUE], credit('c', 119_001), 'Lower'],
    ['nothing is not credited', [ISSUE], credit('c', 0), 'amount'],
    ['nothing is credited after all of it', [ISSUE, credit('c', 119_000)], credit('d', 1), 'new'],
  ])('%s, and the way out is named', (_name, before, command, remedy) => {
    expect(() => decideInvoice(run(before), command)).toThrow(
      expect.objectContaining({ code: 'not_possible', remedy: expect.stringContaining(remedy) }),
    );
  });

  test('an invoice without a line is not issued', () => {
    expect(() => decideInvoice({ ...DRAFT, lines: [] }, ISSUE)).toThrow(
      expect.objectContaining({ code: 'not_possible' }),
    );
  });

  test('a payment in another currency is refused', () => {
    const command = { ...pay('p', 1), amount: { minor: 1, currency: 'USD' } } as InvoiceCommand;
    expect(() => decideInvoice(run([ISSUE]), command)).toThrow(
      expect.objectContaining({ code: 'invalid_input' }),
    );
  });

  test('an unknown event changes nothing', () => {
    const invoice = run([ISSUE]);
    const event = { type: 'invoice.looked-at', data: {} } as never; // a type of a later version
    expect(evolveInvoice(invoice, event)).toBe(invoice);
  });
});

describe('a credit note', () => {
  test('takes back the whole invoice to the cent and names it', () => {
    const invoice = run([ISSUE, SENT]);
    const draft = creditNoteSchema.parse(creditNoteFor('inv-1', invoice, 'wrong rate'));
    expect(draft.totals).toEqual(invoice.totals);
    expect(draft.invoice).toEqual({ id: 'inv-1', number: '2026-0001', issueDate: '2026-10-31' });
  });

  test('takes back only some lines, taxed as the invoice was', () => {
    const quantity = { tenThousandths: 15_000, unit: 'hour' } as const;
    const part = lines.map((line) => ({ ...line, quantity, net: eur(15_000) }));
    const { totals, taxes } = creditNoteFor('i', run([ISSUE, credit('c1', 1)]), 'x', part);
    expect(totals).toEqual({ net: eur(15_000), tax: eur(2_850), gross: eur(17_850) });
    expect(taxes[0]?.source).toBe(DRAFT.taxes[0]?.source);
  });

  test('is refused for a draft and for more than is left', () => {
    const partly = run([ISSUE, credit('c1', 1)]);
    for (const invoice of [DRAFT, partly]) {
      expect(() => creditNoteFor('i', invoice, 'x')).toThrow(
        expect.objectContaining({ code: 'not_possible' }),
      );
    }
  });

  test('is issued once, then sent, and after that not voided', () => {
    const draft = creditNoteFor('inv-1', run([ISSUE]), 'wrong rate');
    const issue = { ...ISSUE, type: 'issue' } as const;
    const issued = decideCreditNote(draft, issue).reduce(evolveCreditNote, draft);
    expect(issued).toMatchObject({ status: 'issued', number: '2026-0001' });
    expect(() => decideCreditNote(issued, issue)).toThrow(/issued before/);
    const sent = decideCreditNote(issued, { type: 'record-sent', at: 'x', to: 'y', effect: 'z' });
    const after = sent.reduce(evolveCreditNote, issued);
    expect(() => decideCreditNote(after, { type: 'void', reason: 'x' })).toThrow(/sent/);
  });
});

describe('what the law asks on an invoice', () => {
  test('a complete one has no open question', () => {
    expect(checkInvoice(DRAFT, SELLER, BUYER)).toEqual([]);
  });

  test('each missing thing is one question to the record that should know it', () => {
    const questions = checkInvoice(
      { lines: [], taxes: DRAFT.taxes },
      { name: 'Studio', address: { country: 'DE' }, smallBusiness: false },
      { name: 'Acme', address: {} },
    );
    expect(questions.map(({ record, path }) => `${record}:${path}`)).toEqual([
      'company:street',
      'company:postalCode',
      'company:city',
      'party:address.street',
      'party:address.postalCode',
      'party:address.city',
      'party:address.country',
      'company:taxId',
      'invoice:lines',
    ]);
    expect(questions.every(({ question }) => question.includes('?'))).toBe(true);
    expect(questions.every(({ source }) => /art\. 226/.test(source))).toBe(true);
  });

  test('reverse charge asks for both VAT ids', () => {
    const taxes = DRAFT.taxes.map((tax) => ({ ...tax, category: 'AE' as const }));
    expect(checkInvoice({ lines, taxes }, SELLER, BUYER).map(({ code }) => code)).toEqual([
      'seller_vat_id_missing',
      'buyer_vat_id_missing',
    ]);
  });

  test('VAT that is charged in a foreign currency is asked about', () => {
    const taxes = DRAFT.taxes.map((tax) => ({ ...tax, tax: { minor: 1, currency: 'USD' } }));
    expect(checkInvoice({ lines, taxes }, SELLER, BUYER)).toMatchObject([
      { code: 'vat_currency', path: 'billing.currency' },
    ]);
  });

  test('a country without postal codes is not asked for one', () => {
    const buyer = { name: 'Acme', address: { street: 'Road 1', city: 'Dubai', country: 'AE' } };
    expect(checkInvoice(DRAFT, SELLER, buyer)).toEqual([]);
  });
});
