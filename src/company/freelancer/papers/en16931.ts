import { COUNTRIES } from '../../../records/index.ts';
import {
  type EInvoice,
  type ETax,
  removedCharacters,
  SPECIFICATION,
  toEInvoice,
} from './e-invoice.ts';
import type { Paper } from './paper.ts';

/** One rule of EN 16931-1, checked on one document. */
export interface RuleResult {
  /** as the standard numbers it, e.g. `BR-CO-15` */
  readonly rule: string;
  readonly ok: boolean;
  /** what it asks, in short */
  readonly text: string;
}

export interface En16931Check {
  /** always false: only an accredited validator could say otherwise */
  readonly certified: false;
  readonly statement: string;
  readonly ok: boolean;
  /** every rule that was checked, and no other */
  readonly rules: readonly RuleResult[];
  readonly notes: readonly string[];
}

/**
 * Checks what `renderInvoiceXml` writes against the business rules of EN 16931-1 that can apply to it
 * (no document allowances, no tax representative, no attachments). Sums are computed again from the
 * written text. The code lists of the standard and its UBL schema are not checked here.
 */
export function checkEn16931(paper: Paper): En16931Check {
  const invoice = toEInvoice(paper);
  const rules = [
    ...documentRules(invoice),
    ...lineRules(invoice),
    ...sumRules(invoice),
    ...decimalRules(invoice),
    ...[...new Set(invoice.lines.map((line) => line.category))].flatMap((category) =>
      categoryRules(invoice, category),
    ),
  ];
  const ok = rules.every((rule) => rule.ok);
  const removed = removedCharacters(paper);
  const failed = rules.filter((rule) => !rule.ok).map((rule) => rule.rule);
  return {
    certified: false,
    statement: `${rules.length} rules of EN 16931 checked by Steward, ${ok ? 'all hold' : `these do not hold: ${failed.join(', ')}`}; not certified.`,
    ok,
    rules,
    notes:
      removed === 0
        ? []
        : [`${removed} characters that XML and paper cannot show were left out of the texts.`],
  };
}

function documentRules(invoice: EInvoice): RuleResult[] {
  const { seller, buyer, period, payment } = invoice;
  const due = parse(invoice.totals.due);
  return [
    rule('BR-01', invoice.specification === SPECIFICATION, 'has a specification identifier'),
    rule('BR-02', filled(invoice.number), 'has a number'),
    rule('BR-03', isDay(invoice.issueDate), 'has an issue date'),
    rule('BR-04', filled(invoice.typeCode), 'has a type code'),
    rule('BR-05', /^[A-Z]{3}$/.test(invoice.currency), 'has a currency code'),
    rule('BR-06', filled(seller.name), 'names the seller'),
    rule('BR-07', filled(buyer.name), 'names the buyer'),
    rule('BR-08', filled(seller.city ?? seller.country), "has the seller's postal address"),
    rule('BR-09', isCountry(seller.country), "has the seller's country code"),
    rule('BR-10', filled(buyer.city ?? buyer.country), "has the buyer's postal address"),
    rule('BR-11', isCountry(buyer.country), "has the buyer's country code"),
    rule('BR-12', isAmount(invoice.totals.lines), 'has the sum of line net amounts'),
    rule('BR-13', isAmount(invoice.totals.withoutVat), 'has the total without VAT'),
    rule('BR-14', isAmount(invoice.totals.withVat), 'has the total with VAT'),
    rule('BR-15', isAmount(invoice.totals.due), 'has the amount due'),
    rule('BR-16', invoice.lines.length > 0, 'has at least one line'),
    rule('BR-29', !period || period.from <= period.to, 'the period does not end before it begins'),
    ...(payment
      ? [
          rule('BR-49', filled(payment.code), 'the payment instruction has a type code'),
          rule('BR-50', filled(payment.account), 'the credit transfer names an account'),
          rule('BR-61', filled(payment.account), 'a credit transfer has an account identifier'),
        ]
      : []),
    ...(invoice.preceding
      ? [rule('BR-55', filled(invoice.preceding.number), 'the preceding invoice has a number')]
      : []),
    rule(
      'BR-CO-03',
      !('taxPointDate' in invoice && 'taxPointDateCode' in invoice),
      'tax point date and its code are not both given',
    ),
    rule(
      'BR-CO-09',
      [seller.vatId, buyer.vatId].every((id) => id === undefined || isVatPrefix(id.slice(0, 2))),
      'VAT ids begin with a country code',
    ),
    rule('BR-CO-18', invoice.taxes.length > 0, 'has at least one VAT breakdown'),
    rule(
      'BR-CO-25',
      due <= 0n || filled(invoice.dueDate) || filled(invoice.paymentTerms),
      'an amount due has a due date or payment terms',
    ),
    rule(
      'BR-CO-26',
      filled(seller.identifier) || filled(seller.vatId),
      'the seller can be identified',
    ),
  ];
}

