import { useState } from 'preact/hooks';
import { isJsonObject, type Json } from '../../../src/base/portable.ts';
import { useResource } from '../api/resource.ts';
import type { LogEvent } from '../api/shapes.ts';
import { Action } from '../parts/action.tsx';
import { JsonSource } from '../parts/source.tsx';
import { Loaded } from '../parts/states.tsx';
import { formatMoment } from '../words/format.ts';
import { visible } from '../words/visible.ts';
import { PolicyTrial } from './policy-trial.tsx';

interface PolicyNow {
  readonly status: 'in-force' | 'unreadable';
  readonly faults: readonly string[];
  readonly version: string | null;
  readonly since: string | null;
  readonly policy: Json;
}

interface PolicyVersion {
  readonly seq: number;
  readonly at: string;
  readonly because: string;
  readonly version: string;
  readonly policy: Json;
}

/** letters of a version that a person compares */
const VERSION_LETTERS = 12;

/** What is allowed, asked and denied, what it was before, and how it is changed. */
export function PolicySection() {
  const touches = ({ type }: LogEvent): boolean => type === 'policy.changed';
  const policy = useResource<PolicyNow>('/api/policy', touches);
  const history = useResource<readonly PolicyVersion[]>('/api/policy/history', touches);
  const [start, setStart] = useState<Json>();
  return (
    <section class="plain-section" aria-labelledby="policy">
      <h2 id="policy">Policy</h2>
      <Loaded from={policy}>
        {(now) =>
          now.status === 'unreadable' ? (
            <div class="trouble" role="alert">
              <p>
                <strong>The policy cannot be read, so everything is denied.</strong>
              </p>
              {now.faults.map((fault) => (
                <p key={fault}>{visible(fault)}</p>
              ))}
            </div>
          ) : (
            <>
              <p>
                {now.since === null
                  ? 'As on a fresh install: everything that goes out is asked first.'
                  : `In force since ${formatMoment(now.since)}.`}
              </p>
              <details class="quiet-details">
                <summary>
                  The policy as it is stored ({now.version?.slice(0, VERSION_LETTERS)})
                </summary>
                <JsonSource value={now.policy} />
              </details>
              {start === undefined ? (
                <div class="form-actions">
                  <Action label="Change the policy" onAct={() => setStart(now.policy)} />
                </div>
              ) : null}
            </>
          )
        }
      </Loaded>
      {start === undefined ? null : (
        <PolicyTrial key={JSON.stringify(start)} start={start} onDone={() => setStart(undefined)} />
      )}
      <Loaded from={history}>
        {(rows) =>
          rows.length === 0 ? null : (
            <ul class="lines">
              {rows.map((row) => (
                <li key={row.seq}>
                  <span>{visible(row.because)}</span>
                  <span class="muted">
                    {row.version.slice(0, VERSION_LETTERS)}, {formatMoment(row.at)}
                  </span>
                  <Action
                    label="Try it again"
                    look="quiet"
                    onAct={() => setStart(withoutVersion(row.policy))}
                  />
                </li>
              ))}
            </ul>
          )
        }
      </Loaded>
    </section>
  );
}

/** The version is worked out anew from what stands there. */
function withoutVersion(policy: Json): Json {
  if (!isJsonObject(policy)) return policy;
  const { version: _, ...content } = policy;
  return content;
}
