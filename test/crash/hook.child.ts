// One process of a home with a hook: takes one delivery, handles it, and dies at the boundary it was told.
import { standardWebhooks } from '../../src/adapter/standard-webhooks.ts';
import { composeKernel } from '../support/compose-kernel.ts';
import { createFailpoints, watchLog } from '../support/failpoints.ts';
import { HOOK_SECRET, handleDelivery, hookHome } from '../support/hook-home.ts';

const [home = '', killAt = '0', id = 'msg_1'] = process.argv.slice(2);
const points = createFailpoints(Number(killAt));
const composed = await composeKernel({
  ...hookHome(home),
  wrapLog: (log) => watchLog(log, points),
  hooks: { scheme: standardWebhooks, secretOf: async () => HOOK_SECRET },
});
await handleDelivery(composed, id);
await composed.close();
process.stdout.write(JSON.stringify(points.passed));
