import { useRef } from 'preact/hooks';
import { Link } from 'wouter-preact';
import type { Label } from '../../../src/contract/portable.ts';
import { useKeys } from '../keys/keys.ts';
import { fieldWords, formatMoment } from '../words/format.ts';
import { bareName } from '../words/status.ts';
import { visible } from '../words/visible.ts';
import type { CheckedCard } from './check-card.ts';

/** Where all of this comes from: one quiet line that opens. */
export function Provenance({ checked: { card, effects } }: { readonly checked: CheckedCard }) {
  const { run, policy } = card;
  const line = [
    run?.playbook ? `by ${bareName(run.playbook)}` : 'by a plan of its own',
    run?.snapshot ? `as of event ${run.snapshot.seq}` : undefined,
    'no model was used',
  ].filter(
    (part) =>
      part !== undefined && (part !== 'no model was used' || run?.snapshot?.space === 'lexical'),
  );
  const drawer = useRef<HTMLDetailsElement>(null);
  useKeys({
    o: () => {
      if (!drawer.current) return;
      drawer.current.open = !drawer.current.open;
      drawer.current.querySelector('summary')?.focus();
      drawer.current.scrollIntoView({ block: 'nearest' });
    },
  });
  return (
    <details class="provenance quiet-details" ref={drawer}>
      <summary aria-keyshortcuts="o">Made {line.join(', ')}</summary>
      <dl class="pairs">
        {run ? (
          <>
            <Pair name="You asked">{visible(run.goal)}</Pair>
            <Pair name="Run">
              <Link href={`/runs/${run.id}`}>{run.title ?? run.id}</Link>
            </Pair>
            {run.playbook ? <Pair name="Playbook">{run.playbook}</Pair> : null}
            {run.snapshot ? (
              <Pair name="Decided on">
                event {run.snapshot.seq}, chain {run.snapshot.hash}, memory {run.snapshot.space}
              </Pair>
            ) : null}
          </>
        ) : null}
        <Pair name="Policy">{policy}</Pair>
      </dl>
      {effects.map(({ hash, card: { effect, snapshot } }) => (
        <section key={hash} class="change-group">
          <h4>{visible(effect.summary)}</h4>
          <dl class="pairs">
            <Pair name="What you sign">
              <code>{hash}</code>
            </Pair>
            <Pair name="Made by">
              {effect.capability} through {effect.connector}, revision {effect.revision}
            </Pair>
            {snapshot ? (
              <Pair name="Prepared on">
                event {snapshot.seq}, chain {snapshot.hash}
              </Pair>
            ) : null}
            <Pair name="Key">
              <code>{effect.key}</code>
            </Pair>
            <Pair name="Valid until">{formatMoment(effect.expires)}</Pair>
            {effect.arguments.map(({ path, role, label }) => (
              <Pair key={path} name={fieldWords(path)}>
                {role}, {labelWords(label)}
              </Pair>
            ))}
            {effect.parts.map(({ name, blob, bytes }) => (
              <Pair key={`${name}/${blob}`} name={visible(name)}>
                <code>{blob}</code> ({bytes} bytes)
              </Pair>
            ))}
          </dl>
        </section>
      ))}
    </details>
  );
}

function Pair({
  name,
  children,
}: {
  readonly name: string;
  readonly children: preact.ComponentChildren;
}) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

const SOURCES: { readonly [I in Label['integrity']]: string } = {
  operator: 'typed by you',
  own: 'from your own records',
  counterparty: 'written by somebody you deal with',
  public: 'written by anybody',
};

function labelWords({ integrity, selected }: Label): string {
  return `${SOURCES[integrity]}${selected ? ', looked up by outside text' : ''}`;
}
