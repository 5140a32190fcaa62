import type { ComponentChildren } from 'preact';
import { isJsonObject, type Json } from '../../../src/base/portable.ts';
import { visible } from '../words/visible.ts';
import type { CheckedCard } from './check-card.ts';
import { EffectView } from './effect-view.tsx';
import { Provenance } from './provenance.tsx';

/** Which of several effects the decision is about. */
export interface Choice {
  readonly isChosen: (hash: string) => boolean;
  readonly choose: (hash: string, on: boolean) => void;
}

/** What is decided, complete and in reading order; the same for one card and for several at once. */
export function CardBody({
  checked,
  body,
  choice,
  children,
}: {
  readonly checked: CheckedCard;
  readonly body: Json | undefined;
  readonly choice?: Choice | undefined;
  readonly children?: ComponentChildren;
}) {
  const { effects } = checked;
  const says = isJsonObject(body) ? body : {};
  // The last rule of a policy only says that it asks, which the card itself does.
  const reasons = textsOf(says.reasons).filter((words) => words !== 'You are asked.');
  const announced = textsOf(says.announced);
  return (
    <>
      {children}
      {effects.map((effect, index) => (
        <EffectView
          key={effect.card.effect.key}
          effect={effect}
          position={effects.length > 1 ? `${index + 1} of ${effects.length}` : undefined}
          shownBefore={
            new Set(effects.slice(0, index).flatMap(({ files }) => files.map(({ blob }) => blob)))
          }
          chosen={choice?.isChosen(effect.hash) ?? true}
          onChoose={choice && ((on) => choice.choose(effect.hash, on))}
        />
      ))}
      {announced.length > 0 ? (
        <section class="plain-section">
          <h3>You are asked again later for</h3>
          <ul class="bullets">
            {announced.map((words) => (
              <li key={words}>{visible(words)}</li>
            ))}
          </ul>
        </section>
      ) : null}
      {reasons.length > 0 ? (
        <section class="plain-section">
          <h3>Why you are asked</h3>
          {reasons.length === 1 ? (
            <p>{visible(reasons[0] ?? '')}</p>
          ) : (
            <ul class="bullets">
              {reasons.map((words) => (
                <li key={words}>{visible(words)}</li>
              ))}
            </ul>
          )}
        </section>
      ) : null}
      {typeof says.recommendation === 'string' ? (
        <section class="plain-section quoted">
          <h3>Recommended</h3>
          <p>{visible(says.recommendation)}</p>
        </section>
      ) : null}
      <Provenance checked={checked} />
    </>
  );
}

function textsOf(value: Json | undefined): readonly string[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : [];
}
