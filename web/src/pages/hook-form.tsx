import type { Json } from '../../../src/base/portable.ts';
import {
  composeHookSecret,
  HOOK_SECRET_BYTES,
  hookSecretName,
  SECRET_SALT_BYTES,
  secretCommitment,
  toBase64Url,
} from '../../../src/contract/portable.ts';
import { call } from '../api/call.ts';
import type { FormField } from '../api/shapes.ts';
import { signAct, toJson } from '../device/decide.ts';
import type { ActProposal } from '../device/use-signing.ts';
import { ActForm, type Wish } from '../parts/act-form.tsx';

export interface MadeHook {
  readonly address: string;
  /** where it was made here: it is shown once */
  readonly secret: string | undefined;
}

/** What is shown, with the secret it stands for: that one is sent with the signature, and no other. */
interface WithSecret extends ActProposal {
  readonly path: string;
  readonly stated: { readonly [field: string]: Json };
  readonly opened: { readonly value: string; readonly salt: string };
  readonly isMade: boolean;
}

/** A new webhook. Its secret is made in this browser, or comes from where it is sent from. */
export function HookForm({
  onDone,
  onCancel,
}: {
  readonly onDone: (made: MadeHook) => void;
  readonly onCancel: () => void;
}) {
  return (
    <ActForm<WithSecret>
      title="A webhook"
      fields={FIELDS}
      label="Sign and add it"
      command={({ name }) => `steward hook add ${name || 'NAME'}`}
      propose={async ({ name = '', secret = '', ...wish }) => {
        const isMade = secret.trim() === '';
        const value = isMade
          ? composeHookSecret(crypto.getRandomValues(new Uint8Array(HOOK_SECRET_BYTES)))
          : secret.trim();
        const salt = toBase64Url(crypto.getRandomValues(new Uint8Array(SECRET_SALT_BYTES)));
        const commitment = await secretCommitment({ name: hookSecretName(name), salt, value });
        const path = `/api/hooks/${encodeURIComponent(name)}`;
        const stated = { ...settingsOf(wish), commitment };
        const proposed = await call<ActProposal>('POST', path, stated);
        return { ...proposed, path, stated, opened: { value, salt }, isMade };
      }}
      sign={async ({ kind, body, path, stated, opened, isMade }, by) => {
        const signed: Json = toJson(await signAct(by, kind, body));
        const { address } = await call<{ readonly address: string }>('POST', path, {
          ...stated,
          secret: { ...opened, signed },
        });
        onDone({ address, secret: isMade ? opened.value : undefined });
      }}
      onCancel={onCancel}
    />
  );
}

const FIELDS: readonly FormField[] = [
  {
    ...{ name: 'name', kind: 'text', label: 'How you call it', required: true },
    help: 'Small letters, digits and dashes. It stands in the address.',
  },
  {
    ...{ name: 'playbook', kind: 'text', label: 'What each one starts' },
    help: 'A playbook by name. Without one, steps and cards that wait for it go on.',
  },
  {
    ...{ name: 'facts', kind: 'longtext', label: 'What counts as your own' },
    help: 'Where an id, an amount or a state stands, one on each line, such as data.id. All else counts as an outsider’s word.',
  },
  {
    ...{ name: 'secret', kind: 'secret', label: 'The secret that the sender shows' },
    help: 'Leave it empty and one is made for you.',
  },
];

function settingsOf({ playbook = '', facts = '' }: Wish): { readonly [field: string]: Json } {
  return {
    ...(playbook.trim() === '' ? {} : { playbook: playbook.trim() }),
    facts: facts.split(/[\s,]+/).filter((path) => path !== ''),
  };
}
