import type { Id } from '../../base/index.ts';
import type { Reason, RunRow, RunState, RunStatus } from '../../kernel/index.ts';

/** Why a run does not move, in a sentence, and where to go about it. */
export interface Why {
  readonly words: string;
  /** the item that waits for you */
  readonly item: Id | null;
  /** another run that goes first: the one that takes this one back, or holds its key */
  readonly run: Id | null;
}

interface Parts {
  readonly row: RunRow;
  readonly run: Pick<RunState, 'compensatedBy'> | undefined;
  readonly reasons: readonly Reason[];
  /** open ones, oldest first */
  readonly items: readonly Id[];
}

/** Null for a run that moves or is over. */
export function whyOf(parts: Parts): Why | null {
  return WHY[parts.row.status](parts);
}

const nothing = (): null => null;

const WHY: { readonly [Status in RunStatus]: (parts: Parts) => Why | null } = {
  running: nothing,
  done: nothing,
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
