import type { Language } from './format.ts';
import type { Paper } from './paper.ts';

/** The fixed words of a paper. `{...}` is filled in. */
export interface PaperWords {
  readonly title: Readonly<Record<Paper['kind'], string>>;
  readonly issueDate: Readonly<Record<Paper['kind'], string>>;
  readonly period: string;
  readonly serviceDay: string;
  readonly dueDate: string;
  readonly customerNumber: string;
  readonly purchaseOrder: string;
  readonly buyerVatId: string;
  readonly corrects: string;
  readonly description: string;
  readonly quantity: string;
  readonly unitPrice: string;
  readonly vat: string;
  readonly amount: string;
  readonly net: string;
  readonly tax: string;
  readonly untaxed: string;
  readonly total: Readonly<Record<Paper['kind'], string>>;
  readonly pay: string;
  readonly payNow: string;
  readonly scan: string;
  readonly payee: string;
  readonly bank: string;
  readonly reference: string;
  readonly credited: string;
  readonly vatId: string;
  readonly taxId: string;
  readonly owner: string;
  readonly sandbox: Readonly<Record<Paper['kind'], string>>;
}

/**
 * German papers call a correction `Rechnungskorrektur`: since 2013 `Gutschrift` means an invoice that
 * the customer writes (UStG par. 14 (2) and (4) no. 10).
 */
export const PAPER_WORDS: Readonly<Record<Language, PaperWords>> = {
  de: {
    title: { invoice: 'Rechnung', 'credit-note': 'Rechnungskorrektur' },
    issueDate: { invoice: 'Rechnungsdatum', 'credit-note': 'Datum' },
    period: 'Leistungszeitraum',
    serviceDay: 'Leistungsdatum',
    dueDate: 'Zahlbar bis',
    customerNumber: 'Kundennummer',
    purchaseOrder: 'Ihre Bestellung',
    buyerVatId: 'Ihre USt-IdNr.',
    corrects: 'zu Rechnung {number} vom {day}',
    description: 'Leistung',
    quantity: 'Menge',
    unitPrice: 'Preis',
    vat: 'USt',
    amount: 'Betrag',
    net: 'Nettobetrag',
    tax: 'Umsatzsteuer {rate} auf {base}',
    untaxed: 'ohne Umsatzsteuer: {base}',
    total: { invoice: 'Gesamtbetrag', 'credit-note': 'Gutschriftbetrag' },
    pay: 'Bitte überweisen Sie {amount} bis zum {day}.',
    payNow: 'Bitte überweisen Sie {amount} sofort nach Erhalt.',
    scan: 'Mit der Banking-App scannen',
    payee: 'Empfänger',
    bank: 'Bank',
    reference: 'Verwendungszweck',
    credited: 'Diesen Betrag schreiben wir Ihnen gut.',
    vatId: 'USt-IdNr.',
    taxId: 'Steuernummer',
    owner: 'Inhaber: {owner}',
    sandbox: {
      invoice: 'Sandbox: keine echte Rechnung',
      'credit-note': 'Sandbox: keine echte Rechnungskorrektur',
    },
  },
  en: {
    title: { invoice: 'Invoice', 'credit-note': 'Credit note' },
    issueDate: { invoice: 'Invoice date', 'credit-note': 'Date' },
    period: 'Period of service',
    serviceDay: 'Date of service',
    dueDate: 'Due by',
    customerNumber: 'Customer number',
    purchaseOrder: 'Your order',
    buyerVatId: 'Your VAT ID',
    corrects: 'for invoice {number} of {day}',
    description: 'Description',
    quantity: 'Quantity',
    unitPrice: 'Price',
    vat: 'VAT',
    amount: 'Amount',
    net: 'Net amount',
    tax: 'VAT {rate} on {base}',
    untaxed: 'without VAT: {base}',
    total: { invoice: 'Total', 'credit-note': 'Total credited' },
    pay: 'Please pay {amount} by {day}.',
    payNow: 'Please pay {amount} on receipt.',
    scan: 'Scan with your banking app',
    payee: 'Payee',
    bank: 'Bank',
    reference: 'Reference',
    credited: 'We credit this amount to you.',
    vatId: 'VAT ID',
    taxId: 'Tax number',
    owner: 'Owner: {owner}',
    sandbox: {
      invoice: 'Sandbox: not a real invoice',
      'credit-note': 'Sandbox: not a real credit note',
    },
  },
};

/** Fills `{name}` places; a name that is not given stays visible. */
export function fill(template: string, values: Readonly<Record<string, string>>): string {
  return template.replace(/\{(\w+)\}/g, (place, name: string) => values[name] ?? place);
}
