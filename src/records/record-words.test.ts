import { describe, expect, it } from 'vitest';
import { describeChange } from './describe-change.ts';
import { ERASED } from './erased.ts';
import { searchText } from './search-text.ts';
import { TestBooks } from './test-books.ts';
import { titleOf } from './title-of.ts';

const books = new TestBooks();
books.do({
  type: 'create',
  record: 'party',
  id: 'p',
  set: { name: 'Acme GmbH', email: 'hi@acme.example', customerNumber: 'K-12' },
});
books.do({ type: 'create', record: 'project', id: 'x', set: { party: 'p', name: 'Relaunch' } });

describe('titleOf', () => {
  it('is the name, or what stands for one', () => {
    expect(titleOf(books.state('party', 'p'))).toBe('Acme GmbH');
    const amount = { minor: 113_250, currency: 'EUR' };
    const payment = { type: 'payment', id: '1', fields: { amount, day: '2026-10-31' } };
    expect(titleOf(payment)).toBe('1132.50 EUR, 2026-10-31');
    expect(titleOf({ type: 'invoice', id: '1', fields: { status: 'draft' } })).toBe('draft');
  });

  it('says that a name was erased', () => {
    expect(titleOf({ type: 'party', id: 'p', fields: { name: ERASED } })).toBe('(erased)');
  });
});

describe('searchText', () => {
  it('leaves personal fields out unless they are asked for', () => {
    expect(searchText(books.state('party', 'p'))).toBe('customer\nK-12');
    expect(searchText(books.state('party', 'p'), { personal: true })).toBe(
      'Acme GmbH\ncustomer\nhi@acme.example\nK-12',
    );
  });

  it('leaves ids of other records out', () => {
    expect(searchText(books.state('project', 'x'))).toBe('Relaunch\nactive');
  });

  it('has no word for what was erased', () => {
    expect(searchText({ type: 'party', fields: { name: ERASED } }, { personal: true })).toBe('');
  });
});

describe('describeChange', () => {
  const said = (type: string, data = {}, stream = 'party/p') =>
    describeChange({ stream, type, data });

  it.each([
    ['party.created', { fields: { name: 'Acme' } }, 'Party created: Acme.'],
    [
      'party.changed',
      { set: { address: { postalCode: '8010' }, email: 'a@b.example' }, unset: ['phone', 'vatId'] },
      'Changed e-mail address to a@b.example and postal code of address to 8010; removed phone and VAT id.',
    ],
    [
      'party.changed',
      { set: { billing: { hourlyRate: { minor: 9_000, currency: 'EUR' } } }, unset: [] },
      'Changed hourly rate of billing to 90.00 EUR.',
    ],
    ['party.changed', { set: { name: ERASED }, unset: [] }, 'Changed name to (erased).'],
    ['party.archived', {}, 'Party archived.'],
    ['party.restored', {}, 'Party restored.'],
    ['party.sung-to', {}, 'Party sung to.'],
  ])('%s %o', (type, data, sentence) => {
    expect(said(type, data)).toBe(sentence);
  });

  it.each([
    ['time-entry.billed', 'time-entry/t', { invoice: 'i' }, 'Billed on an invoice.'],
    ['time-entry.released', 'time-entry/t', {}, 'Free to be billed again.'],
    ['payment.assigned', 'payment/x', { invoice: 'i' }, 'Matched to an invoice.'],
    ['invoice.issued', 'invoice/i', { number: '2026-0001' }, 'Issued as 2026-0001.'],
    ['invoice.sent', 'invoice/i', { to: 'a@b.example' }, 'Sent to a@b.example.'],
    [
      'payment.matched',
      'invoice/i',
      { amount: { minor: 100, currency: 'EUR' }, day: '2026-10-31' },
      'Payment of 1.00 EUR counted on 2026-10-31.',
    ],
  ])('%s is said in plain words', (type, stream, data, sentence) => {
    expect(said(type, data, stream)).toBe(sentence);
  });
});
