import type { Piece } from './pieces.ts';
import type { Token } from './tokens.ts';

/** `#` is the number. A bare "30 days" is none of these: it may mean thirty days of work. */
const PATTERNS: readonly (readonly string[])[] = [
  'net # days',
  'net #',
  '# days net',
  'netto # tage',
  'netto #',
  '# tage netto',
  'due in # days',
  'due within # days',
  'due # days',
  'payable in # days',
  'payable within # days',
  'payment in # days',
  'payment within # days',
  'payment terms # days',
  'payment terms of # days',
  'payment term # days',
  'payment term of # days',
  '# days payment terms',
  '# days to pay',
  'zahlbar in # tagen',
  'zahlbar innerhalb von # tagen',
  'zahlbar binnen # tagen',
  'fällig in # tagen',
  'faellig in # tagen',
  'zahlungsziel # tage',
  'zahlungsziel von # tagen',
  'zahlungsziel #',
  '# tage zahlungsziel',
].map((pattern) => pattern.split(' '));

/** Words that join them to the sentence. */
const LEADS = new Set(['with', 'mit']);

/** longest term that is taken from words, in days; as in records */
const MOST_DAYS = 365;

/** Every payment term named in a goal, such as `net 30`. */
export function daysPieces(tokens: readonly Token[]): readonly Piece[] {
  return tokens.flatMap((_, at) =>
    PATTERNS.flatMap((pattern) => {
      const days = daysAt(tokens, at, pattern);
      if (days === undefined) return [];
      const to = at + pattern.length;
      const because = `"${tokens
        .slice(at, to)
        .map(({ text }) => text)
        .join(' ')}" is ${days} days to pay.`;
      const piece: Piece = { from: at, to, means: 'days', days, because };
      return LEADS.has(tokens[at - 1]?.word ?? '') ? [piece, { ...piece, from: at - 1 }] : [piece];
    }),
  );
}

function daysAt(
  tokens: readonly Token[],
  at: number,
  pattern: readonly string[],
): number | undefined {
  let days: number | undefined;
  for (const [index, part] of pattern.entries()) {
    const word = tokens[at + index]?.word;
    if (part === '#' && word !== undefined && /^\d{1,3}$/.test(word)) days = Number(word);
    else if (part !== word) return undefined;
  }
  return days !== undefined && days <= MOST_DAYS ? days : undefined;
}
