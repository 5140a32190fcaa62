import { useState } from 'preact/hooks';
import type { Json } from '../../../src/base/portable.ts';
import type { Assurance } from '../../../src/contract/portable.ts';
import { call } from '../api/call.ts';
import type { CardEffect, FormField } from '../api/shapes.ts';
import { nowMs } from '../clock.ts';
import { signerFor, useStepUp, whyUnsigned } from '../device/passkeys.ts';
import { performAct } from '../device/perform-act.ts';
import { Action } from '../parts/action.tsx';
import { Field } from '../parts/field.tsx';
import { notify } from '../parts/notice.tsx';
import { PasskeyLine } from '../parts/passkey-line.tsx';
import { Trouble } from '../parts/states.tsx';
import { bareName } from '../words/status.ts';
import { visible } from '../words/visible.ts';
import { InlineForm } from './forms.tsx';
import { commandOf, type GrantWish, neverGranted, requestOf, wishFor } from './grant-wish.ts';

interface Proposal {
  readonly kind: 'grant';
  readonly body: Json;
  readonly sentences: readonly string[];
  readonly assurance: Assurance;
}

/**
 * Lets effects of this kind happen unasked, within limits and until a day. First the limits, to be
 * changed; then the sentences that would be signed; nothing is written before the signature.
 */
export function AlwaysForm({
  effects,
  playbook,
  onDone,
  onCancel,
}: {
  readonly effects: readonly CardEffect[];
  readonly playbook: string | null;
  readonly onDone: () => void;
  readonly onCancel: () => void;
}) {
  const able = effects.filter((card) => neverGranted(card) === undefined);
  const [index, setIndex] = useState(0);
  const card = able[index] ?? able[0];
  const [wish, setWish] = useState<GrantWish | undefined>(
    () => card && wishFor(card, playbook, nowMs()),
  );
  const [shown, setShown] = useState<Proposal>();
  const [problem, setProblem] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  const stepUp = useStepUp(shown?.assurance ?? 'unattended');
  if (!card || !wish) return null;

  const change = (field: keyof GrantWish) => (value: string) => {
    setShown(undefined);
    setWish({ ...wish, [field]: value });
  };
  async function during(work: () => Promise<void>): Promise<void> {
    if (busy) return;
    setBusy(true);
    setProblem(undefined);
    await work().catch(setProblem);
    setBusy(false);
  }
  const show = (): Promise<void> =>
    during(async () => {
      setShown(await call<Proposal>('POST', '/api/grants/propose', requestOf(card, wish)));
    });
  const sign = ({ kind, body }: Proposal): Promise<void> =>
    during(async () => {
      await performAct(kind, body, signerFor(stepUp));
      notify({ words: 'Signed. It is listed under Settings, where you can end it.', tone: 'ok' });
      onDone();
    });
  const weak = shown && whyUnsigned(stepUp);

  return (
    <InlineForm
      title="Always, within limits"
      onSubmit={() => (shown ? weak === undefined && void sign(shown) : void show())}
      onCancel={onCancel}
    >
      {able.length > 1 ? (
        <Field
          field={{ name: 'effect', kind: 'choice', label: 'Which of them', required: true }}
          choices={able.map(({ effect }, at) => ({ value: String(at), words: effect.summary }))}
          value={String(index)}
          onInput={(next) => {
            const other = able[Number(next)];
            if (!other) return;
            setIndex(Number(next));
            setShown(undefined);
            setWish(wishFor(other, playbook, nowMs()));
          }}
        />
      ) : null}
      {fieldsOf(playbook).map(({ field, choices }) => (
        <Field
          key={field.name}
          field={field}
          {...(choices && { choices })}
          value={wish[field.name]}
          onInput={change(field.name)}
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
              <code class="copy">{visible(commandOf(card, wish))}</code>
            </p>
          )}
        </section>
      ) : null}
      {shown ? <PasskeyLine stepUp={stepUp} /> : null}
      <div class="form-actions">
        {shown ? (
          <Action
            label="Sign it"
            look="primary"
            busy={busy}
            off={weak}
            onAct={() => void sign(shown)}
          />
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

interface WishField {
  readonly field: FormField & { readonly name: keyof GrantWish };
  readonly choices?: readonly { readonly value: string; readonly words: string }[];
}

function fieldsOf(playbook: string | null): readonly WishField[] {
  const only =
    playbook === null ? [] : [{ value: playbook, words: `Only in ${bareName(playbook)}` }];
  return [
    { field: { name: 'title', kind: 'text', label: 'How you call it', required: true } },
    {
      field: {
        ...{ name: 'to', kind: 'text', label: 'Only to', required: true },
        help: 'Several by comma. Nobody else is covered.',
      },
    },
    { field: { name: 'count', kind: 'integer', label: 'At most', required: true, min: 1 } },
    {
      field: { name: 'per', kind: 'choice', label: 'times', required: true },
      choices: [
        { value: 'day', words: 'a day' },
        { value: 'week', words: 'a week' },
        { value: 'month', words: 'a month' },
        { value: 'all', words: 'in all' },
      ],
    },
    { field: { name: 'sum', kind: 'text', label: 'At most this sum in that time' } },
    // without one the list would be an empty text field
    ...(only.length === 0
      ? []
      : [
          {
            field: { name: 'playbook', kind: 'choice', label: 'Only in this playbook' },
            choices: only,
          } as const,
        ]),
    {
      field: {
        ...{ name: 'until', kind: 'date', label: 'Until', required: true },
        help: 'At most 90 days ahead. After that you are asked again.',
      },
    },
  ];
}
