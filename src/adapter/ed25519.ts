import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';

/** base64url of the raw public key, 32 bytes: the form in which devices and logs name it. */
export function publicKeyOf(privateKey: KeyObject): string {
  // RFC 8037: `x` of an Ed25519 JWK is base64url of the raw key
  const { x } = createPublicKey(privateKey).export({ format: 'jwk' });
  if (x === undefined) throw new TypeError('an Ed25519 key without a public half');
  return x;
}

/** An Ed25519 private key from PKCS8 DER; undefined for anything else. */
export function fromPkcs8(der: Uint8Array): KeyObject | undefined {
  try {
    const key = createPrivateKey({ key: Buffer.from(der), format: 'der', type: 'pkcs8' });
    return key.asymmetricKeyType === 'ed25519' ? key : undefined;
  } catch {
    return undefined; // not a key at all: the caller knows which file that was
  }
}

/** RFC 8410: the PKCS8 form of a 32-byte Ed25519 seed. */
export function pkcs8OfSeed(seed: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed]);
}

/** The key as the shared signing module takes it: it can sign and cannot be read out again. */
export function toSigningKey(privateKey: KeyObject): Promise<CryptoKey> {
  const der = privateKey.export({ type: 'pkcs8', format: 'der' });
  return crypto.subtle.importKey('pkcs8', new Uint8Array(der), 'Ed25519', false, ['sign']);
}
