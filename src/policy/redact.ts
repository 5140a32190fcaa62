import { isJsonObject, type Json } from '../base/index.ts';
import { MIN_SECRET_LENGTH, type Secret, type Spelling, spellingsOf } from './spellings.ts';

export interface Redactor {
  /** False while there is no secret at all: then nothing has to be looked through. */
  readonly isNeeded: () => boolean;
  /** The text with every known secret replaced by `[secret:name]`, in whatever spelling it occurs. */
  readonly text: (text: string) => string;
  /** The same deep inside JSON: keys, strings and numbers. What holds none is the very same value. */
  readonly json: (value: Json) => Json;
}

/** characters compared by hash before a spelling is compared in full */
const GRAM = 4;
const BUCKETS = 1 << 16;

interface Index {
  readonly secrets: readonly Secret[];
  readonly occupied: Uint8Array;
  readonly byGram: ReadonlyMap<number, readonly Spelling[]>;
  /** letters of the shortest spelling: most words and keys are shorter, and need no look */
  readonly shortest: number;
}

interface Span {
  readonly start: number;
  readonly end: number;
  readonly name: string;
}

/** A view of a text in which an encoding is undone; `at[i]` is where its i-th letter stood. */
interface View {
  readonly text: string;
  readonly at?: Int32Array;
}

/**
 * The one redactor that guards every writer (log, files, reports, errors, answers). Finds a secret in
 * the spellings of `spellingsOf`, percent-encoded once or twice around them, in base64 with wrapped
 * lines, and mixtures of plain and encoded letters. `secrets` is asked again on every call, so a rotated
 * secret counts at once.
 */
export function createRedactor(secrets: () => Iterable<Secret>): Redactor {
  let index = buildIndex([]);
  const current = (): Index => {
    const now = [...secrets()].filter((secret) => secret.value.length >= MIN_SECRET_LENGTH);
    if (!sameSecrets(now, index.secrets)) index = buildIndex(now);
    return index;
  };
  return {
    isNeeded: () => current().secrets.length > 0,
    text: (text) => redactText(text, current()),
    json: (value) => redactJson(value, current()),
  };
}

function redactJson(value: Json, index: Index): Json {
  if (index.secrets.length === 0) return value;
  if (typeof value === 'string') return redactText(value, index);
  if (typeof value === 'number') {
    const text = String(value);
    const redacted = redactText(text, index);
    return redacted === text ? value : redacted;
  }
  if (Array.isArray(value)) {
    const elements = value.map((element: Json) => redactJson(element, index));
    return elements.every((element, i) => element === value[i]) ? value : elements;
  }
  if (!isJsonObject(value)) return value;
  let isClean = true;
  const members = Object.entries(value).map(([key, member]) => {
    const clean = [redactText(key, index), redactJson(member, index)] as const;
    isClean &&= clean[0] === key && clean[1] === member;
    return clean;
  });
  return isClean ? value : Object.fromEntries(members);
}

function redactText(text: string, index: Index): string {
  if (text.length < index.shortest) return text;
  const spans = viewsOf(text).flatMap((view) => findSpans(view, index));
  return spans.length === 0 ? text : replaceSpans(text, spans);
}

function findSpans(view: View, index: Index): Span[] {
  const { text } = view;
  const spans: Span[] = [];
  for (let i = 0; i + GRAM <= text.length; i++) {
    const gram = gramAt(text, i);
    if (index.occupied[gram] === 0) continue;
    for (const spelling of index.byGram.get(gram) ?? []) {
      if (!text.startsWith(spelling.text, i)) continue;
      const end = i + spelling.text.length;
      let first = i;
      let last = end - 1;
      while (first > i - spelling.edges && isBase64Letter(text, first - 1)) first -= 1;
      while (last < end - 1 + spelling.edges && isBase64Letter(text, last + 1)) last += 1;
      spans.push({
        start: view.at?.[first] ?? first,
        end: view.at?.[last + 1] ?? last + 1,
        name: spelling.name,
      });
    }
  }
  return spans;
}

/** Overlapping finds become one hole, so no tail of a longer spelling is left standing. */
function replaceSpans(text: string, spans: Span[]): string {
  spans.sort((a, b) => a.start - b.start || b.end - a.end);
  let out = '';
  let done = 0;
  for (let i = 0; i < spans.length; ) {
    const first = spans[i];
    if (!first) break;
    let end = first.end;
    for (i++; ; i++) {
      const next = spans[i];
      if (!next || next.start >= end) break;
      end = Math.max(end, next.end);
    }
    out += `${text.slice(done, first.start)}[secret:${first.name}]`;
    done = end;
  }
  return out + text.slice(done);
}

