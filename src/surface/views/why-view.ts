import type { Id } from '../../base/index.ts';
import type { Reason, RunRow, RunState, RunStatus, Unmet } from '../../kernel/index.ts';

/** Why a run does not move, or what did not come about in it, and where to go about it. */
export interface Why {
  readonly words: string;
  /** the item that waits for you */
  readonly item: Id | null;
  /** another run that goes first: the one that takes this one back, or holds its key */
  readonly run: Id | null;
}

interface Parts {
  readonly row: RunRow;
  readonly run: Pick<RunState, 'compensatedBy' | 'steps'> | undefined;
  readonly reasons: readonly Reason[];
  /** open ones, oldest first */
  readonly items: readonly Id[];
}

/** Null for a run that moves, or is over with nothing left to say. */
export function whyOf(parts: Parts): Why | null {
  return WHY[parts.row.status](parts);
}

/** A step that stopped at its bound without what it repeats for. */
export interface UnmetStep {
  readonly step: string;
  readonly words: string;
}

/** most steps that are named one by one */
const NAMED = 20;

/** The repeats of a run that stopped at their bound, their condition never true. */
export function unmetIn(run: Pick<RunState, 'steps'> | undefined): readonly UnmetStep[] {
  const found = [...(run?.steps.values() ?? [])].flatMap(({ path, unmet }) =>
    unmet ? [{ step: path, words: unmetWords(unmet) }] : [],
  );
  return found.slice(0, NAMED);
}

/** One sentence, for the step's line and for `why`. */
export function unmetWords({ rounds, until }: Unmet): string {
  const bound = rounds === 1 ? 'the one round it may take' : `${rounds} rounds, its bound`;
  return `It stopped after ${bound}, and "${until}" was never true.`;
}

const nothing = (): null => null;

const WHY: { readonly [Status in RunStatus]: (parts: Parts) => Why | null } = {
  running: nothing,
  done: ({ run }) => {
    const words = unmetIn(run).map(({ step, words: said }) => `${step}: ${said}`);
    return words.length === 0 ? null : { words: words.join(' '), item: null, run: null };
  },
  failed: nothing,
  cancelled: nothing,
  planned: () => ({ words: 'It is about to start.', item: null, run: null }),
  waiting: ({ row, reasons, items }) => {
    const [held] = row.waitingFor === 'lock' ? reasons.filter(({ lock }) => lock) : [];
    const others = reasons.length > 1 ? ` (and ${reasons.length - 1} more)` : '';
    const words = held ? held.words + others : row.words;
    const [item = null] = items;
    const isYours = row.waitingFor === 'approval' || row.waitingFor === 'answer';
    return {
      words: words ?? 'It waits for its turn.',
      item: isYours ? item : null,
      run: held?.lock?.holder.run ?? null,
    };
  },
  parked: ({ row, items }) => ({
    words: `It was put aside. ${row.words ?? ''} Say in the inbox whether it goes on.`,
    item: items[0] ?? null,
    run: null,
  }),
  cancelling: () => ({
    words: 'It stops at the next safe point: what is on its way out ends first.',
    item: null,
    run: null,
  }),
  compensating: ({ row, run }) => ({
    words: `It was cancelled${row.words ? `: ${row.words.replace(/[.!?]$/, '')}` : ''}. What it did is being taken back by a run of its own, which asks you like any other.`,
    item: null,
    run: run?.compensatedBy ?? null,
  }),
};
