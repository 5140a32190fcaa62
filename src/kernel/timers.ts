import type { Clock } from '../base/index.ts';

/**
 * Longest sleep while something is to come. A clock that was set, or a host that slept for a week,
 * shows up within this time; Node's own timers would also overflow beyond 24.8 days.
 */
const LONGEST_SLEEP_MS = 5 * 60 * 1000;
/** What was told to go on but is still due is told again after this time, then after twice of it ... */
const STILL_DUE_MS = 250;

/** After a look that failed, such as on a full disk. */
const FAILED_MS = 5_000;

/** Wakes up when something is due, and never otherwise: an idle company costs nothing. */
export interface Timers {
  /** Something is due at this time now, UTC ms; without one, everything is looked at anew. */
  readonly plan: (dueMs?: number) => void;
  readonly close: () => void;
}

/** What the clock wakes. Both go into an index at `fromMs`: what was told before costs nothing. */
export interface DueWork {
  /** UTC ms of the first that is due at or after `fromMs` */
  readonly next: (fromMs: number) => Promise<number | undefined>;
  /** Tells all that is due from `fromMs` to `nowMs` to go on. */
  readonly fire: (fromMs: number, nowMs: number) => Promise<void>;
  /** A look that failed; there is another one soon. */
  readonly onError: (error: unknown) => void;
}

/** before everything that can be due */
const ALL_MS = 0;

export function createTimers(clock: Clock, due: DueWork): Timers {
  let timer: NodeJS.Timeout | undefined;
  let looking = false;
  let lookAgain = false;
  let closed = false;
  /** what is due before this time was told to go on */
  let toldMs = ALL_MS;
  /** when what was told is looked at again, should it be due still */
  let recheckMs = Infinity;
  let patienceMs = STILL_DUE_MS;

  async function look(): Promise<void> {
    if (looking) {
      lookAgain = true;
      return;
    }
    looking = true;
    try {
      do {
        lookAgain = false;
        sleep(await lookOnce());
      } while (lookAgain && !closed);
    } catch (error) {
      if (closed) return;
      due.onError(error);
      toldMs = ALL_MS;
      sleep(clock.now() + FAILED_MS);
    } finally {
      looking = false;
    }
  }

  /** Fires what is due and answers when to look next. */
  async function lookOnce(): Promise<number> {
    const now = clock.now();
    const wentBack = now + 1 < toldMs;
    const isRecheck = now >= recheckMs && !wentBack;
    if (isRecheck || wentBack) {
      toldMs = ALL_MS;
      recheckMs = Infinity;
    }
    const from = toldMs;
    toldMs = now + 1; // before anything is awaited: what becomes due meanwhile may take it back
    const first = await due.next(from);
    if (first !== undefined && first <= now && !closed) {
      patienceMs = isRecheck ? Math.min(patienceMs * 2, LONGEST_SLEEP_MS) : STILL_DUE_MS;
      recheckMs = Math.min(recheckMs, now + patienceMs);
      await due.fire(from, now);
    }
    return Math.min((await due.next(toldMs)) ?? Infinity, recheckMs);
  }

  function sleep(untilMs: number): void {
    clearTimeout(timer);
    timer = undefined;
    if (untilMs === Infinity || closed) return;
    const sleepMs = Math.min(Math.max(untilMs - clock.now(), 0), LONGEST_SLEEP_MS);
    timer = setTimeout(() => void look(), sleepMs);
    timer.unref();
  }

  return {
    plan: (dueMs = ALL_MS) => {
      toldMs = Math.min(toldMs, dueMs);
      void look();
    },
    close: () => {
      closed = true;
      clearTimeout(timer);
    },
  };
}
