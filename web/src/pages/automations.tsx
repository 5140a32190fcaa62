import { Link } from 'wouter-preact';
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
  return (
    <Page title="Automations">
      <DoBox />
      <WaitingSection />
      <SchedulesSection />
      <section class="plain-section" aria-labelledby="playbooks">
        <h2 id="playbooks">Playbooks</h2>
        <p class="muted">
          Plans that are kept and versioned. Ask for one above in plain words; what became of each
          is under <Link href="/runs">Runs</Link>.
        </p>
        <Loaded from={playbooks}>
          {(rows) =>
            rows.length === 0 ? (
              <Empty words="There is no playbook yet." />
            ) : (
              <ul class="tiles">
                {rows.map((row) => (
                  <li key={row.name}>
                    <h3>{visible(row.title)}</h3>
                    <p class="muted">
                      {row.name}, version {row.version}
                      {row.versions && row.versions.length > 1
                        ? ` of ${row.versions.join(', ')}`
                        : ''}
                      . {AUTONOMY[row.autonomy ?? ''] ?? 'Asks before anything leaves.'}
                    </p>
                    <Steps titles={stepsOf(row.plan)} />
                    <details class="quiet-details">
                      <summary>The plan as it is stored</summary>
                      <JsonSource value={row.plan ?? null} />
                    </details>
                  </li>
                ))}
              </ul>
            )
          }
        </Loaded>
      </section>
    </Page>
  );
}

/** steps that are read at a glance; more of them are opened */
const STEPS_OPEN = 6;

function Steps({ titles }: { readonly titles: readonly string[] }) {
  const list = (
    <ol class="bullets">
      {titles.map((title, index) => (
        <li key={index}>{visible(title)}</li>
      ))}
    </ol>
  );
  if (titles.length <= STEPS_OPEN) return list;
  return (
    <details class="quiet-details">
      <summary>{titles.length} steps</summary>
      {list}
    </details>
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
