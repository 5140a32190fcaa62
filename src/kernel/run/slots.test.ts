import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { CapabilityContract } from '../../contract/index.ts';
import type { Queue } from '../events.ts';
import { createSlots } from './slots.ts';

const contract: CapabilityContract = {
  ...{ name: 'web.read', version: 1, title: 'Read', effect: 'fetch', idempotency: 'idempotent' },
  ...{ input: z.unknown(), output: z.unknown(), roles: {}, failures: {}, reads: {} },
  ...{ timeoutMs: 1_000, cost: { microUsd: 0, latencyMs: 1 }, placement: 'anywhere' },
  rate: { starts: 2, perMs: 1_000 },
};
const who = (step: string, queue: Queue = 'now') => ({ run: 'r', step, queue });
const NOON = Date.UTC(2026, 10, 24, 12);

describe('rates', () => {
  test('two may start, the third is told when and why', () => {
    const slots = createSlots(() => undefined);
    expect(slots.take(contract, who('a'), 0)).toBeUndefined();
    expect(slots.take(contract, who('b'), 100)).toBeUndefined();
    expect(slots.take(contract, who('c'), 200)).toEqual({
      ...{ for: 'rate', until: 1_001 },
      words: 'web.read may start 2 times in 1 s; this one is next.',
    });
    expect(slots.take(contract, who('d'), 200)).toMatchObject({ until: 1_101 });
    expect(slots.take(contract, who('e'), 200)).toMatchObject({
      ...{ until: 2_001, words: 'web.read may start 2 times in 1 s; 2 are before this one.' },
    });
    expect(slots.take(contract, who('c'), 1_001)).toBeUndefined();
  });

  test('who asks first does not go before who somebody waits for', () => {
    const slots = createSlots(() => undefined);
    for (const step of ['a', 'b']) slots.take(contract, who(step), 0);
    for (const [step, queue] of [
      ['cheap', 'cheap'],
      ['soon', 'soon'],
      ['now', 'now'],
    ] as const)
      slots.take(contract, who(step, queue), 10);
    expect(slots.take(contract, who('cheap', 'cheap'), 1_001)).toBeDefined();
    expect(slots.take(contract, who('soon', 'soon'), 1_001)).toBeUndefined();
    expect(slots.take(contract, who('now', 'now'), 1_001)).toBeUndefined();
    expect(slots.take(contract, who('cheap', 'cheap'), 2_003)).toBeUndefined();
  });

  test('one that never comes back does not hold up the others for ever', () => {
    const slots = createSlots(() => undefined);
    for (const step of ['a', 'b', 'gone']) slots.take(contract, who(step), 0);
    slots.take(contract, who('other', 'cheap'), 0);
    for (const at of [1_001, 1_002]) slots.take(contract, who(`x${at}`), at);
    expect(slots.take(contract, who('other', 'cheap'), 7_500)).toBeDefined();
    expect(slots.take(contract, who('other', 'cheap'), 13_000)).toBeUndefined();
  });

  test('after a long sleep the order is what it was', () => {
    const slots = createSlots(() => undefined);
    for (const step of ['a', 'b']) slots.take(contract, who(step), 0);
    for (const queue of ['cheap', 'soon', 'now'] as const)
      slots.take(contract, who(queue, queue), 0);
    const later = 1_000_000;
    expect(slots.take(contract, who('cheap', 'cheap'), later)).toBeDefined();
    expect(slots.take(contract, who('now', 'now'), later)).toBeUndefined();
  });

  test('however they ask, no more start in any second than may, and everybody gets a turn', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom<Queue>('now', 'soon', 'cheap'), { minLength: 1, maxLength: 25 }),
        (queues) => {
          const slots = createSlots(() => undefined);
          const open = queues.map((queue, index) => ({ step: `s${index}`, queue, until: 0 }));
          const starts: { at: number; queue: Queue }[] = [];
          for (let round = 0; open.length > 0; round++) {
            expect(round).toBeLessThan(1_000);
            open.sort((a, b) => a.until - b.until);
            const [next] = open;
            if (!next) break;
            const delay = slots.take(contract, who(next.step, next.queue), next.until);
            if (delay) {
              expect(delay.until ?? 0).toBeGreaterThan(next.until);
              next.until = delay.until ?? 0;
            } else {
              starts.push({ at: next.until, queue: next.queue });
              open.shift();
            }
          }
          for (const { at } of starts) {
            const near = starts.filter((other) => other.at > at - 1_000 && other.at <= at);
            expect(near.length).toBeLessThanOrEqual(2);
          }
        },
      ),
    );
  });
});

describe('low-cost hours', () => {
  const slots = createSlots(() => ({ fromHour: 22, toHour: 6, zone: 'Europe/Berlin' }));

  test('cheap work waits for them and says so, the rest does not', () => {
    expect(slots.take(contract, who('a', 'cheap'), NOON)).toEqual({
      ...{ for: 'window', words: 'Waits for the low-cost hours, from 22:00.' },
      until: Date.UTC(2026, 10, 24, 21),
    });
    expect(slots.take(contract, who('b', 'soon'), NOON)).toBeUndefined();
    expect(slots.take(contract, who('a', 'cheap'), Date.UTC(2026, 10, 25, 3))).toBeUndefined();
  });

  test.each([
    ['Europe/Berlin', '2027-03-28'], // 02:00 to 03:00 is not there
    ['Europe/Berlin', '2027-10-31'], // 02:00 to 03:00 is there twice
    ['Africa/Cairo', '2027-04-30'], // midnight is not there
    ['Australia/Lord_Howe', '2027-10-03'], // half an hour is not there
    ['Pacific/Apia', '2011-12-30'], // a whole day is not there
  ])('nothing waits past the first moment that is one of them (%s, %s)', (zone, day) => {
    const QUARTER_MS = 900_000;
    const start = Temporal.PlainDate.from(day).subtract({ days: 1 }).toZonedDateTime(zone);
    const quarters = Array.from({ length: 4 * 24 * 4 }, (_, n) => {
      const at = start.epochMilliseconds + n * QUARTER_MS;
      return { at, hour: Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(zone).hour };
    });
    const windows = [0, 1, 2, 3, 22].flatMap((from) =>
      [from + 1, from + 2, 6].map((to) => [from, to]),
    );
    for (const [fromHour = 0, to = 0] of windows) {
      const toHour = to % 24;
      const local = createSlots(() => ({ fromHour, toHour, zone }));
      const isOpen = ({ hour }: { hour: number }) =>
        fromHour < toHour ? hour >= fromHour && hour < toHour : hour >= fromHour || hour < toHour;
      for (const [index, { at }] of quarters.slice(0, 2 * 24 * 4).entries()) {
        if (fromHour === toHour) continue;
        const first = quarters.slice(index).find(isOpen)?.at;
        if (first === undefined) continue; // behind what is looked at here
        const found = local.take(contract, who('a', 'cheap'), at)?.until ?? at;
        expect([fromHour, toHour, new Date(at), new Date(found)]).toEqual([
          ...[fromHour, toHour, new Date(at), new Date(first)],
        ]);
      }
    }
  });

  test('they begin by the local clock on the days on which it changes', () => {
    const march = Date.UTC(2027, 2, 28, 12); // summer time began this morning
    expect(slots.take(contract, who('c', 'cheap'), march)).toMatchObject({
      until: Date.UTC(2027, 2, 28, 20),
    });
  });
});
