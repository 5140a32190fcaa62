// Rebuilds and verifies a log, and says how much memory was alive on the way (run with --expose-gc).
import { verifySqliteLog } from '../../src/adapter/verify-sqlite-log.ts';
import { openFileLog } from '../conformance/open-file-log.ts';

const [file = '', everyEvents = ''] = process.argv.slice(2);
const { log } = openFileLog(file);
const aliveMb: number[] = [];
let next = 0;

/** Collects first: what could be thrown away is not memory that is needed. */
function measure(seq: number): void {
  if (seq < next) return;
  next = seq + Number(everyEvents);
  if (!globalThis.gc) throw new Error('run this with --expose-gc');
  globalThis.gc();
  aliveMb.push(process.memoryUsage().heapUsed / 1024 / 1024);
}

await log.rebuild(measure);
const digest = await log.digest('entries');
next = 0;
const report = verifySqliteLog(file, [], measure);
await log.close();
const verified = report.status === 'intact' ? report.events : report;
process.stdout.write(JSON.stringify({ digest, verified, aliveMb }));
