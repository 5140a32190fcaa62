import { Link } from 'wouter-preact';
import { useResource } from '../api/resource.ts';
import { Loaded } from '../parts/states.tsx';
import { formatMoment, withMoments } from '../words/format.ts';
import { visible } from '../words/visible.ts';

interface Why {
  readonly stopped: boolean;
  readonly mode: string;
  readonly reasons: readonly {
    readonly run: string;
    readonly goal: string;
    readonly step: string | null;
    readonly words: string;
    readonly until: string | null;
  }[];
}

/** Everything that is not running, and why. */
export function WaitingSection() {
  const why = useResource<Why>('/api/why', ({ type }) => MOVES.test(type));
  return (
    <section class="plain-section" aria-labelledby="waiting">
      <h2 id="waiting">What waits, and why</h2>
      <Loaded from={why}>
        {({ stopped, mode, reasons }) => (
          <>
            {stopped ? (
              <p class="banner" role="status">
                Everything that goes out is stopped. Let it go on with: steward resume
              </p>
            ) : null}
            {mode === 'off' ? (
              <p class="banner" role="status">
                The company is off. Switch it on with: steward mode live
              </p>
            ) : null}
            {reasons.length === 0 ? (
              <p class="muted">Nothing waits.</p>
            ) : (
              <ul class="lines">
                {reasons.map((reason) => (
                  <li key={`${reason.run} ${reason.step ?? ''}`}>
                    <Link href={`/runs/${reason.run}`}>{visible(reason.goal)}</Link>
                    <span class="muted">
                      {visible(withMoments(reason.words))}
                      {reason.until === null || reason.words.includes(reason.until)
                        ? ''
                        : ` Until ${formatMoment(reason.until)}.`}
                    </span>
                  </li>
                ))}
              </ul>
            )}
          </>
        )}
      </Loaded>
    </section>
  );
}

const MOVES = /^(run|step|wait|commits|mode)\./;
