import { canonicalJson, type Json } from '../base/portable.ts';
import type { DecisionStatement, SignedDecision } from './approval.ts';
import type { Effect, EffectHash, EffectKey, EffectKeyParts, EffectPart } from './effect.ts';
import { failure } from './failure.ts';

/**
 * What browser, command line and kernel hash and sign, byte for byte. WebCrypto only, so that the one
 * who signs computes the hashes with the same code as the one who checks them. Every hash and every
 * signature covers a domain prefix, so bytes made for one purpose are worth nothing for another.
 */
const DOMAINS = {
  effect: 'steward/effect/v1\0',
  key: 'steward/key/v1\0',
  act: 'steward/act/v1\0',
  decision: 'steward/decision/v1\0',
} as const;

const ED25519 = 'Ed25519';
const PUBLIC_KEY_BYTES = 32;
const SIGNATURE_BYTES = 64;

/** Signed acts that are not effects: their hashes stand in a statement with decision `authorise`. */
export const ACT_KINDS = [
  'grant',
  'revoke',
  'policy',
  'device',
  'secret',
  'token',
  'hook',
  'erase',
  'connector',
  'label',
] as const;
export type ActKind = (typeof ACT_KINDS)[number];

/** H: SHA-256("steward/effect/v1\0" || canonical effect), lower-case hex. */
export function effectHash(effect: Effect): Promise<EffectHash> {
  return hashHex(domainBytes('effect', effect));
}

/** SHA-256("steward/key/v1\0" || canonical parts), lower-case hex. Other members are left out. */
export function effectKey(parts: EffectKeyParts): Promise<EffectKey> {
  const { company, incarnation, mode, run, step, item, revision } = parts;
  return hashHex(domainBytes('key', { company, incarnation, mode, run, step, item, revision }));
}

/** SHA-256("steward/act/v1\0" || canonical {kind, body}), lower-case hex. */
export function actHash(kind: ActKind, body: Json): Promise<string> {
  return hashHex(domainBytes('act', { kind, body }));
}

/** SHA-256 of the bytes themselves: a blob's address. */
export function blobHash(bytes: Uint8Array): Promise<string> {
  return hashHex(bytes);
}

/** A part with the very bytes that were hashed: show these, never a second download. */
export type CheckedPart =
  | { readonly status: 'intact'; readonly part: EffectPart; readonly bytes: Uint8Array }
  | { readonly status: 'missing' | 'altered'; readonly part: EffectPart };

/**
 * Fetches every part of an effect (exact, attached and shown) and compares it with the hash that the
 * signature will cover. `intact` is true only if all of them are what the effect says.
 */
export async function checkParts(
  effect: Pick<Effect, 'parts'>,
  fetchBlob: (blob: string) => Promise<Uint8Array | undefined>,
): Promise<{ readonly intact: boolean; readonly parts: readonly CheckedPart[] }> {
  const parts = await Promise.all(effect.parts.map((part) => checkPart(part, fetchBlob)));
  return { intact: parts.every((checked) => checked.status === 'intact'), parts };
}

async function checkPart(
  part: EffectPart,
  fetchBlob: (blob: string) => Promise<Uint8Array | undefined>,
): Promise<CheckedPart> {
  const bytes = await fetchBlob(part.blob);
  if (!bytes) return { status: 'missing', part };
  const same = bytes.byteLength === part.bytes && (await blobHash(bytes)) === part.blob;
  return same ? { status: 'intact', part, bytes } : { status: 'altered', part };
}

/** A statement in the only order in which it is accepted: hashes sorted, each once. */
export function composeStatement(statement: DecisionStatement): DecisionStatement {
  const { company, incarnation, effects, decision, policy, exp, nonce, device } = statement;
  const sorted = [...new Set(effects)].sort();
  return { company, incarnation, effects: sorted, decision, policy, exp, nonce, device };
}

