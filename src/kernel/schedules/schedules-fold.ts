import type { Id, JsonObject } from '../../base/index.ts';
import type { Fold } from '../../log/index.ts';
import { asKernelEvent } from '../events.ts';

/** A schedule as it stands. */
export type ScheduleRow = {
  readonly schedule: JsonObject;
  /** UTC ms of the next intended time; null when it never comes again */
  readonly next: number | null;
  readonly last: {
    readonly intended: number;
    readonly run: Id | null;
    readonly outcome: string;
  } | null;
};

/**
 * Every schedule by id. The next intended time stands in the events, worked out when they were written:
 * a fold that asked the zone's rules itself would be another one after the next time zone update.
 */
export const schedulesFold: Fold<ScheduleRow> = {
  name: 'schedules',
  version: 1,
  reads: (type) => type.startsWith('schedule.'),
  keys: (event) => [idOfSchedule(event.stream)],
  apply: (rows, stored) => {
    const event = asKernelEvent(stored);
    const id = idOfSchedule(stored.stream);
    const row = rows.get(id);
    switch (event.type) {
      case 'schedule.set': {
        const { schedule, next } = event.data;
        return new Map([[id, { schedule, next, last: row?.last ?? null }]]);
      }
      case 'schedule.fired': {
        if (!row) return new Map();
        const { intended, run = null, outcome, next } = event.data;
        return new Map([[id, { ...row, next, last: { intended, run, outcome } }]]);
      }
      case 'schedule.removed':
        return new Map([[id, null]]);
      default:
        return new Map();
    }
  },
  indexes: { due: (row) => row.next ?? undefined },
};

function idOfSchedule(stream: string): string {
  return stream.slice(stream.indexOf('/') + 1);
}