/** The text itself, and where it makes a difference: percent-decoded, and without line breaks. */
function viewsOf(text: string): View[] {
  const views: View[] = [{ text }];
  if (/%[0-9A-Fa-f]{2}|\+/.test(text)) views.push(...percentDecoded(text));
  if (/[A-Za-z0-9+/=_-]\r?\n/.test(text)) views.push(unwrapped(text));
  return views;
}

/** The text with percent-encoding undone, and once more where that shows another layer of it. */
function percentDecoded(text: string): View[] {
  const once = percentDecode(Buffer.from(text, 'utf8'), unitsOf(text));
  const first = toView(once);
  return /%[0-9A-Fa-f]{2}/.test(first.text)
    ? [first, toView(percentDecode(once.bytes, once.at))]
    : [first];
}

/** Bytes, and where in the text each of them stood. */
interface Bytes {
  readonly bytes: Buffer;
  readonly at: Int32Array;
}

/** A plus sign and a blank become one letter, because forms write the one for the other. */
function toView({ bytes, at }: Bytes): View {
  return { text: bytes.toString('latin1').replaceAll('+', ' '), at };
}

function percentDecode(bytes: Buffer, from: Int32Array): Bytes {
  const out = Buffer.allocUnsafe(bytes.length);
  const at = new Int32Array(bytes.length + 1);
  let length = 0;
  for (let i = 0; i < bytes.length; ) {
    const byte = bytes[i] ?? 0;
    const decoded = byte === PERCENT ? hexByte(bytes, i + 1) : -1;
    at[length] = from[i] ?? 0;
    out[length++] = decoded < 0 ? byte : decoded;
    i += decoded < 0 ? 1 : 3;
  }
  at[length] = from[bytes.length] ?? 0;
  return { bytes: out.subarray(0, length), at };
}

/** For each byte of a text's UTF-8, the unit of UTF-16 it belongs to; the last one is the text's end. */
function unitsOf(text: string): Int32Array {
  const bytes = Buffer.from(text, 'utf8');
  const at = new Int32Array(bytes.length + 1);
  let unit = 0;
  for (let i = 0; i < bytes.length; i++) {
    at[i] = unit;
    // a letter is as many units as its bytes say; they are counted at its last byte
    if (((bytes[i + 1] ?? 0) & 0xc0) !== 0x80) unit += isFourBytes(bytes, i) ? 2 : 1;
  }
  at[bytes.length] = text.length;
  return at;
}

const PERCENT = 0x25;

/** The byte that two hexadecimal digits at `at` spell, or -1. */
function hexByte(bytes: Buffer, at: number): number {
  const high = hexDigit(bytes[at] ?? 0);
  const low = hexDigit(bytes[at + 1] ?? 0);
  return high < 0 || low < 0 ? -1 : high * 16 + low;
}

function hexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const letter = byte | 0x20; // small letters and capitals alike
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
}

/** True if the letter whose last byte is at `last` takes four bytes, so two units of UTF-16. */
function isFourBytes(bytes: Buffer, last: number): boolean {
  return last >= 3 && (bytes[last - 3] ?? 0) >= 0xf0;
}

function unwrapped(text: string): View {
  const at = new Int32Array(text.length + 1);
  let out = '';
  let length = 0;
  for (const line of text.matchAll(/[^\r\n]+/g)) {
    for (let i = 0; i < line[0].length; i++) at[length + i] = line.index + i;
    length += line[0].length;
    out += line[0];
    at[length] = line.index + line[0].length;
  }
  return { text: out, at };
}

function buildIndex(secrets: readonly Secret[]): Index {
  const occupied = new Uint8Array(BUCKETS);
  const byGram = new Map<number, Spelling[]>();
  let shortest = Number.POSITIVE_INFINITY;
  for (const spelling of secrets.flatMap(spellingsOf)) {
    shortest = Math.min(shortest, spelling.text.length);
    const gram = gramAt(spelling.text, 0);
    occupied[gram] = 1;
    const known = byGram.get(gram) ?? [];
    if (!known.some((other) => other.text === spelling.text))
      byGram.set(gram, [...known, spelling]);
  }
  return { secrets, occupied, byGram, shortest };
}

function gramAt(text: string, at: number): number {
  const a = text.charCodeAt(at) * 0x9e3b + text.charCodeAt(at + 1) * 0x85eb;
  const b = text.charCodeAt(at + 2) * 0xc2b3 + text.charCodeAt(at + 3) * 0x27d5;
  return (a ^ (b << 3)) & (BUCKETS - 1);
}

function isBase64Letter(text: string, at: number): boolean {
  return at >= 0 && at < text.length && /[A-Za-z0-9+/_-]/.test(text.charAt(at));
}

function sameSecrets(a: readonly Secret[], b: readonly Secret[]): boolean {
  return (
    a.length === b.length &&
    a.every((secret, i) => secret.name === b[i]?.name && secret.value === b[i]?.value)
  );
}
