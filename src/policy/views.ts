// Ways to look at a text in which an encoding around a secret is undone. Part of policy (floor 2).

/** A view of a text in which an encoding is undone; `at[i]` is where its i-th letter stood. */
export interface View {
  readonly text: string;
  readonly at?: Int32Array;
}

/**
 * The text itself, and where it makes a difference: percent-decoded, without line breaks (and what stands
 * before the next line in a quote, a folded header or an indented block), without the soft breaks of a
 * mail, and with one layer of JSON undone that lies around others.
 */
export function viewsOf(text: string): View[] {
  const views: View[] = [{ text }];
  if (/%[0-9A-Fa-f]{2}|\+/.test(text)) views.push(...percentDecoded(text));
  if (/[^\s]\r?\n/.test(text)) {
    views.push(without(text, /\r?\n/g));
    if (/\n[ \t>]/.test(text)) views.push(without(text, /\r?\n[ \t>]+/g));
  }
  if (/=(?:\r?\n|[0-9A-F]{2})/.test(text)) views.push(unquoted(text));
  if (text.includes(LAYERED)) views.push(unescaped(text));
  return views;
}

/** What a decoded run may still hold one percent-encoding around. */
export function insideOf(text: string): View[] {
  return /%[0-9A-Fa-f]{2}|\+/.test(text) ? [{ text }, ...percentDecoded(text)] : [{ text }];
}

/** Letters of a text that decode to something, with what that may be: one view for each alignment. */
export interface DecodedRun {
  readonly start: number;
  readonly end: number;
  readonly texts: readonly string[];
}

/** letters: three layers around the shortest secret are longer, and fewer layers are spelled out */
const RUN = /[A-Za-z0-9+/_-]{20,}/g;
const HEX = /^(?:[0-9a-f]+|[0-9A-F]+)$/;
/** an id: no secret is written so, and every event holds some */
const DASHED = /^[0-9a-f-]+$/;

/**
 * Runs of base64 or hexadecimal letters, one layer undone. Letters that stand glued before the encoded
 * ones shift it, so every alignment is tried.
 */
export function* decodedRuns({ text, at }: View): Iterable<DecodedRun> {
  for (const { 0: run, index } of text.matchAll(RUN)) {
    const end = index + run.length;
    const place = { start: at?.[index] ?? index, end: at?.[end] ?? end };
    if (HEX.test(run)) {
      yield { ...place, texts: [0, 1].map((skip) => latin(run.slice(skip), 'hex')) };
    } else if (!DASHED.test(run)) {
      yield { ...place, texts: [0, 1, 2, 3].map((skip) => latin(run.slice(skip), 'base64')) };
    }
  }
}

/** A letter for each byte, and a blank for a plus, as spellings are looked for in what was decoded. */
function latin(run: string, encoding: 'hex' | 'base64'): string {
  return Buffer.from(run, encoding).toString('latin1').replaceAll('+', ' ');
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

/** The text with what `gap` finds taken out, all but its last `keep` letters. */
function without(text: string, gap: RegExp, keep = 0): View {
  const kept: { readonly from: number; readonly to: number }[] = [];
  let from = 0;
  for (const { 0: found, index } of text.matchAll(gap)) {
    kept.push({ from, to: index });
    from = index + found.length - keep;
  }
  kept.push({ from, to: text.length });
  const at = new Int32Array(text.length + 1);
  let length = 0;
  for (const part of kept) {
    for (let i = part.from; i < part.to; i++) at[length++] = i;
    at[length] = part.to;
  }
  return { text: kept.map((part) => text.slice(part.from, part.to)).join(''), at };
}

/** Quoted-printable undone: soft breaks, and bytes written as `=3D`. */
function unquoted(text: string): View {
  const bytes = Buffer.from(text, 'utf8');
  const from = unitsOf(text);
  const out = Buffer.allocUnsafe(bytes.length);
  const at = new Int32Array(bytes.length + 1);
  let length = 0;
  for (let i = 0; i < bytes.length; ) {
    const isEscape = bytes[i] === EQUALS;
    const skipped = isEscape ? softBreak(bytes, i) : 0;
    if (skipped > 0) {
      i += skipped;
      continue;
    }
    const decoded = isEscape ? hexByte(bytes, i + 1) : -1;
    at[length] = from[i] ?? 0;
    out[length++] = decoded < 0 ? (bytes[i] ?? 0) : decoded;
    i += decoded < 0 ? 1 : 3;
  }
  at[length] = text.length;
  return toView({ bytes: out.subarray(0, length), at });
}

const EQUALS = 0x3d;
const RETURN = 0x0d;
const LINE = 0x0a;

/** Bytes of a soft line break at `at`, or 0. */
function softBreak(bytes: Buffer, at: number): number {
  if (bytes[at + 1] === LINE) return 2;
  return bytes[at + 1] === RETURN && bytes[at + 2] === LINE ? 3 : 0;
}

/** Four in a row: JSON text inside of JSON text at least twice. */
const LAYERED = '\\\\\\\\';

/** One layer of JSON undone: what a backslash stands before is taken as it is. */
function unescaped(text: string): View {
  return without(text, /\\["\\/]/g, 1);
}
