import type { InvoiceTax, VatCategory } from './invoice.ts';
import type { InvoiceQuestion } from './invoice-question.ts';
import { isEuMember, standardRate, VAT_RATES_SOURCE, vatIdPrefix } from './vat-rates.ts';

export interface VatSeller {
  /** ISO 3166 alpha-2 */
  readonly country?: string | undefined;
  readonly vatId?: string | undefined;
  readonly taxId?: string | undefined;
  readonly smallBusiness: boolean;
}

export interface VatBuyer {
  readonly name: string;
  readonly country?: string | undefined;
  readonly vatId?: string | undefined;
  /** true for a private person; what is not known to be one counts as a business */
  readonly consumer?: boolean | undefined;
}

export interface VatCase {
  readonly seller: VatSeller;
  readonly buyer: VatBuyer;
  /** day the service was finished, YYYY-MM-DD: it decides the rate */
  readonly day: string;
  /** The operator's own answer where Steward knows no rule. It is used as it is. */
  readonly ruling?: VatTreatment | undefined;
}

/** How services are taxed, with the words the invoice must carry and the law they rest on. */
export interface VatTreatment {
  readonly type: 'domestic' | 'small-business' | 'reverse-charge' | 'outside-eu' | 'ruling';
  readonly vat: { readonly category: VatCategory; readonly rateBasisPoints: number };
  readonly reason?: NonNullable<InvoiceTax['reason']>;
  readonly source: string;
}

export type VatDecision =
  | { readonly status: 'decided'; readonly treatment: VatTreatment }
  | { readonly status: 'open'; readonly questions: readonly InvoiceQuestion[] };

/**
 * Which VAT a service of a one-person company carries. Covers the general rule for services
 * (Directive 2006/112/EC art. 44 and 45); not covered, and so never assumed: goods, land, events,
 * passenger transport, electronic services to consumers. Where a fact is missing or a country's rule
 * is unknown the answer is `open` with a question, never a guess.
 *
 * The place of supply is settled before the exemption for small businesses, because that frees only
 * what is taxable at home (Directive art. 284 (1); Germany: UStG par. 19 (1) with par. 1 (1) no. 1).
 */
export function decideVat(input: VatCase): VatDecision {
  const { seller, buyer } = input;
  if (input.ruling) return { status: 'decided', treatment: input.ruling };

  const unknown = [
    ...(seller.country ? [] : [QUESTIONS.sellerCountry()]),
    ...(buyer.country ? [] : [QUESTIONS.buyerCountry(buyer.name)]),
  ];
  if (!seller.country || !buyer.country) return { status: 'open', questions: unknown };
  if (!isEuMember(seller.country)) return ask(QUESTIONS.unsupportedSeller(seller.country));

  if (buyer.country === seller.country) return atHome(input, seller.country);
  if (isEuMember(buyer.country)) {
    return buyer.consumer ? atHome(input, seller.country) : reverseCharge(input, buyer.country);
  }
  // Services to consumers outside the EU are split by their kind (art. 45 and 59): not ours to guess.
  if (buyer.consumer) return ask(QUESTIONS.consumerOutside(buyer.name));
  return decided(outsideEu(seller.country));
}

function atHome({ seller, day }: VatCase, country: string): VatDecision {
  if (seller.smallBusiness) {
    const reason = SMALL_BUSINESS[country];
    return reason ? decided(reason) : ask(QUESTIONS.smallBusiness(country));
  }
  const rateBasisPoints = standardRate(country, day);
  if (rateBasisPoints === undefined) return ask(QUESTIONS.rate(country, day));
  return decided({
    type: 'domestic',
    vat: { category: 'S', rateBasisPoints },
    source: `${DOMESTIC_LAW[country] ?? 'Directive 2006/112/EC art. 96'}; rate: ${VAT_RATES_SOURCE.name}, ${VAT_RATES_SOURCE.asOf}`,
  });
}

