import type { CronTimes } from './cron-times.ts';
import type { MissedRule } from './schedule.ts';

/** A fire that starts this late is still on time: timers sleep an hour at most, machines nap. */
export const ON_TIME_MS = 5 * 60_000;
/** fires that `all` makes up for after a long sleep; older ones are let go and counted */
export const MISSED_MAX = 100;

/** What a moment makes of a schedule whose next intended time has come. */
export interface DueFires {
  /** intended times to fire for, oldest first */
  readonly fires: readonly number[];
  /** intended time that everything up to is dealt with */
  readonly upTo: number;
  /** some intended times are let go */
  readonly skipped: boolean;
  readonly next: number | undefined;
}

/**
 * Decides which intended times from `next` (the first that is not dealt with) to `nowMs` become runs.
 * Pure. A clock that was set back finds nothing due; one that jumped ahead looks like a long sleep.
 */
export function dueFires(
  times: CronTimes,
  rule: MissedRule,
  next: number,
  nowMs: number,
): DueFires | undefined {
  if (next > nowMs) return undefined;
  const wanted = rule === 'all' ? MISSED_MAX : 1;
  const found = times.latest(next - 1, nowMs, wanted);
  // `next` itself counts even if the zone's rules have changed since it was worked out
  const known = found.length === 0 ? [next] : found;
  const upTo = known[known.length - 1] ?? next;
  const fires = rule === 'skip' ? known.filter((time) => nowMs - time <= ON_TIME_MS) : known;
  const first = fires[0];
  return {
    fires,
    upTo,
    skipped: first === undefined || first > next,
    next: times.next(upTo),
  };
}
