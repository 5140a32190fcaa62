import { expect, test } from 'vitest';
import { killHome, runKillCampaign } from '../support/load/kill-campaign.ts';

const LONG = process.env.STEWARD_LONG === '1';
const KILLS = LONG ? 1_000 : 50;
/** another one every day would find more, and nobody could say what broke a build */
const SEED = 20_261_122;

test(
  `${KILLS} kills of a mixed load lose, double and reorder nothing (seed ${SEED})`,
  async () => {
    const report = await runKillCampaign(KILLS, SEED);
    expect(report.violations).toEqual([]);
    expect(report.kills).toBeGreaterThanOrEqual(KILLS * 0.8);
    expect(report.stops).toBeGreaterThan(KILLS / 10);
  },
  KILLS * 36_000,
);

test('a load that is over before its process would stand still is no fault (seed 102)', async () => {
  const { stops, faults } = await killHome([66, 84, 86, 75, 90, 5]);
  expect(faults).toEqual({ lost: [], doubled: [], reordered: [], doubledEffects: [] });
  expect(stops).toBeGreaterThan(0);
});

test('a run whose memory is thrown away after every turn survives kills the same', async () => {
  const { faults } = await killHome([40, 70, 25], { evict: true });
  expect(faults).toEqual({ lost: [], doubled: [], reordered: [], doubledEffects: [] });
});
