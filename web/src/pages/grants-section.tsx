import { isJsonObject, type Json } from '../../../src/base/portable.ts';
import { useResource } from '../api/resource.ts';
import { formatDay, formatMoney, isMoney } from '../words/format.ts';
import { type Standing, StandingList } from './standing-list.tsx';

interface GrantRow {
  readonly id: string;
  readonly title: string;
  readonly status: 'active' | 'suspended' | 'revoked' | 'expired';
  readonly because: string | null;
  readonly scope: { readonly capability: string; readonly destinations: readonly string[] };
  readonly limits: readonly Json[];
  readonly until: string;
  readonly uses: number;
}

/** What happens without being asked, its limits, how much of it was used, and an end to it. */
export function GrantsSection() {
  const grants = useResource<readonly GrantRow[]>('/api/grants', ({ type }) =>
    type.startsWith('grant.'),
  );
  return (
    <section class="plain-section" aria-labelledby="grants">
      <h2 id="grants">What happens without asking you</h2>
      <StandingList
        from={grants}
        empty="You delegated nothing: everything that goes out is asked first."
        tell={standingOf}
      />
      <p class="muted">
        A new one begins on a card with <strong>Always…</strong> (key W), or with{' '}
        <code>steward grant --help</code>
      </p>
    </section>
  );
}

function standingOf(row: GrantRow): Standing {
  const { id, title, status, scope, limits, until, uses, because } = row;
  const stands = status === 'active' || status === 'suspended';
  return {
    id,
    name: title,
    tag: status === 'active' ? undefined : STATUS[status],
    detail: [
      `${scope.capability} to ${scope.destinations.join(', ')}.`,
      `${limits.map(limitWords).join(', ')}; until ${formatDay(until)}; used ${timesOf(uses)}.`,
      because ?? '',
    ]
      .join(' ')
      .trim(),
    end: stands
      ? { revoke: { grant: id }, after: `"${title}" is over: you are asked again.` }
      : undefined,
  };
}

const STATUS: { readonly [status in GrantRow['status']]: string } = {
  active: 'active',
  suspended: 'suspended',
  revoked: 'ended',
  expired: 'over',
};

function timesOf(count: number): string {
  return count === 1 ? 'once' : `${count} times`;
}

function limitWords(limit: Json): string {
  if (!isJsonObject(limit)) return '';
  const per = limit.per === 'all' ? 'in all' : `a ${String(limit.per)}`;
  switch (limit.type) {
    case 'count':
      return `${timesOf(Number(limit.max))} ${per}`;
    case 'distinct':
      return `${String(limit.max)} destinations ${per}`;
    case 'sum':
      return isMoney(limit.max) ? `${formatMoney(limit.max)} ${per}` : '';
    default:
      return `${Number(limit.minGapMs) / 1_000} s apart`;
  }
}
