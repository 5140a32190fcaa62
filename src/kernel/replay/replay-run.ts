import type { Registry } from '../../agent/index.ts';
import type { Id } from '../../base/index.ts';
import { failure } from '../../contract/index.ts';
import type { Blobs, Log } from '../../log/index.ts';
import { asKernelEvent } from '../events.ts';
import { runsFold } from '../folds.ts';
import type { Playbooks } from '../playbooks.ts';
import { Diverged, type Divergence } from './divergence.ts';
import { readRecording } from './recording.ts';
import { createReplayer } from './replayer.ts';

/** What a replay needs: the log to read, and code to run again. Nothing that acts. */
export interface ReplayPorts {
  readonly log: Pick<Log, 'readStream' | 'fold'>;
  readonly blobs: Pick<Blobs, 'get'>;
  readonly registry: Pick<Registry, 'find' | 'get'>;
  readonly playbooks: Pick<Playbooks, 'compiled' | 'compileInline' | 'get' | 'parts'>;
  /** the company's zone */
  readonly zone: () => string;
}

export interface Replay {
  readonly run: Id;
  readonly status: 'identical' | 'diverged';
  /** events of the run's stream that were gone through */
  readonly events: number;
  /** those of them that were decided again and came out the same */
  readonly decisions: number;
  /** pure steps that were executed again and came out the same */
  readonly executed: number;
  /** inputs of effects that were worked out again and came out the same */
  readonly effects: number;
  readonly divergence?: Divergence;
}

/** statuses in which nothing moves by itself */
const AT_REST: ReadonlySet<string> = new Set(['waiting', 'parked', 'done', 'failed', 'cancelled']);

/**
 * Goes through a run again with every live port closed. The plan decides anew from the recorded inputs:
 * what starts, in which order, which conditions hold, what each step is given, what is waited for.
 * Pure steps are executed again; what reads, records, fetches or acts outside is answered from the log.
 * Appends nothing. Fails with `not_found`, `not_ready` (it is moving), `erased`.
 *
 * @example
 * const { status, divergence } = await replayRun(ports, run);
 */
export async function replayRun(ports: ReplayPorts, run: Id): Promise<Replay> {
  const row = await ports.log.fold(runsFold).get(run);
  const recording = await readRecording(ports, run);
  if (!recording || !row) {
    throw failure('not_found', `There is no run ${run}.`, { run }, 'List them with: steward runs');
  }
  if (!AT_REST.has(row.status)) {
    throw failure('not_ready', 'This run is still moving.', { run, status: row.status });
  }
  const erased = recording.events.find((event) => event.erased || event.damaged);
  if (erased) {
    throw failure('erased', 'Part of this run was erased, so it cannot be gone through again.', {
      ...{ run, seq: erased.seq },
    });
  }
  const replayer = createReplayer(ports, recording);
  try {
    for (let next = recording.events[0]; next; next = recording.events[replayer.position()]) {
      await replayer.take(asKernelEvent(next));
    }
    await replayer.finish();
    return { run, status: 'identical', ...replayer.figures() };
  } catch (error) {
    if (!(error instanceof Diverged)) throw error;
    return { run, status: 'diverged', ...replayer.figures(), divergence: error.divergence };
  }
}
