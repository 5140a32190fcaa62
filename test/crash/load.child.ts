// One process of the mixed load: goes on with what is there, and dies at the boundary it was told.
import { acquireHomeLock } from '../../src/adapter/home-lock.ts';
import { createFailpoints, watchConnector, watchFiles, watchLog } from '../support/failpoints.ts';
import { driveLoad, openLoadHome } from '../support/load/drive-load.ts';
import { loadConnector } from '../support/load/load-parts.ts';

const [home = '', killAt = '0', evict = '', stopAt = '0'] = process.argv.slice(2);
const lock = acquireHomeLock(home);
const points = createFailpoints(Number(killAt), Number(stopAt));
watchFiles(points);
const composed = await openLoadHome({
  home,
  wrapLog: (log) => watchLog(log, points),
  connectors: [watchConnector(loadConnector(home), points)],
  ...(evict === 'evict' ? { evictAlways: true } : {}),
});
const runs = await driveLoad(composed);
await composed.close();
lock.release();
process.stdout.write(
  JSON.stringify({
    passed: points.passed.length,
    ends: runs.map(({ goal, status }) => `${goal}: ${status}`).sort(),
    problems: composed.problems.map(({ message }) => message),
  }),
);
