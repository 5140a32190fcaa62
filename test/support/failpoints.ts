import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import type { Connector } from '../../src/connect/index.ts';
import type { Log } from '../../src/log/index.ts';

/** Boundaries that a process passes on its way; at the chosen one it dies as by `kill -9`. */
export interface Failpoints {
  readonly pass: (name: string) => void;
  /** names of what was passed, in order */
  readonly passed: readonly string[];
}

/** `killAt` counts from 1; 0 lets the process live. At `stopAt` it stands still until it is continued. */
export function createFailpoints(killAt: number, stopAt = 0): Failpoints {
  const passed: string[] = [];
  return {
    passed,
    pass: (name) => {
      passed.push(name);
      if (passed.length === stopAt) standStill();
      if (passed.length === killAt) dieNow();
    },
  };
}

/** Says so and stops, as a laptop that is closed in the middle of work. */
function standStill(): void {
  fs.writeSync(process.stdout.fd, `${STOPPED}\n`);
  process.kill(process.pid, 'SIGSTOP');
}

/** What a process says right before it stands still. */
export const STOPPED = 'stopped';

/** No handler, no flush, no goodbye. */
export function dieNow(): never {
  process.kill(process.pid, 'SIGKILL');
  for (;;); // the signal comes before this process runs again, and nothing may happen until then
}

/** Before and after every append. */
export function watchLog(log: Log, points: Failpoints): Log {
  return {
    ...log,
    append: async (batch, options) => {
      const name = batch.flatMap(({ events }) => events.map(({ type }) => type)).join('+');
      points.pass(`before append ${name}`);
      const appended = await log.append(batch, options);
      points.pass(`after append ${name}`);
      return appended;
    },
  };
}

/** Before and after every call of a connector. */
export function watchConnector(connector: Connector, points: Failpoints): Connector {
  const around = async <T>(call: string, work: () => Promise<T>): Promise<T> => {
    points.pass(`before ${connector.name}.${call}`);
    const result = await work();
    points.pass(`after ${connector.name}.${call}`);
    return result;
  };
  return {
    ...connector,
    finalise: (request, ports) => around('finalise', () => connector.finalise(request, ports)),
    commit: (effect, ports) => around('commit', () => connector.commit(effect, ports)),
    probe: (effect, ports) => around('probe', () => connector.probe(effect, ports)),
  };
}

/**
 * Before and after every file that gets its final name: between the write of a temporary file and its
 * link or rename lies the middle of a commit. Changes this process for good; for child programs.
 */
export function watchFiles(points: Failpoints): void {
  for (const call of ['link', 'rename'] as const) {
    const real = fs.promises[call];
    fs.promises[call] = async (from, to) => {
      points.pass(`before ${call} ${kindOf(String(to))}`);
      await real(from, to);
      points.pass(`after ${call} ${kindOf(String(to))}`);
    };
  }
  syncBuiltinESMExports();
}

function kindOf(path: string): string {
  return path.includes('outbox') ? 'message' : path.includes('blobs') ? 'blob' : 'file';
}
