import fc from 'fast-check';
import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { describe, expect, test } from 'vitest';
import { checkEn16931 } from './en16931.ts';
import { renderInvoiceXml } from './invoice-xml.ts';
import type { Paper } from './paper.ts';
import {
  austrianPaper,
  britishPaper,
  creditPaper,
  germanPaper,
  plainPaper,
  smallPaper,
} from './sample-papers.ts';

const SAMPLES = [germanPaper, plainPaper, britishPaper, austrianPaper, smallPaper, creditPaper];

const parser = new XMLParser({
  ignoreAttributes: false,
  parseTagValue: false,
  removeNSPrefix: true,
  isArray: (name) =>
    ['InvoiceLine', 'CreditNoteLine', 'TaxSubtotal', 'PartyTaxScheme'].includes(name),
});

async function parse(paper: Paper, options: { sandbox?: boolean } = {}) {
  const xml = await renderInvoiceXml(paper, options);
  expect(XMLValidator.validate(xml)).toBe(true);
  const document = parser.parse(xml);
  return document.Invoice ?? document.CreditNote;
}

function cents(node: { '#text': string }): number {
  return Math.round(Number(node['#text']) * 100);
}

describe('the e-invoice', () => {
  test.each(SAMPLES)('%o says the same amounts as the paper', async (sample) => {
    const paper = sample();
    const invoice = await parse(paper);
    const total = invoice.LegalMonetaryTotal;
    expect(cents(total.TaxExclusiveAmount)).toBe(paper.totals.net.minor);
    expect(cents(total.TaxInclusiveAmount)).toBe(paper.totals.gross.minor);
    expect(cents(total.PayableAmount)).toBe(paper.totals.gross.minor);
    expect(cents(invoice.TaxTotal.TaxAmount)).toBe(paper.totals.tax.minor);
    expect(total.PayableAmount['@_currencyID']).toBe(paper.currency);
    const lines: { LineExtensionAmount: { '#text': string } }[] =
      invoice.InvoiceLine ?? invoice.CreditNoteLine;
    expect(lines.map((line) => cents(line.LineExtensionAmount))).toEqual(
      paper.lines.map((line) => line.net.minor),
    );
  });

  test('it names specification, parties, account and due date', async () => {
    const invoice = await parse(plainPaper());
    expect(invoice).toMatchObject({
      CustomizationID: 'urn:cen.eu:en16931:2017',
      ID: '2026-0042',
      IssueDate: '2026-10-31',
      DueDate: '2026-11-14',
      InvoiceTypeCode: '380',
      PaymentMeans: {
        PaymentMeansCode: '58',
        PayeeFinancialAccount: { ID: 'DE89370400440532013000' },
      },
    });
    const seller = invoice.AccountingSupplierParty.Party;
    expect(seller.PartyLegalEntity.RegistrationName).toBe('Studio Jürgen Möller');
    expect(seller.PartyTaxScheme).toEqual([
      { CompanyID: 'DE123456789', TaxScheme: { ID: 'VAT' } },
      { CompanyID: '42/123/04567', TaxScheme: { ID: 'FC' } },
    ]);
    expect(invoice.InvoiceLine[0].InvoicedQuantity).toEqual({
      '#text': '10.0000',
      '@_unitCode': 'HUR',
    });
  });

  test('a credit note is a CreditNote of type 381 that refers to its invoice', async () => {
    const xml = await renderInvoiceXml(creditPaper());
    expect(xml).toContain(
      '<CreditNote xmlns="urn:oasis:names:specification:ubl:schema:xsd:CreditNote-2"',
    );
    expect(await parse(creditPaper())).toMatchObject({
      CreditNoteTypeCode: '381',
      BillingReference: {
        InvoiceDocumentReference: { ID: '2026-0042', IssueDate: '2026-10-31' },
      },
    });
  });

  test('reverse charge carries its code and both VAT ids', async () => {
    const invoice = await parse(austrianPaper());
    expect(invoice.TaxTotal.TaxSubtotal[0].TaxCategory).toMatchObject({
      ID: 'AE',
      Percent: '0.00',
      TaxExemptionReasonCode: 'VATEX-EU-AE',
    });
    expect(invoice.AccountingCustomerParty.Party.PartyTaxScheme[0].CompanyID).toBe('ATU12345678');
  });

  test('outside the scope of VAT there is no rate and no VAT id, but the seller is identified', async () => {
    const xml = await renderInvoiceXml(britishPaper());
    expect(xml).not.toMatch(/Percent|DE123456789|GB123456789/);
    const invoice = await parse(britishPaper());
    expect(invoice.AccountingSupplierParty.Party.PartyIdentification.ID).toBe('42/123/04567');
  });

  test('a sandbox file says so', async () => {
    expect((await parse(plainPaper(), { sandbox: true })).Note[0]).toBe(
      'Sandbox: keine echte Rechnung',
    );
  });

  test('any text in any field stays text', async () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary', minLength: 1 }),
      fc.constantFrom(']]><x/>', '<!--', '&lt;', '</Invoice>', '\u0000\u001b[31m', '\ud800', '%x;'),
    );
    await fc.assert(
      fc.asyncProperty(text, async (hostile) => {
        const sample = plainPaper();
        const paper: Paper = {
          ...sample,
          number: hostile,
          note: hostile,
          buyer: { ...sample.buyer, name: hostile },
          lines: sample.lines.map((line) => ({ ...line, text: hostile, detail: hostile })),
        };
        const invoice = await parse(paper);
        expect(invoice.InvoiceLine).toHaveLength(2);
        expect(Object.keys(invoice.InvoiceLine[0].Price)).toEqual(['PriceAmount']);
      }),
      { numRuns: 60 },
    );
  });
});

