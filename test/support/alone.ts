import { mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { acquireHomeLock, type HomeLock } from '../../src/adapter/home-lock.ts';
import { sha256 } from '../../src/base/index.ts';
import { toFailure } from '../../src/contract/index.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const POLL_MS = 100;

/**
 * Does something while no other test file of this folder does: they run at the same time, in processes
 * of their own. One that died holds nothing up.
 */
export function alone<T>(what: string, work: () => T): T {
  const place = join(tmpdir(), `steward-${what}-${sha256(ROOT).slice(0, 12)}`);
  mkdirSync(place, { recursive: true });
  for (;;) {
    const lock = tryLock(place);
    if (lock) {
      try {
        return work();
      } finally {
        lock.release();
      }
    }
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, POLL_MS);
  }
}

function tryLock(place: string): HomeLock | undefined {
  try {
    return acquireHomeLock(place);
  } catch (error) {
    if (toFailure(error).code === 'home_busy') return undefined;
    throw error;
  }
}
