import { useResource } from '../api/resource.ts';
import { Loaded } from '../parts/states.tsx';
import { formatMoment } from '../words/format.ts';
import { visible } from '../words/visible.ts';

interface DecisionRow {
  readonly step: string;
  readonly hash: string | null;
  readonly summary: string;
  readonly verdict: 'allow' | 'ask' | 'deny';
  readonly reasons: readonly string[];
  readonly on:
    | { readonly type: 'grant'; readonly id: string; readonly title: string }
    | { readonly type: 'approval'; readonly id: string; readonly at: string }
    | null;
}

/** Why each effect of a run was allowed, asked about or refused, and on whose word it went out. */
export function DecisionsSection({ run }: { readonly run: string }) {
  const decisions = useResource<readonly DecisionRow[]>(
    `/api/decisions?run=${encodeURIComponent(run)}`,
    (event) => event.run === run && MOVES.test(event.type),
  );
  return (
    <Loaded from={decisions}>
      {(rows) =>
        rows.length === 0 ? null : (
          <section class="plain-section" aria-labelledby="decisions">
            <h3 id="decisions">Why it was allowed, asked or refused</h3>
            <ul class="lines">
              {rows.map((row) => (
                <li key={row.hash ?? row.step}>
                  <span>
                    {visible(row.summary)} <span class="tag">{VERDICTS[row.verdict]}</span>
                  </span>
                  <span class="muted">
                    {[...new Set(row.reasons)].map(visible).join(' ')} {wordOf(row.on)}
                  </span>
                </li>
              ))}
            </ul>
          </section>
        )
      }
    </Loaded>
  );
}

const MOVES = /^(effect|step|approval)\./;

const VERDICTS: { readonly [verdict in DecisionRow['verdict']]: string } = {
  allow: 'done unasked',
  ask: 'you were asked',
  deny: 'refused',
};

function wordOf(on: DecisionRow['on']): string {
  if (on === null) return '';
  return on.type === 'grant'
    ? `On your grant "${visible(on.title)}".`
    : `You signed it ${formatMoment(on.at)}.`;
}
