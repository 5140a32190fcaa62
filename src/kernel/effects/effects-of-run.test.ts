import { expect, test } from 'vitest';
import type { Log } from '../../log/index.ts';
import type { EffectRow } from '../folds.ts';
import { effectsOfRun } from './effects-of-run.ts';

test('effects of a run come in the order in which they were prepared, whatever their keys', async () => {
  const rows = [
    { key: 'a1', seq: 12 },
    { key: 'b2', seq: 7 },
    { key: 'c3', seq: 9 },
  ] as EffectRow[]; // only what decides the order
  const every = async function* () {
    for (const row of rows) yield { key: row.key, row };
  };
  const log = { fold: () => ({ every }) } as unknown as Pick<Log, 'fold'>; // nothing else is asked
  const found = await effectsOfRun({ log }, 'run-1');
  expect(found.map(({ key }) => key)).toEqual(['b2', 'c3', 'a1']);
});
