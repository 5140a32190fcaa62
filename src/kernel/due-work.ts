import { type StoredEvent, toFailure } from '../contract/index.ts';
import { asKernelEvent, type KernelEventType } from './events.ts';
import { effectsFold, itemsFold, waitsFold } from './folds.ts';
import { wakeItem } from './inbox/snooze.ts';
import type { KernelPorts } from './ports.ts';
import type { Runner } from './run/runner.ts';
import type { Schedules } from './schedules/index.ts';
import type { DueWork } from './timers.ts';

export interface DueWorkPorts extends Pick<KernelPorts, 'log' | 'report'> {
  readonly runner: Pick<Runner, 'wake'>;
  readonly schedules: Pick<Schedules, 'nextDue' | 'fire'>;
}

/** What the clock wakes: waits and retries of runs, approvals that lapse, items that were snoozed, schedules. */
export function createDueWork({ log, report, runner, schedules }: DueWorkPorts): DueWork {
  const waits = log.fold(waitsFold);
  const items = log.fold(itemsFold);
  const effects = log.fold(effectsFold);
  return {
    next: async (fromMs) => {
      const [wait] = await waits.list({ index: 'due', from: fromMs, limit: 1 });
      const [item] = await items.list({ index: 'snoozed', from: iso(fromMs), limit: 1 });
      const [effect] = await effects.list({ index: 'lapses', from: fromMs, limit: 1 });
      const times = [
        wait?.row.until,
        effect?.row.expiresMs,
        item?.row.snoozedUntil === undefined ? undefined : Date.parse(item.row.snoozedUntil ?? ''),
        await schedules.nextDue(fromMs),
      ].filter((time) => typeof time === 'number');
      return times.length === 0 ? undefined : Math.min(...times);
    },
    fire: async (from, nowMs) => {
      for await (const { row } of waits.every({ index: 'due', from, to: nowMs })) {
        runner.wake(row.run);
      }
      for await (const { row } of effects.every({ index: 'lapses', from, to: nowMs })) {
        runner.wake(row.run);
      }
      for await (const { row } of items.every({
        ...{ index: 'snoozed', from: iso(from), to: iso(nowMs) },
      })) {
        await wakeItem(log, row.id, 'Its time has come.');
      }
      await schedules.fire(nowMs, from);
    },
    onError: (error) => report(toFailure(error), {}),
  };
}

const SETS_TIME: ReadonlySet<string> = new Set<KernelEventType>([
  'step.waiting',
  'item.snoozed',
  'step.failed',
  'effect.approved',
  'schedule.set',
]);

/** True for events that may set a time at which the clock must look. */
export function setsTime(eventType: string): boolean {
  return SETS_TIME.has(eventType);
}

/** When the clock must look because of this event; undefined when it sets no time. */
export function dueTimeOf(stored: StoredEvent): number | undefined {
  const event = asKernelEvent(stored);
  switch (event.type) {
    case 'step.waiting':
    case 'item.snoozed':
      return event.data.until;
    case 'step.failed':
      return event.data.retryAt;
    case 'effect.approved':
      return event.at; // when it lapses stands in the fold: the clock looks there
    case 'schedule.set':
      return event.data.next;
    default:
      return undefined;
  }
}

function iso(utcMs: number): string {
  return new Date(utcMs).toISOString();
}
