import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { FormField } from '../api/shapes.ts';
import type { Signer } from '../device/session.ts';
import { type ActProposal, useSigning } from '../device/use-signing.ts';
import { withMoments } from '../words/format.ts';
import { visible } from '../words/visible.ts';
import { Action } from './action.tsx';
import { type Choices, Field } from './field.tsx';
import { InlineForm } from './inline-form.tsx';
import { PasskeyLine } from './passkey-line.tsx';
import { JsonSource } from './source.tsx';
import { Trouble } from './states.tsx';

/** What a person typed, by field. */
export type Wish = { readonly [field: string]: string };

export type ActField = FormField & { readonly options?: Choices };

export interface ActFormProps<Shown extends ActProposal> {
  readonly title: string;
  /** none: what would be signed is shown at once */
  readonly fields: readonly ActField[];
  readonly initial?: Wish;
  /** of the button that shows what would be signed */
  readonly showLabel?: string;
  /** of the button that signs */
  readonly label: string;
  readonly look?: 'primary' | 'stop';
  /** what cannot be undone about it */
  readonly warning?: string;
  /** the same at a command line, for a browser that cannot sign it */
  readonly command: (wish: Wish) => string;
  /** the other fields, when one of them changed */
  readonly follow?: (wish: Wish, changed: string) => Wish;
  readonly propose: (wish: Wish) => Promise<Shown>;
  /** does it; the signer signs what was shown and nothing else */
  readonly sign: (shown: Shown, by: Signer) => Promise<void>;
  readonly onCancel: () => void;
  /** what more is known of it, after the sentences */
  readonly children?: (shown: Shown) => ComponentChildren;
}

/** A few questions, then all that would be signed, then the signature. Nothing happens before it. */
export function ActForm<Shown extends ActProposal>(props: ActFormProps<Shown>) {
  const { title, fields, initial = {}, label, look = 'primary', follow, onCancel } = props;
  const [wish, setWish] = useState(initial);
  const signing = useSigning<Shown>({ propose: () => props.propose(wish), send: props.sign });
  const { shown, problem, busy, off } = signing;
  const inputs = useRef<HTMLDivElement>(null);
  function next(): void {
    if (shown) void signing.sign();
    else if (!busy && inputs.current?.closest('form')?.reportValidity()) void signing.show();
  }
  useEffect(() => {
    if (fields.length === 0) void signing.show();
  }, []);

  return (
    <InlineForm title={title} onSubmit={next} onCancel={onCancel}>
      <div class="form-fields" ref={inputs}>
        {fields.map(({ options, ...field }) => (
          <Field
            key={field.name}
            field={field}
            {...(options && { choices: options })}
            value={wish[field.name] ?? ''}
            onInput={(value) => {
              const typed = { ...wish, [field.name]: value };
              signing.forget();
              setWish(follow ? follow(typed, field.name) : typed);
            }}
          />
        ))}
      </div>
      {problem === undefined ? null : <Trouble error={problem} />}
      {shown ? (
        <WouldSign shown={shown} signing={signing} command={props.command(wish)}>
          {props.children?.(shown)}
        </WouldSign>
      ) : null}
      {props.warning === undefined ? null : (
        <p class="warning">
          <strong>{props.warning}</strong>
        </p>
      )}
      <div class="form-actions">
        {shown ? (
          <Action label={label} look={look} busy={busy} off={off} onAct={next} />
        ) : (
          <Action
            label={props.showLabel ?? 'Show what I would sign'}
            look="primary"
            busy={busy}
            onAct={next}
          />
        )}
        <Action label="Cancel" look="quiet" onAct={onCancel} />
      </div>
    </InlineForm>
  );
}

function WouldSign({
  shown: { sentences, body },
  signing: { stepUp, weak },
  command,
  children,
}: {
  readonly shown: ActProposal;
  readonly signing: Pick<ReturnType<typeof useSigning>, 'stepUp' | 'weak'>;
  readonly command: string;
  readonly children: ComponentChildren;
}) {
  const place = useRef<HTMLElement>(null);
  // what is signed is read first, however long the questions are
  useEffect(() => place.current?.scrollIntoView({ block: 'nearest' }), []);
  return (
    <section
      ref={place}
      class="plain-section would-sign"
      aria-label="What you would sign"
      role="status"
    >
      <ul class="lines">
        {sentences.map((sentence, index) => (
          <li key={index}>{withMoments(visible(sentence))}</li>
        ))}
      </ul>
      {children}
      <details class="quiet-details">
        <summary>Exactly, as it is signed</summary>
        <JsonSource value={body} />
      </details>
      {weak === undefined ? null : (
        <p class="muted">
          {weak} Or sign it where your key has a passphrase:{' '}
          <code class="copy">{visible(command)}</code>
        </p>
      )}
      <PasskeyLine stepUp={stepUp} />
    </section>
  );
}