describe('the check against EN 16931', () => {
  test.each(SAMPLES)('%o passes every rule that was checked', (sample) => {
    const check = checkEn16931(sample());
    expect(check.rules.filter((rule) => !rule.ok)).toEqual([]);
    expect(check.rules.length).toBeGreaterThan(50);
    expect(new Set(check.rules.map((rule) => rule.rule)).size).toBe(check.rules.length);
  });

  test('it never claims to be a certificate', () => {
    const check = checkEn16931(plainPaper());
    expect(check.certified).toBe(false);
    expect(check.statement).toContain('not certified');
  });

  test('it covers the rules that the handbook lists', () => {
    const rules = new Set(checkEn16931(plainPaper()).rules.map((rule) => rule.rule));
    const numbers = Array.from({ length: 16 }, (_, index) => String(index + 1).padStart(2, '0'));
    const sums = ['03', '04', '09', '10', '13', '14', '15', '16', '17', '18', '25'];
    for (const number of numbers) expect(rules).toContain(`BR-${number}`);
    for (const number of sums) expect(rules).toContain(`BR-CO-${number}`);
  });

  const eur = (minor: number) => ({ minor, currency: 'EUR' });
  test.each<[string, (paper: Paper) => Paper, () => Paper]>([
    ['BR-02', (p) => ({ ...p, number: ' ' }), plainPaper],
    ['BR-03', (p) => ({ ...p, issueDate: 'soon' }), plainPaper],
    ['BR-07', (p) => ({ ...p, buyer: { ...p.buyer, name: '\u0000' } }), plainPaper],
    ['BR-09', (p) => ({ ...p, seller: { ...p.seller, address: {} } }), plainPaper],
    ['BR-10', (p) => ({ ...p, buyer: { ...p.buyer, address: {} } }), plainPaper],
    ['BR-11', (p) => ({ ...p, buyer: { ...p.buyer, address: { country: 'QQ' } } }), plainPaper],
    ['BR-16', (p) => ({ ...p, lines: [] }), plainPaper],
    ['BR-25', (p) => ({ ...p, lines: p.lines.map((l) => ({ ...l, text: ' ' })) }), plainPaper],
    [
      'BR-27',
      (p) => ({ ...p, lines: p.lines.map((l) => ({ ...l, unitPrice: eur(-1) })) }),
      plainPaper,
    ],
    ['BR-29', (p) => ({ ...p, period: { from: '2026-10-02', to: '2026-10-01' } }), plainPaper],
    ['BR-CO-09', (p) => ({ ...p, seller: { ...p.seller, vatId: '12345' } }), plainPaper],
    ['BR-CO-10', (p) => ({ ...p, lines: p.lines.slice(1) }), plainPaper],
    ['BR-CO-14', (p) => ({ ...p, totals: { ...p.totals, tax: eur(1) } }), plainPaper],
    ['BR-CO-15', (p) => ({ ...p, totals: { ...p.totals, gross: eur(1) } }), plainPaper],
    ['BR-CO-17', (p) => ({ ...p, taxes: p.taxes.map((t) => ({ ...t, tax: eur(1) })) }), plainPaper],
    ['BR-CO-18', (p) => ({ ...p, taxes: [] }), plainPaper],
    ['BR-S-01', (p) => ({ ...p, taxes: [] }), plainPaper],
    [
      'BR-S-05',
      (p) => ({
        ...p,
        lines: p.lines.map((l) => ({ ...l, vat: { ...l.vat, rateBasisPoints: 0 } })),
      }),
      plainPaper,
    ],
    ['BR-S-08', (p) => ({ ...p, taxes: p.taxes.map((t) => ({ ...t, base: eur(1) })) }), plainPaper],
    [
      'BR-AE-02',
      (p) => ({ ...p, buyer: { name: 'x', address: { country: 'AT' } } }),
      austrianPaper,
    ],
    [
      'BR-AE-09',
      (p) => ({ ...p, taxes: p.taxes.map((t) => ({ ...t, tax: eur(1) })) }),
      austrianPaper,
    ],
    ['BR-AE-10', (p) => ({ ...p, taxes: p.taxes.map(({ reason: _, ...t }) => t) }), austrianPaper],
    ['BR-E-10', (p) => ({ ...p, taxes: p.taxes.map(({ reason: _, ...t }) => t) }), smallPaper],
    ['BR-O-11', (p) => ({ ...p, taxes: [...p.taxes, ...plainPaper().taxes] }), britishPaper],
    ['BR-O-12', (p) => ({ ...p, lines: [...p.lines, ...plainPaper().lines] }), britishPaper],
    [
      'BR-DEC-14',
      (p) => ({ ...p, totals: { ...p.totals, gross: { minor: 1, currency: 'KWD' } } }),
      plainPaper,
    ],
  ])('%s fails when it is broken', (rule, damage, sample) => {
    expect(checkEn16931(sample()).rules.find((one) => one.rule === rule)?.ok).toBe(true);
    const check = checkEn16931(damage(sample()));
    expect(check.rules.find((one) => one.rule === rule)?.ok).toBe(false);
    expect(check.ok).toBe(false);
    expect(check.statement).toContain(rule);
  });

  test('characters that were left out are counted', () => {
    expect(checkEn16931({ ...plainPaper(), note: 'a\u0000b\u202ec' }).notes).toEqual([
      expect.stringMatching(/^2 characters/),
    ]);
    expect(checkEn16931({ ...plainPaper(), note: 'a\r\nb\rc\nd' }).notes).toEqual([]);
  });
});
