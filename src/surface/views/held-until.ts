import { toTimestamp } from '../../base/index.ts';
import { type EffectRow, heldUntilOf } from '../../kernel/index.ts';

/** Until when an approved effect can still be taken back; null when it is not held. */
export function heldUntil(row: EffectRow): string | null {
  const until = heldUntilOf(row);
  return until === null ? null : toTimestamp(until);
}
