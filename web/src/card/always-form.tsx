import { call } from '../api/call.ts';
import type { CardEffect } from '../api/shapes.ts';
import { nowMs } from '../clock.ts';
import { performAct } from '../device/perform-act.ts';
import type { ActProposal } from '../device/use-signing.ts';
import { type ActField, ActForm, type Wish } from '../parts/act-form.tsx';
import { notify } from '../parts/notice.tsx';
import { bareName } from '../words/status.ts';
import { commandOf, neverGranted, requestOf, wishFor } from './grant-wish.ts';

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
  const [first] = able;
  if (!first) return null;
  const cardOf = (wish: Wish): CardEffect => able[Number(wish[WHICH])] ?? first;
  const start = (which: string): Wish => ({
    ...wishFor(cardOf({ [WHICH]: which }), playbook, nowMs()),
    [WHICH]: which,
  });
  return (
    <ActForm
      title="Always, within limits"
      fields={[...whichOf(able), ...fieldsOf(playbook)]}
      initial={start('0')}
      label="Sign it"
      command={(wish) => commandOf(cardOf(wish), wish)}
      follow={(wish, changed) => (changed === WHICH ? start(wish[WHICH] ?? '') : wish)}
      propose={(wish) =>
        call<ActProposal>('POST', '/api/grants/propose', requestOf(cardOf(wish), wish))
      }
      sign={async ({ kind, body }, by) => {
        await performAct(kind, body, by);
        notify({ words: 'Signed. It is listed under Settings, where you can end it.', tone: 'ok' });
        onDone();
      }}
      onCancel={onCancel}
    />
  );
}

const WHICH = 'effect';

function whichOf(able: readonly CardEffect[]): readonly ActField[] {
  if (able.length < 2) return [];
  const options = able.map(({ effect }, at) => ({ value: String(at), words: effect.summary }));
  return [{ name: WHICH, kind: 'choice', label: 'Which of them', required: true, options }];
}

function fieldsOf(playbook: string | null): readonly ActField[] {
  return [
    { name: 'title', kind: 'text', label: 'How you call it', required: true },
    {
      ...{ name: 'to', kind: 'text', label: 'Only to', required: true },
      help: 'Several by comma. Nobody else is covered.',
    },
    { name: 'count', kind: 'integer', label: 'At most', required: true, min: 1 },
    {
      ...{ name: 'per', kind: 'choice', label: 'times', required: true },
      options: [
        { value: 'day', words: 'a day' },
        { value: 'week', words: 'a week' },
        { value: 'month', words: 'a month' },
        { value: 'all', words: 'in all' },
      ],
    },
    { name: 'sum', kind: 'text', label: 'At most this sum in that time' },
    // without one the list would be an empty text field
    ...(playbook === null
      ? []
      : [
          {
            ...{ name: 'playbook', kind: 'choice', label: 'Only in this playbook' },
            options: [{ value: playbook, words: `Only in ${bareName(playbook)}` }],
          },
        ]),
    {
      ...{ name: 'until', kind: 'date', label: 'Until', required: true },
      help: 'At most 90 days ahead. After that you are asked again.',
    },
  ];
}
