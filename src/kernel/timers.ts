import type { Clock } from '../base/index.ts';

/**
 * Longest sleep. A clock that was set, or a host that slept for a week, shows up within this time;
 * Node's own timers would also overflow beyond 24.8 days.
 */
const LONGEST_SLEEP_MS = 5 * 60 * 1000;
/** what was told to go on but is still due is looked at again after this time */
const STILL_DUE_MS = 250;

/** Wakes up when something is due, and never otherwise: an idle company costs nothing. */
export interface Timers {
  /** Looks again when the next thing is due; called after anything that could have made it sooner. */
  readonly plan: () => void;
  readonly close: () => void;
}

export function createTimers(
  clock: Clock,
  /** UTC ms of the next due thing */
  nextDue: () => Promise<number | undefined>,
  fire: (nowMs: number) => Promise<void>,
): Timers {
  let timer: NodeJS.Timeout | undefined;
  let planning = false;
  let again = false;
  let closed = false;

  async function plan(): Promise<void> {
    if (closed) return;
    if (planning) {
      again = true;
      return;
    }
    planning = true;
    try {
      do {
        again = false;
        const due = await nextDue();
        clearTimeout(timer);
        timer = undefined;
        if (due === undefined || closed) continue;
        const now = clock.now();
        if (due <= now) {
          await fire(now);
          const next = await nextDue();
          if (next === undefined || closed) continue;
          const wait = Math.max(next - clock.now(), STILL_DUE_MS);
          timer = setTimeout(() => void plan(), Math.min(wait, LONGEST_SLEEP_MS));
          timer.unref();
          continue;
        }
        timer = setTimeout(() => void plan(), Math.min(due - now, LONGEST_SLEEP_MS));
        timer.unref();
      } while (again && !closed);
    } finally {
      planning = false;
    }
  }

  return {
    plan: () => void plan(),
    close: () => {
      closed = true;
      clearTimeout(timer);
    },
  };
}
