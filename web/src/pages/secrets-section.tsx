import { useState } from 'preact/hooks';
import { useResource } from '../api/resource.ts';
import { lookOnly } from '../device/session.ts';
import { Action } from '../parts/action.tsx';
import { later } from '../parts/later.tsx';
import { Empty, Loaded } from '../parts/states.tsx';
import { formatDay } from '../words/format.ts';
import { visible } from '../words/visible.ts';

export interface SecretRow {
  readonly name: string;
  readonly version: number;
  readonly hosts: readonly string[];
  readonly changedAt: string;
}

const SecretForm = later(async () => (await import('./secret-forms.tsx')).SecretForm);
const RemoveSecret = later(async () => (await import('./secret-forms.tsx')).RemoveSecret);

type Open = { readonly to: 'keep' | 'replace' | 'remove'; readonly row?: SecretRow };

/** Keys and passwords by name, where each may be sent, a new value, and an end; never a value. */
export function SecretsSection() {
  const secrets = useResource<readonly SecretRow[]>('/api/secrets', ({ type }) =>
    type.startsWith('secret.'),
  );
  const [open, setOpen] = useState<Open>();
  const close = (): void => {
    setOpen(undefined);
    void secrets.refresh();
  };
  const off = lookOnly.value;
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
                    about={row.name}
                    look="quiet"
                    off={off}
                    onAct={() => setOpen({ to: 'replace', row })}
                  />
                  <Action
                    label="Remove…"
                    about={row.name}
                    look="quiet"
                    off={off}
                    onAct={() => setOpen({ to: 'remove', row })}
                  />
                </li>
              ))}
            </ul>
          )
        }
      </Loaded>
      {open === undefined ? (
        <div class="form-actions">
          <Action label="Keep a secret…" off={off} onAct={() => setOpen({ to: 'keep' })} />
        </div>
      ) : open.row && open.to === 'remove' ? (
        <RemoveSecret key={`remove ${open.row.name}`} row={open.row} onClose={close} />
      ) : (
        <SecretForm key={`${open.to} ${open.row?.name}`} row={open.row} onClose={close} />
      )}
    </section>
  );
}
