import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LruMap } from './lru-map.ts';

test('it never holds a wrong value, and always the ones that were used last', () => {
  const step = fc.tuple(fc.constantFrom('get', 'set'), fc.nat(9), fc.nat());
  fc.assert(
    fc.property(fc.array(step), fc.integer({ min: 1, max: 5 }), (steps, limit) => {
      const map = new LruMap<number, number>(limit);
      const all = new Map<number, number>();
      let used: number[] = [];
      for (const [what, key, value] of steps) {
        if (what === 'set') {
          map.set(key, value);
          all.set(key, value);
          used = [key, ...used.filter((other) => other !== key)];
        } else {
          const found = map.get(key);
          if (used.slice(0, limit).includes(key)) expect(found).toBe(all.get(key));
          else expect([undefined, all.get(key)]).toContain(found);
          if (found !== undefined) used = [key, ...used.filter((other) => other !== key)];
        }
      }
      map.clear();
      for (const key of all.keys()) expect(map.get(key)).toBeUndefined();
    }),
  );
});
