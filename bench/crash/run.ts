// npm run crash -- --kills N --seed S --json: kills a mixed load at drawn boundaries and audits it.
import { parseArgs } from 'node:util';
import { runKillCampaign } from '../../test/support/load/kill-campaign.ts';

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '50' },
    seed: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
  },
});
const kills = Number(values.kills);
const seed = Number(values.seed);
if (!Number.isInteger(kills) || kills < 1 || !Number.isInteger(seed)) {
  console.error('--kills takes a whole number from 1, --seed a whole number');
  process.exit(2);
}
const report = await runKillCampaign(kills, seed);
if (values.json) console.log(JSON.stringify(report));
else {
  const { violations, ...counts } = report;
  for (const [name, count] of Object.entries(counts)) console.log(`${name.padEnd(16)}${count}`);
  for (const violation of violations) console.log(`seed ${seed} ${violation}`);
}
process.exitCode = report.violations.length === 0 ? 0 : 1;
