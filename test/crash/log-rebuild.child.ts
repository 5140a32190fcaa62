// Rebuilds and verifies a log in the small heap that it was given.
import { verifySqliteLog } from '../../src/adapter/verify-sqlite-log.ts';
import { openFileLog } from '../conformance/open-file-log.ts';

const [file = ''] = process.argv.slice(2);
const { log } = openFileLog(file);
await log.rebuild();
const digest = await log.digest('entries');
await log.close();
const report = verifySqliteLog(file, []);
process.stdout.write(
  JSON.stringify({ digest, verified: report.status === 'intact' ? report.events : report }),
);
