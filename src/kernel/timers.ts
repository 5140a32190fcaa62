import type { Clock } from '../base/index.ts';

/** Longest sleep: timers in Node overflow beyond 24.8 days, and a clock that was set shows up soon. */
const LONGEST_SLEEP_MS = 60 * 60 * 1000;

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
          again = (await nextDue()) !== due; // whatever fired but stays due waits for its run
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
