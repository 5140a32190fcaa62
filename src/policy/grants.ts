import { dayIn, type Id } from '../base/index.ts';
import {
  type Grant,
  type GrantLimit,
  type GrantPeriod,
  isTrusted,
  type Label,
  type Labels,
  type Money,
} from '../contract/index.ts';
import { normaliseAddress } from './address.ts';
import { compileConstraint, toCel } from './constraint.ts';
import { type Deed, steeringLabel } from './deed.ts';

/** What a grant was used for so far. Plain JSON; only the periods that still count are kept. */
export type GrantUsage = {
  readonly lastAtMs: number;
  readonly periods: { readonly [Period in GrantPeriod]?: PeriodUsage };
};

export type PeriodUsage = {
  /** `2026-11-22`, `2026-W47`, `2026-11`, `all` */
  readonly key: string;
  readonly count: number;
  /** minor units by currency */
  readonly sums: { readonly [currency: string]: number };
  /** normalised addresses, each once, sorted */
  readonly destinations: readonly string[];
};

/** One use of a grant, to be appended in the transaction that commits. Plain JSON. */
export type GrantDebit = {
  readonly grant: Id;
  readonly atMs: number;
  readonly periods: { readonly [Period in GrantPeriod]: string };
  readonly count: number;
  readonly sum: { readonly minor: number; readonly currency: string } | null;
  readonly destinations: readonly string[];
};

export type GrantMatch =
  | { readonly status: 'covers'; readonly debit: GrantDebit }
  | { readonly status: 'refuses'; readonly reason: string };

export interface GrantFacts {
  readonly nowMs: number;
  readonly zone: string;
  readonly incarnation: number;
  readonly playbook?: string;
  /** where the decision to act came from */
  readonly act: Label;
}

/** Longest life of a grant (DESIGN section 8). */
export const GRANT_MAX_MS = 90 * 86_400_000;

/**
 * Does this grant cover this deed now? Pure; never throws, and a grant that cannot be understood
 * refuses. `undefined` usage means that it was never used.
 */
export function matchGrant(
  deed: Deed,
  labels: Labels,
  grant: Grant,
  usage: GrantUsage | undefined,
  facts: GrantFacts,
): GrantMatch {
  try {
    return match(deed, labels, grant, usage, facts);
  } catch {
    return refuses('it could not be checked.');
  }
}

function match(
  deed: Deed,
  labels: Labels,
  grant: Grant,
  usage: GrantUsage | undefined,
  facts: GrantFacts,
): GrantMatch {
  const standing = standingFault(deed, grant, facts);
  if (standing !== undefined) return refuses(standing);
  const scope = scopeFault(deed, grant, facts);
  if (scope !== undefined) return refuses(scope);
  if (!isTrusted(steeringLabel(deed, labels, facts.act))) {
    return refuses('outside text chose what it does or where it goes.');
  }
  const constraint = constraintFault(deed, grant);
  if (constraint !== undefined) return refuses(constraint);

  const debit = debitOf(deed, grant, usage, facts);
  for (const limit of grant.limits) {
    const fault = limitFault(limit, debit, usage);
    if (fault !== undefined) return refuses(fault);
  }
  return { status: 'covers', debit };
}

/** The usage after one more use. Applying the same debits in order gives the same usage. */
export function applyDebit(usage: GrantUsage | undefined, debit: GrantDebit): GrantUsage {
  const periods: { -readonly [Period in GrantPeriod]?: PeriodUsage } = {};
  for (const per of PERIODS) {
    const before = periodOf(usage, per, debit.periods[per]);
    periods[per] = {
      key: before.key,
      count: before.count + debit.count,
      sums: addSum(before.sums, debit.sum),
      destinations: [...new Set([...before.destinations, ...debit.destinations])].sort(),
    };
  }
  return { lastAtMs: Math.max(usage?.lastAtMs ?? debit.atMs, debit.atMs), periods };
}

function standingFault(deed: Deed, grant: Grant, facts: GrantFacts): string | undefined {
  if (deed.class === 'grave') return 'an act of this weight is never delegated.';
  if (deed.class !== 'reversible' && deed.class !== 'final') return 'it needs no grant.';
  if (deed.class === 'final' && grant.origin !== 'operator') {
    return 'only a grant that you wrote yourself may cover what cannot be taken back.';
  }
  if (grant.status === 'suspended') return 'it is suspended.';
  if (grant.status !== 'active') return 'it was revoked.';
  if (grant.incarnation !== facts.incarnation) return 'it was written before the last restore.';
  if (deed.incarnation !== undefined && deed.incarnation !== facts.incarnation) {
    return 'the change was prepared before the last restore.';
  }
  const from = Date.parse(grant.from);
  const until = Date.parse(grant.until);
  if (!(from <= facts.nowMs)) return 'it is not valid yet.';
  if (!(facts.nowMs < until)) return 'it has expired.';
  if (!(until - from <= GRANT_MAX_MS)) return 'it was made for longer than 90 days.';
  return undefined;
}

