import { Link } from 'wouter-preact';
import type { RunRow } from '../api/shapes.ts';
import { useRowKeys } from '../keys/row-keys.ts';
import { Action } from '../parts/action.tsx';
import { Icon } from '../parts/icon.tsx';
import { tellProblem } from '../parts/notice.tsx';
import { Panes } from '../parts/panes.tsx';
import { Empty, Loaded } from '../parts/states.tsx';
import { formatMoment } from '../words/format.ts';
import { bareName, runWords, waitWords } from '../words/status.ts';
import { visible } from '../words/visible.ts';
import { RunCard } from './run-card.tsx';
import { useRuns } from './use-runs.ts';

/** Everything that was asked for, newest first, and one of them opened. */
export function Runs({ id }: { readonly id?: string | undefined }) {
  const { newest, rows, hasMore, readOlder } = useRuns();
  async function showOlder(): Promise<void> {
    const first = await readOlder();
    if (first) requestAnimationFrame(() => document.getElementById(`row-${first.id}`)?.focus());
  }
  useRowKeys(
    rows.map((row) => row.id),
    id,
    '/runs',
  );
  return (
    <Panes
      title="Runs"
      at={id}
      back="/runs"
      list={
        <Loaded from={newest}>
          {() =>
            rows.length === 0 ? (
              <Empty words="Nothing was asked for yet.">
                <p>
                  <Link href="/">Say what should be done</Link>
                </p>
              </Empty>
            ) : (
              <>
                <ul class="rows">
                  {rows.map((run) => (
                    <RunLine key={run.id} run={run} current={run.id === id} />
                  ))}
                </ul>
                {hasMore ? (
                  <p class="list-note">
                    <Action label="Older runs" onAct={() => void showOlder().catch(tellProblem)} />
                  </p>
                ) : null}
              </>
            )
          }
        </Loaded>
      }
    >
      {id === undefined ? null : <RunCard key={id} id={id} />}
    </Panes>
  );
}

function RunLine({ run, current }: { readonly run: RunRow; readonly current: boolean }) {
  const says = runWords(run.status);
  return (
    <li>
      <Link
        href={`/runs/${run.id}`}
        id={`row-${run.id}`}
        data-row={run.id}
        class={`row${current ? ' is-current' : ''}`}
        aria-current={current ? 'true' : undefined}
      >
        <span class={`row-kind tone-${says.tone}`}>
          <Icon name={says.icon} />
        </span>
        <span class="row-line">
          <span class="row-title">{visible(run.goal)}</span>
        </span>
        <span class="row-line">
          <span>
            {says.words} {run.status === 'waiting' ? waitWords(run.waitingFor) : ''}
            {run.playbook ? ` · ${bareName(run.playbook)}` : ''}
          </span>
          <time dateTime={run.startedAt}>{formatMoment(run.startedAt)}</time>
        </span>
      </Link>
    </li>
  );
}
