import { join } from 'node:path';
import { expect, test } from 'vitest';
import { foundExample, startExample } from '../../src/found-home.ts';
import { runsFold } from '../../src/kernel/index.ts';
import { openHome } from '../../src/open-home.ts';
import { withHome } from '../support/compose-kernel.ts';

test('the example bills the month before its own, also in the hour in which that is not over elsewhere', () =>
  withHome(async (directory) => {
    const clock = { now: () => Date.UTC(2026, 11, 31, 23, 30) }; // the first of January in Berlin
    const options = { home: join(directory, 'home'), clock, version: '0.0.0-test' };
    await foundExample(options);
    const home = await openHome({
      ...{ ...options, isTestClock: false, patienceMs: 0, origins: () => [] },
      report: (problem) => {
        throw problem;
      },
      onFatal: (reason) => {
        throw reason;
      },
    });
    await startExample(home);
    const rows = await home.services.log.fold(runsFold).list();
    expect(rows.map(({ row }) => row)).toMatchObject([
      { goal: 'invoice Acme for December 2026', waitingFor: 'approval' },
    ]);
    await home.close();
  }));
