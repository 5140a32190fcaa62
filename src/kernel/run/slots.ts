import type { CapabilityContract } from '../../contract/index.ts';
import type { CompiledStep } from '../../plan/index.ts';
import type { Delay } from './turn.ts';

/** Starts per time and capability, and the hours in which cheap work runs. */
export interface Slots {
  /** Takes a slot; or says why not, and when to look again. */
  readonly take: (
    contract: CapabilityContract,
    step: CompiledStep,
    nowMs: number,
  ) => Delay | undefined;
}

/** Hours of the day (company's zone) for work that can wait; it may pass midnight. */
export interface LowCostWindow {
  readonly fromHour: number;
  readonly toHour: number;
  readonly zone: string;
}

export function createSlots(window: () => LowCostWindow | undefined): Slots {
  const starts = new Map<string, number[]>();
  return {
    take: (contract, { step }, nowMs) => {
      const hours = window();
      if (step.queue === 'cheap' && hours) {
        const until = opensAt(hours, nowMs);
        if (until > nowMs) {
          return {
            for: 'window',
            words: `Waits for the low-cost hours, from ${hours.fromHour}:00.`,
            until,
          };
        }
      }
      const { rate, name } = contract;
      if (!rate) return undefined;
      const recent = (starts.get(name) ?? []).filter((at) => at > nowMs - rate.perMs);
      const [oldest] = recent;
      if (recent.length >= rate.starts && oldest !== undefined) {
        starts.set(name, recent);
        return {
          for: 'rate',
          words: `${name} may start ${rate.starts} times in ${rate.perMs / 1000} s; this one waits its turn.`,
          until: oldest + rate.perMs + 1,
        };
      }
      starts.set(name, [...recent, nowMs]);
      return undefined;
    },
  };
}

/** When the window is open next; `nowMs` itself when it is open. */
function opensAt({ fromHour, toHour, zone }: LowCostWindow, nowMs: number): number {
  const now = Temporal.Instant.fromEpochMilliseconds(nowMs).toZonedDateTimeISO(zone);
  const open =
    fromHour <= toHour
      ? now.hour >= fromHour && now.hour < toHour
      : now.hour >= fromHour || now.hour < toHour;
  if (open || fromHour === toHour) return nowMs;
  const today = now.with({ hour: fromHour, minute: 0, second: 0, millisecond: 0 });
  const next = Temporal.ZonedDateTime.compare(today, now) > 0 ? today : today.add({ days: 1 });
  return next.epochMilliseconds;
}
