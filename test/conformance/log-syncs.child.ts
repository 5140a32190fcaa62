// Appends in phases and writes a mark between them, so that a trace of its system calls can be read.
import { openSync, writeSync } from 'node:fs';
import { newEvent } from './log-fixtures.ts';
import { openFileLog } from './open-file-log.ts';

const [directory = '', barriers = '0'] = process.argv.slice(2);
const marks = openSync(`${directory}/marks`, 'w');
const mark = (name: string) => writeSync(marks, `MARK ${name}`);
const { log, store } = openFileLog(`${directory}/steward.db`);
const one = { stream: 'a', expectedVersion: 'any', events: [newEvent('x.one')] } as const;

for (let n = 0; n < Number(barriers); n++) {
  mark('barrier');
  await log.append([one], { barrier: true });
}

// Through the store, so that no timer of the log falls into it.
const fold = {
  name: 'sync-test',
  version: 1,
  reads: () => false,
  keys: () => [],
  apply: () => new Map(),
};
mark('normal');
for (let n = 0; n < 20; n++) {
  store.transact('normal', () => store.putRow(fold, `k${n}`, undefined, { n }));
}
mark('barrier-after-normal');
await log.append([one], { barrier: true });

mark('empty-barrier');
store.transact('full', () => undefined);

mark('tail');
const heard = new Promise((resolve) => log.onDurable(resolve));
await log.append([one]);
await heard;

mark('idle');
await new Promise((resolve) => setTimeout(resolve, 200));

mark('close');
await log.append([one]);
await log.close();
mark('end');
