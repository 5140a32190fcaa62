import { encode } from 'uqr';
import { toDecimal } from '../../../records/index.ts';
import { compactIban } from './format.ts';
import type { Paper } from './paper.ts';
import { printable } from './printable.ts';
import { PAPER_WORDS } from './words.ts';

/** Characters, by EPC069-12. */
const NAME_MAX = 70;
const REMITTANCE_MAX = 140;
/** EPC069-12: at most 331 bytes, so that the code is of version 13 or smaller. */
const PAYLOAD_BYTES_MAX = 331;
const QR_VERSION_MAX = 13;
/** EPC069-12: 0.01 to 999,999,999.99 EUR. */
const CENTS_MAX = 99_999_999_999;

/**
 * What a banking app reads from the code on an invoice (EPC069-12, version 002, UTF-8): payee,
 * account, amount and reference of a SEPA transfer. Undefined where there is nothing to pay that way:
 * a credit note, no IBAN, a currency other than EUR, an amount outside the limits.
 */
export function epcPayload(paper: Paper): string | undefined {
  const { seller, totals } = paper;
  if (paper.kind !== 'invoice' || !seller.iban || paper.currency !== 'EUR') return undefined;
  if (totals.gross.minor < 1 || totals.gross.minor > CENTS_MAX) return undefined;
  const payload = [
    'BCD',
    '002',
    '1',
    'SCT',
    seller.bic ? seller.bic.replace(/\s/g, '').toUpperCase() : '',
    oneLine(payeeOf(paper), NAME_MAX),
    compactIban(seller.iban),
    `EUR${toDecimal(totals.gross.minor, 2)}`,
    '',
    '',
    oneLine(paymentReference(paper), REMITTANCE_MAX),
  ].join('\n');
  return new TextEncoder().encode(payload).length <= PAYLOAD_BYTES_MAX ? payload : undefined;
}

/** The name on the account: the company's. */
export function payeeOf(paper: Paper): string {
  return paper.seller.name;
}

/** What the payer writes, so that the payment finds its invoice. */
export function paymentReference(paper: Paper): string {
  return `${PAPER_WORDS[paper.language].title[paper.kind]} ${paper.number}`;
}

/** The modules of the QR code, true for dark, without the quiet zone. Error correction level M. */
export function qrModules(payload: string): readonly (readonly boolean[])[] {
  return encode(payload, { ecc: 'M', border: 0, boostEcc: false, maxVersion: QR_VERSION_MAX }).data;
}

function oneLine(text: string, max: number): string {
  const plain = toBasicLatin(printable(text)).replace(/\s+/g, ' ').trim();
  return [...plain].slice(0, max).join('');
}

/**
 * Accented Latin letters as basic ones (EPC217-08 has banks do the same): readers of QR codes guess
 * the character set, and some guess wrong. Letters of other scripts stay.
 */
function toBasicLatin(text: string): string {
  return text
    .replace(/[äöüßÄÖÜæÆøØåÅœŒłŁđĐðÐþÞı]/g, (letter) => BASIC_LATIN[letter] ?? letter)
    .normalize('NFD')
    .replace(/(?<=[A-Za-z])\p{Mn}+/gu, '')
    .normalize('NFC');
}

const BASIC_LATIN: Readonly<Record<string, string>> = {
  ...{ ä: 'ae', ö: 'oe', ü: 'ue', ß: 'ss', Ä: 'Ae', Ö: 'Oe', Ü: 'Ue', æ: 'ae', Æ: 'Ae' },
  ...{ ø: 'oe', Ø: 'Oe', å: 'aa', Å: 'Aa', œ: 'oe', Œ: 'Oe', ł: 'l', Ł: 'L', đ: 'd', Đ: 'D' },
  ...{ ð: 'd', Ð: 'D', þ: 'th', Þ: 'Th', ı: 'i' },
};
