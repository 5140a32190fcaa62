import { GOAL_LIMITS } from './goal-words.ts';
import type { Piece } from './pieces.ts';

/** One way to understand all tokens of a goal, each by exactly one piece. */
export interface Reading {
  readonly pieces: readonly Piece[];
  readonly hasIntent: boolean;
  /** distinct values, in order of appearance */
  readonly parties: readonly string[];
  readonly months: readonly string[];
  readonly days: readonly number[];
}

/**
 * All readings that account for every token, those that come to the same once. Undefined when there
 * are more partial readings than GOAL_LIMITS allow.
 */
export function completeReadings(
  length: number,
  pieces: readonly Piece[],
): readonly Reading[] | undefined {
  const startingAt = Map.groupBy(pieces, ({ from }) => from);
  let paths = new Map<number, Map<string, readonly Piece[]>>([[0, new Map([['', []]])]]);
  let budget: number = GOAL_LIMITS.readings;
  for (let at = 0; at < length; at++) {
    const here = paths.get(at);
    if (!here) continue;
    for (const path of here.values()) {
      for (const piece of startingAt.get(at) ?? []) {
        const next = [...path, piece];
        if (!isAllowed(path, piece)) continue;
        if (--budget < 0) return undefined;
        const there = paths.get(piece.to) ?? new Map<string, readonly Piece[]>();
        const sense = senseOf(next);
        if (!there.has(sense)) there.set(sense, next);
        paths.set(piece.to, there);
      }
    }
    paths = new Map([...paths].filter(([to]) => to > at));
  }
  return [...(paths.get(length)?.values() ?? [])].map(toReading).filter(isClosed);
}

/**
 * The reading that leaves the fewest tokens unaccounted for; those are pieces of the meaning
 * `unknown`. Of equals the one with fewer pieces, so that a name is not cut up into words.
 */
export function bestReading(length: number, pieces: readonly Piece[]): Reading {
  type Best = { readonly cost: number; readonly path: readonly Piece[] };
  const endingAt = Map.groupBy(pieces, ({ to }) => to);
  const best: Best[] = [{ cost: 0, path: [] }];
  for (let to = 1; to <= length; to++) {
    const unknown: Piece = { from: to - 1, to, means: 'unknown' };
    const options = [unknown, ...(endingAt.get(to) ?? [])].flatMap((piece) => {
      const before = best[piece.from];
      if (!before) return [];
      // An unknown word costs more than any number of pieces that a goal can have.
      const cost = piece.means === 'unknown' ? GOAL_LIMITS.tokens + 1 : 1;
      return [{ cost: before.cost + cost, path: [...before.path, piece] }];
    });
    best[to] = options.reduce((a, b) => (b.cost < a.cost ? b : a));
  }
  return toReading(best[length]?.path ?? []);
}

/** A phrase with words between is opened once, before it is closed. */
function isAllowed(path: readonly Piece[], piece: Piece): boolean {
  const open = path.find(({ opens }) => opens !== undefined);
  if (piece.opens !== undefined) return open === undefined;
  return piece.closes === undefined || open?.opens === piece.closes;
}

function isClosed({ pieces }: Reading): boolean {
  const opened = pieces.some(({ opens }) => opens !== undefined);
  return !opened || pieces.some(({ closes }) => closes !== undefined);
}

function toReading(pieces: readonly Piece[]): Reading {
  return {
    pieces,
    hasIntent: pieces.some(({ intent }) => intent === true),
    parties: distinct(pieces.map(({ party }) => party)),
    months: distinct(pieces.map(({ month }) => month)),
    days: distinct(pieces.map(({ days }) => days)),
  };
}

/** Equal for paths that cannot differ in what they come to. */
function senseOf(path: readonly Piece[]): string {
  const { hasIntent, parties, months, days } = toReading(path);
  const open = path.find(({ opens }) => opens !== undefined)?.opens;
  const closed = path.some(({ closes }) => closes !== undefined);
  return JSON.stringify([hasIntent, [...parties].sort(), [...months].sort(), days, open, closed]);
}

function distinct<Value>(values: readonly (Value | undefined)[]): readonly Value[] {
  return [...new Set(values.filter((value) => value !== undefined))];
}
