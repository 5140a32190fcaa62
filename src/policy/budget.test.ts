import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Budgets, createBudget, leftMicroUsd, release, reserve, settle } from './budget.ts';

const fresh = (): Budgets => ({ day: createBudget(1_000), flow: createBudget(400) });
const left = (budgets: Budgets) => Object.values(budgets).map((budget) => leftMicroUsd(budget));

function reserved(budgets: Budgets, id: string, microUsd: number): Budgets {
  const result = reserve(budgets, ['day', 'flow'], id, microUsd);
  if (result.status !== 'reserved') throw new Error(`not reserved: ${JSON.stringify(result)}`);
  return result.budgets;
}

test('a reservation counts in all scopes, or in none', () => {
  const one = reserved(fresh(), 'a', 300);
  expect(left(one)).toEqual([700, 100]);
  expect(reserve(one, ['day', 'flow'], 'b', 150)).toEqual({
    status: 'refused',
    scope: 'flow',
    overMicroUsd: 50,
  });
  expect(left(reserved(one, 'b', 100))).toEqual([600, 0]);
});

test('settling takes the real price, releasing gives everything back', () => {
  const one = reserved(fresh(), 'a', 300);
  expect(left(settle(one, 'a', 120))).toEqual([880, 280]);
  expect(left(settle(one, 'a', 500))).toEqual([500, -100]);
  expect(left(release(one, 'a'))).toEqual([1_000, 400]);
});

test('an unpriced call settles at its reservation, never at zero', () => {
  const one = reserved(fresh(), 'a', 300);
  expect(left(settle(one, 'a'))).toEqual([700, 100]);
  expect(left(settle(one, 'a', Number.NaN))).toEqual([700, 100]);
});

test('settling or releasing twice counts once', () => {
  const settled = settle(reserved(fresh(), 'a', 300), 'a', 100);
  expect(settle(settled, 'a', 100)).toEqual(settled);
  expect(release(settled, 'a')).toEqual(settled);
});

test('the same call reserved again replaces its reservation', () => {
  expect(left(reserved(reserved(fresh(), 'a', 300), 'a', 400))).toEqual([600, 0]);
});

test('an unknown price or scope is not reserved', () => {
  for (const price of [Number.NaN, -1, 0.5, Number.POSITIVE_INFINITY]) {
    expect(reserve(fresh(), ['day'], 'a', price).status).toBe('unknown');
  }
  expect(reserve(fresh(), ['year'], 'a', 1).status).toBe('unknown');
  expect(reserve(fresh(), ['constructor'], 'a', 1).status).toBe('unknown');
});

test('as long as calls keep to their reservations, no limit is ever exceeded', () => {
  const step = fc.record({
    id: fc.constantFrom('a', 'b', 'c', '__proto__'),
    price: fc.nat(500),
    act: fc.constantFrom('reserve', 'settle', 'release'),
    share: fc.double({ min: 0, max: 1, noNaN: true }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      let budgets = fresh();
      for (const { id, price, act, share } of steps) {
        const held = budgets.day?.reserved[id] ?? 0;
        if (act === 'settle' && Object.hasOwn(budgets.day?.reserved ?? {}, id)) {
          budgets = settle(budgets, id, Math.floor(held * share));
        } else if (act === 'release') {
          budgets = release(budgets, id);
        } else {
          const result = reserve(budgets, ['day', 'flow'], id, price);
          if (result.status === 'reserved') budgets = result.budgets;
        }
        for (const budget of Object.values(budgets)) {
          expect(leftMicroUsd(budget)).toBeGreaterThanOrEqual(0);
          expect(budget.spentMicroUsd).toBeLessThanOrEqual(budget.limitMicroUsd);
        }
      }
    }),
  );
});
