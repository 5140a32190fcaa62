import { isApproved } from '../effects/lifecycle.ts';
import { fact } from '../events.ts';
import type { EffectRow } from '../folds.ts';
import type { Actor } from './actor.ts';
import { say, type Turn } from './turn.ts';

/** What was approved is no longer what would happen: it is prepared and asked anew. */
export function makeStale(
  turn: Turn,
  path: string,
  row: EffectRow,
  because: string,
  isBegun = true,
): void {
  turn.batch.others.push({
    stream: `effect/${row.key}`,
    expectedVersion: 'any',
    events: [fact('effect.stale', { because }, { run: turn.run.id })],
  });
  if (isBegun) say(turn, 'step.waiting', { step: path, for: 'approval', words: because });
}

/**
 * What was approved lapses while it waits for a key, a hold or the step before it. It is asked anew at
 * once, together with what was on the same card, and not one by one when their turn has come. True
 * when there was any.
 */
export function putLapsedAside(
  actor: Actor,
  turn: Turn,
  byStep: ReadonlyMap<string, EffectRow>,
): boolean {
  let isAside = false;
  for (const [path, row] of byStep) {
    if (!isApproved(row.status) || row.expiresMs > turn.now || actor.calls.has(path)) continue;
    const { waiting } = turn.run.steps.get(path) ?? {};
    const because = `What was approved is good for a day; that ran out while it waited. ${waiting?.words ?? ''}`;
    makeStale(turn, path, row, because.trim(), waiting !== undefined);
    isAside = true;
  }
  return isAside;
}
