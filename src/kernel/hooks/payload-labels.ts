import { atPath, type Json } from '../../base/index.ts';
import { COUNTERPARTY, type Labels, OWN } from '../../contract/index.ts';

/** an id, a state or a time is one word of this form; a sentence, an address and a link are none */
const TOKEN = /^[A-Za-z0-9][A-Za-z0-9._:+-]{0,127}$/;

/**
 * Labels of a verified payload by path: an outsider's words, but where the operator (or the connector)
 * said that an id, an amount or a state stands, and one does. What a text looks like never lifts it by
 * itself: a customer can write an order note that looks like an account number.
 */
export function payloadLabels(payload: Json, facts: readonly string[]): NonNullable<Labels['at']> {
  const own = facts.filter((path) => isFact(atPath(payload, path)));
  return {
    payload: COUNTERPARTY,
    ...Object.fromEntries(own.map((path) => [`payload.${path}`, OWN])),
  };
}

function isFact(value: Json | undefined): boolean {
  return (
    typeof value === 'number' ||
    typeof value === 'boolean' ||
    (typeof value === 'string' && TOKEN.test(value))
  );
}
