import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { canonicalJson, isJsonObject, type Json, type JsonObject, sha256 } from '../base/index.ts';
import type { EventHeader, PersonalFields } from '../contract/index.ts';
import type { KeyVault } from './port.ts';

/**
 * Personal fields inside an event's data are encrypted under their subject's key (AES-256-GCM, bound
 * to company, stream, version and path), so destroying the key erases them everywhere at once. In
 * place of the value stands `{ "$sealed": base64, "key": key id, "subject": id }`; data of our own
 * that has a member named `$sealed` keeps it under one more `$`, so the two are never mixed up.
 */
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const KEY_ID_CHARACTERS = 16;

/** What a reader gets for a field whose key was destroyed. */
export const ERASED_FIELD: JsonObject = { $erased: true };
/** What a reader gets for a field that is not what was written. */
export const DAMAGED_FIELD: JsonObject = { $damaged: true };

/** The event that a sealed value belongs to: in another one it is worth nothing. */
export type SealPlace = Pick<EventHeader, 'company' | 'stream' | 'version'>;

/** Canonical JSON of `data` with its personal fields sealed: what is stored and committed to. */
export function sealData(
  data: JsonObject,
  personal: PersonalFields | undefined,
  place: SealPlace,
  vault: KeyVault,
): string {
  const plain = canonicalJson(data);
  if (!personal && !looksSealed(plain)) return plain;
  return canonicalJson(sealValue(data, '', createSealer(personal, place, vault)));
}

/** Undoes `sealData`; it never throws, so one damaged field costs nobody else's. */
export function openData(
  text: string,
  place: SealPlace,
  vault: KeyVault,
): { readonly data: JsonObject; readonly damaged: boolean } {
  const parsed = parseObject(text);
  if (!parsed) return { data: {}, damaged: true };
  if (!looksSealed(text)) return { data: parsed, damaged: false };
  let damaged = false;
  const opened = openValue(parsed, '', (sealed, path) => {
    const field = openField(sealed, aad(place, path), vault);
    if (field === DAMAGED_FIELD) damaged = true;
    return field;
  });
  return isJsonObject(opened) ? { data: opened, damaged } : { data: {}, damaged: true };
}

/** True when an event's data has sealed fields; cheap enough to ask for every event. */
export function looksSealed(text: string): boolean {
  return text.includes('$sealed":');
}

/** The sealed form of the value at a path; undefined for a value that stays as it is. */
type Sealer = (value: Json, path: string) => JsonObject | undefined;

function createSealer(
  personal: PersonalFields | undefined,
  place: SealPlace,
  vault: KeyVault,
): Sealer {
  if (!personal) return () => undefined;
  const { subject } = personal;
  const paths = new Set(personal.paths);
  const key = vault.obtain(subject);
  return (value, path) =>
    paths.has(path) && value !== null
      ? {
          $sealed: encrypt(key, canonicalJson(value), aad(place, path)),
          key: keyId(key),
          subject,
        }
      : undefined;
}

/** levels around sealed fields: far fewer than a reader's stack takes, in code that has never run before */
const LEVELS = 500;

function sealValue(value: Json, path: string, seal: Sealer, level = 0): Json {
  if (level > LEVELS) throw new RangeError(`it is nested more than ${LEVELS} levels deep`);
  const sealed = seal(value, path);
  if (sealed) return sealed;
  if (isList(value)) {
    return value.map((item, index) => sealValue(item, join(path, String(index)), seal, level + 1));
  }
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .map(([name, member]) => [
        /^\$+sealed$/.test(name) ? `$${name}` : name,
        sealValue(member, join(path, name), seal, level + 1),
      ]),
  );
}

function openValue(
  value: Json,
  path: string,
  open: (sealed: JsonObject, path: string) => Json,
): Json {
  if (isList(value)) {
    return value.map((item, index) => openValue(item, join(path, String(index)), open));
  }
  if (!isJsonObject(value)) return value;
  if (Object.hasOwn(value, '$sealed')) return open(value, path);
  return Object.fromEntries(
    Object.entries(value).map(([stored, member]) => {
      const name = /^\$\$+sealed$/.test(stored) ? stored.slice(1) : stored;
      return [name, openValue(member, join(path, name), open)];
    }),
  );
}

/** Another key than the one it was sealed under means that this one was destroyed since. */
function openField(
  { $sealed, key: id, subject }: JsonObject,
  bound: Buffer,
  vault: KeyVault,
): Json {
  if (typeof $sealed !== 'string' || typeof subject !== 'string') return DAMAGED_FIELD;
  const key = vault.find(subject);
  if (!key || keyId(key) !== id) return ERASED_FIELD;
  try {
    return JSON.parse(decrypt(key, $sealed, bound));
  } catch {
    return DAMAGED_FIELD; // the reason is always the same: these bytes were not sealed with this key
  }
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
  const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(bound).setAuthTag(tag);
  const body = decipher.update(bytes.subarray(NONCE_BYTES, bytes.length - TAG_BYTES));
  return Buffer.concat([body, decipher.final()]).toString('utf8');
}

/** Tells keys of one subject apart without telling anything of them. */
function keyId(key: Uint8Array): string {
  const hex = Buffer.from(key).toString('hex');
  return sha256(`steward/subject-key/v1\0${hex}`).slice(0, KEY_ID_CHARACTERS);
}

function aad({ company, stream, version }: SealPlace, path: string): Buffer {
  return Buffer.from(`steward/sealed/v1\0${company}\0${stream}\0${version}\0${path}`);
}

function join(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

function parseObject(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined; // the caller says that it is damaged
  }
}
