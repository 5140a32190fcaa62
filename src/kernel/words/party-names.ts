import type { GoalParty } from './goal-words.ts';
import type { Piece } from './pieces.ts';
import { isOneEditApart, isSameWord, spelledOut, type Token, wordsOf } from './tokens.ts';

/** Words at the end of a name that people leave out. */
const LEGAL_FORMS = new Set(
  'gmbh mbh ag kg kgaa og ug ohg gbr gesbr partg eu eg ev se ltd limited llc llp inc corp co plc sarl sas sa srl spa bv nv oy ab as aps sro kft oü sp zoo doo dd ehf pty pvt lda'.split(
    ' ',
  ),
);
/** Signs that may be in a name or not. */
const SIGNS = new Set(['.', ',', '-', '"', "'", '(', ')']);
const ANDS = new Set(['&', '+', 'and', 'und']);
/** letters of a word from which one slip is forgiven: in shorter ones it is another name */
const TYPO_LETTERS = 7;

interface KnownName {
  readonly party: GoalParty;
  readonly words: readonly string[];
}

/** The ways to say each party: its name, its aliases, and both without a legal form. */
export function knownNames(parties: readonly GoalParty[]): readonly KnownName[] {
  return parties.flatMap((party) => {
    const names = [party.name, ...party.aliases].map(nameWords);
    const all = [...names, ...names.map(withoutLegalForm)];
    const unique = new Map(all.map((words) => [words.join(' '), words]));
    return [...unique.values()]
      .filter((words) => words.join('').length > 1)
      .map((words) => ({ party, words }));
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
    const same = names.filter(({ words }) => isEqual(words, span.words));
    const alike = names.filter(
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
    const near = names.filter(({ words }) => isNear(words, span.words));
    if (near.length === 0) return [];
    const rivals = names.filter(({ words }) => isRival(words, span.words));
    return piecesOf(span, [...near, ...rivals], true);
  });
}

interface Span {
  readonly from: number;
  readonly to: number;
  readonly text: string;
  readonly words: readonly string[];
}

/** All runs of words that are as long as some name. Signs inside do not count; at the ends there are none. */
function spansOf(tokens: readonly Token[], names: readonly KnownName[]): readonly Span[] {
  const longest = Math.max(0, ...names.map(({ words }) => words.length)) + 1;
  const spans: Span[] = [];
  for (let from = 0; from < tokens.length; from++) {
    const words: string[] = [];
    for (let to = from; to < tokens.length && words.length < longest; to++) {
      const word = tokens[to]?.word ?? '';
      if (SIGNS.has(word)) {
        if (words.length === 0) break;
        continue;
      }
      words.push(ANDS.has(word) ? '&' : word);
      const text = tokens
        .slice(from, to + 1)
        .map((token) => token.text)
        .join(' ');
      const dotted = tokens[to + 1]?.word === '.' ? [to + 2] : []; // "Acme Ltd."
      for (const end of [to + 1, ...dotted]) {
        spans.push({ from, to: end, text, words: [...words] });
      }
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

function nameWords(name: string): readonly string[] {
  return wordsOf(name)
    .filter((word) => !SIGNS.has(word))
    .map((word) => (ANDS.has(word) ? '&' : word));
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
