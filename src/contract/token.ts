import { failure } from './failure.ts';
import { toBase64Url } from './signing.ts';

/** Begins every token, so that a scan for secrets finds one that was pasted somewhere. */
export const TOKEN_PREFIX = 'stw_';
/** 256 bits: nobody guesses one, whatever the rate */
export const TOKEN_BYTES = 32;

/**
 * A token and the hash that stands for it. The device that signs makes it: only the hash leaves there,
 * so nobody else ever held the text. Fails with `invalid_input` for another number of random bytes.
 *
 * @example const { token, hash } = await composeToken(crypto.getRandomValues(new Uint8Array(32)));
 */
export async function composeToken(
  random: Uint8Array,
): Promise<{ readonly token: string; readonly hash: string }> {
  if (random.length !== TOKEN_BYTES) throw failure('invalid_input', 'A token has 32 random bytes.');
  const token = TOKEN_PREFIX + hex(random);
  return { token, hash: await tokenHash(token) };
}

/** Random bytes of an invitation: nobody guesses it within the minutes it lives. */
export const INVITE_BYTES = 20;

/** The code of a link that enrols one browser, for whoever signs it; all else get to know its hash. */
export async function composeInvite(
  random: Uint8Array,
): Promise<{ readonly code: string; readonly hash: string }> {
  if (random.length !== INVITE_BYTES) {
    throw failure('invalid_input', 'An invitation has 20 random bytes.');
  }
  const code = toBase64Url(random);
  return { code, hash: await tokenHash(code) };
}

/** SHA-256 of the token's text, lower-case hex. */
export async function tokenHash(token: string): Promise<string> {
  return hex(
    new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(token))),
  );
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
