import type { ReadMessage } from '../mail/read-message.ts';
import { headerOf } from '../mail/read-message.ts';
import { formatMoment } from '../words/format.ts';
import { visible } from '../words/visible.ts';

const SHOWN = ['from', 'reply-to', 'to', 'cc', 'bcc', 'date', 'subject'];

/** A mail as mail, from the exact bytes that would be sent. */
export function MailView({ message }: { readonly message: ReadMessage }) {
  const others = message.headers.filter(({ name }) => !SHOWN.includes(name.toLowerCase()));
  return (
    <div class="mail">
      <dl class="mail-head">
        {SHOWN.map((name) => {
          const value = headerOf(message, name);
          if (value === undefined || value === '') return null;
          return (
            <div key={name} class={name === 'subject' ? 'mail-subject' : undefined}>
              <dt>{TITLES[name] ?? name}</dt>
              <dd>{name === 'date' ? dateWords(value) : visible(value)}</dd>
            </div>
          );
        })}
      </dl>
      <div class="mail-text">{visible(message.text.trimEnd())}</div>
      {others.length > 0 ? (
        <details class="quiet-details">
          <summary>All headers</summary>
          <dl class="pairs">
            {others.map(({ name, value }, index) => (
              <div key={`${name}/${index}`}>
                <dt>{visible(name)}</dt>
                <dd>{visible(value)}</dd>
              </div>
            ))}
          </dl>
        </details>
      ) : null}
    </div>
  );
}

const TITLES: { readonly [name: string]: string } = {
  from: 'From',
  'reply-to': 'Reply to',
  to: 'To',
  cc: 'Cc',
  bcc: 'Bcc',
  date: 'Date',
  subject: 'Subject',
};

function dateWords(value: string): string {
  const time = Date.parse(value);
  return Number.isFinite(time) ? formatMoment(time) : visible(value);
}
