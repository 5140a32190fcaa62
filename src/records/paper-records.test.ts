import { beforeEach, describe, expect, it } from 'vitest';
import type { JsonObject } from '../base/index.ts';
import { creditNoteFor } from './credit-note.ts';
import type { Invoice } from './invoice.ts';
import { invoiceSchema } from './invoice.ts';
import { failureOf, TestBooks } from './test-books.ts';

const EUR = (minor: number) => ({ minor, currency: 'EUR' });
const DRAFT = {
  status: 'draft',
  series: '{year}-{number:4}',
  party: 'p',
  projects: [],
  language: 'de',
  currency: 'EUR',
  period: { from: '2026-10-01', to: '2026-10-31' },
  serviceDates: [],
  paymentDays: 14,
  lines: [
    {
      text: 'Work',
      quantity: { tenThousandths: 10_000, unit: 'hour' },
      unitPrice: EUR(10_000),
      net: EUR(10_000),
      vat: { category: 'S', rateBasisPoints: 1_900 },
      entries: [],
    },
  ],
  taxes: [
    {
      category: 'S',
      rateBasisPoints: 1_900,
      base: EUR(10_000),
      tax: EUR(1_900),
      source: 'UStG par. 12 Abs. 1',
    },
  ],
  totals: { net: EUR(10_000), tax: EUR(1_900), gross: EUR(11_900) },
} as const;
const ISSUE = {
  number: '2026-0001',
  issueDate: '2026-11-01',
  seller: { name: 'Mara Lindt', address: { city: 'Berlin' }, smallBusiness: false },
  buyer: { name: 'Acme GmbH', address: { city: 'Graz', country: 'AT' }, email: 'hi@acme.example' },
  blobs: { pdf: 'a'.repeat(64) },
} as const;

const INVOICE = { record: 'invoice', id: 'i' } as const;
let books: TestBooks;

beforeEach(() => {
  books = new TestBooks();
  books.do({ type: 'create', record: 'party', id: 'p', set: { name: 'Acme GmbH' } });
  books.do({ type: 'create', ...INVOICE, set: DRAFT });
});

function issue() {
  return books.do({ type: 'issue', ...INVOICE, ...ISSUE, dueDate: '2026-11-15' });
}

const invoice = (): Invoice => invoiceSchema.parse(books.state('invoice', 'i').fields);

describe('an invoice', () => {
  it('is changed freely as long as it is a draft', () => {
    expect(books.do({ type: 'change', ...INVOICE, set: { paymentDays: 30 } })).toHaveLength(1);
    expect(
      books.do({ type: 'change', ...INVOICE, set: { 'lines.0.text': 'Design' } }),
    ).toHaveLength(1);
    expect(invoice()).toMatchObject({ paymentDays: 30, lines: [{ text: 'Design' }] });
  });

  it('gets its number and its copies when it is issued, the buyer sealed under the invoice', () => {
    expect(issue()).toMatchObject([
      {
        type: 'invoice.issued',
        data: { number: '2026-0001' },
        personal: {
          subject: 'i',
          paths: ['buyer.name', 'buyer.address.city', 'buyer.address.country', 'buyer.email'],
        },
      },
    ]);
    expect(invoice()).toMatchObject({
      status: 'issued',
      number: '2026-0001',
      dueDate: '2026-11-15',
    });
  });

  it('keeps its buyer when the party is erased', () => {
    issue();
    books.append('subject/p', {
      type: 'subject.erased',
      data: {
        subject: 'p',
        records: [
          { type: 'party', id: 'p', versions: 1 },
          { type: 'invoice', id: 'i', versions: 2 },
        ],
      },
    });
    expect(books.state('party', 'p').fields.name).toEqual({ $erased: true });
    expect(invoice().buyer?.name).toBe('Acme GmbH');
  });

  it('can be erased itself, once the law allows, and folds stay equal to the erased log', () => {
    issue();
    books.do({
      type: 'record-sent',
      ...INVOICE,
      at: '2026-11-01T08:00:00Z',
      to: 'hi@acme.example',
      effect: 'h',
    });
    books.append('subject/i', {
      type: 'subject.erased',
      data: { subject: 'i', records: [{ type: 'invoice', id: 'i', versions: 3 }] },
    });
    const { fields } = books.state('invoice', 'i');
    expect(fields).toMatchObject({ number: '2026-0001', buyer: { name: { $erased: true } } });
    expect(JSON.stringify([...books.rows, ...books.versions])).not.toContain('hi@acme.example');
    const rebuilt = books.rebuiltWithout('i');
    expect(books.rows).toEqual(rebuilt.rows);
    expect(books.versions).toEqual(rebuilt.versions);
  });

  it('once issued is not changed: the way is a credit note', () => {
    issue();
    const change = (set: JsonObject) =>
      failureOf(() => books.do({ type: 'change', ...INVOICE, set }));
    for (const set of [{ paymentDays: 30 }, { note: 'x' }, { number: '7' }, { status: 'draft' }]) {
      expect(change(set)).toMatchObject({
        code: 'not_possible',
        remedy: 'Correct it with a credit note, then write a new invoice.',
      });
    }
  });

  it('does not take a number, a status or a payment by hand, not even as a draft', () => {
    for (const [path, value] of [
      ['number', '7'],
      ['status', 'issued'],
      ['paid', EUR(1)],
      ['credited', EUR(1)],
    ] as const) {
      const byHand = () => books.do({ type: 'change', ...INVOICE, set: { [path]: value } });
      expect(failureOf(byHand)).toMatchObject({ code: 'not_possible', path });
    }
    const born = () =>
      books.do({ type: 'create', record: 'invoice', id: 'j', set: { ...DRAFT, number: '7' } });
    expect(failureOf(born).code).toBe('not_possible');
  });

  it('counts a payment once and says which invoice it was', () => {
    issue();
    const match = {
      type: 'match-payment',
      ...INVOICE,
      payment: 'x',
      amount: EUR(11_900),
      day: '2026-11-10',
    } as const;
    expect(books.do(match)).toMatchObject([
      { type: 'payment.matched', data: { invoice: 'i', payment: 'x', day: '2026-11-10' } },
    ]);
    expect(books.do(match)).toEqual([]);
    expect(invoice()).toMatchObject({ paid: EUR(11_900), paidAt: '2026-11-10' });
  });

  it('is archived as a draft or when it is void, never while it is in force', () => {
    issue();
    const archive = () => books.do({ type: 'archive', ...INVOICE });
    expect(failureOf(archive).code).toBe('not_possible');
    books.do({ type: 'void', ...INVOICE, reason: 'Wrong party' });
    expect(archive()).toHaveLength(1);
  });

  it('is not issued with a number or a copy that its schema refuses', () => {
    const act = () =>
      books.do({ type: 'issue', ...INVOICE, ...ISSUE, number: '', dueDate: '2026-11-15' });
    expect(failureOf(act)).toMatchObject({ code: 'invalid_input', path: 'number' });
  });

  it('refuses a command that it does not know', () => {
    const odd = { type: 'bill', ...INVOICE, invoice: 'i' };
    // the compiler refuses it too; a door might still let it through
    const act = () => books.do(odd as unknown as Parameters<TestBooks['do']>[0]);
    expect(failureOf(act)).toMatchObject({ code: 'invalid_input', found: 'bill' });
  });
});

