import { createHash, hkdfSync, randomBytes } from 'node:crypto';
import { failure } from '../contract/index.ts';
import { fromPkcs8, pkcs8OfSeed, publicKeyOf, toSigningKey } from './ed25519.ts';

/**
 * Printed once, at `init`, and never stored: whoever holds the paper can enrol a new device. The
 * company keeps the public half only.
 */
export interface RecoveryKey {
  /** nine groups of four letters and digits, made to be copied by hand */
  readonly printable: string;
  /** base64url of the raw Ed25519 key */
  readonly publicKey: string;
}

export function createRecoveryKey(): RecoveryKey {
  const entropy = randomBytes(ENTROPY_BYTES);
  const printable = group(encode(entropy) + checksum(entropy));
  return { printable, publicKey: publicKeyOf(derive(entropy)) };
}

/**
 * The key that a printed text stands for. Case, spaces, dashes and the look-alikes O, I, L are
 * forgiven. Fails with `invalid_input` when a character is wrong or missing.
 */
export async function readRecoveryKey(
  printed: string,
): Promise<{ readonly publicKey: string; readonly privateKey: CryptoKey }> {
  const text = tidy(printed);
  if (text.length !== ENTROPY_CHARACTERS + CHECKSUM_CHARACTERS) {
    throw mistyped(`It has ${text.length} characters instead of 36.`);
  }
  const entropy = decode(text.slice(0, ENTROPY_CHARACTERS));
  if (!entropy || checksum(entropy) !== text.slice(ENTROPY_CHARACTERS)) {
    throw mistyped('At least one character is wrong.');
  }
  const key = derive(entropy);
  return { publicKey: publicKeyOf(key), privateKey: await toSigningKey(key) };
}

const ENTROPY_BYTES = 20; // 160 bits: out of reach for guessing, short enough to copy
const ENTROPY_CHARACTERS = 32;
const CHECKSUM_CHARACTERS = 4; // 20 bits: a slip of the pen passes once in a million
const GROUP_CHARACTERS = 4;
/** Crockford's base 32: no I, L, O, U (https://www.crockford.com/base32.html) */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

function derive(entropy: Uint8Array) {
  const seed = hkdfSync('sha256', entropy, '', 'steward/recovery/v1', 32);
  const key = fromPkcs8(pkcs8OfSeed(new Uint8Array(seed)));
  if (!key) throw new TypeError('32 bytes are always an Ed25519 seed');
  return key;
}

function encode(bytes: Uint8Array): string {
  let out = '';
  let bits = 0;
  let held = 0;
  for (const byte of bytes) {
    held = (held << 8) | byte;
    for (bits += 8; bits >= 5; bits -= 5) out += ALPHABET[(held >> (bits - 5)) & 31];
    held &= (1 << bits) - 1;
  }
  return out;
}

/** Undefined when a character is none of the alphabet's. */
function decode(text: string): Uint8Array | undefined {
  const bytes: number[] = [];
  let bits = 0;
  let held = 0;
  for (const character of text) {
    const value = ALPHABET.indexOf(character);
    if (value < 0) return undefined;
    held = (held << 5) | value;
    bits += 5;
    if (bits < 8) continue;
    bits -= 8;
    bytes.push((held >> bits) & 0xff);
    held &= (1 << bits) - 1;
  }
  return Uint8Array.from(bytes);
}

function checksum(entropy: Uint8Array): string {
  const digest = createHash('sha256').update('steward/recovery-check/v1').update(entropy).digest();
  return encode(digest.subarray(0, 3)).slice(0, CHECKSUM_CHARACTERS);
}

function group(text: string): string {
  return (text.match(new RegExp(`.{${GROUP_CHARACTERS}}`, 'g')) ?? []).join('-');
}

function tidy(printed: string): string {
  return printed
    .toUpperCase()
    .replaceAll(/[\s-]/g, '')
    .replaceAll('O', '0')
    .replaceAll(/[IL]/g, '1');
}

function mistyped(why: string) {
  return failure(
    'invalid_input',
    `This is not the recovery key as it was printed. ${why}`,
    { field: 'recoveryKey' },
    'Compare it with the paper, group by group, and type it again.',
  );
}
