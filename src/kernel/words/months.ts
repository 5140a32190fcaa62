import type { Piece } from './pieces.ts';
import { isOneEditApart, type Token } from './tokens.ts';

export const MONTH_TITLES =
  'January February March April May June July August September October November December'.split(
    ' ',
  );

const MONTH_WORDS: readonly (readonly string[])[] = [
  ['january', 'jan', 'januar', 'jänner', 'jaenner'],
  ['february', 'feb', 'februar', 'feber'],
  ['march', 'mar', 'märz', 'maerz', 'mrz'],
  ['april', 'apr'],
  ['may', 'mai'],
  ['june', 'jun', 'juni'],
  ['july', 'jul', 'juli'],
  ['august', 'aug'],
  ['september', 'sep', 'sept'],
  ['october', 'oct', 'oktober', 'okt'],
  ['november', 'nov'],
  ['december', 'dec', 'dezember', 'dez'],
];
const MONTH_OF: ReadonlyMap<string, number> = new Map(
  MONTH_WORDS.flatMap((words, index) => words.map((word) => [word, index + 1] as const)),
);

const LAST = [
  'last',
  'previous',
  'past',
  'letzten',
  'letzter',
  'letztem',
  'letzte',
  'vorigen',
  'vorige',
  'voriger',
  'vorigem',
  'vergangenen',
];
const THIS = ['this', 'current', 'diesen', 'dieser', 'diesem', 'dieses', 'laufenden', 'aktuellen'];
const NEXT = ['next', 'nächsten', 'naechsten', 'nächster', 'nächstem', 'kommenden'];
const MONTH_NOUNS = ['month', 'monat', 'monats'];
/** They may stand before a month and belong to it; before a name they would mean something else. */
const LEADS: readonly (readonly string[])[] = [
  ['of'],
  ['vom'],
  ['the', 'month', 'of'],
  ['month', 'of'],
  ['monat'],
];
/** letters from which a month's name is recognised in spite of one slip */
const TYPO_LETTERS = 7;

/** Every month named in a goal. A year that is not said is the latest in which it has begun. */
export function monthPieces(tokens: readonly Token[], today: string): readonly Piece[] {
  const words = tokens.map(({ word }) => word);
  return words.flatMap((_, at) => {
    const found = monthAt(words, at, today);
    return found.flatMap((piece) => [piece, ...withLead(words, piece)]);
  });
}

/** The month that a whole word names, for words like `Oktoberrechnung`. */
export function monthNamed(word: string, today: string): string | undefined {
  const number = MONTH_OF.get(word);
  return number === undefined ? undefined : latest(number, today);
}

export function monthTitle(month: string): string {
  const [year = '', number = '1'] = month.split('-');
  return `${MONTH_TITLES[Number(number) - 1]} ${year}`;
}

/** `count` months up to the running one, the latest that has ended first. */
export function recentMonths(today: string, count: number): readonly string[] {
  const running = today.slice(0, 7);
  const before = Array.from({ length: count - 1 }, (_, back) => shift(running, -1 - back));
  return [...before.slice(0, 1), running, ...before.slice(1)];
}

function monthAt(words: readonly string[], at: number, today: string): readonly Piece[] {
  const word = words[at] ?? '';
  const next = words[at + 1] ?? '';
  const running = today.slice(0, 7);
  const piece = (length: number, month: string, because: string): Piece => ({
    from: at,
    to: at + length,
    means: 'month',
    month,
    because,
  });

  if (MONTH_NOUNS.includes(next)) {
    const said = `"${word} ${next}"`;
    if (LAST.includes(word))
      return [piece(2, shift(running, -1), `${said} is ${monthTitle(shift(running, -1))}.`)];
    if (THIS.includes(word)) return [piece(2, running, `${said} is ${monthTitle(running)}.`)];
    if (NEXT.includes(word))
      return [piece(2, shift(running, 1), `${said} is ${monthTitle(shift(running, 1))}.`)];
  }
  if (word === 'vormonat' || word === 'vormonats') {
    const month = shift(running, -1);
    return [piece(1, month, `"${word}" is ${monthTitle(month)}.`)];
  }
  const numeric = numericMonth(word);
  if (numeric !== undefined) return [piece(1, numeric, `"${word}" is ${monthTitle(numeric)}.`)];

  const named = MONTH_OF.get(word) ?? mistypedMonth(word);
  if (named === undefined) {
    const following = /^20\d\d$/.test(word) ? MONTH_OF.get(next) : undefined;
    if (following === undefined) return [];
    const month = write(Number(word), following);
    return [piece(2, month, `"${word} ${next}" is ${monthTitle(month)}.`)];
  }
  const dot = next === '.' ? 1 : 0; // "Oct. 2026"
  const year = yearOf(words[at + 1 + dot] ?? '', today);
  if (year !== undefined) {
    const month = write(year, named);
    return [piece(2 + dot, month, `"${word} ${words[at + 1 + dot]}" is ${monthTitle(month)}.`)];
  }
  const month = latest(named, today);
  const short = `"${word}" is ${monthTitle(month)}, the latest that has begun.`;
  return [piece(1, month, short), ...(dot ? [piece(2, month, short)] : [])];
}

function withLead(words: readonly string[], piece: Piece): readonly Piece[] {
  return LEADS.filter((lead) =>
    lead.every((word, index) => words[piece.from - lead.length + index] === word),
  ).map((lead) => ({ ...piece, from: piece.from - lead.length }));
}

/** `2026-10`, `2026/10`, `10/2026`, `10.2026`: a month and a year, nothing more. */
function numericMonth(word: string): string | undefined {
  const match = /^(20\d\d)[-/.](\d{1,2})$|^(\d{1,2})[-/.](20\d\d)$/.exec(word);
  if (!match) return undefined;
  const year = Number(match[1] ?? match[4]);
  const month = Number(match[2] ?? match[3]);
  return month >= 1 && month <= 12 ? write(year, month) : undefined;
}

/** A year in four digits or as '26. Bare two digits only for this year and the last: others are days. */
function yearOf(word: string, today: string): number | undefined {
  if (/^20\d\d$/.test(word)) return Number(word);
  if (/^'\d\d$/.test(word)) return 2000 + Number(word.slice(1));
  const year = 2000 + Number(word);
  const thisYear = Number(today.slice(0, 4));
  return /^\d\d$/.test(word) && (year === thisYear || year === thisYear - 1) ? year : undefined;
}

function mistypedMonth(word: string): number | undefined {
  if (word.length < TYPO_LETTERS - 1) return undefined;
  const near = MONTH_WORDS.flatMap((words, index) =>
    words.some((name) => name.length >= TYPO_LETTERS && isOneEditApart(name, word))
      ? [index + 1]
      : [],
  );
  return near.length === 1 ? near[0] : undefined;
}

function latest(number: number, today: string): string {
  const [year, month] = [Number(today.slice(0, 4)), Number(today.slice(5, 7))];
  return write(number <= month ? year : year - 1, number);
}

function shift(month: string, by: number): string {
  const months = Number(month.slice(0, 4)) * 12 + Number(month.slice(5, 7)) - 1 + by;
  return write(Math.floor(months / 12), (months % 12) + 1);
}

function write(year: number, month: number): string {
  return `${year}-${String(month).padStart(2, '0')}`;
}
