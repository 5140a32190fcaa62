import { isJsonObject, type Json } from '../base/index.ts';

/** A secret by its handle's name. The value never leaves this module's callers. */
export interface Secret {
  readonly name: string;
  readonly value: string;
}

export interface Redactor {
  /** The text with every known secret replaced by `[secret:name]`, in whatever spelling it occurs. */
  readonly text: (text: string) => string;
  /** The same deep inside JSON: keys, strings and numbers. */
  readonly json: (value: Json) => Json;
}

/** Shorter values would turn ordinary text into holes; the secret store refuses them. */
const MIN_SECRET_LENGTH = 4;
/** characters compared by hash before a spelling is compared in full */
const GRAM = 4;
const BUCKETS = 1 << 16;

/** One way in which a secret can be written down. */
interface Spelling {
  readonly name: string;
  readonly text: string;
  /** base64: the letter on either side may hold some of the secret's bits */
  readonly edges: boolean;
}

interface Index {
  readonly secrets: readonly Secret[];
  readonly occupied: Uint8Array;
  readonly byGram: ReadonlyMap<number, readonly Spelling[]>;
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
 * The one redactor that guards every writer (log, telemetry, prompts, errors). Finds a secret raw,
 * inside JSON text, in base64 (both alphabets, any alignment, wrapped lines), in hexadecimal and
 * percent-encoded, also partly. `secrets` is asked again on every call, so a rotated secret counts at once.
 */
export function createRedactor(secrets: () => Iterable<Secret>): Redactor {
  let index = buildIndex([]);
  const current = (): Index => {
    const now = [...secrets()].filter((secret) => secret.value.length >= MIN_SECRET_LENGTH);
    if (!sameSecrets(now, index.secrets)) index = buildIndex(now);
    return index;
  };
  return {
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
  if (Array.isArray(value)) return value.map((element) => redactJson(element, index));
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [
      redactText(key, index),
      redactJson(member, index),
    ]),
  );
}

function redactText(text: string, index: Index): string {
  if (index.secrets.length === 0 || text.length < MIN_SECRET_LENGTH) return text;
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
      const first = spelling.edges && isBase64Letter(text, i - 1) ? i - 1 : i;
      const last = spelling.edges && isBase64Letter(text, end) ? end : end - 1;
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
  if (/%[0-9A-Fa-f]{2}|\+/.test(text)) views.push(percentDecoded(text));
  if (/[A-Za-z0-9+/=_-]\r?\n/.test(text)) views.push(unwrapped(text));
  return views;
}

/**
 * Undoes percent-encoding into UTF-8 bytes, a letter each. A plus sign and a blank become one letter,
 * because forms write the one for the other; `formSpelling` does the same to the secret.
 */
function percentDecoded(text: string): View {
  const bytes = Buffer.from(text, 'utf8');
  const out = Buffer.allocUnsafe(bytes.length);
  const at = new Int32Array(bytes.length + 1);
  let length = 0;
  let letter = 0; // position in the text of the byte that is looked at
  for (let i = 0; i < bytes.length; ) {
    const byte = bytes[i] ?? 0;
    const decoded = byte === PERCENT ? hexByte(bytes, i + 1) : -1;
    at[length] = letter;
    out[length++] = decoded < 0 ? byte : decoded;
    const step = decoded < 0 ? 1 : 3;
    i += step;
    // A letter is as many UTF-16 units as its bytes say; the units are counted at its last byte.
    if (decoded >= 0) letter += 3;
    else if (((bytes[i] ?? 0) & 0xc0) !== 0x80) letter += isFourBytes(bytes, i - 1) ? 2 : 1;
  }
  at[length] = text.length;
  return { text: out.toString('latin1', 0, length).replaceAll('+', ' '), at };
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
  for (const spelling of secrets.flatMap(spellingsOf)) {
    const gram = gramAt(spelling.text, 0);
    occupied[gram] = 1;
    const known = byGram.get(gram) ?? [];
    if (!known.some((other) => other.text === spelling.text))
      byGram.set(gram, [...known, spelling]);
  }
  return { secrets, occupied, byGram };
}

function spellingsOf({ name, value }: Secret): Spelling[] {
  const bytes = Buffer.from(value, 'utf8');
  const hex = bytes.toString('hex');
  const exact = [
    value,
    JSON.stringify(value).slice(1, -1),
    formSpelling(bytes),
    hex,
    hex.toUpperCase(),
    hex.replace(/[a-f]/g, (digit) => digit.toUpperCase()),
  ];
  const base64 = [0, 1, 2].flatMap((shift) => {
    const core = base64Core(bytes, shift);
    return [core, core.replaceAll('+', '-').replaceAll('/', '_')];
  });
  return [
    ...[...new Set(exact)].map((text) => ({ name, text, edges: false })),
    ...[...new Set(base64)].map((text) => ({ name, text, edges: true })),
  ].filter((spelling) => spelling.text.length >= MIN_SECRET_LENGTH);
}

/** How a percent-decoded view shows the secret. */
function formSpelling(bytes: Buffer): string {
  return bytes.toString('latin1').replaceAll('+', ' ');
}

/** The letters of a base64 text that depend on the secret alone, when `shift` bytes stand before it. */
function base64Core(bytes: Buffer, shift: number): string {
  const encoded = Buffer.concat([Buffer.alloc(shift), bytes])
    .toString('base64')
    .replace(/=+$/, '');
  const bits = (shift + bytes.length) * 8;
  return encoded.slice(Math.ceil((shift * 8) / 6), Math.floor(bits / 6));
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
