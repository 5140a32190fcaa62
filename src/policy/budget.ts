/** Money set aside for one scope (a flow, an agent, a day, a month). Whole micro-dollars; plain JSON. */
export type Budget = {
  readonly limitMicroUsd: number;
  readonly spentMicroUsd: number;
  /** set aside and not settled yet, by the id of the call */
  readonly reserved: { readonly [id: string]: number };
};

export type Budgets = { readonly [scope: string]: Budget };

export type Reservation =
  | { readonly status: 'reserved'; readonly budgets: Budgets }
  /** `scope` is the first one that is over, `overMicroUsd` by how much */
  | { readonly status: 'refused'; readonly scope: string; readonly overMicroUsd: number }
  /** no such scope, or not an amount: an unknown price never counts as zero */
  | { readonly status: 'unknown'; readonly reason: string };

export function createBudget(limitMicroUsd: number): Budget {
  return { limitMicroUsd, spentMicroUsd: 0, reserved: {} };
}

/** What a scope may still spend, reservations counted as spent; negative when it is overdrawn. */
export function leftMicroUsd(budget: Budget): number {
  const reserved = Object.values(budget.reserved).reduce((sum, amount) => sum + amount, 0);
  return budget.limitMicroUsd - budget.spentMicroUsd - reserved;
}

/**
 * Sets `microUsd` aside in all of `scopes`, or in none. Repeating a reservation under the same id
 * changes it to the new amount, so a retried call never counts twice.
 */
export function reserve(
  budgets: Budgets,
  scopes: readonly string[],
  id: string,
  microUsd: number,
): Reservation {
  if (!isAmount(microUsd)) return { status: 'unknown', reason: 'The price is not known.' };
  const changed: { [scope: string]: Budget } = { ...budgets };
  for (const scope of new Set(scopes)) {
    const budget = budgetOf(budgets, scope);
    if (!budget) return { status: 'unknown', reason: `There is no budget "${scope}".` };
    const next = withReservation(budget, id, microUsd);
    const left = leftMicroUsd(next);
    if (!(left >= 0)) return { status: 'refused', scope, overMicroUsd: -left };
    changed[scope] = next;
  }
  return { status: 'reserved', budgets: changed };
}

/**
 * Turns a reservation into what was really spent, also above it: the bill is real. Without an amount
 * (an unpriced model) it settles at the reservation. Scopes that know nothing of `id` stay as they are.
 */
export function settle(budgets: Budgets, id: string, microUsd?: number): Budgets {
  return mapReserved(budgets, id, (budget, reserved) => ({
    ...budget,
    spentMicroUsd: budget.spentMicroUsd + (isAmount(microUsd) ? microUsd : reserved),
  }));
}

/** Gives a reservation back: the call was never made. */
export function release(budgets: Budgets, id: string): Budgets {
  return mapReserved(budgets, id, (budget) => budget);
}

function mapReserved(
  budgets: Budgets,
  id: string,
  change: (budget: Budget, reserved: number) => Budget,
): Budgets {
  return Object.fromEntries(
    Object.entries(budgets).map(([scope, budget]) => {
      if (!Object.hasOwn(budget.reserved, id)) return [scope, budget];
      const { [id]: reserved = 0, ...others } = budget.reserved;
      return [scope, { ...change(budget, reserved), reserved: others }];
    }),
  );
}

function withReservation(budget: Budget, id: string, microUsd: number): Budget {
  return { ...budget, reserved: { ...budget.reserved, [id]: microUsd } };
}

function budgetOf(budgets: Budgets, scope: string): Budget | undefined {
  return Object.hasOwn(budgets, scope) ? budgets[scope] : undefined;
}

function isAmount(microUsd: number | undefined): microUsd is number {
  return Number.isSafeInteger(microUsd) && (microUsd ?? -1) >= 0;
}
