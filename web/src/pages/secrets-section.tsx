import { useRef, useState } from 'preact/hooks';
import {
  SECRET_SALT_BYTES,
  secretCommitment,
  toBase64Url,
} from '../../../src/contract/portable.ts';
import { call } from '../api/call.ts';
import { useResource } from '../api/resource.ts';
import type { FormField } from '../api/shapes.ts';
import { signAct, toJson } from '../device/decide.ts';
import { lookOnly } from '../device/session.ts';
import { Action } from '../parts/action.tsx';
import { notify } from '../parts/notice.tsx';
import { Empty, Loaded } from '../parts/states.tsx';
import { formatDay } from '../words/format.ts';
import { visible } from '../words/visible.ts';
import { ActForm, type ActProposal } from './act-form.tsx';

interface SecretRow {
  readonly name: string;
  readonly version: number;
  readonly hosts: readonly string[];
  readonly changedAt: string;
}

/** Keys and passwords by name, where each may be sent, and a new value for one; never a value. */
export function SecretsSection() {
  const secrets = useResource<readonly SecretRow[]>('/api/secrets', ({ type }) =>
    type.startsWith('secret.'),
  );
  const [form, setForm] = useState<SecretRow | 'new'>();
  const close = (): void => {
    setForm(undefined);
    void secrets.refresh();
  };
  return (
    <section class="plain-section" aria-labelledby="secrets">
      <h2 id="secrets">Secrets</h2>
      <Loaded from={secrets}>
        {(rows) =>
          rows.length === 0 ? (
            <Empty words="No connection was given a key or a password." />
          ) : (
            <ul class="lines">
              {rows.map((row) => (
                <li key={row.name}>
                  <span>{visible(row.name)}</span>
                  <span class="muted">
                    sent to {row.hosts.map(visible).join(', ')}; value {row.version}, since{' '}
                    {formatDay(row.changedAt)}
                  </span>
                  <Action
                    label="New value…"
                    look="quiet"
                    off={lookOnly.value}
                    onAct={() => setForm(row)}
                  />
                </li>
              ))}
            </ul>
          )
        }
      </Loaded>
      {form === undefined ? (
        <div class="form-actions">
          <Action label="Keep a secret…" off={lookOnly.value} onAct={() => setForm('new')} />
        </div>
      ) : (
        <SecretForm row={form === 'new' ? undefined : form} onClose={close} />
      )}
    </section>
  );
}

/** What is signed stands for the very value that was typed, and tells nobody what it is. */
function SecretForm({
  row,
  onClose,
}: {
  readonly row: SecretRow | undefined;
  readonly onClose: () => void;
}) {
  const typed = useRef({ name: '', hosts: [''], commitment: '', value: '', salt: '' });
  return (
    <ActForm
      title={row ? `A new value for ${visible(row.name)}` : 'Keep a secret'}
      fields={row ? [VALUE] : [NAME, HOSTS, VALUE]}
      initial={{}}
      label="Sign and keep it"
      command={row ? `steward secret rotate ${row.name}` : 'steward secret set NAME --host HOST'}
      propose={async ({ name = '', hosts = '', value = '' }) => {
        const salt = toBase64Url(crypto.getRandomValues(new Uint8Array(SECRET_SALT_BYTES)));
        const own = row
          ? { name: row.name, hosts: [...row.hosts] }
          : { name, hosts: hosts.split(/[\s,]+/).filter((host) => host !== '') };
        const commitment = await secretCommitment({ name: own.name, salt, value });
        typed.current = { ...own, commitment, value, salt };
        return call<ActProposal>('POST', pathOf(own.name), { hosts: own.hosts, commitment });
      }}
      sign={async ({ kind, body }, by) => {
        if (!by) return;
        const { name, hosts, commitment, value, salt } = typed.current;
        const secret = { value, salt, signed: toJson(await signAct(by, kind, body)) };
        await call('POST', pathOf(name), { hosts, commitment, secret });
        notify({ words: `${visible(name)} is kept. Nobody is shown it again.`, tone: 'ok' });
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
