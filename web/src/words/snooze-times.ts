/** Until when something is put off: what the server is asked for. */
export type SnoozeWish =
  | { readonly until: string }
  | { readonly event: string; readonly of?: string };

/** Something that can bring a card back, in words. */
export interface SnoozeEvent {
  readonly words: string;
  readonly wish: SnoozeWish;
}

/** What somebody may wait for before they decide; a card's own records are offered by name. */
export function snoozeEvents(streams: readonly string[] = []): readonly SnoozeEvent[] {
  const customer = streams.find((stream) => stream.startsWith('party/'));
  return [
    { words: 'A payment is recorded', wish: { event: 'payment.created' } },
    { words: 'Time is imported', wish: { event: 'time-entry.created' } },
    ...(customer === undefined
      ? []
      : [
          {
            words: "The customer's record is changed",
            wish: { event: 'party.changed', of: customer },
          },
        ]),
  ];
}

/** A time people mean by "later". */
export interface SnoozeTime {
  readonly words: string;
  /** UTC ms */
  readonly until: number;
}

const HOUR_MS = 3_600_000;
const MORNING = 9;
const EVENING = 18;

/** This evening, tomorrow, next Monday, on this device's clock; each moment once, all to come. */
export function snoozeTimes(nowMs: number): readonly SnoozeTime[] {
  const at = (days: number, hour: number): number => {
    const day = new Date(nowMs);
    day.setDate(day.getDate() + days);
    return day.setHours(hour, 0, 0, 0);
  };
  const evening = at(0, EVENING);
  const toMonday = (8 - new Date(nowMs).getDay()) % 7 || 7;
  const times = [
    evening - nowMs > HOUR_MS
      ? { words: 'This evening', until: evening }
      : { words: 'In three hours', until: nowMs + 3 * HOUR_MS },
    { words: 'Tomorrow', until: at(1, MORNING) },
    { words: 'Next Monday', until: at(toMonday, MORNING) },
  ];
  return times.filter(
    ({ until }, index) => times.findIndex((time) => time.until === until) === index,
  );
}
