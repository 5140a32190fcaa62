// Another process on the same file, which should not be: appends to streams as fast as it can.
import { writeSync } from 'node:fs';
import { toFailure } from '../../src/contract/index.ts';
import { newEvent } from './log-fixtures.ts';
import { openFileLog } from './open-file-log.ts';

const [directory = '', count = '1', ...streams] = process.argv.slice(2);
const { log } = openFileLog(`${directory}/steward.db`);
const ends: { [code: string]: number } = {};
writeSync(1, '\n');
for (let n = 0; n < Number(count); n++) {
  const stream = streams[n % streams.length] ?? 'a';
  const expectedVersion = await log.streamVersion(stream);
  await new Promise((resolve) => setImmediate(resolve));
  const code = await log
    .append([{ stream, expectedVersion, events: [newEvent('x.one', { text: 'child' })] }])
    .then(
      () => 'done',
      (error: unknown) => toFailure(error).code,
    );
  ends[code] = (ends[code] ?? 0) + 1;
}
await log.close();
writeSync(1, JSON.stringify(ends));
