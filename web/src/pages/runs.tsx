import { Link } from 'wouter-preact';
import { useResource } from '../api/resource.ts';
import type { RunRow } from '../api/shapes.ts';
import { useRowKeys } from '../keys/row-keys.ts';
import { Icon } from '../parts/icon.tsx';
import { Panes } from '../parts/panes.tsx';
import { Empty, Loaded } from '../parts/states.tsx';
import { formatMoment } from '../words/format.ts';
import { bareName, runWords, waitWords } from '../words/status.ts';
import { visible } from '../words/visible.ts';
import { RunCard } from './run-card.tsx';

const TOUCHES = /^(run|intent|plan)\./;

/** Everything that was asked for, newest first, and one of them opened. */
export function Runs({ id }: { readonly id?: string | undefined }) {
  const runs = useResource<readonly RunRow[]>('/api/runs?limit=200', ({ type }) =>
    TOUCHES.test(type),
  );
  const rows = runs.data.value ?? [];
  useRowKeys(
    rows.map((row) => row.id),
    id,
    '/runs',
  );
  return (
    <Panes
      title="Runs"
      back="/runs"
      list={
        <Loaded from={runs}>
          {(all) =>
            all.length === 0 ? (
              <Empty words="Nothing was asked for yet.">
                <p>
                  <Link href="/">Say what should be done</Link>
                </p>
              </Empty>
            ) : (
              <ul class="rows">
                {all.map((run) => (
                  <RunLine key={run.id} run={run} current={run.id === id} />
                ))}
              </ul>
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
