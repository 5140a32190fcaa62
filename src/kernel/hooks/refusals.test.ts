import { expect, test } from 'vitest';
import { createRefusals } from './refusals.ts';

type Ports = Parameters<typeof createRefusals>[0];
// names that are no hook reach neither
const nothing = { log: {}, beside: () => undefined } as unknown as Pick<Ports, 'log' | 'beside'>;

test('a flood under ever new names from ever new addresses counts as one, and keeps no more than a window', () => {
  let nowMs = 0;
  const refusals = createRefusals({ ...nothing, clock: { now: () => nowMs } });
  const count = (index: number) =>
    refusals.count({
      ...{ name: `name-${index}`, known: false, address: `10.0.0.${index}` },
      because: 'signature',
    });
  const waits = Array.from({ length: 3_000 }, (_, index) => count(index));
  expect(waits[0]).toBeUndefined();
  expect(waits.at(-1)).toBeGreaterThan(0);
  nowMs += 60_000;
  expect(count(3_000)).toBeUndefined();
  expect(refusals.total()).toBe(3_001);
});

test('a clock that is set back makes nobody wait for the end of a window that was ahead', () => {
  let nowMs = 3_600_000;
  const refusals = createRefusals({ ...nothing, clock: { now: () => nowMs } });
  const refused = { name: 'shop', known: false, address: '10.0.0.1', because: 'time' } as const;
  const waits = Array.from({ length: 61 }, () => refusals.count(refused));
  expect(waits.at(-1)).toBeGreaterThan(0);
  nowMs = 0;
  expect(refusals.count(refused)).toBeUndefined();
});
