import type { GoalParty } from './goal-words.ts';
import type { Piece } from './pieces.ts';
import { isOneEditApart, isSameWord, spelledOut, type Token, tokenize } from './tokens.ts';

/** Words at the end of a name that people leave out. */
const LEGAL_FORMS = new Set(
  'gmbh mbh ag kg kgaa og ug ohg gbr gesbr partg eu eg ev se ltd limited llc llp inc corp co plc sarl sas sa srl spa bv nv oy ab as aps sro kft oü sp zoo doo dd ehf pty pvt lda'.split(
    ' ',
  ),
);
/** Signs that may be in a name or not. */
const SIGNS = new Set(['.', ',', '-', '"', "'", '(', ')']);
/** Of these, the ones that end a thought: what stands behind one is another name, unless the name has it. */
const STOPS = new Set(['.', ',']);
/** letters of a word up to which a full stop behind it only cuts it short: `J.`, `St.`, `Dr.` */
const CUT_LETTERS = 3;
const ANDS = new Set(['&', '+', 'and', 'und']);
/** letters of a word from which one slip is forgiven: in shorter ones it is another name */
const TYPO_LETTERS = 7;

/** A name as words, without its signs. */
interface Spelling {
  readonly words: readonly string[];
  /** the numbers of the words that a full stop or a comma stands before */
  readonly stops: ReadonlySet<number>;
}

interface KnownName extends Spelling {
  readonly party: GoalParty;
}

/** The ways to say each party: its name, its aliases, and both without a legal form. */
export function knownNames(parties: readonly GoalParty[]): readonly KnownName[] {
  return parties.flatMap((party) => {
    const names = [party.name, ...party.aliases].map((name) => spellingOf(tokenize(name)));
    const all = [
      ...names,
      ...names.map(({ words, stops }) => ({ words: withoutLegalForm(words), stops })),
    ];
    const unique = new Map(all.map((name) => [`${name.words.join(' ')} ${[...name.stops]}`, name]));
    return [...unique.values()]
      .filter(({ words }) => words.join('').length > 1)
      .map((name) => ({ party, ...name }));
  });
}

/**
 * Every party named in a goal as it is written in the records, accents aside where no name has them
 * as typed. Two parties of one name are two pieces: the caller asks.
 */
export function partyPieces(
  tokens: readonly Token[],
  names: readonly KnownName[],
): readonly Piece[] {
  return spansOf(tokens, names).flatMap((span) => {
    const whole = names.filter((name) => isUnbroken(name, span));
    const same = whole.filter(({ words }) => isEqual(words, span.words));
    const alike = whole.filter(
      ({ words }) =>
        words.length === span.words.length &&
        words.every((word, index) => isSameWord(word, span.words[index] ?? '')),
    );
    return piecesOf(span, same.length > 0 ? same : alike, false);
  });
}

/**
 * Parties whose name is one slip away, or in the German genitive (`Acmes`). Where a second party is
 * nearly as near, both are returned, so that the caller asks.
 */
export function mistypedPartyPieces(
  tokens: readonly Token[],
  names: readonly KnownName[],
): readonly Piece[] {
  return spansOf(tokens, names).flatMap((span) => {
    const near = names.filter((name) => isUnbroken(name, span) && isNear(name.words, span.words));
    if (near.length === 0) return [];
    const rivals = names.filter(({ words }) => isRival(words, span.words));
    return piecesOf(span, [...near, ...rivals], true);
  });
}

interface Span extends Spelling {
  readonly from: number;
  readonly to: number;
  readonly text: string;
}

/** All runs of words that are as long as some name. At their ends are no signs. */
function spansOf(tokens: readonly Token[], names: readonly KnownName[]): readonly Span[] {
  const longest = Math.max(0, ...names.map(({ words }) => words.length)) + 1;
  const spans: Span[] = [];
  for (let from = 0; from < tokens.length; from++) {
    if (SIGNS.has(tokens[from]?.word ?? '')) continue;
    for (let to = from + 1; to <= tokens.length; to++) {
      if (SIGNS.has(tokens[to - 1]?.word ?? '')) continue;
      const inside = tokens.slice(from, to);
      const spelling = spellingOf(inside);
      if (spelling.words.length > longest) break;
      const text = inside.map((token) => token.text).join(' ');
      const dotted = tokens[to]?.word === '.' ? [to + 1] : []; // "Acme Ltd."
      for (const end of [to, ...dotted]) spans.push({ from, to: end, text, ...spelling });
    }
  }
  return spans;
}

function piecesOf(span: Span, names: readonly KnownName[], guessed: boolean): readonly Piece[] {
  const parties = new Map(names.map(({ party }) => [party.id, party]));
  return [...parties.values()].map(({ id, name }) => ({
    from: span.from,
    to: span.to,
    means: 'party',
    party: id,
    because: guessed
      ? `"${span.text}" was taken for a slip of the pen for ${name}.`
      : `"${span.text}" is ${name}.`,
  }));
}

function spellingOf(tokens: readonly Token[]): Spelling {
  const words: string[] = [];
  const stops = new Set<number>();
  tokens.forEach(({ word }, at) => {
    if (!SIGNS.has(word)) words.push(ANDS.has(word) ? '&' : word);
    else if (STOPS.has(word) && !isCutShort(tokens, at)) stops.add(words.length);
  });
  return { words, stops };
}

/** A full stop that touches a short word: it ends the word, not the sentence. */
function isCutShort(tokens: readonly Token[], at: number): boolean {
  const [before, sign] = [tokens[at - 1], tokens[at]];
  if (sign?.word !== '.' || before === undefined) return false;
  return before.to === sign.from && before.word.length <= CUT_LETTERS;
}

/** No full stop or comma parts what was typed where the name has none; before `Ltd` it may stand. */
function isUnbroken(name: Spelling, typed: Spelling): boolean {
  return [...typed.stops].every(
    (at) => name.stops.has(at) || LEGAL_FORMS.has(typed.words[at] ?? ''),
  );
}

function withoutLegalForm(words: readonly string[]): readonly string[] {
  let end = words.length;
  while (end > 1 && (LEGAL_FORMS.has(words[end - 1] ?? '') || words[end - 1] === '&')) end--;
  // "e.U." is two letters by now.
  if (end > 2 && words[end - 2] === 'e' && ['u', 'v', 'g', 'k'].includes(words[end - 1] ?? ''))
    end -= 2;
  return words.slice(0, end);
}

function isEqual(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((word, index) => word === b[index]);
}

/** One slip in one long word, all others the same; a space too many or too few; or a genitive s. */
function isNear(name: readonly string[], typed: readonly string[]): boolean {
  const [a, b] = [name.map(spelledOut), typed.map(spelledOut)];
  const joined = a.join('');
  if (joined === b.join('')) return a.length !== b.length && joined.length >= TYPO_LETTERS;
  if (a.length !== b.length) return false;
  const differing = a.flatMap((word, index) => (word === b[index] ? [] : [[word, b[index] ?? '']]));
  const [only] = differing;
  if (!only || differing.length > 1) return false;
  const [word = '', other = ''] = only;
  const isGenitive = other === `${word}s` && word.length > 2 && b[b.length - 1] === other;
  return isGenitive || (word.length >= TYPO_LETTERS && isOneEditApart(word, other));
}

/** Another name that could have been meant as well: at most two letters away over all. */
function isRival(name: readonly string[], typed: readonly string[]): boolean {
  const [a, b] = [spelledOut(name.join(' ')), spelledOut(typed.join(' '))];
  return a.length > 3 && editDistance(a, b) <= 2;
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, (row[j - 1] ?? 0) + cost));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
