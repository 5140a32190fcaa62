/** A word, a number or a sign of a goal, with its place. */
export interface Token {
  readonly from: number;
  readonly to: number;
  readonly text: string;
  /** lower case, one form of width; what vocabularies are compared with */
  readonly word: string;
}

// Numbers with signs between (2026-10, 10/2026, 1,250.50) stay whole, so that no part of a date or an
// amount is taken for something else. 's stands alone, so that a possessive is seen as one.
const TOKEN =
  /\d+(?:[-/.,:]\d+)+|['’]\d+|['’]s(?![\p{L}\p{N}])|[\p{L}\p{M}\p{N}]+(?:['’](?!s(?![\p{L}\p{N}]))\p{L}+)*|\S/giu;

export function tokenize(text: string): readonly Token[] {
  return [...text.matchAll(TOKEN)].map(({ 0: found, index }) => ({
    from: index,
    to: index + found.length,
    text: found,
    word: found.normalize('NFKC').toLowerCase().replaceAll('’', "'"),
  }));
}

export function wordsOf(text: string): readonly string[] {
  return tokenize(text).map(({ word }) => word);
}

/** Without accents: `ö` as `o`. */
export function withoutAccents(word: string): string {
  return word.normalize('NFD').replaceAll(/\p{M}/gu, '').replaceAll('ß', 'ss').replaceAll('ø', 'o');
}

/** As it is typed without a German keyboard: `ö` as `oe`. */
export function spelledOut(word: string): string {
  const spelled = word.replaceAll(/[äöüß]/g, (letter) => SPELLED[letter] ?? letter);
  return withoutAccents(spelled);
}

const SPELLED: { readonly [letter: string]: string } = { ä: 'ae', ö: 'oe', ü: 'ue', ß: 'ss' };

/** True when both are one word, typed with, without or around its accents. */
export function isSameWord(a: string, b: string): boolean {
  if (a === b) return true;
  const [a1, b1] = [withoutAccents(a), withoutAccents(b)];
  const [a2, b2] = [spelledOut(a), spelledOut(b)];
  return a1 === b1 || a2 === b2 || a1 === b2 || a2 === b1;
}

/** True when one letter is added, left out, replaced, or swapped with its neighbour; no digit is. */
export function isOneEditApart(a: string, b: string): boolean {
  if (a.replaceAll(/\D/g, '') !== b.replaceAll(/\D/g, '')) return false;
  if (Math.abs(a.length - b.length) > 1 || a === b) return false;
  let start = 0;
  while (start < a.length && a[start] === b[start]) start++;
  let endA = a.length;
  let endB = b.length;
  while (endA > start && endB > start && a[endA - 1] === b[endB - 1]) {
    endA--;
    endB--;
  }
  const [restA, restB] = [a.slice(start, endA), b.slice(start, endB)];
  if (restA.length <= 1 && restB.length <= 1) return true;
  return restA.length === 2 && restB.length === 2 && restA === `${restB[1]}${restB[0]}`;
}