function scopeFault(deed: Deed, grant: Grant, facts: GrantFacts): string | undefined {
  const { scope } = grant;
  if (scope.capability !== deed.capability) return `it is for ${scope.capability}.`;
  if (scope.connector !== deed.connector) return `it is for the connector ${scope.connector}.`;
  if (scope.playbooks && !scope.playbooks.includes(facts.playbook ?? '')) {
    return 'it is for other playbooks.';
  }
  if (deed.to.length === 0) return 'the change names no destination.';
  const granted = new Set(scope.destinations.map(normaliseAddress));
  const other = deed.to.find((address) => !granted.has(normaliseAddress(address)));
  return other === undefined ? undefined : `${other} is not among its destinations.`;
}

function constraintFault(deed: Deed, grant: Grant): string | undefined {
  if (grant.constraint === undefined) return undefined;
  const compiled = compileConstraint('grant', grant.constraint);
  if (compiled.status === 'faulty') return `its condition is broken: ${compiled.fault}`;
  // A deed is plain JSON by its type; toCel refuses at run time what is not.
  const holds = compiled.constraint.evaluate({ effect: toCel(deed as unknown as DeedJson) });
  if (holds === 'error') return 'its condition could not be checked for this.';
  return holds ? undefined : `its condition does not hold: ${grant.constraint}`;
}

type DeedJson = Parameters<typeof toCel>[0];

const PERIODS: readonly GrantPeriod[] = ['day', 'week', 'month', 'all'];

function debitOf(
  deed: Deed,
  grant: Grant,
  usage: GrantUsage | undefined,
  facts: GrantFacts,
): GrantDebit {
  // A clock that was set back must not open a period that is used up.
  const atMs = Math.max(facts.nowMs, usage?.lastAtMs ?? facts.nowMs);
  return {
    grant: grant.id,
    atMs: facts.nowMs,
    periods: periodKeys(facts.zone, atMs),
    count: 1,
    sum: deed.amount && { minor: deed.amount.minor, currency: deed.amount.currency },
    destinations: [...new Set(deed.to.map(normaliseAddress))].sort(),
  };
}

function periodKeys(zone: string, utcMs: number): GrantDebit['periods'] {
  const day = dayIn(zone, utcMs);
  const { yearOfWeek, weekOfYear } = Temporal.PlainDate.from(day);
  const week = `${yearOfWeek}-W${String(weekOfYear).padStart(2, '0')}`;
  return { day, week, month: day.slice(0, 7), all: 'all' };
}

function limitFault(
  limit: GrantLimit,
  debit: GrantDebit,
  usage: GrantUsage | undefined,
): string | undefined {
  if (limit.type === 'rate') {
    if (usage === undefined || debit.atMs - usage.lastAtMs >= limit.minGapMs) return undefined;
    return `it was used less than ${limit.minGapMs} ms ago.`;
  }
  const used = periodOf(usage, limit.per, debit.periods[limit.per]);
  const per = limit.per === 'all' ? 'in all' : `per ${limit.per}`;
  switch (limit.type) {
    case 'count':
      if (used.count + debit.count <= limit.max) return undefined;
      return `its ${limit.max} uses ${per} are used up.`;
    case 'distinct': {
      const seen = new Set([...used.destinations, ...debit.destinations]);
      if (seen.size <= limit.max) return undefined;
      return `its ${limit.max} destinations ${per} are used up.`;
    }
    case 'sum':
      return sumFault(limit.max, per, used, debit);
    default:
      return 'it has a limit of an unknown kind.';
  }
}

function sumFault(
  max: Money,
  per: string,
  used: PeriodUsage,
  debit: GrantDebit,
): string | undefined {
  if (debit.sum === null) return 'it limits a sum, and the change names no amount.';
  if (debit.sum.currency !== max.currency) return `it is for amounts in ${max.currency}.`;
  if (!(debit.sum.minor >= 0)) return 'the amount is negative.';
  const total = sumOf(used.sums, max.currency) + debit.sum.minor;
  if (total <= max.minor && Number.isSafeInteger(total)) return undefined;
  return `its sum of ${max.minor} ${max.currency} (minor units) ${per} would be exceeded.`;
}

function periodOf(usage: GrantUsage | undefined, per: GrantPeriod, key: string): PeriodUsage {
  const kept = usage?.periods[per];
  // Keys grow with time; an older key than the one kept belongs to a clock that was set back.
  if (kept && kept.key >= key) return kept;
  return { key, count: 0, sums: {}, destinations: [] };
}

function addSum(sums: PeriodUsage['sums'], sum: GrantDebit['sum']): PeriodUsage['sums'] {
  if (sum === null) return sums;
  return { ...sums, [sum.currency]: sumOf(sums, sum.currency) + sum.minor };
}

function sumOf(sums: PeriodUsage['sums'], currency: string): number {
  return Object.hasOwn(sums, currency) ? (sums[currency] ?? 0) : 0;
}

function refuses(reason: string): GrantMatch {
  return { status: 'refuses', reason };
}
