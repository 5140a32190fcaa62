import type { PlaybookWords } from './goal-words.ts';
import { monthNamed, monthTitle } from './months.ts';
import { type Piece, standsAt } from './pieces.ts';
import { type Token, wordsOf } from './tokens.ts';

/**
 * Words that change nothing in a request, whatever it is about. A closed list: what is not on it, not in
 * the playbook's words and no name, month or term is asked about. Left out on purpose because they do
 * change something: from, by, until, since, before, after, about, on, and, or, all, only, not, von, ab,
 * bis, seit, und, über, today, heute.
 */
const FILLERS: ReadonlySet<string> = new Set(
  (
    'please kindly the a an for to in now me hi hello hey steward thanks ' +
    'client customer hours work time services ' +
    'bitte der die das den dem des ein eine einen einer einem an für fuer im in mir jetzt mal doch ' +
    'hallo danke kunde kunden kundin firma stunden arbeit arbeiten arbeitszeit leistung leistungen zeit ' +
    '\'s . , ; : ! - – — " „ “ ” ( )'
  ).split(' '),
);

/** Requests that begin like a question or a wish. */
const POLITE = [
  'can you',
  'could you',
  'would you',
  'will you',
  'kannst du',
  'könntest du',
  'koenntest du',
  'würdest du',
].map(wordsOf);
const WISHES = [
  'i want to',
  'i need to',
  'i have to',
  'i would like to',
  "i'd like to",
  'we need to',
  'ich möchte',
  'ich will',
  'ich muss',
  'thank you',
  'vielen dank',
].map(wordsOf);

/** Words without a meaning of their own. A question mark is one of them after `can you` only. */
export function fillerPieces(tokens: readonly Token[]): readonly Piece[] {
  const words = tokens.map(({ word }) => word);
  return words.flatMap((word, at) => [
    ...(FILLERS.has(word) ? [filler(at, 1)] : []),
    ...POLITE.filter((phrase) => standsAt(words, at, phrase)).map((phrase) => ({
      ...filler(at, phrase.length),
      polite: true as const,
    })),
    ...WISHES.filter((phrase) => standsAt(words, at, phrase)).map(({ length }) =>
      filler(at, length),
    ),
    ...(word === '?' && isPoliteBefore(words, at) ? [filler(at, 1)] : []),
  ]);
}

/** What asks for the playbook, and the words that may stand beside it. */
export function intentPieces(
  tokens: readonly Token[],
  playbook: PlaybookWords,
  today: string,
): readonly Piece[] {
  const words = tokens.map(({ word }) => word);
  const phrases = playbook.intents.map((intent) => intent.split(/\s*\.\.\.\s*/).map(wordsOf));
  const beside = (playbook.beside ?? []).map(wordsOf);
  const last = words.findLastIndex((word) => /[\p{L}\p{N}]/u.test(word));

  return words.flatMap((word, at) => {
    const intents = phrases.flatMap(([head = [], tail], number): readonly Piece[] => {
      if (tail === undefined) {
        const whole = standsAt(words, at, head) ? [intent(at, head.length)] : [];
        return head.length === 1 ? [...whole, ...compound(word, at, head[0] ?? '', today)] : whole;
      }
      const isEnd = standsAt(words, at, tail) && at + tail.length - 1 === last;
      return [
        ...(standsAt(words, at, head) ? [{ ...intentPart(at, head.length), opens: number }] : []),
        ...(isEnd
          ? [{ ...intentPart(at, tail.length), closes: number, intent: true as const }]
          : []),
      ];
    });
    const others = beside.filter((phrase) => standsAt(words, at, phrase));
    return [...intents, ...others.map(({ length }) => filler(at, length))];
  });
}

/** `Oktoberrechnung`: a month and an intent in one word. */
function compound(word: string, at: number, head: string, today: string): readonly Piece[] {
  if (!word.endsWith(head) || head.length < 5) return [];
  const month = monthNamed(word.slice(0, -head.length), today);
  if (month === undefined) return [];
  const because = `"${word}" is for ${monthTitle(month)}, the latest that has begun.`;
  return [{ ...intent(at, 1), month, because }];
}

function intent(at: number, length: number): Piece {
  return { ...intentPart(at, length), intent: true };
}

function intentPart(at: number, length: number): Piece {
  return { from: at, to: at + length, means: 'intent' };
}

function filler(at: number, length: number): Piece {
  return { from: at, to: at + length, means: 'filler' };
}

function isPoliteBefore(words: readonly string[], at: number): boolean {
  return words
    .slice(0, at)
    .some((_, start) => POLITE.some((phrase) => standsAt(words, start, phrase)));
}
