import { Link } from 'wouter-preact';
import { useResource } from '../api/resource.ts';
import { Loaded } from '../parts/states.tsx';
import { formatMoment } from '../words/format.ts';
import { visible } from '../words/visible.ts';

interface ScheduleRow {
  readonly id: string;
  readonly playbook: string;
  readonly cron: string;
  readonly zone: string;
  readonly next: string | null;
  readonly last: {
    readonly intended: string;
    readonly run: string | null;
    readonly outcome: string;
  } | null;
}

/** What the clock starts, when next, and what became of it last time. */
export function SchedulesSection() {
  const schedules = useResource<readonly ScheduleRow[]>('/api/schedules', ({ type }) =>
    type.startsWith('schedule.'),
  );
  return (
    <section class="plain-section" aria-labelledby="schedules">
      <h2 id="schedules">What the clock starts</h2>
      <Loaded from={schedules}>
        {(rows) =>
          rows.length === 0 ? (
            <p class="muted">
              Nothing yet. Set one with: <code>steward schedules set --help</code>
            </p>
          ) : (
            <ul class="lines">
              {rows.map(({ id, playbook, cron, zone, next, last }) => (
                <li key={id}>
                  <span>
                    {visible(id)}: {visible(playbook)}
                  </span>
                  <span class="muted">
                    {visible(cron)} ({visible(zone)}).{' '}
                    {next === null ? 'Never again.' : `Next: ${formatMoment(next)}.`}{' '}
                    {last === null
                      ? ''
                      : `Last: ${formatMoment(last.intended)}. ${visible(last.outcome)}`}
                  </span>
                  {last?.run ? <Link href={`/runs/${last.run}`}>Its run</Link> : null}
                </li>
              ))}
            </ul>
          )
        }
      </Loaded>
    </section>
  );
}
