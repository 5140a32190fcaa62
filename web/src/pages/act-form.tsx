import { useState } from 'preact/hooks';
import type { Json } from '../../../src/base/portable.ts';
import type { ActKind, Assurance } from '../../../src/contract/portable.ts';
import type { FormField } from '../api/shapes.ts';
import { InlineForm } from '../card/forms.tsx';
import { signerFor, useStepUp, whyUnsigned } from '../device/passkeys.ts';
import type { Signer } from '../device/session.ts';
import { Action } from '../parts/action.tsx';
import { Field } from '../parts/field.tsx';
import { PasskeyLine } from '../parts/passkey-line.tsx';
import { Trouble } from '../parts/states.tsx';
import { visible } from '../words/visible.ts';

/** What the server would have signed, complete in `sentences`, exact in `body`. */
export interface ActProposal {
  readonly kind: ActKind;
  readonly body: Json;
  readonly sentences: readonly string[];
  readonly assurance: Assurance;
}

export type Wish = { readonly [field: string]: string };

/** A few questions, then all that would be signed, then the signature. Nothing happens before it. */
export function ActForm({
  title,
  fields,
  initial,
  label,
  look = 'primary',
  command,
  propose,
  sign,
  onCancel,
}: {
  readonly title: string;
  readonly fields: readonly FormField[];
  readonly initial: Wish;
  /** of the button that signs */
  readonly label: string;
  readonly look?: 'primary' | 'stop';
  /** the same at a command line, for a browser that cannot sign it */
  readonly command: string;
  readonly propose: (wish: Wish) => Promise<ActProposal>;
  readonly sign: (shown: ActProposal, by: Signer | undefined) => Promise<void>;
  readonly onCancel: () => void;
}) {
  const [wish, setWish] = useState(initial);
  const [shown, setShown] = useState<ActProposal>();
  const [problem, setProblem] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  const stepUp = useStepUp(shown?.assurance ?? 'unattended');
  const weak = shown && whyUnsigned(stepUp);

  async function during(work: () => Promise<void>): Promise<void> {
    if (busy) return;
    setBusy(true);
    setProblem(undefined);
    await work().catch((error: unknown) => {
      setProblem(error);
      setShown(undefined); // what was shown may not hold any more
    });
    setBusy(false);
  }
  const show = (): Promise<void> => during(async () => setShown(await propose(wish)));
  const doIt = (proposal: ActProposal): Promise<void> =>
    during(() => sign(proposal, signerFor(stepUp)));

  return (
    <InlineForm
      title={title}
      onSubmit={() => (shown ? weak === undefined && void doIt(shown) : void show())}
      onCancel={onCancel}
    >
      {fields.map((field) => (
        <Field
          key={field.name}
          field={field}
          value={wish[field.name] ?? ''}
          onInput={(value) => {
            setShown(undefined);
            setWish({ ...wish, [field.name]: value });
          }}
        />
      ))}
      {problem === undefined ? null : <Trouble error={problem} />}
      {shown ? (
        <section class="plain-section" aria-label="What you would sign" role="status">
          <ul class="lines">
            {shown.sentences.map((sentence) => (
              <li key={sentence}>{visible(sentence)}</li>
            ))}
          </ul>
          {weak === undefined ? null : (
            <p class="muted">
              {weak} Or sign it where your key has a passphrase:{' '}
              <code class="copy">{visible(command)}</code>
            </p>
          )}
          <PasskeyLine stepUp={stepUp} />
        </section>
      ) : null}
      <div class="form-actions">
        {shown ? (
          <Action label={label} look={look} busy={busy} off={weak} onAct={() => void doIt(shown)} />
        ) : (
          <Action
            label="Show what I would sign"
            look="primary"
            busy={busy}
            onAct={() => void show()}
          />
        )}
        <Action label="Cancel" look="quiet" onAct={onCancel} />
      </div>
    </InlineForm>
  );
}
