import { hash, randomBytes } from 'node:crypto';

/** Lower-case hexadecimal SHA-256, 64 characters. */
export type Sha256 = string & { readonly __brand?: 'sha256' };

export function sha256(input: string | Uint8Array): Sha256 {
  return hash('sha256', input, 'hex');
}

/** `bytes` cryptographically random bytes as lower-case hexadecimal. */
export function randomHex(bytes: number): string {
  return randomBytes(bytes).toString('hex');
}
