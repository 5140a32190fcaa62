import { Cron } from 'croner';
import { failure } from '../../contract/index.ts';

/**
 * The intended times of a cron line in an IANA zone, as UTC milliseconds.
 *
 * Where the clocks change: a line that names its hours and minutes (`30 2 * * *`, `0 2,14 * * *`) fires
 * once per named time and day. A time that the spring jump skips fires at the first moment that exists
 * (02:30 in Berlin becomes 03:00); one that the autumn hour doubles fires the first time only. A line
 * with a wildcard or step among its hours or minutes (every half hour) counts real time: it fires
 * through both passes of a doubled hour, and skipped times do not exist for it. A whole day that a
 * zone leaves out does not exist for any line.
 */
export interface CronTimes {
  /** The first intended time after `afterMs`; undefined when there is none. */
  readonly next: (afterMs: number) => number | undefined;
  /** Up to `count` intended times in (`afterMs`, `untilMs`], the latest of them, oldest first. */
  readonly latest: (afterMs: number, untilMs: number, count: number) => readonly number[];
}

/** Reads a cron line. Fails with `invalid_input` for a line or a zone that cannot be read. */
export function readCron(cron: string, zone: string): CronTimes {
  checkZone(zone);
  const job = open(cron, zone);
  const jumps = skippingJumps(cron, zone);
  return {
    next: (afterMs) => {
      const next = job.nextRun(new Date(afterMs))?.getTime();
      return next === undefined ? undefined : (jumps(afterMs, next)[0] ?? next);
    },
    latest: (afterMs, untilMs, count) => {
      const found = job
        // looks at what lies before a moment; the moment itself belongs to it
        .previousRuns(count, new Date(untilMs + 1_000))
        .map((time) => time.getTime())
        .filter((time) => time > afterMs && time <= untilMs);
      const all = new Set([...found, ...jumps(afterMs, untilMs)]);
      return [...all].sort((a, b) => a - b).slice(-count);
    },
  };
}

/** a jump that takes longer leaves out a day and changes no clock */
const LONGEST_JUMP_MS = 12 * 3_600_000;
/** a line whose hours or minutes are counted, not named; a nickname names midnight at most */
const COUNTED = /^\s*(@|\S*[*/]|\S+\s+\S*[*/])/;

/**
 * Greenland's clocks go from 23:00 to 00:00 of the next day. Croner looks for a skipped time on its
 * own day only and loses it; these are the jumps in (`afterMs`, `untilMs`] that skipped one, in order.
 */
function skippingJumps(cron: string, zone: string) {
  if (COUNTED.test(cron)) return () => [];
  const wall = open(cron, 'UTC'); // wall times are read as if they were UTC, where none is skipped
  return (afterMs: number, untilMs: number): readonly number[] => {
    const found: number[] = [];
    let at = zonedTime(afterMs, zone).getTimeZoneTransition('next');
    for (; at && at.epochMilliseconds <= untilMs; at = at.getTimeZoneTransition('next')) {
      const endMs = at.epochMilliseconds + at.offsetNanoseconds / 1e6;
      const before = zonedTime(at.epochMilliseconds - 1, zone);
      const beginMs = at.epochMilliseconds + before.offsetNanoseconds / 1e6;
      if (endMs <= beginMs || endMs - beginMs > LONGEST_JUMP_MS) continue;
      const skipped = wall.nextRun(new Date(beginMs - 1));
      if (skipped && skipped.getTime() < endMs) found.push(at.epochMilliseconds);
    }
    return found;
  };
}

function open(cron: string, zone: string): Cron {
  try {
    // without a function nothing is started: it only tells times
    return new Cron(cron, { timezone: zone, mode: '5-part', fixedTimeRule: 'no-wildcard' });
  } catch (error) {
    const reason = error instanceof Error ? error.message.replace(/^CronPattern: /, '') : '';
    throw failure(
      'invalid_input',
      `"${cron}" is no cron line: ${reason}`,
      { path: 'cron', expected: 'minute hour day month weekday', found: cron },
      'For eight in the morning on the first of every month: 0 8 1 * *',
    );
  }
}

function zonedTime(utcMs: number, zone: string): Temporal.ZonedDateTime {
  return Temporal.Instant.fromEpochMilliseconds(utcMs).toZonedDateTimeISO(zone);
}

function checkZone(zone: string): void {
  try {
    zonedTime(0, zone);
  } catch {
    throw failure(
      'invalid_input',
      `"${zone}" is no time zone.`,
      { path: 'zone', expected: 'an IANA zone such as Europe/Berlin', found: zone },
      'Name a zone such as Europe/Berlin.',
    );
  }
}
