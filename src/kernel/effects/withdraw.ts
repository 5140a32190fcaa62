import type { EffectStatus } from '../../contract/index.ts';
import type { Log, StreamAppend } from '../../log/index.ts';
import { fact } from '../events.ts';
import type { EffectRow } from '../folds.ts';
import { readEffect } from './commit.ts';
import { isApproved, isUndecided } from './lifecycle.ts';

/** Nothing of it has begun outside: it can be withdrawn. What is on its way out is waited for. */
export function isWithdrawable(status: EffectStatus): boolean {
  return isUndecided(status) || isApproved(status);
}

/** The appends that withdraw an effect and give back the numbers that it holds. */
export async function withdrawal(
  { log }: { readonly log: Log },
  row: EffectRow,
  because: string,
  by = 'kernel',
): Promise<readonly StreamAppend[]> {
  const { effect } = await readEffect({ log }, row);
  const who = { by, run: effect.run };
  return [
    {
      stream: `effect/${row.key}`,
      expectedVersion: await log.streamVersion(`effect/${row.key}`),
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
