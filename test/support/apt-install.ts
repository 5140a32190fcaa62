import { spawnSync } from 'node:child_process';
import { alone } from './alone.ts';

/** Where it comes from answers late or not at all now and then. */
const RETRIES = 'Acquire::Retries=3';

/**
 * What `find` finds once the Debian package is there, which is installed where nothing is found. One
 * test file at a time: apt lets in no second one, and a program that is being installed is not whole.
 */
export function aptInstall<T>(name: string, find: () => T | undefined): T | undefined {
  return alone('apt', () => {
    const found = find();
    if (found !== undefined) return found;
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    for (const command of [['update'], ['install', '--yes', '--no-install-recommends', name]]) {
      spawnSync('apt-get', ['-o', RETRIES, ...command], { stdio: 'ignore', env });
    }
    return find();
  });
}
