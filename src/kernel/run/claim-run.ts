import { parkStuck } from './park.ts';
import { say, type Turn } from './turn.ts';

/** A lease holds this long; only another process asks, and only where one could be. */
const LEASE_MS = 60_000;
/** claims without one step that moved: then the run is parked, not tried for ever */
const IDLE_CLAIMS = 5;

/** Takes a run over, unless it is this worker's already; one that gets nobody any further is put aside. */
export function claimRun(turn: Turn, worker: string): void {
  const { run, now } = turn;
  if (run.worker === worker) return;
  say(turn, 'run.claimed', { epoch: run.epoch + 1, worker, until: now + LEASE_MS });
  if (run.idleClaims > IDLE_CLAIMS) parkStuck(turn);
}
