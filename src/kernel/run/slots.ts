import type { CapabilityContract } from '../../contract/index.ts';
import type { Queue } from '../events.ts';
import type { Delay } from './turn.ts';

/** Starts per time and capability, and the hours in which cheap work runs. */
export interface Slots {
  /**
   * Takes a slot; or says why not, and when to look again. Who is refused stands in line: work that
   * somebody waits for first, then the background, then what is cheap, each in the order it came.
   */
  readonly take: (contract: CapabilityContract, who: Asker, nowMs: number) => Delay | undefined;
}

/** A step that wants to start. */
export interface Asker {
  readonly run: string;
  readonly step: string;
  readonly queue: Queue;
}

/** Hours of the day (company's zone) for work that can wait; it may pass midnight. */
export interface LowCostWindow {
  readonly fromHour: number;
  readonly toHour: number;
  readonly zone: string;
}

/** One that stands in line and twice does not come within this time of its turn has gone away. */
const GONE_MS = 5_000;
/** when a slot is free but kept for one that is about to come */
const KEPT_MS = 100;
const RANK: { readonly [Name in Queue]: number } = { now: 0, soon: 1, cheap: 2 };

interface Line {
  /** times of the starts that still count, oldest first */
  starts: number[];
  readonly waiting: Map<string, Waiter>;
}

interface Waiter {
  readonly rank: number;
  readonly order: number;
  /** UTC ms at which it was told to look again */
  until: number;
  /** it did not come at its time once: perhaps the host slept */
  missed: boolean;
}

export function createSlots(window: () => LowCostWindow | undefined): Slots {
  const lines = new Map<string, Line>();
  let order = 0;

  function lineOf(name: string): Line {
    let line = lines.get(name);
    if (!line) {
      line = { starts: [], waiting: new Map() };
      lines.set(name, line);
    }
    return line;
  }

  function takeOf(
    { name, rate }: CapabilityContract,
    who: Asker,
    nowMs: number,
  ): Delay | undefined {
    if (!rate) return undefined;
    const line = lineOf(name);
    const key = `${who.run}|${who.step}`;
    line.starts = line.starts.filter((at) => at > nowMs - rate.perMs);
    for (const [other, waiter] of line.waiting) {
      if (other === key || waiter.until + GONE_MS >= nowMs) continue;
      if (waiter.missed) line.waiting.delete(other);
      Object.assign(waiter, { missed: true, until: nowMs });
    }
    const known = line.waiting.get(key);
    const own = known ?? { rank: RANK[who.queue], order: ++order, until: nowMs, missed: false };
    const ahead = [...line.waiting].filter(
      ([other, waiter]) => other !== key && isBefore(waiter, own),
    ).length;
    const free = rate.starts - line.starts.length;
    if (ahead < free) {
      line.waiting.delete(key);
      line.starts.push(nowMs);
      return undefined;
    }
    own.missed = false;
    own.until = freeAt(line.starts, rate, ahead - free, nowMs);
    line.waiting.set(key, own);
    const others = ahead === 0 ? 'this one is next' : `${ahead} are before this one`;
    return {
      for: 'rate',
      words: `${name} may start ${rate.starts} times in ${rate.perMs / 1000} s; ${others}.`,
      until: own.until,
    };
  }

  return {
    take: (contract, who, nowMs) =>
      closedUntil(who, window(), nowMs) ?? takeOf(contract, who, nowMs),
  };
}

function closedUntil(
  who: Asker,
  hours: LowCostWindow | undefined,
  nowMs: number,
): Delay | undefined {
  if (who.queue !== 'cheap' || !hours) return undefined;
  const until = opensAt(hours, nowMs);
  if (until <= nowMs) return undefined;
  const words = `Waits for the low-cost hours, from ${hours.fromHour}:00.`;
  return { for: 'window', words, until };
}

function isBefore(a: Waiter, b: Waiter): boolean {
  return a.rank === b.rank ? a.order < b.order : a.rank < b.rank;
}

/** When the slot that is `position` places away is free: one more after every start that ends to count. */
function freeAt(
  starts: readonly number[],
  rate: { readonly starts: number; readonly perMs: number },
  position: number,
  nowMs: number,
): number {
  const start = starts[position % rate.starts];
  if (start === undefined) return nowMs + KEPT_MS;
  return start + rate.perMs * (1 + Math.floor(position / rate.starts)) + 1;
}

/** days after which a window must have opened: the clocks can take one of them away, not two in a row */
const DAYS_AHEAD = 3;

/**
 * When the window is open next; `nowMs` itself when it is open. Hours are those that the local clock
 * shows: where it skips the first of them the window opens with the first that exists, where it skips
 * all of them there is none on that day, and hours that it shows twice count twice.
 */
function opensAt(hours: LowCostWindow, nowMs: number): number {
  const { fromHour, toHour, zone } = hours;
  const now = Temporal.Instant.fromEpochMilliseconds(nowMs).toZonedDateTimeISO(zone);
  if (fromHour === toHour || isOpen(hours, now.hour)) return nowMs;
  const plainTime = new Temporal.PlainTime(fromHour);
  for (let days = 0; days <= DAYS_AHEAD; days++) {
    const opening = now.toPlainDate().add({ days }).toZonedDateTime({ timeZone: zone, plainTime });
    if (opening.epochMilliseconds > nowMs && isOpen(hours, opening.hour)) {
      return opening.epochMilliseconds;
    }
  }
  return nowMs;
}

function isOpen({ fromHour, toHour }: LowCostWindow, hour: number): boolean {
  return fromHour <= toHour ? hour >= fromHour && hour < toHour : hour >= fromHour || hour < toHour;
}