function reverseCharge({ seller, buyer }: VatCase, buyerCountry: string): VatDecision {
  const questions: InvoiceQuestion[] = [];
  if (!seller.vatId) questions.push(QUESTIONS.sellerVatId(buyer.name));
  if (!buyer.vatId) questions.push(QUESTIONS.buyerVatId(buyer.name));
  else if (!normalVatId(buyer.vatId).startsWith(vatIdPrefix(buyerCountry))) {
    questions.push(QUESTIONS.buyerVatIdCountry(buyer.name, buyer.vatId, buyerCountry));
  }
  if (questions.length > 0) return { status: 'open', questions };
  const national = REVERSE_CHARGE_LAW[seller.country ?? ''];
  return decided({
    type: 'reverse-charge',
    vat: { category: 'AE', rateBasisPoints: 0 },
    reason: {
      code: 'VATEX-EU-AE',
      de: 'Steuerschuldnerschaft des Leistungsempfängers (Reverse Charge, Art. 44 und 196 der Richtlinie 2006/112/EG).',
      en: 'Reverse charge: the recipient of the service owes the VAT (Art. 44 and 196 of Directive 2006/112/EC).',
    },
    source: `Directive 2006/112/EC art. 44, 196, 226 (11a)${national ? `; ${national}` : ''}`,
  });
}

function outsideEu(sellerCountry: string): VatTreatment {
  const law = OUTSIDE_LAW[sellerCountry] ?? DIRECTIVE_44;
  return {
    type: 'outside-eu',
    vat: { category: 'O', rateBasisPoints: 0 },
    reason: { code: 'VATEX-EU-O', de: law.de, en: law.en },
    source: law.source,
  };
}

/** A VAT id without blanks and dots, in capitals. */
export function normalVatId(vatId: string): string {
  return vatId.replace(/[\s.\-/]/g, '').toUpperCase();
}

const DOMESTIC_LAW: Readonly<Record<string, string>> = {
  DE: 'UStG par. 1 (1) no. 1, par. 3a, par. 12 (1)',
  AT: 'UStG 1994 par. 1 (1) Z 1, par. 3a, par. 10 (1)',
};

const REVERSE_CHARGE_LAW: Readonly<Record<string, string>> = {
  DE: 'UStG par. 3a (2), par. 14a (1); counterpart of par. 13b (1)',
  AT: 'UStG 1994 par. 3a (6), par. 11 (1a)',
};

const DIRECTIVE_44 = {
  de: 'Nicht steuerbare Leistung: Leistungsort ist der Sitz des Leistungsempfängers (Art. 44 der Richtlinie 2006/112/EG).',
  en: 'Not subject to VAT: the place of supply is where the customer is established (Art. 44 of Directive 2006/112/EC).',
  source: 'Directive 2006/112/EC art. 44',
};

const OUTSIDE_LAW: Readonly<Record<string, typeof DIRECTIVE_44>> = {
  DE: {
    de: 'Nicht im Inland steuerbare Leistung: Leistungsort ist der Sitz des Leistungsempfängers (§ 3a Abs. 2 UStG).',
    en: 'Not subject to German VAT: the place of supply is where the customer is established (section 3a (2) of the German VAT Act).',
    source: 'UStG par. 3a (2); Directive 2006/112/EC art. 44',
  },
  AT: {
    de: 'Nicht im Inland steuerbare Leistung: Leistungsort ist der Sitz des Leistungsempfängers (§ 3a Abs. 6 UStG 1994).',
    en: 'Not subject to Austrian VAT: the place of supply is where the customer is established (section 3a (6) of the Austrian VAT Act 1994).',
    source: 'UStG 1994 par. 3a (6); Directive 2006/112/EC art. 44',
  },
};

