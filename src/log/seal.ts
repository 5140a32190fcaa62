import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import {
  atPath,
  canonicalJson,
  isJsonObject,
  type Json,
  type JsonObject,
  withPath,
} from '../base/index.ts';
import type { PersonalFields } from '../contract/index.ts';
import type { KeyVault } from './port.ts';

/**
 * Personal fields inside an event's data are encrypted under their subject's key (AES-256-GCM, bound
 * to company, stream, version and path), so destroying the key erases them everywhere at once.
 */
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** What a reader gets for a field whose key was destroyed. */
export const ERASED_FIELD: JsonObject = { $erased: true };

export function sealData(
  data: JsonObject,
  personal: PersonalFields | undefined,
  place: string,
  vault: KeyVault,
): JsonObject {
  if (!personal) return data;
  const key = vault.obtain(personal.subject);
  let sealed = data;
  for (const path of personal.paths) {
    const value = atPath(data, path);
    if (value === undefined || value === null) continue;
    sealed = withPath(sealed, path, {
      $sealed: encrypt(key, canonicalJson(value), aad(place, path)),
      subject: personal.subject,
    });
  }
  return sealed;
}

/** Undoes `sealData`. A value that looks sealed but was not written by us stays as it is. */
export function openData(data: JsonObject, place: string, vault: KeyVault): JsonObject {
  const opened = openValue(data, '', place, vault);
  return isJsonObject(opened) ? opened : data;
}

/** True when an event's data has sealed fields; cheap enough to ask for every event. */
export function looksSealed(text: string): boolean {
  return text.includes('"$sealed":');
}

function openValue(value: Json, path: string, place: string, vault: KeyVault): Json {
  if (Array.isArray(value)) {
    return value.map((item, index) => openValue(item, join(path, String(index)), place, vault));
  }
  if (!isJsonObject(value)) return value;
  const { $sealed, subject } = value;
  if (typeof $sealed === 'string' && typeof subject === 'string') {
    const key = vault.find(subject);
    return key ? JSON.parse(decrypt(key, $sealed, aad(place, path))) : ERASED_FIELD;
  }
  const copy: Record<string, Json> = {};
  for (const [name, member] of Object.entries(value)) {
    copy[name] = openValue(member, join(path, name), place, vault);
  }
  return copy;
}

function encrypt(key: Uint8Array, text: string, bound: Buffer): string {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(bound);
  const body = Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final()]);
  return Buffer.concat([body, cipher.getAuthTag()]).toString('base64');
}

function decrypt(key: Uint8Array, sealed: string, bound: Buffer): string {
  const bytes = Buffer.from(sealed, 'base64');
  const nonce = bytes.subarray(0, NONCE_BYTES);
  const tag = bytes.subarray(bytes.length - TAG_BYTES);
  const decipher = createDecipheriv('aes-256-gcm', key, nonce).setAAD(bound).setAuthTag(tag);
  const body = decipher.update(bytes.subarray(NONCE_BYTES, bytes.length - TAG_BYTES));
  return Buffer.concat([body, decipher.final()]).toString('utf8');
}

function aad(place: string, path: string): Buffer {
  return Buffer.from(`steward/sealed/v1\0${place}\0${path}`);
}

function join(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}
