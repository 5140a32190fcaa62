import { useState } from 'preact/hooks';
import { call } from '../api/call.ts';
import type { RecordRow } from '../api/shapes.ts';
import { performAct } from '../device/perform-act.ts';
import type { ActProposal } from '../device/use-signing.ts';
import { ActForm } from '../parts/act-form.tsx';
import { Action } from '../parts/action.tsx';
import { visible } from '../words/visible.ts';
import { type Receipt, ReceiptLines } from './erasure-receipt.tsx';

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
  if (receipt) {
    return (
      <section class="plain-section" aria-labelledby="receipt" role="status">
        <h3 id="receipt">Erased</h3>
        <ReceiptLines receipt={receipt} />
      </section>
    );
  }
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
      warning="There is no undo."
      command={() => `steward erase ${person.id}`}
      propose={({ because = '' }) =>
        call<ActProposal>('POST', '/api/erasures/propose', { subject: person.id, because })
      }
      sign={async ({ kind, body }, by) => {
        const done = await performAct<{ readonly receipt?: Receipt }>(kind, body, by);
        setOpen(false);
        setReceipt(done.receipt);
        onDone();
      }}
      onCancel={() => setOpen(false)}
    />
  );
}
