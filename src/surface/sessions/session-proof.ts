import { fromBase64Url } from '../../contract/portable.ts';

const SIGNATURE_BYTES = 64;
const PUBLIC_KEY_BYTES = 32;

/**
 * True for an Ed25519 signature (base64url) by this key over UTF-8 "steward/session/v1\0" followed by
 * the challenge. The prefix keeps it from ever being read as a decision.
 */
export async function isSessionProof(
  challenge: string,
  proof: string,
  publicKey: string,
): Promise<boolean> {
  const key = fromBase64Url(publicKey);
  const signature = fromBase64Url(proof);
  if (key?.length !== PUBLIC_KEY_BYTES || signature?.length !== SIGNATURE_BYTES) return false;
  try {
    const imported = await crypto.subtle.importKey('raw', key, 'Ed25519', false, ['verify']);
    const bytes = new TextEncoder().encode(`steward/session/v1\0${challenge}`);
    return await crypto.subtle.verify('Ed25519', imported, signature, bytes);
  } catch {
    return false; // not a point of the curve
  }
}
