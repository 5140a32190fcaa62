import type { Connector } from '../connect/index.ts';
import type { Log } from '../log/index.ts';

/** Where a process can be made to die, for tests of what survives that. */
export const FAILPOINTS = [
  'append.before',
  'append.after',
  'finalise.before',
  'finalise.after',
  'commit.before',
  'commit.after',
  'probe.before',
  'probe.after',
] as const;
export type Failpoint = (typeof FAILPOINTS)[number];

export interface Failpoints {
  readonly pass: (point: Failpoint) => void;
}

/**
 * Reads `append.after:17`: the process kills itself when it passes that point for the 17th time, as
 * suddenly as a power cut would. Undefined for an empty text; throws a RangeError for any other.
 */
export function readFailpoints(text: string | undefined): Failpoints | undefined {
  if (text === undefined || text === '') return undefined;
  const [name, count = '1'] = text.split(':');
  const point = FAILPOINTS.find((known) => known === name);
  if (!point || !/^[1-9]\d*$/.test(count)) {
    throw new RangeError(`STEWARD_FAILPOINT is one of ${FAILPOINTS.join(', ')}, a colon, a count`);
  }
  let left = Number(count);
  return {
    pass: (passed) => {
      if (passed !== point) return;
      left -= 1;
      if (left === 0) process.kill(process.pid, 'SIGKILL');
    },
  };
}

/** The same log, which passes a point before and after every append. */
export function withFailpoints(log: Log, failpoints: Failpoints): Log {
  return {
    ...log,
    append: async (batch, options) => {
      failpoints.pass('append.before');
      const appended = await log.append(batch, options);
      failpoints.pass('append.after');
      return appended;
    },
  };
}

/** The same connector, which passes a point before and after every call of it. */
export function connectorWithFailpoints(connector: Connector, failpoints: Failpoints): Connector {
  async function around<T>(name: 'finalise' | 'commit' | 'probe', call: Promise<T>): Promise<T> {
    const result = await call;
    failpoints.pass(`${name}.after`);
    return result;
  }
  return {
    ...connector,
    finalise: (request, ports) => {
      failpoints.pass('finalise.before');
      return around('finalise', connector.finalise(request, ports));
    },
    commit: (effect, ports) => {
      failpoints.pass('commit.before');
      return around('commit', connector.commit(effect, ports));
    },
    probe: (effect, ports) => {
      failpoints.pass('probe.before');
      return around('probe', connector.probe(effect, ports));
    },
  };
}
