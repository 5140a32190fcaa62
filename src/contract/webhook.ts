import { fromBase64Url } from './signing.ts';

/** Begins every secret of a hook, as the Standard Webhooks specification writes them. */
export const HOOK_SECRET_PREFIX = 'whsec_';
/** bytes of a secret that is made here */
export const HOOK_SECRET_BYTES = 32;
/** what the specification takes: fewer can be guessed, more is no key */
const SHORTEST_BYTES = 24;
const LONGEST_BYTES = 64;

/**
 * The key behind `whsec_...` (Standard Webhooks 1.0, "Signature scheme"); the prefix may be missing, as
 * some senders show it. Undefined for what is no secret of 24 to 64 bytes in base64.
 */
export function readHookSecret(text: string): Uint8Array | undefined {
  const letters = text.startsWith(HOOK_SECRET_PREFIX)
    ? text.slice(HOOK_SECRET_PREFIX.length)
    : text;
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(letters)) return undefined;
  const plain = letters.replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
  const key = fromBase64Url(plain);
  return key && key.length >= SHORTEST_BYTES && key.length <= LONGEST_BYTES ? key : undefined;
}

/** A secret over random bytes, as senders take it. */
export function composeHookSecret(random: Uint8Array): string {
  return HOOK_SECRET_PREFIX + btoa(String.fromCharCode(...random));
}

/** letters of a commitment that tell the secrets of one hook apart */
const HANDLE_LETTERS = 16;

/** The name that one secret of a hook is kept under: it follows from what was signed for it. */
export function hookSecretHandle(hook: string, commitment: string): string {
  return `${hookSecretName(hook)}.${commitment.slice(0, HANDLE_LETTERS)}`;
}

/** What the commitment of a hook's secret is made for. */
export function hookSecretName(hook: string): string {
  return `hook.${hook}`;
}