/** VATEX has no code for small businesses in these countries, so the text alone carries the reason. */
const SMALL_BUSINESS: Readonly<Record<string, VatTreatment>> = {
  DE: {
    type: 'small-business',
    vat: { category: 'E', rateBasisPoints: 0 },
    reason: {
      de: 'Steuerbefreiung für Kleinunternehmer nach § 19 UStG: Es wird keine Umsatzsteuer berechnet.',
      en: 'Small business exemption under section 19 of the German VAT Act (§ 19 UStG): no VAT is charged.',
    },
    source: 'UStG par. 19 (1); UStDV par. 34a; Directive 2006/112/EC art. 284',
  },
  AT: {
    type: 'small-business',
    vat: { category: 'E', rateBasisPoints: 0 },
    reason: {
      de: 'Umsatzsteuerfrei aufgrund der Kleinunternehmerregelung (§ 6 Abs. 1 Z 27 UStG 1994).',
      en: 'Exempt from VAT as a small business (section 6 (1) 27 of the Austrian VAT Act 1994).',
    },
    source: 'UStG 1994 par. 6 (1) Z 27; Directive 2006/112/EC art. 284',
  },
};

const QUESTIONS = {
  sellerCountry: (): InvoiceQuestion => ({
    code: 'seller_country_missing',
    record: 'company',
    path: 'country',
    question: 'In which country is your company?',
    type: 'country',
    source: 'Directive 2006/112/EC art. 44, 45',
  }),
  buyerCountry: (name: string): InvoiceQuestion => ({
    code: 'buyer_country_missing',
    record: 'party',
    path: 'address.country',
    question: `In which country is ${name}?`,
    type: 'country',
    source: 'Directive 2006/112/EC art. 44, 45',
  }),
  unsupportedSeller: (country: string): InvoiceQuestion => ({
    code: 'seller_country_unsupported',
    record: 'company',
    path: 'country',
    question: `Steward knows the VAT rules of companies in the EU; yours is in ${country}. Which VAT category and rate apply, and which sentence must the invoice carry?`,
    type: 'vat',
    source: 'no rule of this country is recorded',
  }),
  consumerOutside: (name: string): InvoiceQuestion => ({
    code: 'consumer_outside_eu',
    record: 'party',
    path: 'address.country',
    question: `${name} is a private person outside the EU: the VAT depends on the kind of service. Which VAT category and rate apply?`,
    type: 'vat',
    source: 'Directive 2006/112/EC art. 45, 59',
  }),
  smallBusiness: (country: string): InvoiceQuestion => ({
    code: 'small_business_text_missing',
    record: 'company',
    path: 'smallBusiness',
    question: `Which sentence must a small business in ${country} print instead of VAT?`,
    type: 'vat',
    source: 'Directive 2006/112/EC art. 284',
  }),
  rate: (country: string, day: string): InvoiceQuestion => ({
    code: 'rate_unknown',
    record: 'invoice',
    path: 'lines.0.vat',
    question: `Which VAT rate applied in ${country} on ${day}?`,
    type: 'vat',
    source: VAT_RATES_SOURCE.name,
  }),
  sellerVatId: (name: string): InvoiceQuestion => ({
    code: 'seller_vat_id_missing',
    record: 'company',
    path: 'vatId',
    question: `What is your VAT id? An invoice to ${name} in another EU country must show it.`,
    type: 'vat-id',
    source: 'Directive 2006/112/EC art. 214 (1) (e), 226 (3)',
  }),
  buyerVatId: (name: string): InvoiceQuestion => ({
    code: 'buyer_vat_id_missing',
    record: 'party',
    path: 'vatId',
    question: `What is the VAT id of ${name}? Without it the invoice cannot go out free of VAT.`,
    type: 'vat-id',
    source: 'Directive 2006/112/EC art. 196, 226 (4); Regulation (EU) 282/2011 art. 18',
  }),
  buyerVatIdCountry: (name: string, vatId: string, country: string): InvoiceQuestion => ({
    code: 'buyer_vat_id_country',
    record: 'party',
    path: 'vatId',
    question: `The VAT id ${vatId} of ${name} does not begin with ${vatIdPrefix(country)}, but the address is in ${country}. Which VAT id is right?`,
    type: 'vat-id',
    source: 'Directive 2006/112/EC art. 215, 226 (4)',
  }),
};

function decided(treatment: VatTreatment): VatDecision {
  return { status: 'decided', treatment };
}

function ask(...questions: InvoiceQuestion[]): VatDecision {
  return { status: 'open', questions };
}
