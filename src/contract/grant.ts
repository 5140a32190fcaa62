import type { Id } from '../base/index.ts';
import type { Money } from './money.ts';

/** A signed, limited, expiring delegation that lets policy say "allow" without asking. */
export interface Grant {
  readonly id: Id;
  /** in the operator's words, shown wherever it is used */
  readonly title: string;
  readonly scope: {
    /** `mail.send@1`; a new version needs a new grant */
    readonly capability: string;
    readonly connector: string;
    /** opaque ids or addresses that destinations must be among; empty allows none */
    readonly destinations: readonly string[];
    /** only effects of these playbooks; absent means any */
    readonly playbooks?: readonly string[];
  };
  /** CEL over `effect`; must be true */
  readonly constraint?: string;
  readonly limits: readonly GrantLimit[];
  /** UTC timestamps; at most 90 days apart */
  readonly from: string;
  readonly until: string;
  /** who wrote it: only `operator` grants may cover `final` effects */
  readonly origin: 'operator' | 'proposed';
  readonly incarnation: number;
  readonly status: 'active' | 'suspended' | 'revoked';
}

export type GrantLimit =
  | { readonly type: 'count'; readonly max: number; readonly per: GrantPeriod }
  | { readonly type: 'sum'; readonly max: Money; readonly per: GrantPeriod }
  | { readonly type: 'distinct'; readonly max: number; readonly per: GrantPeriod }
  /** at least this long between two uses */
  | { readonly type: 'rate'; readonly minGapMs: number };

export type GrantPeriod = 'day' | 'week' | 'month' | 'all';
