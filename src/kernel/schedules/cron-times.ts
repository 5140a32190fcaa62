import { Cron } from 'croner';
import { failure } from '../../contract/index.ts';

/**
 * The intended times of a cron line in an IANA zone, as UTC milliseconds.
 *
 * Where the clocks change: a line that names its hours and minutes (`30 2 * * *`, `0 2,14 * * *`) fires
 * once per named time and day. A time that the spring jump skips fires at the first moment that exists
 * (02:30 in Berlin becomes 03:00); one that the autumn hour doubles fires the first time only. A line
 * with a wildcard or step among its hours or minutes (every half hour) counts real time: it fires
 * through both passes of a doubled hour, and skipped times do not exist for it.
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
  return {
    next: (afterMs) => job.nextRun(new Date(afterMs))?.getTime(),
    latest: (afterMs, untilMs, count) =>
      job
        // looks at what lies before a moment; the moment itself belongs to it
        .previousRuns(count, new Date(untilMs + 1_000))
        .map((time) => time.getTime())
        .filter((time) => time > afterMs && time <= untilMs)
        .sort((a, b) => a - b),
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

function checkZone(zone: string): void {
  try {
    Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(zone);
  } catch {
    throw failure(
      'invalid_input',
      `"${zone}" is no time zone.`,
      { path: 'zone', expected: 'an IANA zone such as Europe/Berlin', found: zone },
      'Name a zone such as Europe/Berlin.',
    );
  }
}
