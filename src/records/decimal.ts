import { failure, type Money } from '../contract/index.ts';

/**
 * `numerator / denominator` to the nearest whole number, halves away from zero: what commerce calls
 * rounding (half-up on the amount, so a credit note mirrors its invoice to the cent). The
 * denominator is above zero. No floating point on the way.
 */
export function divideHalfUp(numerator: bigint, denominator: bigint): bigint {
  if (denominator <= 0n) throw new RangeError('the denominator must be above zero');
  const magnitude = numerator < 0n ? -numerator : numerator;
  const rounded = (2n * magnitude + denominator) / (2n * denominator);
  return numerator < 0n ? -rounded : rounded;
}

/** A whole number that JSON and JavaScript hold exactly. Fails with `too_large` beyond 2^53 - 1. */
export function toSafeInteger(value: bigint, what: string): number {
  const number = Number(value);
  if (!Number.isSafeInteger(number)) {
    throw failure('too_large', `${what} is too large to calculate exactly.`, {
      value: value.toString(),
    });
  }
  return number;
}

/** The sum, exact. Fails with `too_large`; with `invalid_input` when the currencies differ. */
export function addMoney(currency: string, amounts: readonly Money[]): Money {
  let sum = 0n;
  for (const amount of amounts) {
    if (amount.currency !== currency) {
      throw failure(
        'invalid_input',
        `An amount is in ${amount.currency}, the others are in ${currency}.`,
        { expected: currency, found: amount.currency },
        'Use one currency per invoice.',
      );
    }
    sum += BigInt(amount.minor);
  }
  return { minor: toSafeInteger(sum, 'The sum'), currency };
}

/**
 * Parts of `total` in proportion to `weights` (whole, not negative) whose sum is exactly `total`: the
 * cents that rounding leaves over go to the largest remainders, the first of equals. With no weight
 * at all everything goes to the first part.
 */
export function allocate(total: number, weights: readonly number[]): readonly number[] {
  if (weights.length === 0) return [];
  const sum = weights.reduce((all, weight) => all + BigInt(weight), 0n);
  if (sum === 0n) return weights.map((_, index) => (index === 0 ? total : 0));
  const sign = total < 0 ? -1 : 1;
  const magnitude = BigInt(Math.abs(total));
  const shares = weights.map((weight, index) => {
    const product = magnitude * BigInt(weight);
    return { index, whole: product / sum, remainder: product % sum };
  });
  let left = magnitude - shares.reduce((all, share) => all + share.whole, 0n);
  const byRemainder = [...shares].sort((a, b) =>
    a.remainder === b.remainder ? a.index - b.index : a.remainder < b.remainder ? 1 : -1,
  );
  for (const share of byRemainder) {
    if (left === 0n) break;
    share.whole += 1n;
    left -= 1n;
  }
  return shares.map((share) => sign * toSafeInteger(share.whole, 'A part'));
}

/** A scaled whole number as plain decimal text, e.g. 113250 with 2 digits is `1132.50`. */
export function toDecimal(scaled: number, digits: number): string {
  const text = String(Math.abs(scaled)).padStart(digits + 1, '0');
  const sign = scaled < 0 ? '-' : '';
  if (digits === 0) return sign + text;
  return `${sign}${text.slice(0, -digits)}.${text.slice(-digits)}`;
}
