import type { Buyer, Invoice, PaperAddress, Seller } from './invoice.ts';
import type { InvoiceQuestion } from './invoice-question.ts';
import { nationalCurrency } from './vat-rates.ts';

/** The parts of a draft that the law looks at. */
export type CheckedDraft = Pick<Invoice, 'lines' | 'taxes'>;

const NAME_AND_ADDRESS = 'UStG par. 14 (4) no. 1; Directive 2006/112/EC art. 226 (5)';
const TAX_NUMBER = 'UStG par. 14 (4) no. 2; Directive 2006/112/EC art. 226 (3)';
const CROSS_BORDER = 'UStG par. 14a (1); Directive 2006/112/EC art. 226 (3), (4)';

/** Countries whose addresses have no postal code; a missing entry only means one question more. */
const WITHOUT_POSTAL_CODE = new Set(
  (
    'AE AG AO AW BF BI BJ BO BS BW BZ CD CF CG CI CM DJ DM ER FJ GA GD GH GM GQ GY HK JM KI KM ' +
    'KN KP LC LY ML MO MR MW NA NR PA QA RW SB SC SL SO SR ST SY TD TG TK TL TO TV UG VU YE ZW'
  ).split(' '),
);

/**
 * What an invoice must show (UStG par. 14 (4), Directive 2006/112/EC art. 226) and this one cannot
 * yet, each as a question for the record that should know it. Empty when the invoice may go out.
 * Number, dates and amounts are not asked: issuing fills them in.
 */
export function checkInvoice(
  draft: CheckedDraft,
  seller: Seller,
  buyer: Buyer,
): readonly InvoiceQuestion[] {
  const questions: InvoiceQuestion[] = [];
  if (!present(seller.name) && !present(seller.owner)) {
    questions.push(text('company', 'name', 'What is the full name of your company?'));
  }
  questions.push(...missingAddress('company', '', 'your company', seller.address));
  if (!present(buyer.name)) {
    questions.push(text('party', 'name', 'What is the full name of your customer?'));
  }
  questions.push(...missingAddress('party', 'address.', buyer.name, buyer.address));
  questions.push(...missingTaxIds(draft, seller, buyer), ...foreignVat(draft, seller, buyer));
  if (draft.lines.length === 0) {
    questions.push({
      code: 'lines_missing',
      record: 'invoice',
      path: 'lines',
      question: 'What do you want to charge? The invoice has no line yet.',
      type: 'line',
      source: 'UStG par. 14 (4) no. 5; Directive 2006/112/EC art. 226 (6)',
    });
  }
  return questions;
}

function missingAddress(
  record: 'company' | 'party',
  prefix: '' | 'address.',
  whose: string,
  address: PaperAddress,
): InvoiceQuestion[] {
  const questions: InvoiceQuestion[] = [];
  const ask = (field: string, question: string, type: InvoiceQuestion['type'] = 'text') => {
    const code = `${record === 'company' ? 'seller' : 'buyer'}_${field}_missing`;
    const path = prefix + field;
    questions.push({ code, record, path, question, type, source: NAME_AND_ADDRESS });
  };
  if (!present(address.street)) ask('street', `What are the street and number of ${whose}?`);
  if (!present(address.postalCode) && !WITHOUT_POSTAL_CODE.has(address.country ?? '')) {
    ask('postalCode', `What is the postal code of ${whose}?`);
  }
  if (!present(address.city)) ask('city', `In which city is ${whose}?`);
  if (!present(address.country)) ask('country', `In which country is ${whose}?`, 'country');
  return questions;
}

function missingTaxIds(draft: CheckedDraft, seller: Seller, buyer: Buyer): InvoiceQuestion[] {
  const questions: InvoiceQuestion[] = [];
  const reverseCharge = draft.taxes.some((tax) => tax.category === 'AE');
  if (reverseCharge && !present(seller.vatId)) {
    questions.push({
      code: 'seller_vat_id_missing',
      record: 'company',
      path: 'vatId',
      question: `What is your VAT id? An invoice to ${buyer.name} in another EU country must show it.`,
      type: 'vat-id',
      source: CROSS_BORDER,
    });
  } else if (!present(seller.vatId) && !present(seller.taxId)) {
    questions.push({
      code: 'seller_tax_id_missing',
      record: 'company',
      path: 'taxId',
      question: 'What is your tax number? (A VAT id will do as well.)',
      type: 'tax-id',
      source: TAX_NUMBER,
    });
  }
  if (reverseCharge && !present(buyer.vatId)) {
    questions.push({
      code: 'buyer_vat_id_missing',
      record: 'party',
      path: 'vatId',
      question: `What is the VAT id of ${buyer.name}?`,
      type: 'vat-id',
      source: CROSS_BORDER,
    });
  }
  return questions;
}

/** VAT that is charged must be stated in the national currency; Steward keeps no exchange rates. */
function foreignVat(draft: CheckedDraft, seller: Seller, buyer: Buyer): InvoiceQuestion[] {
  const national = nationalCurrency(seller.address.country ?? '');
  const charged = draft.taxes.find((tax) => tax.tax.minor !== 0 && tax.tax.currency !== national);
  if (!national || !charged) return [];
  return [
    {
      code: 'vat_currency',
      record: 'party',
      path: 'billing.currency',
      question: `This invoice charges VAT in ${charged.tax.currency}, but the law wants the VAT in ${national}. May ${buyer.name} be billed in ${national}?`,
      type: 'currency',
      source: 'Directive 2006/112/EC art. 230',
    },
  ];
}

function text(record: 'company' | 'party', path: string, question: string): InvoiceQuestion {
  const code = `${record === 'company' ? 'seller' : 'buyer'}_${path}_missing`;
  return { code, record, path, question, type: 'text', source: NAME_AND_ADDRESS };
}

function present(value: string | undefined): boolean {
  return value !== undefined && value.trim() !== '';
}
