import { Link } from 'wouter-preact';
import { Icon } from '../parts/icon.tsx';
import { Status } from '../parts/status.tsx';
import { formatMoment } from '../words/format.ts';
import { EFFECT_WORDS } from '../words/status.ts';
import { visible } from '../words/visible.ts';
import { ChangesView } from './changes-view.tsx';
import type { CheckedEffect } from './check-card.ts';
import { Facts } from './facts.tsx';
import { Files } from './files.tsx';
import { MailView } from './mail-view.tsx';

/** One effect, complete: its sentence, the exact thing, and the facts that decide. */
export function EffectView({
  effect: checked,
  position,
  shownBefore,
  chosen,
  onChoose,
}: {
  readonly effect: CheckedEffect;
  /** `1 of 2`; nothing on a card with one effect */
  readonly position?: string | undefined;
  readonly shownBefore: ReadonlySet<string>;
  readonly chosen?: boolean;
  readonly onChoose?: ((chosen: boolean) => void) | undefined;
}) {
  const { card, message, files, wrong } = checked;
  const { because, effect, preview, receipt, status, waitsFor } = card;
  const pages = files.some(({ mediaType }) => mediaType === 'application/pdf');
  return (
    <section class="effect" aria-label={effect.summary}>
      {position === undefined ? null : (
        <header class="effect-head">
          {onChoose ? (
            <input
              type="checkbox"
              checked={chosen}
              aria-label={`Decide this too: ${effect.summary}`}
              onChange={(event) => onChoose(event.currentTarget.checked)}
            />
          ) : null}
          <h3>{visible(effect.summary)}</h3>
          <span class="muted position">{position}</span>
        </header>
      )}
      {status === 'finalised' ? null : (
        <p class="outcome">
          <Status say={EFFECT_WORDS[status]} />
          {because ? <span>{visible(because)}</span> : null}
          {receipt ? (
            <span>
              {visible(receipt.said)} <span class="muted">{formatMoment(receipt.at)}</span>
            </span>
          ) : null}
        </p>
      )}
      {waitsFor ? (
        <p class="banner tone-warn">
          <span>
            {visible(waitsFor.words)}{' '}
            <Link href={`/inbox/${waitsFor.item}`}>Answer that first</Link>
          </span>
        </p>
      ) : null}
      {wrong.length > 0 ? (
        <div class="banner tone-stop" role="alert">
          <Icon name="alert" />
          <span>
            <strong>This is not what would be signed.</strong> {wrong.map(visible).join(' ')} Do not
            approve it; nothing is sent as long as you do not sign.
          </span>
        </div>
      ) : null}
      {message ? <MailView message={message} /> : null}
      {!message && pages ? (
        <div class="paper">
          <Files files={files} shownBefore={shownBefore} />
          <div class="paper-words">{visible(preview.text)}</div>
        </div>
      ) : null}
      {!message && !pages ? <div class="exact">{visible(preview.text)}</div> : null}
      {message || !pages ? <Files files={files} shownBefore={shownBefore} /> : null}
      <ChangesView carries={effect.carries} />
      <Facts card={card} />
    </section>
  );
}
