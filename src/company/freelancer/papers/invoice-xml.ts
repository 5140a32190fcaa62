import type { EInvoice, ELine, EParty, ETax } from './e-invoice.ts';
import { toEInvoice } from './e-invoice.ts';
import type { Paper } from './paper.ts';

const UBL = 'urn:oasis:names:specification:ubl:schema:xsd:';
const XMLNS = 'http://www.w3.org/2000/xmlns/';
const CAC = `${UBL}CommonAggregateComponents-2`;
const CBC = `${UBL}CommonBasicComponents-2`;

/** An element: name, text or children, attributes. A child that is undefined is left out. */
interface Element {
  readonly name: string;
  readonly content: string | readonly (Element | undefined)[];
  readonly attributes?: Readonly<Record<string, string>>;
}

/**
 * An invoice or credit note as EN 16931 in UBL 2.1 (CEN/TS 16931-3-2). Text is escaped; characters
 * that XML cannot hold are left out, and `checkEn16931` counts them. Equal input gives equal text.
 * Made to the standard, checked by us, not certified by anybody.
 */
export async function renderInvoiceXml(
  paper: Paper,
  options: { readonly sandbox?: boolean } = {},
): Promise<string> {
  const { create } = await import('xmlbuilder2');
  const invoice = toEInvoice(paper, options);
  const root = invoice.typeCode === '380' ? 'Invoice' : 'CreditNote';
  const document = create({ version: '1.0', encoding: 'UTF-8' })
    .ele(`${UBL}${root}-2`, root)
    .att(XMLNS, 'xmlns:cac', CAC)
    .att(XMLNS, 'xmlns:cbc', CBC);
  const append = (parent: typeof document, element: Element): void => {
    const [prefix, uri] = element.name.startsWith('cac:') ? ['cac', CAC] : ['cbc', CBC];
    const node = parent.ele(uri, `${prefix}:${element.name.slice(4)}`, element.attributes ?? {});
    if (typeof element.content === 'string') node.txt(element.content);
    else for (const child of element.content) if (child) append(node, child);
  };
  for (const element of contentOf(invoice)) if (element) append(document, element);
  return document.end({ prettyPrint: true, allowEmptyTags: false });
}

/** In the order of the UBL schema, which is the order that readers insist on. */
function contentOf(invoice: EInvoice): readonly (Element | undefined)[] {
  const { currency } = invoice;
  const isInvoice = invoice.typeCode === '380';
  const amount = (name: string, value: string) => basic(name, value, { currencyID: currency });
  return [
    basic('CustomizationID', invoice.specification),
    basic('ID', invoice.number),
    basic('IssueDate', invoice.issueDate),
    isInvoice ? optional('DueDate', invoice.dueDate) : undefined,
    basic(isInvoice ? 'InvoiceTypeCode' : 'CreditNoteTypeCode', invoice.typeCode),
    ...invoice.notes.map((note) => basic('Note', note)),
    basic('DocumentCurrencyCode', currency),
    invoice.period
      ? group('InvoicePeriod', [
          basic('StartDate', invoice.period.from),
          basic('EndDate', invoice.period.to),
        ])
      : undefined,
    invoice.order ? group('OrderReference', [basic('ID', invoice.order)]) : undefined,
    invoice.preceding
      ? group('BillingReference', [
          group('InvoiceDocumentReference', [
            basic('ID', invoice.preceding.number),
            basic('IssueDate', invoice.preceding.issueDate),
          ]),
        ])
      : undefined,
    group('AccountingSupplierParty', [party(invoice.seller)]),
    group('AccountingCustomerParty', [party(invoice.buyer)]),
    payment(invoice),
    invoice.paymentTerms ? group('PaymentTerms', [basic('Note', invoice.paymentTerms)]) : undefined,
    group('TaxTotal', [
      amount('TaxAmount', invoice.totals.vat),
      ...invoice.taxes.map((tax) =>
        group('TaxSubtotal', [
          amount('TaxableAmount', tax.base),
          amount('TaxAmount', tax.tax),
          taxCategory('TaxCategory', tax),
        ]),
      ),
    ]),
    group('LegalMonetaryTotal', [
      amount('LineExtensionAmount', invoice.totals.lines),
      amount('TaxExclusiveAmount', invoice.totals.withoutVat),
      amount('TaxInclusiveAmount', invoice.totals.withVat),
      amount('PayableAmount', invoice.totals.due),
    ]),
    ...invoice.lines.map((line) => lineOf(line, isInvoice, amount)),
  ];
}

function lineOf(
  line: ELine,
  isInvoice: boolean,
  amount: (name: string, value: string) => Element,
): Element {
  return group(isInvoice ? 'InvoiceLine' : 'CreditNoteLine', [
    basic('ID', line.id),
    basic(isInvoice ? 'InvoicedQuantity' : 'CreditedQuantity', line.quantity, {
      unitCode: line.unit,
    }),
    amount('LineExtensionAmount', line.net),
    group('Item', [
      optional('Description', line.description),
      basic('Name', line.name),
      taxCategory('ClassifiedTaxCategory', line),
    ]),
    group('Price', [amount('PriceAmount', line.price)]),
  ]);
}

function party(one: EParty): Element {
  const { contact } = one;
  return group('Party', [
    one.email ? basic('EndpointID', one.email, { schemeID: 'EM' }) : undefined,
    one.identifier ? group('PartyIdentification', [basic('ID', one.identifier)]) : undefined,
    group('PartyName', [basic('Name', one.name)]),
    group('PostalAddress', [
      optional('StreetName', one.street),
      optional('CityName', one.city),
      optional('PostalZone', one.postalCode),
      one.country ? group('Country', [basic('IdentificationCode', one.country)]) : undefined,
    ]),
    one.vatId ? taxScheme(one.vatId, 'VAT') : undefined,
    one.taxId ? taxScheme(one.taxId, 'FC') : undefined,
    group('PartyLegalEntity', [basic('RegistrationName', one.name)]),
    contact
      ? group('Contact', [
          optional('Name', contact.name),
          optional('Telephone', contact.phone),
          optional('ElectronicMail', contact.email),
        ])
      : undefined,
  ]);
}

function payment({ payment: means }: EInvoice): Element | undefined {
  if (!means) return undefined;
  return group('PaymentMeans', [
    basic('PaymentMeansCode', means.code),
    basic('PaymentID', means.reference),
    group('PayeeFinancialAccount', [
      basic('ID', means.account),
      basic('Name', means.accountName),
      means.bic ? group('FinancialInstitutionBranch', [basic('ID', means.bic)]) : undefined,
    ]),
  ]);
}

function taxCategory(name: string, tax: Partial<ETax> & Pick<ETax, 'category'>): Element {
  return group(name, [
    basic('ID', tax.category),
    optional('Percent', tax.percent),
    optional('TaxExemptionReasonCode', tax.reasonCode),
    optional('TaxExemptionReason', tax.reason),
    group('TaxScheme', [basic('ID', 'VAT')]),
  ]);
}

function taxScheme(companyId: string, scheme: 'VAT' | 'FC'): Element {
  return group('PartyTaxScheme', [
    basic('CompanyID', companyId),
    group('TaxScheme', [basic('ID', scheme)]),
  ]);
}

function group(name: string, content: readonly (Element | undefined)[]): Element {
  return { name: `cac:${name}`, content };
}

function basic(name: string, text: string, attributes?: Readonly<Record<string, string>>): Element {
  return { name: `cbc:${name}`, content: text, ...(attributes ? { attributes } : {}) };
}

function optional(name: string, text: string | undefined): Element | undefined {
  return text === undefined ? undefined : basic(name, text);
}
