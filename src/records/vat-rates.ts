/**
 * Where the rates come from. Today's rates were compared with a republication of TEDB of 30 March
 * 2026, not with TEDB itself; the days on which older rates began were not compared. A change after
 * that day is not in the table: look before you rely on it.
 */
export const VAT_RATES_SOURCE = {
  name: 'standard rates of the EU member states (Taxes in Europe Database, republished)',
  url: 'https://ec.europa.eu/taxation_customs/tedb/',
  asOf: '2026-03-30',
} as const;

interface DatedRate {
  /** first day (YYYY-MM-DD) it applies */
  readonly from: string;
  readonly basisPoints: number;
}

/** Dated standard rates, newest last. Older ones are kept as far as an invoice may still need them. */
const STANDARD: Readonly<Record<string, readonly DatedRate[]>> = {
  AT: rates(['1995-01-01', 2000]),
  BE: rates(['1996-01-01', 2100]),
  BG: rates(['1999-01-01', 2000]),
  CY: rates(['2014-01-13', 1900]),
  CZ: rates(['2013-01-01', 2100]),
  DE: rates(['2007-01-01', 1900], ['2020-07-01', 1600], ['2021-01-01', 1900]),
  DK: rates(['1992-01-01', 2500]),
  EE: rates(['2009-07-01', 2000], ['2024-01-01', 2200], ['2025-07-01', 2400]),
  ES: rates(['2012-09-01', 2100]),
  FI: rates(['2013-01-01', 2400], ['2024-09-01', 2550]),
  FR: rates(['2014-01-01', 2000]),
  GR: rates(['2016-06-01', 2400]),
  HR: rates(['2012-03-01', 2500]),
  HU: rates(['2012-01-01', 2700]),
  IE: rates(['2012-01-01', 2300], ['2020-09-01', 2100], ['2021-03-01', 2300]),
  IT: rates(['2013-10-01', 2200]),
  LT: rates(['2009-09-01', 2100]),
  LU: rates(['2015-01-01', 1700], ['2023-01-01', 1600], ['2024-01-01', 1700]),
  LV: rates(['2012-07-01', 2100]),
  MT: rates(['2004-01-01', 1800]),
  NL: rates(['2012-10-01', 2100]),
  PL: rates(['2011-01-01', 2300]),
  PT: rates(['2011-01-01', 2300]),
  RO: rates(['2017-01-01', 1900], ['2025-08-01', 2100]),
  SE: rates(['1990-07-01', 2500]),
  SI: rates(['2013-07-01', 2200]),
  SK: rates(['2011-01-01', 2000], ['2025-01-01', 2300]),
};

/** The 27 member states, ISO 3166 alpha-2. */
export function isEuMember(country: string): boolean {
  return Object.hasOwn(STANDARD, country);
}

/** The standard rate of a member state on a day (YYYY-MM-DD), in basis points. */
export function standardRate(country: string, day: string): number | undefined {
  if (!isEuMember(country)) return undefined;
  return STANDARD[country]?.findLast((rate) => rate.from <= day)?.basisPoints;
}

/** What VAT must be stated in (Directive 2006/112/EC art. 230); the euro where not listed. */
const NATIONAL_CURRENCY: Readonly<Record<string, string>> = {
  ...{ CZ: 'CZK', DK: 'DKK', HU: 'HUF', PL: 'PLN', RO: 'RON', SE: 'SEK' },
};

/** The currency of a member state. */
export function nationalCurrency(country: string): string | undefined {
  return isEuMember(country) ? (NATIONAL_CURRENCY[country] ?? 'EUR') : undefined;
}

/** The letters that begin a country's VAT ids: the country code, except that Greece uses EL. */
export function vatIdPrefix(country: string): string {
  return country === 'GR' ? 'EL' : country;
}

function rates(...list: readonly (readonly [string, number])[]): readonly DatedRate[] {
  return list.map(([from, basisPoints]) => ({ from, basisPoints }));
}