describe('a credit note', () => {
  const NOTE = { record: 'credit-note', id: 'n' } as const;

  it('takes back an issued invoice and then stays as it is', () => {
    issue();
    const draft = creditNoteFor('i', invoice(), 'Wrong hours');
    // optional fields of the draft are absent, not undefined: it is plain JSON
    books.do({ type: 'create', ...NOTE, set: { ...draft } as JsonObject });
    books.do({ type: 'issue', ...NOTE, ...ISSUE, number: 'C-1' });
    books.do({ type: 'credit', ...INVOICE, creditNote: 'n', amount: EUR(11_900) });
    expect(invoice().status).toBe('credited');
    expect(books.state('credit-note', 'n').fields).toMatchObject({
      status: 'issued',
      number: 'C-1',
    });
    const change = () => books.do({ type: 'change', ...NOTE, set: { reason: 'Other' } });
    expect(failureOf(change)).toMatchObject({ code: 'not_possible' });
    const archive = () => books.do({ type: 'archive', ...NOTE });
    expect(failureOf(archive)).toMatchObject({ code: 'not_possible' });
  });
});

describe('a payment', () => {
  const PAYMENT = { record: 'payment', id: 'x' } as const;
  const pay = (set: JsonObject = {}) =>
    books.do({ type: 'create', ...PAYMENT, set: { amount: EUR(500), day: '2026-11-10', ...set } });

  it('that names its invoice at once is created, then assigned', () => {
    expect(pay({ invoice: 'i' }).map(({ type }) => type)).toEqual([
      'payment.created',
      'payment.assigned',
    ]);
    expect(books.state('payment', 'x')).toMatchObject({ version: 2, fields: { invoice: 'i' } });
  });

  it('cannot name an invoice that does not exist', () => {
    expect(failureOf(() => pay({ invoice: 'nope' }))).toMatchObject({ path: 'invoice' });
  });

  it('pays one invoice at a time', () => {
    pay();
    books.do({ type: 'assign', ...PAYMENT, invoice: 'i' });
    expect(books.do({ type: 'assign', ...PAYMENT, invoice: 'i' })).toEqual([]);
    const other = () => books.do({ type: 'assign', ...PAYMENT, invoice: 'j' });
    expect(failureOf(other)).toMatchObject({ code: 'not_possible', invoice: 'i' });
    books.do({ type: 'unassign', ...PAYMENT });
    expect(books.do({ type: 'assign', ...PAYMENT, invoice: 'j' })).toHaveLength(1);
  });

  it('keeps its amount once it was counted', () => {
    pay({ invoice: 'i' });
    const change = () => books.do({ type: 'change', ...PAYMENT, set: { amount: EUR(600) } });
    expect(failureOf(change)).toMatchObject({ code: 'not_possible', path: 'amount' });
    expect(books.do({ type: 'change', ...PAYMENT, set: { reference: 'x' } })).toHaveLength(1);
  });

  it('of nothing is refused', () => {
    expect(failureOf(() => pay({ amount: EUR(0) }))).toMatchObject({
      message: '"amount" is zero.',
    });
  });
});
