/** Where the time comes from. Values are UTC milliseconds since 1970. */
export interface Clock {
  readonly now: () => number;
}

/** RFC 3339 in UTC with milliseconds, the only form in which times leave the process. */
export function toTimestamp(utcMs: number): string {
  return new Date(utcMs).toISOString();
}

/** The calendar day (YYYY-MM-DD) that `utcMs` falls on in an IANA zone. */
export function dayIn(zone: string, utcMs: number): string {
  return Temporal.Instant.fromEpochMilliseconds(utcMs)
    .toZonedDateTimeISO(zone)
    .toPlainDate()
    .toString();
}
