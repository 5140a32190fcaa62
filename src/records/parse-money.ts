import { type Money, minorDigits } from '../contract/index.ts';

/**
 * `120.00 EUR`, `EUR 120` or, where the currency is known, `1200.50`; exact, never through a float.
 * Undefined for anything else, also for more decimals than the currency has and for commas, which
 * mean different things to different people.
 */
export function parseMoney(text: string, knownCurrency?: string): Money | undefined {
  const found =
    /^(?<before>[A-Za-z]{3})?\s*(?<sign>[+-]?)(?<whole>\d{1,15})(?:\.(?<part>\d{1,4}))?\s*(?<after>[A-Za-z]{3})?$/.exec(
      text.trim(),
    )?.groups;
  if (!found || (found.before && found.after)) return undefined;
  const currency = (found.before ?? found.after ?? knownCurrency)?.toUpperCase();
  const part = found.part ?? '';
  if (currency === undefined || part.length > minorDigits(currency)) return undefined;
  const minor = Number(`${found.sign}${found.whole}${part.padEnd(minorDigits(currency), '0')}`);
  return Number.isSafeInteger(minor) ? { minor: minor + 0, currency } : undefined;
}
