import type { Json } from './json.ts';

/**
 * JSON in one canonical encoding (RFC 8785): keys sorted by UTF-16 code units, no white space, numbers
 * as ECMAScript prints them. Throws a RangeError on NaN and infinities, a TypeError on anything that
 * is not JSON, so two sides can never hash different bytes for one value. `undefined` properties are
 * left out. Runs in browsers too.
 */
export function canonicalJson(value: Json | undefined): string {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value.isWellFormed() ? value : refuse('a lone surrogate'));
    case 'number':
      if (!Number.isFinite(value)) throw new RangeError(`not a JSON number: ${value}`);
      return JSON.stringify(value);
    case 'boolean':
      return value ? 'true' : 'false';
    case 'object':
      return value === null ? 'null' : canonicalContainer(value);
    default:
      return refuse(`a ${typeof value}`);
  }
}

function canonicalContainer(value: readonly Json[] | { readonly [key: string]: Json }): string {
  if (Array.isArray(value)) {
    let out = '[';
    for (let i = 0; i < value.length; i++) {
      out += (i === 0 ? '' : ',') + canonicalJson(value[i]);
    }
    return `${out}]`;
  }
  const object = value as { readonly [key: string]: Json | undefined };
  const keys = Object.keys(object);
  if (!isSorted(keys)) sort(keys);
  let out = '{';
  for (const key of keys) {
    const member = object[key];
    if (member === undefined) continue;
    out += `${out.length > 1 ? ',' : ''}${canonicalKey(key)}:${canonicalJson(member)}`;
  }
  return `${out}}`;
}

/** Mostly written in order, by whoever copies or parses canonical text. */
function isSorted(keys: readonly string[]): boolean {
  for (let i = 1; i < keys.length; i++) if ((keys[i - 1] ?? '') > (keys[i] ?? '')) return false;
  return true;
}

/** Most objects have a handful of names, for which the general sort takes more memory than they do. */
const FEW_KEYS = 12;

function sort(keys: string[]): void {
  if (keys.length > FEW_KEYS) {
    keys.sort();
    return;
  }
  for (let end = 1; end < keys.length; end++) {
    const key = keys[end] ?? '';
    let at = end;
    for (let before = keys[at - 1] ?? ''; at > 0 && before > key; before = keys[at - 1] ?? '') {
      keys[at] = before;
      at -= 1;
    }
    keys[at] = key;
  }
}

/** The few names that nearly all objects are made of; what does not fit is encoded each time. */
const KEYS_KEPT = 1_000;
const KEY_CHARACTERS = 64;
const keptKeys = new Map<string, string>();

function canonicalKey(key: string): string {
  let encoded = keptKeys.get(key);
  if (encoded === undefined) {
    encoded = canonicalJson(key);
    if (keptKeys.size < KEYS_KEPT && key.length <= KEY_CHARACTERS) keptKeys.set(key, encoded);
  }
  return encoded;
}

function refuse(what: string): never {
  throw new TypeError(`${what} has no canonical JSON form`);
}
