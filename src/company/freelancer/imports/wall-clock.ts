/** Local times of one entry, in a zone whose clocks may have been changed that night. */
export interface WallClockSpan {
  readonly day: string;
  readonly startTime: string;
  readonly endDay: string | undefined;
  readonly endTime: string | undefined;
  readonly seconds: number;
  readonly zone: string;
}

export type ElapsedSpan =
  | {
      readonly status: 'read';
      /** RFC 3339 UTC */
      readonly start: string;
      readonly end?: string;
      /** seconds that really passed */
      readonly elapsed?: number;
    }
  /** a local time that never was: the clocks jumped over it */
  | { readonly status: 'skipped'; readonly which: 'start' | 'end' };

/**
 * Turns local times into instants. Where the clocks were set back, a time exists twice: the pair that
 * fits the duration best is meant, of equals the earlier one.
 */
export function elapsedBetween(span: WallClockSpan): ElapsedSpan {
  const starts = instantsOf(span.day, span.startTime, span.zone);
  if (starts.length === 0) return { status: 'skipped', which: 'start' };
  const [earliest = 0] = starts;
  if (span.endDay === undefined || span.endTime === undefined) {
    return { status: 'read', start: toUtc(earliest) };
  }
  const ends = instantsOf(span.endDay, span.endTime, span.zone);
  if (ends.length === 0) return { status: 'skipped', which: 'end' };
  let best: { start: number; end: number; miss: number } | undefined;
  for (const start of starts) {
    for (const end of ends) {
      const miss = Math.abs((end - start) / 1000 - span.seconds);
      if (!best || miss < best.miss) best = { start, end, miss };
    }
  }
  const { start, end } = best ?? { start: earliest, end: earliest };
  return { status: 'read', start: toUtc(start), end: toUtc(end), elapsed: (end - start) / 1000 };
}

/** None, one or two UTC milliseconds at which the clocks of `zone` show this. */
function instantsOf(day: string, time: string, zone: string): readonly number[] {
  const plain = Temporal.PlainDateTime.from(`${day}T${time}`);
  const possible = (['earlier', 'later'] as const).map((disambiguation) =>
    plain.toZonedDateTime(zone, { disambiguation }),
  );
  const [earlier, later] = possible;
  if (!earlier || !later) return [];
  const [first, second] = [earlier.epochMilliseconds, later.epochMilliseconds];
  if (first === second) return [first];
  return earlier.toPlainDateTime().equals(plain) ? [first, second] : [];
}

function toUtc(milliseconds: number): string {
  return Temporal.Instant.fromEpochMilliseconds(milliseconds).toString();
}
