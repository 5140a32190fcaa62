import { canonicalJson } from '../base/portable.ts';

/** bytes of chance that hide the value behind its commitment */
export const SECRET_SALT_BYTES = 32;

/**
 * SHA-256("steward/secret/v1\0" || canonical {name, salt, value}), lower-case hex: what is signed in
 * place of a secret's value. The salt (base64url) goes to the store and nowhere else, so nobody can try
 * values against the hash.
 */
export async function secretCommitment(secret: {
  readonly name: string;
  readonly salt: string;
  readonly value: string;
}): Promise<string> {
  const { name, salt, value } = secret;
  const text = `steward/secret/v1\0${canonicalJson({ name, salt, value })}`;
  const hash = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
  return Array.from(new Uint8Array(hash), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
