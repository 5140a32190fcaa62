import { domainToUnicode } from 'node:url';
import { toAsciiDomain } from './address.ts';

/**
 * Text from outside as a person may safely read it: everything invisible, bidirectional or controlling
 * is written out (`⟦U+202E⟧`). Nothing is cut and nothing is markup. Line feeds, tabs and well-formed
 * emoji stay.
 */
export function makeVisible(text: string): string {
  return isPlain(text) ? text : text.replace(HIDDEN_OR_EMOJI, showOne).replace(STACKED, showAll);
}

/** True if `makeVisible` would change the text. */
export function hasInvisible(text: string): boolean {
  return makeVisible(text) !== text;
}

/**
 * What is odd about a domain or the domain of an address, in sentences; empty if nothing is. `known`
 * are domains that the company deals with: a new one that looks like one of them is named.
 */
export function domainHints(address: string, known: readonly string[] = []): string[] {
  const written = address.trim().slice(address.trim().lastIndexOf('@') + 1);
  const ascii = toAsciiDomain(written);
  if (ascii === undefined) return ['This is not a domain that can be reached.'];
  const unicode = domainToUnicode(ascii) || ascii;
  const hints: string[] = [];
  if (unicode !== ascii) hints.push(`Its real name is ${ascii}.`);
  for (const part of unicode.split('.')) {
    const scripts = scriptsOf(part);
    if (isOddMix(scripts)) {
      hints.push(`"${makeVisible(part)}" mixes ${scripts.join(' and ')} letters.`);
    } else if (!scripts.includes('Latin') && skeleton(part) !== part && isAscii(skeleton(part))) {
      hints.push(`"${makeVisible(part)}" looks like "${skeleton(part)}" but is written otherwise.`);
    }
  }
  const twin = known.find((domain) => domain !== ascii && looksAlike(domain, unicode));
  if (twin !== undefined)
    hints.push(`It looks like ${twin}, which you know, but is another domain.`);
  return hints;
}

/**
 * Controls (but line feed and tab), formats, private use, lone surrogates, unassigned and ignorable
 * code points, odd line ends and blanks that draw nothing. Emoji come first, so that their joiners stay.
 */
const HIDDEN_OR_EMOJI =
  /(\p{RGI_Emoji}|\r\n)|[[\p{Cc}--[\t\n]]\p{Cf}\p{Co}\p{Cs}\p{Cn}\p{Default_Ignorable_Code_Point}\u2028\u2029\u2800]/gv;
/** More marks on one letter than any living script stacks; they would paint over other lines. */
const STACKED = /(?<=\p{M}{4})\p{M}+/gu;

/** The common case, without the costly pattern: printable ASCII, line feeds and tabs. */
function isPlain(text: string): boolean {
  return /^[\t\n\x20-\x7e]*$/.test(text);
}

function showOne(found: string, harmless: string | undefined): string {
  return harmless ?? showAll(found);
}

function showAll(found: string): string {
  return Array.from(found, (character) => {
    const hex = (character.codePointAt(0) ?? 0).toString(16).toUpperCase();
    return `⟦U+${hex.padStart(4, '0')}⟧`;
  }).join('');
}

const SCRIPTS: readonly (readonly [string, RegExp])[] = [
  ['Latin', /\p{Script=Latin}/u],
  ['Cyrillic', /\p{Script=Cyrillic}/u],
  ['Greek', /\p{Script=Greek}/u],
  ['Armenian', /\p{Script=Armenian}/u],
  ['Cherokee', /\p{Script=Cherokee}/u],
  ['Hebrew', /\p{Script=Hebrew}/u],
  ['Arabic', /\p{Script=Arabic}/u],
  ['Han', /\p{Script=Han}/u],
  ['Kana', /[\p{Script=Hiragana}\p{Script=Katakana}]/u],
  ['Hangul', /\p{Script=Hangul}/u],
];

function scriptsOf(part: string): string[] {
  return SCRIPTS.filter(([, pattern]) => pattern.test(part)).map(([name]) => name);
}

/** Japanese and Korean names mix scripts, with Latin too; nobody else does. */
function isOddMix(scripts: readonly string[]): boolean {
  const eastAsian = ['Latin', 'Han', 'Kana', 'Hangul'];
  return scripts.length > 1 && !scripts.every((script) => eastAsian.includes(script));
}

/** Letters that are drawn like Latin ones (from Unicode's confusables, those that IDNA allows). */
const LOOKALIKES: { readonly [letter: string]: string } = Object.fromEntries(
  (
    'аa вb сc ԁd еe ҽe ғf һh іi ӏl јj кk мm нh оo рp ԛq ѕs тt цu ѵv ԝw хx уy ьb ' +
    'αa βb γy ιi κk νv οo ρp τt υu χx ωw օo սu հh ոn ցg զq ıi ɑa ɡg ɩi ʋv ⅼl'
  )
    .split(' ')
    .map((pair) => [pair.slice(0, 1), pair.slice(1)]),
);

function skeleton(text: string): string {
  return Array.from(text.normalize('NFC'), (letter) => LOOKALIKES[letter] ?? letter).join('');
}

function looksAlike(known: string, unicode: string): boolean {
  return folded(known) === folded(unicode);
}

/** Coarser than the skeleton: accents dropped, and the digits and pairs that are read as letters. */
function folded(domain: string): string {
  return skeleton(domain.normalize('NFD').replace(/\p{M}/gu, ''))
    .replaceAll('rn', 'm')
    .replaceAll('vv', 'w')
    .replace(/[1il|]/g, 'l')
    .replaceAll('0', 'o');
}

function isAscii(text: string): boolean {
  return /^[\x20-\x7e]*$/.test(text);
}
