// Appends until it is killed, and says on standard output what it was promised to be durable.
import { writeSync } from 'node:fs';
import { newEvent } from '../conformance/log-fixtures.ts';
import { openFileLog } from '../conformance/open-file-log.ts';

const [file = ''] = process.argv.slice(2);
const { log } = openFileLog(file);
const streams = ['a', 'b', 'c'];

for (let n = log.head().seq; ; n++) {
  const events = [
    newEvent('x.one', { n }),
    newEvent('entry.put', { key: `k${n % 50}`, name: `n${n}`, value: n }),
  ];
  const stream = streams[n % streams.length] ?? 'a';
  const background = log.append([
    { stream: 'noise', expectedVersion: 'any', events: [newEvent('x.noise')] },
  ]);
  const { events: stored } = await log.append([{ stream, expectedVersion: 'any', events }], {
    barrier: n % 3 === 0,
  });
  await background;
  const last = stored.at(-1);
  if (n % 3 === 0 && last) writeSync(1, `${last.seq} ${last.hash}\n`);
}
