import { type Money, minorDigits } from '../../../contract/index.ts';
import { type Quantity, toDecimal } from '../../../records/index.ts';

export type Language = 'de' | 'en';

const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];

/** 1.132,50 in German, 1,132.50 in English; no currency. */
export function formatAmount(money: Money, language: Language): string {
  return localise(toDecimal(money.minor, minorDigits(money.currency)), language);
}

/** 1.132,50 EUR; the blank does not break. */
export function formatMoney(money: Money, language: Language): string {
  return `${formatAmount(money, language)}\u00a0${money.currency}`;
}

/** 31.10.2026 in German, 31 October 2026 in English. */
export function formatDay(day: string, language: Language): string {
  const [year = '', month = '', date = ''] = day.split('-');
  if (language === 'de') return `${date}.${month}.${year}`;
  return `${Number(date)}\u00a0${MONTHS[Number(month) - 1] ?? month}\u00a0${year}`;
}

/** From - to; one day where both are the same. English leaves out a month that would be repeated. */
export function formatPeriod(
  period: { readonly from: string; readonly to: string },
  language: Language,
): string {
  const { from, to } = period;
  if (from === to) return formatDay(from, language);
  if (language === 'en' && from.slice(0, 7) === to.slice(0, 7)) {
    return `${Number(from.slice(8))}\u2013${formatDay(to, language)}`;
  }
  return `${formatDay(from, language)}\u00a0\u2013 ${formatDay(to, language)}`;
}

/** 12,50 Std. / 12.50 h: hours with two to four digits, days and pieces with as few as they need. */
export function formatQuantity(quantity: Quantity, language: Language): string {
  const fewest = quantity.unit === 'hour' ? 2 : 0;
  const [whole = '', fraction = ''] = toDecimal(quantity.tenThousandths, 4).split('.');
  const digits = fraction.replace(/0+$/, '').padEnd(fewest, '0');
  const number = localise(digits === '' ? whole : `${whole}.${digits}`, language);
  const [one, many] = UNITS[language][quantity.unit];
  return `${number}\u00a0${quantity.tenThousandths === 10_000 ? one : many}`;
}

/** 19 %, 25,5 %. */
export function formatRate(basisPoints: number, language: Language): string {
  const plain = toDecimal(basisPoints, 2).replace(/\.?0+$/, '');
  return `${localise(plain, language)}${language === 'de' ? '\u00a0' : ''}%`;
}

/** An IBAN in groups of four, as people read it. */
export function formatIban(iban: string): string {
  return compactIban(iban).replace(/(.{4})(?=.)/g, '$1\u00a0');
}

/** An IBAN as machines want it. */
export function compactIban(iban: string): string {
  return iban.replace(/\s/g, '').toUpperCase();
}

/** The name of a country in the language; the code where the platform knows no name. */
export function countryName(code: string, language: Language): string {
  return new Intl.DisplayNames([language], { type: 'region', fallback: 'code' }).of(code) ?? code;
}

/** One, many. */
const UNITS: Readonly<
  Record<Language, Readonly<Record<Quantity['unit'], readonly [string, string]>>>
> = {
  de: { hour: ['Std.', 'Std.'], day: ['Tag', 'Tage'], piece: ['Stk.', 'Stk.'] },
  en: { hour: ['h', 'h'], day: ['day', 'days'], piece: ['pc', 'pcs'] },
};

function localise(plain: string, language: Language): string {
  const [whole = '', fraction] = plain.split('.');
  const [thousands, point] = language === 'de' ? ['.', ','] : [',', '.'];
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, thousands);
  return fraction === undefined ? grouped : grouped + point + fraction;
}
