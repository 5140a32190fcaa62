// Holds the lock of a home until it is killed.
import { acquireHomeLock } from '../../src/adapter/home-lock.ts';

const [home = ''] = process.argv.slice(2);
acquireHomeLock(home);
process.stdout.write('held\n');
setInterval(() => undefined, 1_000);
