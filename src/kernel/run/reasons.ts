import { type Id, LIMITS, toTimestamp } from '../../base/index.ts';
import type { FoldRow, Log } from '../../log/index.ts';
import type { WaitReason } from '../events.ts';
import { runsFold, type WaitRow, waitsFold } from '../folds.ts';
import { type LockView, lockWords } from './locks.ts';

/** Why something is not running, in words. */
export interface Reason {
  readonly run: Id;
  /** what the run is for */
  readonly goal: string;
  /** null: the run as a whole */
  readonly step: string | null;
  readonly for: WaitReason | 'parked';
  readonly words: string;
  /** RFC 3339; null when no time ends it */
  readonly until: string | null;
  /** of a lock: who holds it, and how many are before this one */
  readonly lock: {
    readonly key: string;
    readonly holder: { readonly run: Id; readonly step: string };
    readonly ahead: number;
  } | null;
}

/**
 * For everything that is not running the reason: of one run, or of all, those that end first at the
 * front. At most `LIMITS.pageRows` of them. Reads only.
 */
export async function reasonsOf(
  { log, locks }: { readonly log: Log; readonly locks: () => readonly LockView[] },
  run?: Id,
): Promise<readonly Reason[]> {
  const rows = await waitsOf(log, run);
  const ids = [...new Set(rows.map(({ row }) => row.run))];
  const runs = await log.fold(runsFold).getMany(ids);
  const held = locks();
  const waiting = rows.flatMap(({ row }): Reason[] => {
    const of = runs.get(row.run);
    // a run that is over leaves nothing that could still start
    if (!of || of.endedAt !== null) return [];
    return [{ ...reasonOf(row, held), goal: of.title ?? of.goal }];
  });
  return [...waiting, ...(await parked(log, run))].sort(byEnd);
}

/** Those that a time ends come first, then the others. */
async function waitsOf(log: Log, run?: Id): Promise<readonly FoldRow<WaitRow>[]> {
  const waits = log.fold(waitsFold);
  if (run !== undefined) return waits.list({ equals: `${run}|` });
  const found = [...(await waits.list({ index: 'due' }))];
  if (found.length === LIMITS.pageRows) return found;
  for await (const each of waits.every()) {
    if (each.row.until === null) found.push(each);
    if (found.length === LIMITS.pageRows) break;
  }
  return found;
}

function reasonOf(row: WaitRow, held: readonly LockView[]): Omit<Reason, 'goal'> {
  const { run, step, for: reason, until } = row;
  const lock = reason === 'lock' ? lockOf(row, held) : null;
  return {
    // the log names who held it at first; by now it may be another one
    ...{ run, step, for: reason, words: lock ? lockWords(lock.key, lock.holder) : row.words },
    until: until === null ? null : toTimestamp(until),
    lock,
  };
}

function lockOf({ run, step }: WaitRow, held: readonly LockView[]): Reason['lock'] {
  for (const { key, holder, queue } of held) {
    const ahead = queue.findIndex((who) => who.run === run && who.step === step);
    if (ahead >= 0) return { key, holder, ahead };
  }
  return null;
}

async function parked(log: Log, only: Id | undefined): Promise<readonly Reason[]> {
  const runs = log.fold(runsFold);
  const rows =
    only === undefined
      ? (await runs.list({ index: 'status', equals: 'parked' })).map(({ row }) => row)
      : [...(await runs.getMany([only])).values()];
  return rows
    .filter(({ status }) => status === 'parked')
    .map((row) => ({
      ...{ run: row.id, goal: row.title ?? row.goal, step: null, for: 'parked' },
      ...{ words: row.words ?? 'It was put aside.', until: null, lock: null },
    }));
}

function byEnd(a: Reason, b: Reason): number {
  if (a.until === b.until) return 0;
  if (a.until === null) return 1;
  return b.until === null || a.until < b.until ? -1 : 1;
}
