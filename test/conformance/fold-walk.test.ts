import { afterEach, describe, expect, test } from 'vitest';
import { LIMITS } from '../../src/base/index.ts';
import { entryFold, newEvent } from './log-fixtures.ts';
import { createLogHarness, type LogHarness, type OpenLog, STORES } from './log-harness.ts';

const harnesses: LogHarness[] = [];
afterEach(() => {
  for (const harness of harnesses.splice(0)) harness.dispose();
});

/** more than two pages, so that the walk goes on behind the last row of a page twice */
const ROWS = LIMITS.pageRows * 2 + 500;
const keyOf = (number: number) => `k${String(number).padStart(5, '0')}`;

async function put({ log }: OpenLog, rows: readonly (readonly [key: string, value: number])[]) {
  const events = rows.map(([key, value]) => newEvent('entry.put', { key, name: 'same', value }));
  await log.append([{ stream: 'a', expectedVersion: 'any', events }]);
}

describe.each(STORES)('a walk over a fold in %s', (kind) => {
  async function openFilled(): Promise<OpenLog> {
    const harness = createLogHarness(kind);
    harnesses.push(harness);
    const open = harness.open();
    await put(
      open,
      Array.from({ length: ROWS }, (_, index) => [keyOf(index), index] as const),
    );
    return open;
  }

  test.each([
    ['by key', {}],
    ['by key, backwards', { descending: true }],
    ['where all rows have one value', { index: 'by-name', equals: 'same' }],
    ['by value, backwards', { index: 'by-value', descending: true }],
    ['by value, in part', { index: 'by-value', from: 700, to: 2_300 }],
  ])('passes every row once: %s', async (_, query) => {
    const { log } = await openFilled();
    const passed: string[] = [];
    for await (const { key } of log.fold(entryFold).every(query)) passed.push(key);
    const count = 'from' in query ? 1_601 : ROWS;
    expect(passed).toHaveLength(count);
    const sorted = passed.toSorted();
    expect(new Set(passed).size).toBe(count);
    expect(passed).toEqual('descending' in query ? sorted.reverse() : sorted);
    await log.close();
  });

  test('passes over no row when those that it passed leave the order meanwhile', async () => {
    const open = await openFilled();
    const passed = new Set<string>();
    for await (const { key, row } of open.log.fold(entryFold).every({
      ...{ index: 'by-value', to: ROWS },
    })) {
      passed.add(key);
      if (passed.size % 250 === 0)
        await put(
          open,
          [...passed].map((done) => [done, ROWS * 2]),
        );
      expect(row.value).toBeLessThan(ROWS);
    }
    expect(passed.size).toBe(ROWS);
    await open.log.close();
  });
});
