import { isTrusted } from '../../../src/contract/portable.ts';
import type { CardEffect } from '../api/shapes.ts';
import { Icon } from '../parts/icon.tsx';
import { Status } from '../parts/status.tsx';
import { formatMoney } from '../words/format.ts';
import { CLASS_WORDS, MODE_WORDS, timesWords } from '../words/status.ts';
import { visible } from '../words/visible.ts';

/** The few things that decide: can it be undone, where to, how much, from which account, how real. */
export function Facts({ card }: { readonly card: CardEffect }) {
  const { effect, destinations = [] } = card;
  const says = CLASS_WORDS[effect.class];
  const isFinal = effect.undo.possible ? says.tone === 'stop' && effect.class === 'grave' : true;
  const outside = effect.arguments.filter(
    ({ label, role }) => role !== 'content' && !isTrusted(label),
  );
  return (
    <>
      <dl class="facts">
        <div class="fact-wide">
          <dt>Undo</dt>
          <dd class={isFinal ? 'tone-stop' : undefined}>
            {isFinal ? <Icon name="alert" /> : <Icon name="undo" />}
            <span>
              {effect.undo.possible ? says.words : 'Cannot be undone'}
              {effect.undo.how !== '' ? (
                <span class="muted"> {visible(effect.undo.how)}</span>
              ) : null}
            </span>
          </dd>
        </div>
        {effect.to.length > 0 ? (
          <div>
            <dt>To</dt>
            <dd>
              <ul class="plain-list">
                {effect.to.map((address) => {
                  const count = destinations.find((known) => known.address === address)?.count ?? 0;
                  return (
                    <li key={address}>
                      {visible(address)}{' '}
                      <span class={count === 0 ? 'tag tone-warn' : 'tag'}>{timesWords(count)}</span>
                    </li>
                  );
                })}
              </ul>
            </dd>
          </div>
        ) : null}
        {effect.amount ? (
          <div>
            <dt>Amount</dt>
            <dd class="number">{formatMoney(effect.amount)}</dd>
          </div>
        ) : null}
        <div>
          <dt>Account</dt>
          <dd>{visible(effect.account)}</dd>
        </div>
        <div>
          <dt>Mode</dt>
          <dd>
            <Status say={MODE_WORDS[effect.mode]} />
          </dd>
        </div>
      </dl>
      {outside.length > 0 ? (
        <p class="banner tone-stop">
          <Icon name="alert" />
          <span>
            Outside text chose{' '}
            {outside.map(({ path, value }) => `${path} (${visible(String(value))})`).join(', ')}.
            Check it with somebody you know before you approve.
          </span>
        </p>
      ) : null}
      {card.provisional ? (
        <p class="muted">
          The number is provisional until you sign: another card may take it first.
        </p>
      ) : null}
    </>
  );
}
