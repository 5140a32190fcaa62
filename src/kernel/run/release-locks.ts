import type { NewEvent } from '../../contract/index.ts';
import type { Locks } from './locks.ts';
import { say, type Turn } from './turn.ts';

/** A step gives its keys back when it is over, has failed, or waits for something that may take weeks. */
const GIVES_BACK: ReadonlySet<string> = new Set([
  'step.completed',
  'step.failed',
  'step.skipped',
  'step.denied',
  'step.cancelled',
]);
const KEEPS: ReadonlySet<string> = new Set(['lock.taken', 'step.started', 'step.expanded']);
const WAITS_WITHOUT: ReadonlySet<unknown> = new Set(['approval', 'undo', 'rate', 'window']);

const NOTHING = (): void => undefined;

/**
 * Says in the turn's own append which keys its steps give back. Nobody else gets them before that
 * append is there: call what this returns once it is.
 */
export function releaseLocks(locks: Locks, turn: Turn): () => void {
  const claims = [...locks.claimsOf(turn.run.id)];
  if (claims.length === 0) return NOTHING;
  const isFreed = freedBy(turn.batch.events);
  const freed = claims.filter(({ step, holds }) => isFreed(step, holds));
  for (const { step, holds } of freed) if (holds) say(turn, 'lock.released', { step });
  return () => {
    for (const { step } of freed) locks.release({ run: turn.run.id, step });
  };
}

/** An append that failed leaves nothing held that the log does not know of. */
export function undoLocks(locks: Locks, { run, batch }: Turn): void {
  for (const { type, data } of batch.events) {
    if (type === 'lock.taken') locks.release({ run: run.id, step: String(data.step) });
  }
}

function freedBy(events: readonly NewEvent[]): (step: string, holds: boolean) => boolean {
  const steps = new Map<unknown, boolean>();
  let isParked = false;
  let isOver = false;
  for (const { type, data } of events) {
    isOver ||= type === 'run.finished';
    isParked ||= type === 'run.parked';
    if (GIVES_BACK.has(type)) steps.set(data.step, true);
    else if (KEEPS.has(type)) steps.set(data.step, false);
    else if (type === 'step.waiting' && WAITS_WITHOUT.has(data.for)) steps.set(data.step, true);
  }
  // a parked run keeps what it holds; its place in a line would only hold up the others
  return (step, holds) => isOver || (isParked && !holds) || steps.get(step) === true;
}
