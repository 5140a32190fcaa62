import { isJsonObject, type Json } from '../../../src/base/portable.ts';
import { useResource } from '../api/resource.ts';
import type { RunStep, StepPage } from '../api/shapes.ts';
import { JsonSource } from '../parts/source.tsx';
import { Loading, Trouble } from '../parts/states.tsx';
import { formatDuration, formatMoment } from '../words/format.ts';
import { visible } from '../words/visible.ts';

/** What a step was given, what came out, and its tries. Read when somebody opens it. */
export function StepDetails({ run, step }: { readonly run: string; readonly step: RunStep }) {
  const path = `/api/runs/${encodeURIComponent(run)}/step?step=${encodeURIComponent(step.id)}`;
  const { data, problem } = useResource<StepPage>(
    path,
    ({ stream, data: told }) => stream === `run/${run}` && told?.step === step.id,
  );
  const page = data.value;
  if (!page) {
    return problem.value === undefined ? <Loading lines={3} /> : <Trouble error={problem.value} />;
  }
  const isTold = page.tries.length > 1 || page.tries.some(({ failure }) => failure);
  return (
    <div class="step-page">
      <Value title="Given" value={page.input} />
      {page.inputFailure ? (
        <p class="muted">
          What it was given cannot be worked out again: {visible(String(page.inputFailure.message))}
        </p>
      ) : null}
      <Value title="Result" value={page.output ?? null} />
      {isTold ? (
        <>
          <h4>Tries</h4>
          <ol class="lines">
            {page.tries.map((one, index) => (
              <li key={index}>
                <span>
                  {one.startedAt ? formatMoment(one.startedAt) : ''}{' '}
                  {one.failure
                    ? visible(String(one.failure.message ?? 'It failed.'))
                    : one.endedAt
                      ? 'Done.'
                      : 'Is under way.'}
                  {one.retryAt ? ` Again ${formatMoment(one.retryAt)}.` : ''}
                </span>
                {one.startedAt && one.endedAt ? (
                  <span class="number">{formatDuration(one.startedAt, one.endedAt)}</span>
                ) : null}
              </li>
            ))}
          </ol>
        </>
      ) : null}
    </div>
  );
}

function Value({ title, value }: { readonly title: string; readonly value: Json }) {
  const isNothing = value === null || (isJsonObject(value) && Object.keys(value).length === 0);
  return isNothing ? null : (
    <>
      <h4>{title}</h4>
      <JsonSource value={value} />
    </>
  );
}
