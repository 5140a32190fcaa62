import type { Id } from '../../base/index.ts';
import type { RecordStore } from '../record-reads.ts';
import { checkVerdicts } from './check-verdicts.ts';
import { type Fork, type ForkPorts, forkRun } from './fork-run.ts';
import { lookAtStep, type StepLook } from './look-at-step.ts';
import { type Replay, type ReplayPorts, replayRun } from './replay-run.ts';
import { type WhatIf, type WhatIfRequest, whatIf } from './what-if.ts';

/** Going through what happened again. Only a fork appends, and only its own run. */
export interface Past {
  /** Fails as `replayRun` does. */
  readonly replay: (run: Id) => Promise<Replay>;
  /** Fails as `forkRun` does. */
  readonly fork: (run: Id, from: string, by: string) => Promise<Fork>;
  /** Fails as `lookAtStep` does. */
  readonly step: (run: Id, path: string) => Promise<StepLook>;
  /** Fails as `whatIf` does. */
  readonly whatIf: (request: WhatIfRequest) => Promise<WhatIf>;
}

export function createPast(
  ports: ForkPorts &
    Pick<ReplayPorts, 'zone'> & {
      readonly records: RecordStore;
      readonly wake: (run: Id) => void;
    },
): Past {
  return {
    replay: async (run) => {
      const replay = await replayRun(ports, run);
      if (replay.status !== 'identical') return replay;
      const divergence = await checkVerdicts(ports, run);
      return divergence ? { ...replay, status: 'diverged', divergence } : replay;
    },
    fork: async (run, from, by) => {
      const fork = await forkRun(ports, run, from, by);
      ports.wake(fork.run);
      return fork;
    },
    step: (run, path) => lookAtStep(ports, run, path),
    whatIf: (request) => whatIf(ports, request),
  };
}