function lineRules({ lines }: EInvoice): RuleResult[] {
  const all = (id: string, holds: (line: EInvoice['lines'][number]) => boolean, text: string) =>
    rule(id, lines.every(holds), text);
  return [
    all('BR-21', (line) => filled(line.id), 'each line has an identifier'),
    all('BR-22', (line) => isAmount(line.quantity), 'each line has a quantity'),
    all('BR-23', (line) => filled(line.unit), 'each quantity has a unit'),
    all('BR-24', (line) => isAmount(line.net), 'each line has a net amount'),
    all('BR-25', (line) => filled(line.name), 'each line names its item'),
    all('BR-26', (line) => isAmount(line.price), 'each line has a net price'),
    all('BR-27', (line) => parse(line.price) >= 0n, 'no net price is negative'),
    all('BR-CO-04', (line) => filled(line.category), 'each line has a VAT category'),
  ];
}

function sumRules({ totals, lines, taxes }: EInvoice): RuleResult[] {
  const net = parse(totals.withoutVat);
  const each = (id: string, holds: (tax: ETax) => boolean, text: string) =>
    rule(id, taxes.every(holds), text);
  return [
    each('BR-45', (tax) => isAmount(tax.base), 'each VAT breakdown has a taxable amount'),
    each('BR-46', (tax) => isAmount(tax.tax), 'each VAT breakdown has a tax amount'),
    each('BR-47', (tax) => filled(tax.category), 'each VAT breakdown has a category'),
    each(
      'BR-48',
      (tax) => tax.category === 'O' || filled(tax.percent),
      'each VAT breakdown has a rate, unless outside the scope',
    ),
    rule(
      'BR-CO-10',
      parse(totals.lines) === sum(lines.map((line) => line.net)),
      'sum of lines = all line net amounts',
    ),
    rule('BR-CO-13', net === parse(totals.lines), 'total without VAT = sum of lines'),
    rule(
      'BR-CO-14',
      parse(totals.vat) === sum(taxes.map((tax) => tax.tax)),
      'total VAT = all VAT amounts',
    ),
    rule(
      'BR-CO-15',
      parse(totals.withVat) === net + parse(totals.vat),
      'total with VAT = total without VAT + VAT',
    ),
    rule('BR-CO-16', parse(totals.due) === parse(totals.withVat), 'amount due = total with VAT'),
    each(
      'BR-CO-17',
      (tax) => parse(tax.tax) === taxOn(tax.base, tax.percent),
      'VAT = taxable amount x rate, rounded to two decimals',
    ),
  ];
}

function decimalRules({ totals, taxes, lines }: EInvoice): RuleResult[] {
  const two = (id: string, amounts: readonly string[], what: string) =>
    rule(id, amounts.every(hasTwoDecimals), `${what}: at most two decimals`);
  return [
    two('BR-DEC-09', [totals.lines], 'sum of lines'),
    two('BR-DEC-12', [totals.withoutVat], 'total without VAT'),
    two('BR-DEC-13', [totals.vat], 'total VAT'),
    two('BR-DEC-14', [totals.withVat], 'total with VAT'),
    two('BR-DEC-18', [totals.due], 'amount due'),
    two(
      'BR-DEC-19',
      taxes.map((tax) => tax.base),
      'taxable amounts',
    ),
    two(
      'BR-DEC-20',
      taxes.map((tax) => tax.tax),
      'VAT amounts',
    ),
    two(
      'BR-DEC-23',
      lines.map((line) => line.net),
      'line net amounts',
    ),
  ];
}

