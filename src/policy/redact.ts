import { isJsonObject, type Json } from '../base/index.ts';
import { MIN_SECRET_LENGTH, type Secret, type Spelling, spellingsOf } from './spellings.ts';
import { decodedRuns, insideOf, type View, viewsOf } from './views.ts';

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

/**
 * The one redactor that guards every writer (log, files, reports, errors, answers). Finds a secret in
 * the spellings of `spellingsOf`, percent-encoded once or twice around them, in base64 with wrapped
 * lines, mixtures of plain and encoded letters, one layer of base64, hexadecimal or JSON more around all
 * of these, and split over lines or the members of a list. `secrets` is asked again on every call, so a rotated
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
    const pieces = redactPieces(value, index);
    const elements = pieces.map((element: Json) => redactJson(element, index));
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

/** Texts in a list may be the lines or chunks of one: what goes on from one into the next is found too. */
function redactPieces(list: readonly Json[], index: Index): readonly Json[] {
  const texts = list.filter((one) => typeof one === 'string');
  if (texts.length < 2 || texts.length < list.length) return list;
  const joined = texts.join('');
  if (joined.length < index.shortest) return list;
  const starts: number[] = [];
  for (let at = 0, i = 0; i < texts.length; i++) {
    starts.push(at);
    at += texts[i]?.length ?? 0;
  }
  const crossing = spansIn(joined, index).filter(({ start, end }) =>
    starts.some((at) => start < at && at < end),
  );
  if (crossing.length === 0) return list;
  return texts.map((text, i) => {
    const from = starts[i] ?? 0;
    const own = crossing.flatMap(({ start, end, name }) => {
      const span = {
        start: Math.max(0, start - from),
        end: Math.min(text.length, end - from),
        name,
      };
      return span.start < span.end ? [span] : [];
    });
    return own.length === 0 ? text : replaceSpans(text, own);
  });
}

function redactText(text: string, index: Index): string {
  if (text.length < index.shortest) return text;
  const spans = spansIn(text, index);
  return spans.length === 0 ? text : replaceSpans(text, spans);
}

/** What is spelled in it, and whole runs of letters that spell it once they are decoded. */
function spansIn(text: string, index: Index): Span[] {
  const views = viewsOf(text);
  const spans = views.flatMap((view) => findSpans(view, index));
  for (const view of views) {
    for (const { start, end, texts } of decodedRuns(view)) {
      if (spans.some((span) => span.start < end && start < span.end)) continue;
      const found = texts.flatMap(insideOf).flatMap((inner) => findSpans(inner, index))[0];
      if (found) spans.push({ start, end, name: found.name });
    }
  }
  return spans;
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
