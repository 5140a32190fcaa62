import { useLocation } from 'wouter-preact';
import { isJsonObject, type Json } from '../../../src/base/portable.ts';
import { useResource } from '../api/resource.ts';
import { Page } from '../parts/panes.tsx';
import { JsonSource } from '../parts/source.tsx';
import { Empty, Loaded } from '../parts/states.tsx';
import { visible } from '../words/visible.ts';
import { DoBox } from './do-box.tsx';
import { SchedulesSection } from './schedules-section.tsx';
import { WaitingSection } from './waiting-section.tsx';

interface PlaybookRow {
  readonly name: string;
  readonly version: number;
  readonly title: string;
  readonly autonomy?: string;
  readonly plan?: Json;
  readonly steps?: number;
  /** every version that was published, oldest first */
  readonly versions?: readonly number[];
}

/** What can be asked for by name, what the clock starts, and what waits and why. */
export function Automations() {
  const playbooks = useResource<readonly PlaybookRow[]>('/api/playbooks', ({ type }) =>
    type.startsWith('playbook.'),
  );
  const [, go] = useLocation();
  return (
    <Page
      title="Automations"
      intro={
        <p class="muted">
          Playbooks: plans that are kept and versioned. Ask for one in plain words.
        </p>
      }
    >
      <DoBox />
      <WaitingSection />
      <SchedulesSection />
      <Loaded from={playbooks}>
        {(rows) =>
          rows.length === 0 ? (
            <Empty words="There is no playbook yet." />
          ) : (
            <ul class="tiles">
              {rows.map((row) => (
                <li key={row.name}>
                  <h2>{visible(row.title)}</h2>
                  <p class="muted">
                    {row.name}, version {row.version}
                    {row.versions && row.versions.length > 1
                      ? ` of ${row.versions.join(', ')}`
                      : ''}
                    . {AUTONOMY[row.autonomy ?? ''] ?? 'Asks before anything leaves.'}
                  </p>
                  <ol class="bullets">
                    {stepsOf(row.plan).map((title) => (
                      <li key={title}>{visible(title)}</li>
                    ))}
                  </ol>
                  <details class="quiet-details">
                    <summary>The plan as it is stored</summary>
                    <JsonSource value={row.plan ?? null} />
                  </details>
                  <p>
                    <button type="button" class="action plain" onClick={() => go('/runs')}>
                      See its runs
                    </button>
                  </p>
                </li>
              ))}
            </ul>
          )
        }
      </Loaded>
    </Page>
  );
}

const AUTONOMY: { readonly [autonomy: string]: string } = {
  suggest: 'It proposes; you decide.',
  ask: 'It works and asks before anything leaves.',
  auto: 'It works by itself within what you granted.',
};

function stepsOf(plan: Json | undefined): readonly string[] {
  if (!isJsonObject(plan) || !Array.isArray(plan.steps)) return [];
  return plan.steps.flatMap((step) => {
    if (!isJsonObject(step)) return [];
    return [typeof step.title === 'string' ? step.title : String(step.id ?? '')];
  });
}
