import { useState } from 'preact/hooks';
import { call } from '../api/call.ts';
import type { RecordRow } from '../api/shapes.ts';
import { performAct } from '../device/perform-act.ts';
import { Action } from '../parts/action.tsx';
import { formatDay } from '../words/format.ts';
import { visible } from '../words/visible.ts';
import { ActForm, type ActProposal } from './act-form.tsx';

interface Receipt {
  readonly stores: {
    readonly log: { readonly sealed: number; readonly shredded: number };
    readonly folds: { readonly redacted: number; readonly dropped: number };
    readonly blobs: { readonly erased: number };
    readonly backups: { readonly until: string };
    readonly outside: string;
  };
  readonly kept: readonly { readonly id: string; readonly type: string; readonly until: string }[];
}

/** Erases what is personal about somebody: first all that goes and stays, then a signature, then a receipt. */
export function ErasePerson({
  person,
  off,
  onDone,
}: {
  readonly person: Pick<RecordRow, 'id' | 'title'>;
  readonly off: string | undefined;
  readonly onDone: () => void;
}) {
  const [open, setOpen] = useState(false);
  const [receipt, setReceipt] = useState<Receipt>();
  if (receipt) return <ReceiptLines receipt={receipt} />;
  if (!open) {
    return (
      <div class="form-actions">
        <Action label="Erase this person…" look="quiet" off={off} onAct={() => setOpen(true)} />
      </div>
    );
  }
  return (
    <ActForm
      title={`Erase ${visible(person.title)}`}
      fields={[
        {
          ...{ name: 'because', kind: 'text', label: 'Why', required: true },
          help: 'The reason is kept, so name nobody in it.',
        },
      ]}
      initial={{ because: 'They asked for it.' }}
      label="Erase for good"
      look="stop"
      command={`steward erase ${person.id}`}
      propose={({ because = '' }) =>
        call<ActProposal>('POST', '/api/erasures/propose', { subject: person.id, because })
      }
      sign={async ({ kind, body }, by) => {
        const done = await performAct<{ readonly receipt?: Receipt }>(kind, body, by);
        setOpen(false);
        setReceipt(done?.receipt);
        onDone();
      }}
      onCancel={() => setOpen(false)}
    />
  );
}

function ReceiptLines({ receipt: { stores, kept } }: { readonly receipt: Receipt }) {
  const { log, folds, blobs, backups, outside } = stores;
  return (
    <section class="plain-section" aria-labelledby="receipt" role="status">
      <h3 id="receipt">Erased</h3>
      <ul class="lines">
        <li>
          Log: {log.sealed} records closed for good, {log.shredded} events emptied
        </li>
        <li>
          Lists: {folds.redacted} versions and {folds.dropped} lines gone
        </li>
        <li>Files: {blobs.erased} gone</li>
        <li>Backups: readable until {formatDay(backups.until)}</li>
        <li>Outside: {outside}</li>
        {kept.map(({ id, type, until }) => (
          <li key={id}>
            Kept by law: {type}, until {formatDay(until)}
          </li>
        ))}
      </ul>
    </section>
  );
}
