import type { Json } from '../../../src/base/portable.ts';
import {
  SECRET_SALT_BYTES,
  secretCommitment,
  toBase64Url,
} from '../../../src/contract/portable.ts';
import { call } from '../api/call.ts';
import type { FormField } from '../api/shapes.ts';
import { signAct, toJson } from '../device/decide.ts';
import type { ActProposal } from '../device/use-signing.ts';
import { ActForm } from '../parts/act-form.tsx';
import { notify } from '../parts/notice.tsx';
import { visible } from '../words/visible.ts';
import type { SecretRow } from './secrets-section.tsx';

/** What is shown, with the value it stands for: that one is sent with the signature, and no other. */
interface WithValue extends ActProposal {
  readonly name: string;
  readonly stated: { readonly hosts: string[]; readonly commitment: string };
  readonly opened: { readonly value: string; readonly salt: string };
}

/** A value for a new secret, or in place of one. Nobody is told what it is by what is signed. */
export function SecretForm({
  row,
  onClose,
}: {
  readonly row: SecretRow | undefined;
  readonly onClose: () => void;
}) {
  return (
    <ActForm<WithValue>
      title={row ? `A new value for ${visible(row.name)}` : 'Keep a secret'}
      fields={row ? [VALUE] : [NAME, HOSTS, VALUE]}
      label="Sign and keep it"
      {...(row && { warning: 'The value that is kept now is gone for good.' })}
      command={() =>
        row ? `steward secret rotate ${row.name}` : 'steward secret set NAME --host HOST'
      }
      propose={async ({ name: typed = '', hosts: lines = '', value = '' }) => {
        const name = row?.name ?? typed;
        const hosts = row ? [...row.hosts] : lines.split(/[\s,]+/).filter((host) => host !== '');
        const salt = toBase64Url(crypto.getRandomValues(new Uint8Array(SECRET_SALT_BYTES)));
        const stated = { hosts, commitment: await secretCommitment({ name, salt, value }) };
        const proposed = await call<ActProposal>('POST', pathOf(name), stated);
        return { ...proposed, name, stated, opened: { value, salt } };
      }}
      sign={async ({ kind, body, name, stated, opened }, by) => {
        const signed: Json = toJson(await signAct(by, kind, body));
        await call('POST', pathOf(name), { ...stated, secret: { ...opened, signed } });
        notify({ words: `${name} is kept. Nobody is shown it again.`, tone: 'ok' });
        onClose();
      }}
      onCancel={onClose}
    />
  );
}

/** The value goes, the log keeps that there was one. */
export function RemoveSecret({
  row: { name },
  onClose,
}: {
  readonly row: SecretRow;
  readonly onClose: () => void;
}) {
  const path = `${pathOf(name)}/remove`;
  return (
    <ActForm
      title={`Remove ${visible(name)}`}
      fields={[]}
      label="Remove it for good"
      look="stop"
      warning="There is no undo: the value is gone, and what was sent with it works no more. You would have to keep it anew."
      command={() => `steward secret remove ${name}`}
      propose={() => call<ActProposal>('POST', path, {})}
      sign={async ({ kind, body }, by) => {
        await call('POST', path, { signed: toJson(await signAct(by, kind, body)) });
        notify({ words: `${name} is removed.` });
        onClose();
      }}
      onCancel={onClose}
    />
  );
}

const NAME: FormField = {
  ...{ name: 'name', kind: 'text', label: 'How you call it', required: true },
  help: 'Small letters, digits and dashes.',
};
const HOSTS: FormField = {
  ...{ name: 'hosts', kind: 'longtext', label: 'Where it may be sent', required: true },
  help: 'One host on each line, such as api.example.com.',
};
const VALUE: FormField = {
  ...{ name: 'value', kind: 'secret', label: 'The key or password', required: true },
  help: 'Eight characters at least. It is not shown again.',
};

function pathOf(name: string): string {
  return `/api/secrets/${encodeURIComponent(name)}`;
}
