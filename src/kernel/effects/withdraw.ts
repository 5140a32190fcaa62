import { type EffectStatus, failure } from '../../contract/index.ts';
import type { Log, StreamAppend } from '../../log/index.ts';
import { fact } from '../events.ts';
import { type EffectRow, effectsFold } from '../folds.ts';
import { readEffect } from './commit.ts';
import { isApproved, isUndecided } from './lifecycle.ts';

/** Nothing of it has begun outside: it can be withdrawn. What is on its way out is waited for. */
export function isWithdrawable(status: EffectStatus): boolean {
  return isUndecided(status) || isApproved(status);
}

/**
 * The appends that withdraw an effect and give back the numbers that it holds. Fails with
 * `version_conflict` when it has gone on its way since the row was read.
 */
export async function withdrawal(
  { log }: { readonly log: Log },
  row: EffectRow,
  because: string,
  by = 'kernel',
): Promise<readonly StreamAppend[]> {
  const { effect } = await readEffect({ log }, row);
  const who = { by, run: effect.run };
  const stream = `effect/${row.key}`;
  // in this order: what begins after the look is what the version is there for
  const expectedVersion = await log.streamVersion(stream);
  const now = await log.fold(effectsFold).get(row.key);
  if (!now || !isWithdrawable(now.status)) {
    const facts = { stream, status: now?.status ?? null };
    throw failure('version_conflict', 'It is on its way by now.', facts, 'Look at it again.');
  }
  return [
    {
      stream,
      expectedVersion,
      events: [fact('effect.withdrawn', { because }, who)],
    },
    ...effect.numbers.map(
      ({ series, number }): StreamAppend => ({
        stream: `series/${series}`,
        expectedVersion: 'any',
        events: [fact('number.released', { number, key: row.key }, { run: effect.run })],
      }),
    ),
  ];
}
