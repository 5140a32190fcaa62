import type { Clock } from '../../src/base/index.ts';

/** A clock that stands until it is moved. */
export interface HandClock extends Clock {
  readonly set: (utcMs: number) => void;
  readonly advance: (ms: number) => void;
}

/** An ordinary Tuesday morning, so that nothing falls on the edge of a day by chance. */
export const HAND_START_MS = Date.UTC(2026, 10, 24, 9);

export function createHandClock(startMs = HAND_START_MS): HandClock {
  let nowMs = startMs;
  return {
    now: () => nowMs,
    set: (utcMs) => {
      nowMs = utcMs;
    },
    advance: (ms) => {
      nowMs += ms;
    },
  };
}

export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;
