// Measures DBOS in a process of its own: `DATABASE_URL=... node dbos.ts`. The figures go to the parent.
import { DBOS } from '@dbos-inc/dbos-sdk';
import { measureEngine } from './workload.ts';

const { DATABASE_URL: systemDatabaseUrl } = process.env;
if (systemDatabaseUrl === undefined) throw new Error('DATABASE_URL is missing');
// A parent that died without a word must not leave a load generator behind.
process.once('disconnect', () => process.exit(1));

const addSteps = DBOS.registerWorkflow(
  async (steps: number): Promise<number> => {
    let sum = 0;
    for (let step = 0; step < steps; step += 1) {
      sum += await DBOS.runStep(async () => step, { name: 'step' });
    }
    return sum;
  },
  { name: 'addSteps' },
);

DBOS.setConfig({ name: 'steward-bench', systemDatabaseUrl, logLevel: 'error' });
await DBOS.launch();
const measured = await measureEngine({ run: (steps) => addSteps(steps) });
await DBOS.shutdown();
process.send?.(measured, () => process.exit(0));