/** The bytes a device signs: UTF-8 of "steward/decision/v1\0" || canonical statement. */
export function statementBytes(statement: DecisionStatement): Uint8Array<ArrayBuffer> {
  return domainBytes('decision', statement);
}

/** A passkey's challenge: base64url of the SHA-256 of the statement's bytes. */
export async function statementChallenge(statement: DecisionStatement): Promise<string> {
  return toBase64Url(await digest(statementBytes(statement)));
}

/**
 * Signs with a device's Ed25519 key; the signature is base64url.
 *
 * @example
 * const key = await createDeviceKey({ extractable: false });
 * const signed = await signStatement(composeStatement(statement), key.privateKey);
 */
export async function signStatement(
  statement: DecisionStatement,
  privateKey: CryptoKey,
): Promise<SignedDecision> {
  const signature = await subtle().sign(ED25519, privateKey, statementBytes(statement));
  return { statement, signature: toBase64Url(new Uint8Array(signature)) };
}

/** True for a signature by that key over exactly this statement; false for anything malformed. */
export async function verifyStatement(
  statement: DecisionStatement,
  signature: string,
  publicKey: string,
): Promise<boolean> {
  const key = fromBase64Url(publicKey);
  const bytes = fromBase64Url(signature);
  if (key?.length !== PUBLIC_KEY_BYTES || bytes?.length !== SIGNATURE_BYTES) return false;
  try {
    const imported = await subtle().importKey('raw', key, ED25519, true, ['verify']);
    return await subtle().verify(ED25519, imported, bytes, statementBytes(statement));
  } catch {
    return false; // a key that is no point of the curve, a statement that is not JSON
  }
}

/** A new Ed25519 key pair. Browsers keep it unextractable; the command line has to write its file. */
export async function createDeviceKey(options: {
  readonly extractable: boolean;
}): Promise<{ readonly privateKey: CryptoKey; readonly publicKey: CryptoKey }> {
  const pair = await subtle().generateKey(ED25519, options.extractable, ['sign', 'verify']);
  if (!('privateKey' in pair)) throw failure('internal', 'Ed25519 made no key pair');
  return pair;
}

/** The raw public key as base64url, as `Device.publicKey` holds it. */
export async function exportPublicKey(publicKey: CryptoKey): Promise<string> {
  return toBase64Url(new Uint8Array(await subtle().exportKey('raw', publicKey)));
}

/** Base64url without padding (RFC 4648 section 5). */
export function toBase64Url(bytes: Uint8Array): string {
  return bytes.toBase64({ alphabet: 'base64url', omitPadding: true });
}

/** The bytes, or undefined for text that is not the one canonical spelling of some bytes. */
export function fromBase64Url(text: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    const bytes = Uint8Array.fromBase64(text, { alphabet: 'base64url' });
    return toBase64Url(bytes) === text ? bytes : undefined; // no padding, spaces or stray bits
  } catch {
    return undefined;
  }
}

function domainBytes(domain: keyof typeof DOMAINS, value: object): Uint8Array<ArrayBuffer> {
  // Interfaces have no index signature, so they are not `Json` to the compiler; canonicalJson itself
  // refuses at run time whatever is not JSON.
  return new TextEncoder().encode(DOMAINS[domain] + canonicalJson(value as Json));
}

async function hashHex(bytes: Uint8Array): Promise<string> {
  return (await digest(bytes)).toHex();
}

async function digest(bytes: Uint8Array): Promise<Uint8Array> {
  // WebCrypto refuses shared memory at run time, so the buffer is a plain one where this returns.
  return new Uint8Array(await subtle().digest('SHA-256', bytes as Uint8Array<ArrayBuffer>));
}

function subtle(): SubtleCrypto {
  const found: SubtleCrypto | undefined = globalThis.crypto?.subtle;
  if (found) return found;
  throw failure(
    'not_possible',
    'This page cannot sign: the browser gives keys to secure pages only.',
    {},
    'Open Steward at https:// or at http://localhost.',
  );
}