/** The family of one VAT category: S, Z, E, AE, G or O. */
function categoryRules(invoice: EInvoice, category: string): RuleResult[] {
  const { seller, buyer } = invoice;
  const id = (number: string) => `BR-${category}-${number}`;
  const lines = invoice.lines.filter((line) => line.category === category);
  const taxes = invoice.taxes.filter((tax) => tax.category === category);
  const isTaxed = category === 'S';
  const hasReason = (tax: ETax) => filled(tax.reason) || filled(tax.reasonCode);
  const sellerTax = filled(seller.vatId) || filled(seller.taxId);

  const parties: Readonly<Record<string, readonly [boolean, string]>> = {
    AE: [sellerTax && filled(buyer.vatId), 'seller tax id and buyer VAT id are given'],
    G: [filled(seller.vatId), "the seller's VAT id is given"],
    O: [!filled(seller.vatId) && !filled(buyer.vatId), 'no VAT id is given'],
  };
  const [partiesOk, partiesText] = parties[category] ?? [sellerTax, "the seller's tax id is given"];
  const baseHolds = (tax: ETax) => {
    const own = lines.filter((line) => !isTaxed || line.percent === tax.percent);
    return parse(tax.base) === sum(own.map((line) => line.net));
  };
  const rateHolds = (percent: string | undefined) => {
    if (category === 'O') return percent === undefined;
    return percent !== undefined && (isTaxed ? parse(percent) > 0n : parse(percent) === 0n);
  };
  const rateText = { S: 'above zero', O: 'absent' }[category] ?? 'zero';
  return [
    rule(
      id('01'),
      isTaxed ? taxes.length > 0 : taxes.length === 1,
      `category ${category} has ${isTaxed ? 'a' : 'exactly one'} VAT breakdown`,
    ),
    rule(id('02'), partiesOk, partiesText),
    rule(
      id('05'),
      lines.every((line) => rateHolds(line.percent)),
      `the rate of lines is ${rateText}`,
    ),
    rule(id('08'), taxes.every(baseHolds), 'taxable amount = sum of its lines'),
    rule(
      id('09'),
      taxes.every((tax) => parse(tax.tax) === (isTaxed ? taxOn(tax.base, tax.percent) : 0n)),
      isTaxed ? 'VAT = taxable amount x rate' : 'VAT is zero',
    ),
    rule(
      id('10'),
      taxes.every((tax) => hasReason(tax) !== (isTaxed || category === 'Z')),
      isTaxed || category === 'Z' ? 'no exemption reason is given' : 'an exemption reason is given',
    ),
    ...(category === 'O'
      ? [
          rule(id('11'), invoice.taxes.length === taxes.length, 'no other VAT breakdown is given'),
          rule(id('12'), invoice.lines.length === lines.length, 'no line has another category'),
        ]
      : []),
  ];
}

function rule(id: string, ok: boolean, text: string): RuleResult {
  return { rule: id, ok, text };
}

const SCALE = 6;

/** Decimal text as whole millionths; what is no number counts as zero (the rules before name it). */
function parse(text: string): bigint {
  const match = /^(-?)(\d+)(?:\.(\d{1,6}))?$/.exec(text);
  if (!match) return 0n;
  const [, sign, whole = '', fraction = ''] = match;
  const value = BigInt(whole + fraction.padEnd(SCALE, '0'));
  return sign === '-' ? -value : value;
}

function sum(texts: readonly string[]): bigint {
  return texts.reduce((all, text) => all + parse(text), 0n);
}

/** Base x rate, half-up to two decimals, in millionths. */
function taxOn(base: string, percent: string | undefined): bigint {
  const product = parse(base) * parse(percent ?? '0'); // 10^-12, in percent: 10^-14
  const cent = 10n ** 12n;
  const magnitude = product < 0n ? -product : product;
  const cents = (2n * magnitude + cent) / (2n * cent);
  return (product < 0n ? -cents : cents) * 10_000n;
}

function isAmount(text: string): boolean {
  return /^-?\d+(\.\d{1,6})?$/.test(text);
}

function hasTwoDecimals(text: string): boolean {
  return /^-?\d+(\.\d{1,2})?$/.test(text);
}

function isDay(text: string): boolean {
  return /^\d{4}-\d\d-\d\d$/.test(text);
}

function isCountry(text: string | undefined): boolean {
  return text !== undefined && COUNTRIES.has(text);
}

/** Greece writes EL; Northern Ireland writes XI. */
function isVatPrefix(text: string): boolean {
  return isCountry(text) || text === 'EL' || text === 'XI';
}

function filled(text: string | undefined): boolean {
  return text !== undefined && text.trim() !== '';
}
