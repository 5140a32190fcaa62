import { canonicalJson, isJsonObject, type Json } from '../base/index.ts';
import {
  joinLabels,
  type Label,
  type Labelled,
  type Labels,
  labelWithin,
} from '../contract/index.ts';

/** Who gives a value, and what their words are worth: `operator` only at an enrolled device. */
export interface Speaker {
  /** for the log: `operator:<device>` */
  readonly by: string;
  readonly label: Label;
}

/** fields looked at one by one; what comes behind them counts as kept */
const FIELDS = 500;
/** characters of outside text that are found again inside of a longer one; shorter ones are in any word */
const KEPT_CHARACTERS = 4;

/**
 * What a value is worth that a person gave back: what they changed is theirs (`typed`), what stood there
 * `before` and came back keeps where it came from. A text that still holds all that stood there keeps it
 * too, and so does a list as long as one member of it came back.
 */
export function typedLabels(value: Json, before: Labelled<Json>, typed: Label): Labels {
  const at: Record<string, Label> = {};
  let looked = 0;

  function look(now: Json | undefined, was: Json | undefined, path: string): void {
    if (now === undefined || was === undefined) return;
    looked += 1;
    if (looked > FIELDS || cameBack(now, was)) {
      at[path] = joinLabels(typed, labelWithin(before.labels, path));
    } else if (isParted(now) && isParted(was)) {
      for (const [name, member] of Object.entries(now)) {
        look(member, Object.hasOwn(was, name) ? was[name] : undefined, under(path, name));
      }
    }
  }
  look(value, before.value, '');
  const { '': base = typed, ...fields } = at;
  return Object.keys(fields).length === 0 ? { base } : { base, at: fields };
}

/** comparisons of texts; what has more to compare counts as kept */
const COMPARISONS = 1_000_000;

/**
 * Whether something of `was` stands anywhere in `now`, whatever the shape of both: a list that was cut
 * out of a text or of an object is still made of it. A truth value alone is nobody's.
 */
export function holdsPartOf(now: Json, was: Json): boolean {
  const own = (value: Json) => (Array.isArray(value) ? [value, ...value] : [value]);
  const before = new Set(own(was).map(canonicalJson));
  if (own(now).some((value) => before.has(canonicalJson(value)))) return true;
  const [kept, given] = [new Set(words(was)), new Set(words(now))];
  if (kept.size * given.size > COMPARISONS) return true;
  return [...given].some((word) => kept.has(word) || [...kept].some((old) => overlaps(word, old)));
}

/** Every text and figure in a value, as one compares them. */
function words(value: Json): readonly string[] {
  if (typeof value === 'string' || typeof value === 'number') {
    const word = String(value).trim().toLowerCase();
    return word === '' ? [] : [word];
  }
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap(words);
}

function overlaps(word: string, old: string): boolean {
  const [short, long] = word.length < old.length ? [word, old] : [old, word];
  return short.length >= KEPT_CHARACTERS && long.includes(short);
}

function cameBack(now: Json, was: Json): boolean {
  if (canonicalJson(now) === canonicalJson(was)) return true;
  if (typeof now === 'string' && typeof was === 'string') {
    const kept = was.trim().toLowerCase();
    return kept.length >= KEPT_CHARACTERS && now.toLowerCase().includes(kept);
  }
  if (!Array.isArray(now) || !Array.isArray(was)) return false;
  return now.some((member) => was.some((old) => cameBack(member, old) || keepsPart(member, old)));
}

/** Members of a list have no path of their own here: what came back inside of one taints the list. */
function keepsPart(now: Json, was: Json): boolean {
  if (!isParted(now) || !isParted(was)) return false;
  return Object.entries(now).some(([name, part]) => {
    const old = Object.hasOwn(was, name) ? was[name] : undefined;
    return old !== undefined && (cameBack(part, old) || keepsPart(part, old));
  });
}

/** Money is one value: whoever changes the figure means all of it. */
function isParted(value: Json): value is { readonly [name: string]: Json } {
  return isJsonObject(value) && !('minor' in value && 'currency' in value);
}

function under(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}
