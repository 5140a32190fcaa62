import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Failure } from '../../contract/index.ts';
import { readCron } from './cron-times.ts';
import { dueFires, MISSED_MAX, ON_TIME_MS } from './due-fires.ts';
import { fireRunId } from './fire-run-id.ts';
import { readSchedule } from './schedule.ts';

const BERLIN = 'Europe/Berlin';
const utc = (text: string): number => Date.parse(text);
const iso = (ms: number | undefined): string => new Date(ms ?? Number.NaN).toISOString();
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const first = utc('2026-11-02T08:00:00Z');

function series(cron: string, zone: string, from: string, count: number): readonly string[] {
  const times = readCron(cron, zone);
  const found: string[] = [];
  let at = utc(from);
  while (found.length < count) {
    at = times.next(at) ?? Number.NaN;
    found.push(iso(at));
  }
  return found;
}

describe('where the clocks change', () => {
  test('a local time that spring skips fires once, at the first moment that exists', () => {
    expect(series('30 2 * * *', BERLIN, '2027-03-27T00:00:00Z', 3)).toEqual([
      '2027-03-27T01:30:00.000Z',
      '2027-03-28T01:00:00.000Z',
      '2027-03-29T00:30:00.000Z',
    ]);
  });

  test('a skipped time that meets a named one becomes a single fire', () => {
    expect(series('0 2,3 * * *', BERLIN, '2027-03-27T12:00:00Z', 3)).toEqual([
      '2027-03-28T01:00:00.000Z',
      '2027-03-29T00:00:00.000Z',
      '2027-03-29T01:00:00.000Z',
    ]);
  });

  test('a local time that autumn doubles fires once, the first time', () => {
    expect(series('30 2 * * *', BERLIN, '2026-10-24T12:00:00Z', 2)).toEqual([
      '2026-10-25T00:30:00.000Z',
      '2026-10-26T01:30:00.000Z',
    ]);
  });

  test('a time that is skipped right before midnight fires at midnight', () => {
    // Nuuk goes from 23:00 on Saturday to 00:00 on Sunday, every spring
    expect(series('30 23 * * *', 'America/Nuuk', '2027-03-26T12:00:00Z', 4)).toEqual([
      '2027-03-27T01:30:00.000Z',
      '2027-03-28T01:00:00.000Z',
      '2027-03-29T00:30:00.000Z',
      '2027-03-30T00:30:00.000Z',
    ]);
    expect(series('45 23 * * *', 'Asia/Pyongyang', '2018-05-03T12:00:00Z', 3)).toEqual([
      '2018-05-03T15:15:00.000Z',
      '2018-05-04T15:00:00.000Z',
      '2018-05-05T14:45:00.000Z',
    ]);
  });

  // zones whose rules changed for good: what a country decides is not what the season does
  test.each([
    [
      'Istanbul kept its summer time in 2016',
      'Europe/Istanbul',
      '2016-10-29',
      ['06:00', '06:00', '06:00'],
    ],
    [
      'Istanbul still changed in 2015',
      'Europe/Istanbul',
      '2015-11-07',
      ['06:00', '07:00', '07:00'],
    ],
    [
      'Caracas went half an hour ahead',
      'America/Caracas',
      '2016-04-30',
      ['13:30', '13:00', '13:00'],
    ],
    [
      'Caracas went half an hour back',
      'America/Caracas',
      '2007-12-08',
      ['13:00', '13:30', '13:30'],
    ],
    ['Apia left out a day', 'Pacific/Apia', '2011-12-28', ['19:00', '19:00', '19:00']],
  ])('nine in the morning stays nine: %s', (_, zone, day, times) => {
    const found = series('0 9 * * *', zone, `${day}T00:00:00Z`, 3);
    expect(found.map((time) => time.slice(11, 16))).toEqual(times);
  });

  test('a time that was worked out under older rules of the zone still fires once', () => {
    const times = readCron('0 9 * * *', 'Europe/Istanbul');
    // known in spring 2016, when winter time was still to come: 9:00 at +02:00
    const known = utc('2016-11-15T07:00:00Z');
    const due = dueFires(times, 'all', known, known + 60_000);
    expect(due?.fires).toEqual([known]);
    expect(iso(due?.next)).toBe('2016-11-16T06:00:00.000Z');
  });

  test('every half hour counts real time through a doubled hour', () => {
    const times = series('*/30 * * * *', BERLIN, '2026-10-24T23:45:00Z', 6).map(utc);
    for (const [index, time] of times.entries()) {
      if (index > 0) expect(time - (times[index - 1] ?? 0)).toBe(HOUR / 2);
    }
  });

  test('the same line means other moments in other zones', () => {
    expect(series('0 9 * * *', 'America/New_York', '2026-11-01T00:00:00Z', 1)).toEqual([
      '2026-11-01T14:00:00.000Z',
    ]);
    expect(series('0 9 * * *', 'Asia/Kolkata', '2026-11-01T00:00:00Z', 1)).toEqual([
      '2026-11-01T03:30:00.000Z',
    ]);
  });

  test('looking back finds exactly what looking ahead found, across both changes', () => {
    const lines = [
      '30 2 * * *',
      '0 2,3 * * *',
      '0 */6 * * *',
      '15 * * * *',
      '0 8 1 * *',
      '30 23 * * *',
    ];
    const zones = [BERLIN, 'America/New_York', 'Australia/Lord_Howe', 'America/Nuuk', 'UTC'];
    fc.assert(
      fc.property(
        fc.constantFrom(...lines),
        fc.constantFrom(...zones),
        fc.integer({ min: utc('2026-03-01T00:00:00Z'), max: utc('2027-12-01T00:00:00Z') }),
        (line, zone, from) => {
          const times = readCron(line, zone);
          const ahead: number[] = [];
          for (let at = times.next(from); at !== undefined && at <= from + 5 * DAY; ) {
            ahead.push(at);
            at = times.next(at);
          }
          expect(times.latest(from, from + 5 * DAY, 1_000)).toEqual(ahead);
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe('missed fires', () => {
  const daily = readCron('0 8 * * *', 'UTC');
  test('nothing is due before its time, also when the clock was set back', () => {
    expect(dueFires(daily, 'all', first, first - 1)).toBeUndefined();
    expect(dueFires(daily, 'all', first, first - 40 * DAY)).toBeUndefined();
  });

  test('on time all three rules fire once', () => {
    for (const rule of ['skip', 'one', 'all'] as const) {
      expect(dueFires(daily, rule, first, first + ON_TIME_MS)).toEqual({
        fires: [first],
        upTo: first,
        skipped: false,
        next: first + DAY,
      });
    }
  });

  test('skip lets go of everything that is late', () => {
    expect(dueFires(daily, 'skip', first, first + 3 * DAY + HOUR)).toEqual({
      fires: [],
      upTo: first + 3 * DAY,
      skipped: true,
      next: first + 4 * DAY,
    });
  });

  test('one fires for the latest time and stands for the others', () => {
    expect(dueFires(daily, 'one', first, first + 3 * DAY + HOUR)).toMatchObject({
      fires: [first + 3 * DAY],
      skipped: true,
      next: first + 4 * DAY,
    });
  });

  test('all fires for every time, and for no more than the bound', () => {
    expect(dueFires(daily, 'all', first, first + 3 * DAY)?.fires).toHaveLength(4);
    const long = dueFires(daily, 'all', first, first + 1_000 * DAY);
    expect(long?.fires).toHaveLength(MISSED_MAX);
    expect(long).toMatchObject({ skipped: true, upTo: first + 1_000 * DAY });
  });

  test('however often one looks, no time is fired twice and none is fired early', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('one' as const, 'all' as const, 'skip' as const),
        fc.array(fc.integer({ min: -2 * DAY, max: 6 * DAY }), { minLength: 1, maxLength: 30 }),
        (rule, jumps) => {
          let next: number | undefined = first;
          let now = first - HOUR;
          const fired: number[] = [];
          for (const jump of jumps) {
            now += jump;
            const due: ReturnType<typeof dueFires> =
              next === undefined ? undefined : dueFires(daily, rule, next, now);
            if (!due) continue;
            for (const time of due.fires) expect(time).toBeLessThanOrEqual(now);
            fired.push(...due.fires);
            next = due.next;
          }
          expect(fired).toEqual([...new Set(fired)].sort((a, b) => a - b));
        },
      ),
      { numRuns: 100 },
    );
  });
});

describe('reading', () => {
  test('a line, a zone or a rule that does not exist is refused with its place', () => {
    const said = (action: () => unknown): string => {
      try {
        action();
      } catch (error) {
        if (error instanceof Failure) return `${error.code} ${String(error.facts.path)}`;
        throw error;
      }
      return 'accepted';
    };
    expect(said(() => readCron('99 * * * *', 'UTC'))).toBe('invalid_input cron');
    expect(said(() => readCron('* * * * * *', 'UTC'))).toBe('invalid_input cron');
    expect(said(() => readCron('0 8 * * *', 'Mars/Base'))).toBe('invalid_input zone');
    const plain = { id: 'a', playbook: 'b', cron: '0 8 * * *', zone: 'UTC' };
    expect(said(() => readSchedule({ ...plain, missed: 'some' }))).toBe('invalid_input missed');
    expect(said(() => readSchedule({ ...plain, id: 'A b' }))).toBe('invalid_input id');
    expect(readSchedule(plain)).toMatchObject({ missed: 'one', queue: 'soon', input: {} });
  });

  test('the run of a fire has one id, shaped as all ids, and another for another time', () => {
    const id = fireRunId('c', 's', first);
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(fireRunId('c', 's', first)).toBe(id);
    expect(fireRunId('c', 's', first + 60_000)).not.toBe(id);
    expect(fireRunId('c', 't', first)).not.toBe(id);
  });
});
