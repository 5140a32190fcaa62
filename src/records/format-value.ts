import { isJsonObject, type Json } from '../base/index.ts';
import { type Money, minorDigits } from '../contract/index.ts';
import { toDecimal } from './decimal.ts';
import { isErased } from './erased.ts';

/** A field's value in plain words, for titles and history. Never cut short. */
export function formatValue(value: Json | undefined): string {
  if (value === undefined || value === null) return 'nothing';
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return String(value);
  if (isErased(value)) return '(erased)';
  if (Array.isArray(value)) {
    return value.length === 0 ? 'nothing' : value.map((item) => formatValue(item)).join(', ');
  }
  if (isMoneyValue(value)) {
    return `${toDecimal(value.minor, minorDigits(value.currency))} ${value.currency}`;
  }
  return isJsonObject(value)
    ? Object.entries(value)
        .map(([name, member]) => `${name} ${formatValue(member)}`)
        .join(', ')
    : '';
}

function isMoneyValue(value: Json): value is Money {
  return (
    isJsonObject(value) &&
    Number.isSafeInteger(value.minor) &&
    typeof value.currency === 'string' &&
    Object.keys(value).length === 2
  );
}
