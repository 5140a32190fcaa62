import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createSeenKeys } from './seen-keys.ts';

test('it answers like a map, up to the last key it has room for', () => {
  const keys = fc.array(fc.nat({ max: 400 }).map(String), { maxLength: 600 });
  fc.assert(
    fc.property(keys, (all) => {
      const seen = createSeenKeys(new Set(all).size);
      const oracle = new Map<string, { visits: number; line: number }>();
      for (const [index, key] of all.entries()) {
        const before = oracle.get(key);
        const after = { visits: (before?.visits ?? 0) + 1, line: before?.line ?? index + 2 };
        oracle.set(key, after);
        expect(seen.has(key)).toBe(before !== undefined);
        expect(seen.add(key)).toBe(before === undefined);
        expect(seen.visit(key, index + 2)).toEqual(after);
        expect(seen.count(key)).toBe(after.visits);
      }
      expect(seen.countOf('not there')).toBe(0);
    }),
    { numRuns: 50 },
  );
});

test('a key more than it was made for means that the file changed', () => {
  const seen = createSeenKeys(1);
  seen.add('a');
  expect(seen.add('a')).toBe(false);
  expect(() => seen.add('b')).toThrow(expect.objectContaining({ code: 'stale' }));
});
