import type { Json } from '../../base/index.ts';
import { askAboutGoal, type Candidate, isFuture } from './goal-question.ts';
import { GOAL_LIMITS, type GoalContext, type GoalMatch, type GoalSpan } from './goal-words.ts';
import { monthPieces } from './months.ts';
import { knownNames, mistypedPartyPieces, partyPieces } from './party-names.ts';
import { daysPieces } from './payment-days.ts';
import { fillerPieces, intentPieces } from './phrases.ts';
import type { Piece } from './pieces.ts';
import { bestReading, completeReadings, type Reading } from './readings.ts';
import { type Token, tokenize } from './tokens.ts';

/**
 * Finds the playbook and the input that a goal asks for, without a model. It is acted on only if every
 * word is accounted for and all readings that do so come to one thing; everything else is one
 * question that names what is missing, open or not understood. Deterministic.
 *
 * @example
 * matchGoal('invoice Acme for October', context)
 * // { status: 'matched', playbook: { name: 'invoice-month', version: 1 },
 * //   input: { party: '…', month: '2026-10' }, … }
 */
export function matchGoal(words: string, context: GoalContext): GoalMatch {
  const tokens = words.length > GOAL_LIMITS.chars ? [] : tokenize(words);
  if (words.length > GOAL_LIMITS.chars || tokens.length > GOAL_LIMITS.tokens) {
    return unknown(['This is longer than I can read safely. Say it in one sentence.'], context);
  }
  const asked = context.playbooks
    .map((playbook) => ({ playbook, intents: intentsOf(tokens, playbook.words, context) }))
    .filter(({ intents }) => intents.some(({ means }) => means === 'intent'));
  if (asked.length === 0) return unknown(['No word in it names something I can do.'], context);

  const read = asked.map(({ playbook, intents }) => ({
    playbook,
    ...readingsFor(tokens, playbook.words, intents, context),
  }));
  const complete = read.flatMap(({ playbook, readings }) =>
    readings.map((reading) => ({ playbook, reading })),
  );
  const sound = complete.filter((candidate) => isSound(candidate, context));
  const [only] = sound;
  if (only && sound.length === 1 && !complete.some(hasTwoParties)) {
    return matched(only, tokens, words);
  }
  const open = sound.length > 0 ? [...sound, ...complete.filter(hasTwoParties)] : complete;
  const best = read.map(({ playbook, best: reading }) => ({ playbook, reading }));
  return question(open.length > 0 ? richest(open) : fewestUnknown(best), tokens, words, context);
}

type WordsOf = GoalContext['playbooks'][number]['words'];

function intentsOf(tokens: readonly Token[], playbook: WordsOf, context: GoalContext) {
  return intentPieces(tokens, playbook, context.today);
}

/** Readings with names as written; only if there is none, with slips of the pen forgiven. */
function readingsFor(
  tokens: readonly Token[],
  playbook: WordsOf,
  intents: readonly Piece[],
  context: GoalContext,
): { readonly readings: readonly Reading[]; readonly best: Reading } {
  const names = knownNames(playbook.slots.party === undefined ? [] : context.parties);
  const pieces: readonly Piece[] = [
    ...intents,
    ...fillerPieces(tokens),
    ...partyPieces(tokens, names),
    ...(playbook.slots.month === undefined ? [] : monthPieces(tokens, context.today)),
    ...(playbook.slots.days === undefined ? [] : daysPieces(tokens)),
  ];
  const exact = completeReadings(tokens.length, pieces);
  if (exact === undefined) return { readings: [], best: bestReading(tokens.length, pieces) };
  if (exact.length > 0) return { readings: exact, best: bestReading(tokens.length, pieces) };
  const forgiving = [...pieces, ...mistypedPartyPieces(tokens, names)];
  return {
    readings: completeReadings(tokens.length, forgiving) ?? [],
    best: bestReading(tokens.length, forgiving),
  };
}

/** Says what to do and with what, once each. */
function isSound({ playbook, reading }: Candidate, context: GoalContext): boolean {
  const { slots } = playbook.words;
  const [month] = reading.months;
  return (
    reading.hasIntent &&
    (slots.party === undefined || reading.parties.length === 1) &&
    (slots.month === undefined || reading.months.length === 1) &&
    reading.days.length <= 1 &&
    (month === undefined || !isFuture(month, context.today))
  );
}

