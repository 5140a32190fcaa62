import { DiffView } from '../parts/diff-view.tsx';
import { Icon } from '../parts/icon.tsx';
import { diffLines } from '../words/diff.ts';
import { visible } from '../words/visible.ts';
import type { Difference } from './compare-cards.ts';
import type { EditableField } from './editable.ts';

/** Changed since you looked: what, before anything can be decided. */
export function ChangesBanner({ changes }: { readonly changes: readonly Difference[] }) {
  if (changes.length === 0) return null;
  return (
    <section class="banner tone-warn" aria-label="What changed" role="alert">
      <Icon name="undo" />
      <div>
        <p>
          <strong>It changed since you looked.</strong> Nothing was done. This is how it looks now.
        </p>
        <dl class="differences">
          {changes.map(({ what, pieces }, index) => (
            <div key={`${what}/${index}`}>
              <dt>{visible(what)}</dt>
              <dd>
                <DiffView pieces={pieces} />
              </dd>
            </div>
          ))}
        </dl>
      </div>
    </section>
  );
}

/** What the operator's own edit changed in the proposal. */
export function ProposalDiff({
  before,
  after,
}: {
  readonly before: readonly EditableField[];
  readonly after: readonly EditableField[];
}) {
  const changed = after.flatMap(({ path, label, value }) => {
    const old = before.find((field) => field.path === path)?.value;
    return old === undefined || old === value
      ? []
      : [{ path, label, pieces: diffLines(old, value) }];
  });
  if (changed.length === 0) return null;
  return (
    <section class="banner" aria-label="Your edit">
      <Icon name="pen" />
      <div>
        <p>
          <strong>You edited the proposal.</strong> It waits for your decision.
        </p>
        <dl class="differences">
          {changed.map(({ path, label, pieces }) => (
            <div key={path}>
              <dt>{label}</dt>
              <dd>
                <DiffView pieces={pieces} />
              </dd>
            </div>
          ))}
        </dl>
      </div>
    </section>
  );
}
