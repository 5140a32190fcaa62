import { expect, test } from 'vitest';
import { withHome } from '../support/compose-kernel.ts';
import { openLoadHome } from '../support/load/drive-load.ts';

test('the suite that runs without memory folds a run from its log at every turn, the other never', async () => {
  await withHome(async (home) => {
    let folds = 0;
    const composed = await openLoadHome({
      ...{ home, store: 'memory' },
      wrapLog: (log) => ({
        ...log,
        readStream: (stream, options) => {
          if (stream.startsWith('run/')) folds += 1;
          return log.readStream(stream, options);
        },
      }),
    });
    const { run } = await composed.kernel.submit({
      ...{ words: 'x', playbook: 'load-chain', input: { name: 'x' }, by: 'operator:x' },
    });
    expect((await composed.kernel.rest(run)).status).toBe('done');
    if (process.env.STEWARD_EVICT === 'always') expect(folds).toBeGreaterThan(3);
    else expect(folds).toBeLessThan(2);
    await composed.close();
  });
});
