import type { Fold } from '../../log/index.ts';
import { NOTHING, one } from './rows.ts';

/** Where in a stretch of the log events of one type stand: from `first` to `last`, by their seq. */
export type ArrivalsRow = {
  readonly first: number;
  readonly last: number;
};

/** seqs in one stretch: few rows, and a look at one of them is one page of the log at the most */
const STRETCH = 1_000;
/** digits of a stretch in a key, so that keys sort as the log does */
const DIGITS = 13;

/** Facts about runs, steps and the inbox itself: no plan waits for those. */
const INTERNAL = /^(run|step|wait|lock|effect|item|intent|plan|approval|number|compensation)\./;

/** True for facts that a plan may wait for. */
export function isAwaitable(type: string): boolean {
  return !INTERNAL.test(type);
}

/** Says where in the log to look for an event that came before somebody waited for it. */
export const arrivalsFold: Fold<ArrivalsRow> = {
  name: 'arrivals',
  version: 1,
  reads: isAwaitable,
  keys: ({ type, seq }) => [arrivalsKey(type, seq)],
  apply: (rows, { type, seq }) => {
    const key = arrivalsKey(type, seq);
    const { first = seq, last = 0 } = rows.get(key) ?? {};
    return seq > last ? one(key, { first, last: seq }) : NOTHING;
  },
};

/** Of the stretch that this place of the log is in. */
export function arrivalsKey(type: string, seq: number): string {
  return `${type}|${String(Math.floor(seq / STRETCH)).padStart(DIGITS, '0')}`;
}
