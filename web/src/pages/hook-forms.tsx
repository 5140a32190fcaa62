import { isJsonObject, type Json, type JsonObject } from '../../../src/base/portable.ts';
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
import { performAct } from '../device/perform-act.ts';
import type { Signer } from '../device/session.ts';
import type { ActProposal } from '../device/use-signing.ts';
import { ActForm, type Wish } from '../parts/act-form.tsx';
import { notify } from '../parts/notice.tsx';
import { visible } from '../words/visible.ts';
import type { HookRow, MadeHook } from './hooks-section.tsx';
import { typedObject } from './typed-object.ts';

/** What is shown, with the secret it stands for: that one is sent with the signature, and no other. */
interface WithSecret extends ActProposal {
  readonly path: string;
  readonly stated: JsonObject;
  readonly opened: { readonly value: string; readonly salt: string };
  /** where it was made here: it is shown once */
  readonly made: string | undefined;
}

interface FormEnds {
  readonly onDone: (made: MadeHook) => void;
  readonly onCancel: () => void;
}

/** A new webhook. Its secret is made in this browser, or comes from where it is sent from. */
export function AddHook({ onDone, onCancel }: FormEnds) {
  return (
    <ActForm<WithSecret>
      title="A webhook"
      fields={[NAME, ...SETTINGS, SECRET]}
      label="Sign and add it"
      command={({ name }) => `steward hook add ${name || 'NAME'}`}
      propose={({ name = '', secret = '', ...wish }) =>
        proposeSecret({ name, path: pathOf(name), typed: secret, stated: settingsOf(wish) })
      }
      sign={async (shown, by) => {
        const { address } = await keep<{ readonly address: string }>(shown, by, shown.stated);
        onDone({ address, secret: shown.made });
      }}
      onCancel={onCancel}
    />
  );
}

/** A new secret in place of one, which counts a while longer where its sender needs time. */
export function RotateHook({ row, onDone, onCancel }: FormEnds & { readonly row: HookRow }) {
  const { name, address } = row;
  return (
    <ActForm<WithSecret>
      title={`A new secret for ${visible(name)}`}
      fields={[OLD_COUNTS, SECRET]}
      initial={{ hours: '24' }}
      label="Sign and replace it"
      command={({ hours = '24' }) => `steward hook rotate ${name} --old-for ${hours}`}
      propose={({ hours = '24', secret = '' }) =>
        proposeSecret({
          ...{ name, path: `${pathOf(name)}/rotate`, typed: secret },
          stated: { hours: Number(hours) },
        })
      }
      sign={async (shown, by) => {
        const { commitment = null } = shown.stated;
        // a time that was counted from then is signed, so it is said again as it was
        const oldUntil = isJsonObject(shown.body) ? (shown.body.oldUntil ?? null) : null;
        await keep(shown, by, { commitment, oldUntil });
        onDone({
          ...{ address, secret: shown.made },
          ...(typeof oldUntil === 'string' && { oldUntil }),
        });
      }}
      onCancel={onCancel}
    />
  );
}

/** What deliveries do from now on, all of it. */
export function ChangeHook({
  row,
  onClose,
}: {
  readonly row: HookRow;
  readonly onClose: () => void;
}) {
  const { name, playbook, input, facts, about } = row;
  return (
    <ActForm
      title={`What ${visible(name)} may do`}
      fields={SETTINGS}
      initial={{
        playbook: playbook ?? '',
        input: input === null ? '' : JSON.stringify(input, null, 2),
        facts: facts.join('\n'),
        about: about ?? '',
      }}
      label="Sign and change it"
      command={() => `steward hook set ${name}`}
      propose={(wish) => call<ActProposal>('POST', `${pathOf(name)}/propose`, settingsOf(wish))}
      sign={async ({ kind, body }, by) => {
        await performAct(kind, body, by);
        notify({ words: `"${name}" does this from now on.`, tone: 'ok' });
        onClose();
      }}
      onCancel={onClose}
    />
  );
}

async function proposeSecret({
  name,
  path,
  typed,
  stated: wanted,
}: {
  readonly name: string;
  readonly path: string;
  readonly typed: string;
  readonly stated: JsonObject;
}): Promise<WithSecret> {
  const isMade = typed.trim() === '';
  const value = isMade
    ? composeHookSecret(crypto.getRandomValues(new Uint8Array(HOOK_SECRET_BYTES)))
    : typed.trim();
  const salt = toBase64Url(crypto.getRandomValues(new Uint8Array(SECRET_SALT_BYTES)));
  const commitment = await secretCommitment({ name: hookSecretName(name), salt, value });
  const stated = { ...wanted, commitment };
  const proposed = await call<ActProposal>('POST', path, stated);
  return { ...proposed, path, stated, opened: { value, salt }, made: isMade ? value : undefined };
}

async function keep<Answer>(
  { kind, body, path, opened }: WithSecret,
  by: Signer,
  stated: JsonObject,
): Promise<Answer> {
  const signed: Json = toJson(await signAct(by, kind, body));
  return call<Answer>('POST', path, { ...stated, secret: { ...opened, signed } });
}

function pathOf(name: string): string {
  return `/api/hooks/${encodeURIComponent(name)}`;
}

const NAME: FormField = {
  ...{ name: 'name', kind: 'text', label: 'How you call it', required: true },
  help: 'Small letters, digits and dashes. It stands in the address.',
};
const SETTINGS: readonly FormField[] = [
  {
    ...{ name: 'playbook', kind: 'text', label: 'What each one starts' },
    help: 'A playbook by name. Without one, steps and cards that wait for it go on.',
  },
  {
    ...{ name: 'input', kind: 'longtext', label: 'What the playbook is given' },
    help: 'As JSON; {"$expr": "hook.payload.data.id"} reads the delivery. Leave it empty and it is given all of it.',
  },
  {
    ...{ name: 'facts', kind: 'longtext', label: 'What counts as your own' },
    help: 'Where an id, an amount or a state stands, one on each line, such as data.id. All else counts as an outsider’s word.',
  },
  {
    ...{ name: 'about', kind: 'text', label: 'Where it says what it is about' },
    help: 'Such as data.id. One that is older than another about the same starts nothing.',
  },
];
const SECRET: FormField = {
  ...{ name: 'secret', kind: 'secret', label: 'The secret that the sender shows' },
  help: 'Leave it empty and one is made for you.',
};
const OLD_COUNTS = {
  ...{ name: 'hours', kind: 'choice', label: 'How long the old one counts', required: true },
  help: 'Where it leaked, end it at once.',
  options: [
    { value: '0', words: 'It ends at once' },
    { value: '1', words: 'One hour more' },
    { value: '24', words: 'One day more' },
    { value: '168', words: 'One week more' },
  ],
};

function settingsOf({ playbook = '', input = '', facts = '', about = '' }: Wish): JsonObject {
  return {
    ...(playbook.trim() === '' ? {} : { playbook: playbook.trim() }),
    ...(input.trim() === '' ? {} : { input: typedObject(input) }),
    facts: facts.split(/[\s,]+/).filter((path) => path !== ''),
    ...(about.trim() === '' ? {} : { about: about.trim() }),
  };
}
