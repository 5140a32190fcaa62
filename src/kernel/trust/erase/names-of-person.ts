import { type Id, isJsonObject, type Json } from '../../../base/index.ts';
import type { RecordState } from '../../../records/index.ts';

/** What names a person wherever it stands, in the spelling that is searched for. */
export interface PersonNames {
  readonly id: string;
  /** every personal text that tells them from others */
  readonly texts: readonly string[];
}

/** Shorter values would match by chance all over the log. */
const SHORTEST_VALUE = 5;
/** Many people live in one place, so it names none of them: their work would go as well. */
const PLACE = /(^|\.)(city|postalCode|country|region)$/;
/** Written freely: "regular customer" stands there for many. Only what is long or numbered tells one. */
const FREE = /(^|\.)(notes|role|subject|reference)$/;
const TELLING_WORDS = 3;
const TELLING_CHARACTERS = 15;
const NUMBERED_CHARACTERS = 8;

/**
 * The id and every telling text of the person. What our own company says of itself too (the sender of a
 * letter) names somebody else.
 */
export function namesOf(records: readonly RecordState[], subject: Id, company: Json): PersonNames {
  const ours = new Set(textsIn(company).map(asWritten));
  const texts = new Set<string>();
  for (const { fields, subjects } of records) {
    for (const [path, owner] of Object.entries(subjects)) {
      if (owner !== subject || PLACE.test(path)) continue;
      for (const text of textsIn(path.split('.').reduce<Json | undefined>(member, fields))) {
        const plain = asWritten(text).trim();
        if (plain.length < SHORTEST_VALUE || ours.has(plain)) continue;
        if (!FREE.test(path) || isTelling(plain)) texts.add(plain);
      }
    }
  }
  return { id: asWritten(subject), texts: [...texts] };
}

function isTelling(text: string): boolean {
  if (/\d/.test(text) && text.length >= NUMBERED_CHARACTERS) return true;
  return text.length >= TELLING_CHARACTERS && text.split(/\s+/).length >= TELLING_WORDS;
}

function member(value: Json | undefined, name: string): Json | undefined {
  return isJsonObject(value) ? value[name] : undefined;
}

/** True where one of the texts stands in a value or in the name of a member, as words of its own. */
export function mentionsAny(value: Json, wanted: readonly string[]): boolean {
  if (typeof value === 'string') return standsIn(asWritten(value), wanted);
  if (Array.isArray(value)) return value.some((item: Json) => mentionsAny(item, wanted));
  if (!isJsonObject(value)) return false;
  return Object.entries(value).some(
    ([name, inner]) => standsIn(asWritten(name), wanted) || mentionsAny(inner, wanted),
  );
}

const LETTER_BEFORE = /[\p{L}\p{N}]$/u;
/** a genitive s still speaks of them: "Maiers invoice" */
const WORD_GOES_ON = /^(?!(?:['’]?s)(?![\p{L}\p{N}]))[\p{L}\p{N}]/u;
/** characters around a find that decide whether it is a word of its own */
const AROUND = 3;

/** "maier" stands in "for Maier, today" and not in "Maierhofer". */
function standsIn(text: string, wanted: readonly string[]): boolean {
  return wanted.some((name) => {
    for (let at = text.indexOf(name); at !== -1; at = text.indexOf(name, at + 1)) {
      const end = at + name.length;
      const before = text.slice(Math.max(0, at - AROUND), at);
      const after = text.slice(end, end + AROUND);
      if (!LETTER_BEFORE.test(before) && !WORD_GOES_ON.test(after)) return true;
    }
    return false;
  });
}

/** Every text in a value; names of members are not among them. */
export function textsIn(value: Json | undefined): readonly string[] {
  if (typeof value === 'string') return [value];
  if (Array.isArray(value)) return value.flatMap((item: Json) => textsIn(item));
  return isJsonObject(value) ? Object.values(value).flatMap(textsIn) : [];
}

/** Goals are typed in small letters, addresses are kept in them, and an umlaut has two spellings. */
function asWritten(text: string): string {
  return text.normalize('NFKC').toLowerCase();
}
