import { isJsonObject, type Json } from '../../../src/base/portable.ts';
import { sayProblem } from '../api/call.ts';
import { useResource } from '../api/resource.ts';
import { performAct } from '../device/perform-act.ts';
import { lookOnly } from '../device/session.ts';
import { Action } from '../parts/action.tsx';
import { notify } from '../parts/notice.tsx';
import { Empty, Loaded } from '../parts/states.tsx';
import { formatDay, formatMoney, isMoney } from '../words/format.ts';
import { visible } from '../words/visible.ts';

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
  async function end({ id, title }: GrantRow): Promise<void> {
    try {
      await performAct('revoke', { grant: id, because: 'You ended it.' });
      notify({ words: `"${visible(title)}" is over: you are asked again.` });
    } catch (error) {
      const { words, remedy } = sayProblem(error);
      notify({ words: `${words} ${remedy}`, tone: 'stop' });
    }
    await grants.refresh();
  }
  return (
    <section class="plain-section" aria-labelledby="grants">
      <h2 id="grants">What happens without asking you</h2>
      <Loaded from={grants}>
        {(rows) =>
          rows.length === 0 ? (
            <Empty words="You delegated nothing: everything that goes out is asked first." />
          ) : (
            <ul class="lines">
              {rows.map((row) => (
                <li key={row.id}>
                  <span>
                    {visible(row.title)}{' '}
                    {row.status === 'active' ? null : <span class="tag">{STATUS[row.status]}</span>}
                  </span>
                  <span class="muted">
                    {row.scope.capability} to {row.scope.destinations.map(visible).join(', ')}.{' '}
                    {row.limits.map(limitWords).join(', ')}; until {formatDay(row.until)}; used{' '}
                    {timesOf(row.uses)}.{row.because === null ? '' : ` ${visible(row.because)}`}
                  </span>
                  {row.status === 'active' || row.status === 'suspended' ? (
                    <Action
                      label="End it"
                      look="quiet"
                      off={lookOnly.value}
                      onAct={() => void end(row)}
                    />
                  ) : null}
                </li>
              ))}
            </ul>
          )
        }
      </Loaded>
      <p class="muted">
        A new one begins on a card with <strong>Always…</strong> (key W), or with{' '}
        <code>steward grant --help</code>
      </p>
    </section>
  );
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
