import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { Problem, sayProblem } from '../api/call.ts';
import type { Resource } from '../api/resource.ts';

/** ms; a faster answer never flickers */
const PATIENCE_MS = 200;

/** Grey lines where something will be, only when it takes a while. */
export function Loading({ lines = 4 }: { readonly lines?: number }) {
  const [slow, setSlow] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setSlow(true), PATIENCE_MS);
    return () => clearTimeout(timer);
  }, []);
  if (!slow) return null;
  return (
    <div class="skeleton" role="status" aria-label="Loading">
      {Array.from({ length: lines }, (_, line) => (
        <span key={line} />
      ))}
    </div>
  );
}

/** Cause, and the way out. */
export function Trouble({
  error,
  children,
}: {
  readonly error: unknown;
  readonly children?: ComponentChildren;
}) {
  const { words, remedy } = sayProblem(error);
  return (
    <div class="trouble" role="alert">
      <p>
        <strong>{words}</strong>
      </p>
      {remedy !== '' ? <p>{remedy}</p> : null}
      {children}
    </div>
  );
}

/** Nothing here, and the next useful thing. */
export function Empty({
  words,
  children,
}: {
  readonly words: string;
  readonly children?: ComponentChildren;
}) {
  return (
    <div class="empty">
      <p>{words}</p>
      {children}
    </div>
  );
}

/** Shows what was read; what was read before stays on the screen while a new read fails. */
export function Loaded<Answer>({
  from,
  children,
}: {
  readonly from: Resource<Answer>;
  readonly children: (answer: Answer) => ComponentChildren;
}) {
  const answer = from.data.value;
  const problem = from.problem.value;
  if (answer === undefined)
    return problem === undefined ? <Loading /> : <Trouble error={problem} />;
  // A lost connection is said once for the whole page; a refusal belongs here.
  return (
    <>
      {problem instanceof Problem ? <Trouble error={problem} /> : null}
      {children(answer)}
    </>
  );
}