/** Then a word that could pass for a filler is a name as well, and nobody can tell. */
function hasTwoParties({ reading }: Candidate): boolean {
  return reading.hasIntent && reading.parties.length > 1 && reading.months.length > 0;
}

function matched(
  { playbook, reading }: Candidate,
  tokens: readonly Token[],
  words: string,
): GoalMatch {
  const { slots } = playbook.words;
  const input: { [field: string]: Json } = {};
  const [party] = reading.parties;
  const [month] = reading.months;
  const [days] = reading.days;
  if (slots.party !== undefined && party !== undefined) input[slots.party] = party;
  if (slots.month !== undefined && month !== undefined) input[slots.month] = month;
  if (slots.days !== undefined && days !== undefined) input[slots.days] = days;
  return {
    status: 'matched',
    playbook: { name: playbook.name, version: playbook.version },
    input,
    because: becauseOf(reading, playbook.title, tokens),
    spans: spansOf(reading, tokens, words),
  };
}

function question(
  candidates: readonly Candidate[],
  tokens: readonly Token[],
  words: string,
  context: GoalContext,
): GoalMatch {
  const [first] = candidates;
  if (!first) return unknown(['No word in it names something I can do.'], context);
  const spans = spansOf(first.reading, tokens, words);
  const unclear = unknownPhrases(spans, words);
  const { name, version } = first.playbook;
  const isOne = candidates.every(({ playbook }) => playbook.name === name);
  return {
    status: 'question',
    ...askAboutGoal(candidates, unclear, context),
    ...(isOne && { playbook: { name, version } }),
    because: becauseOf(first.reading, first.playbook.title, tokens),
    spans,
  };
}

function unknown(because: readonly string[], context: GoalContext): GoalMatch {
  return { status: 'unknown', because, suggestions: context.playbooks.map(({ title }) => title) };
}

/** The complete readings that understand most: they share what can be filled in. */
function richest(candidates: readonly Candidate[]): readonly Candidate[] {
  const worth = ({ reading }: Candidate) =>
    (reading.hasIntent ? 4 : 0) +
    Math.min(reading.parties.length, 1) +
    Math.min(reading.months.length, 1);
  const most = Math.max(...candidates.map(worth));
  return candidates.filter((candidate) => worth(candidate) === most);
}

function fewestUnknown(candidates: readonly Candidate[]): readonly Candidate[] {
  const count = ({ reading }: Candidate) =>
    reading.pieces.filter(({ means }) => means === 'unknown').length;
  const fewest = Math.min(...candidates.map(count));
  return candidates.filter((candidate) => count(candidate) === fewest);
}

function becauseOf(reading: Reading, title: string, tokens: readonly Token[]): readonly string[] {
  const intents = reading.pieces
    .filter(({ means }) => means === 'intent')
    .flatMap(({ from, to }) => tokens.slice(from, to).map(({ text }) => text));
  const asked = intents.length > 0 ? [`"${intents.join(' ')}" asks for: ${title}.`] : [];
  return [...asked, ...reading.pieces.flatMap(({ because }) => because ?? [])];
}

function spansOf(reading: Reading, tokens: readonly Token[], words: string): readonly GoalSpan[] {
  return reading.pieces.map((piece) => {
    const from = tokens[piece.from]?.from ?? 0;
    const to = tokens[piece.to - 1]?.to ?? from;
    return { from, to, text: words.slice(from, to), means: piece.means };
  });
}

/** Unknown words in a row as one phrase, as they were written. */
function unknownPhrases(spans: readonly GoalSpan[], words: string): readonly string[] {
  const phrases: { from: number; to: number }[] = [];
  let previous: GoalSpan | undefined;
  for (const span of spans) {
    if (span.means === 'unknown') {
      const last = phrases.at(-1);
      if (last && previous?.means === 'unknown') last.to = span.to;
      else phrases.push({ from: span.from, to: span.to });
    }
    previous = span;
  }
  return phrases.map(({ from, to }) => words.slice(from, to));
}
