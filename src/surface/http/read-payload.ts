import { isJsonObject, type JsonObject } from '../../base/index.ts';
import { failure } from '../../contract/index.ts';

/** nesting of a payload: what people send has five levels, what attacks parsers has thousands */
const DEPTH_MAX = 32;
/** members and items in all: each text of them is looked up by those who wait */
const VALUES_MAX = 5_000;
/** names that mean something to programs, or to Steward itself */
const RESERVED = new Set(['__proto__', '$blob', '$erased', '$damaged', '$sealed']);
/** more digits than this are no number any more, but somebody's id */
const EXACT_DIGITS = 15;

/**
 * What an outsider sent as JSON, in one meaning only: no member twice, no reserved name, bounded in depth
 * and number, all text whole. A number that a computer cannot hold exactly is kept as the text it was.
 * Fails with `invalid_input`.
 */
export function readPayload(body: Uint8Array): JsonObject {
  const text = decode(body);
  let value: unknown;
  try {
    checkShape(text);
    value = JSON.parse(text, exactly);
  } catch (error) {
    if (error instanceof SyntaxError) throw faulty('The body is not JSON.');
    throw error;
  }
  if (isJsonObject(value)) return value;
  throw faulty('The body is not a JSON object.');
}

function decode(body: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch {
    throw faulty('The body is not UTF-8.'); // the decoder says no more than that
  }
}

/** One pass before anything is built. What it lets through is valid only once it was parsed. */
function checkShape(text: string): void {
  /** members of the objects around, undefined for a list */
  const around: (Set<string> | undefined)[] = [];
  let values = 0;
  for (let at = 0; at < text.length; at++) {
    const letter = text[at];
    if (letter === '{' || letter === '[') {
      around.push(letter === '{' ? new Set() : undefined);
      if (around.length > DEPTH_MAX) throw faulty(`At most ${DEPTH_MAX} levels are taken.`);
    } else if (letter === '}' || letter === ']') {
      around.pop();
    } else if (letter === ',') {
      values += 1;
      if (values > VALUES_MAX) throw faulty(`At most ${VALUES_MAX} values are taken.`);
    } else if (letter === '"') {
      const end = endOfString(text, at);
      const members = around.at(-1);
      if (members && isBeforeColon(text, end + 1)) {
        takeName(members, String(JSON.parse(text.slice(at, end + 1))));
      }
      at = end;
    }
  }
}

/** However many blanks stand between: a name that is not seen as one is not checked. */
function isBeforeColon(text: string, from: number): boolean {
  let at = from;
  while (BLANKS.has(text[at] ?? '')) at += 1;
  return text[at] === ':';
}

/** of JSON */
const BLANKS = new Set([' ', '\t', '\n', '\r']);

function takeName(members: Set<string>, name: string): void {
  if (RESERVED.has(name)) throw faulty(`No member may be called "${name}".`);
  if (members.has(name)) throw faulty('A member stands there twice.');
  if (!name.isWellFormed()) throw faulty('The body holds half characters.');
  members.add(name);
}

/** Where a string that begins at `at` ends. */
function endOfString(text: string, at: number): number {
  for (let end = at + 1; end < text.length; end++) {
    if (text[end] === '\\') end += 1;
    else if (text[end] === '"') return end;
  }
  throw faulty('The body is not JSON.');
}

function exactly(_: string, value: unknown, context?: { readonly source?: string }): unknown {
  if (typeof value === 'string' && !value.isWellFormed()) {
    throw faulty('The body holds half characters.');
  }
  const { source } = context ?? {};
  if (typeof value !== 'number' || source === undefined) return value;
  const isExact = Number.isInteger(value)
    ? Number.isSafeInteger(value)
    : Number.isFinite(value) && source.replaceAll(/^-?0*|\.|e.*$/gi, '').length <= EXACT_DIGITS;
  return isExact ? value : source;
}

function faulty(message: string) {
  return failure('invalid_input', message, { path: 'body' }, 'Send one plain JSON object.');
}
