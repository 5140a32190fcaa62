import { useState } from 'preact/hooks';
import type { Json } from '../../../src/base/portable.ts';
import { nowMs } from '../clock.ts';
import { Action } from '../parts/action.tsx';
import { Field } from '../parts/field.tsx';
import { InlineForm } from '../parts/inline-form.tsx';
import { Trouble } from '../parts/states.tsx';
import { formatDay, formatTime } from '../words/format.ts';
import { type SnoozeEvent, type SnoozeWish, snoozeTimes } from '../words/snooze-times.ts';
import { changedFields, type EditableField } from './editable.ts';

interface FormEnds {
  readonly onCancel: () => void;
}

/** The editable fields of a card; saving makes a new revision, which is decided anew. */
export function EditForm({
  fields,
  onSave,
  onCancel,
}: FormEnds & {
  readonly fields: readonly EditableField[];
  readonly onSave: (set: { readonly [path: string]: Json }) => Promise<void>;
}) {
  const [typed, setTyped] = useState<ReadonlyMap<string, string>>(new Map());
  const [problem, setProblem] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  const set = changedFields(fields, typed);
  const nothing = Object.keys(set).length === 0;
  const save = async (): Promise<void> => {
    if (nothing || busy) return;
    setBusy(true);
    try {
      await onSave(set);
    } catch (error) {
      setProblem(error);
    } finally {
      setBusy(false);
    }
  };
  return (
    <InlineForm title="Edit before you decide" onSubmit={save} onCancel={onCancel}>
      {fields.map(({ path, label, value, kind }) => (
        <Field
          key={path}
          field={{
            ...{ name: path, label, required: true, kind: kind === 'text' ? 'longtext' : 'text' },
            ...(kind === 'list' && { help: 'Several by comma.' }),
          }}
          value={typed.get(path) ?? value}
          onInput={(next) => setTyped(new Map(typed).set(path, next))}
        />
      ))}
      {problem === undefined ? null : <Trouble error={problem} />}
      <div class="form-actions">
        <Action
          label="Save and show it again"
          look="primary"
          busy={busy}
          off={nothing ? 'You changed nothing yet.' : undefined}
          onAct={() => void save()}
        />
        <Action label="Cancel" look="quiet" onAct={onCancel} />
      </div>
    </InlineForm>
  );
}

/** Why not: kept with the decision, so that the next proposal can be better. */
export function RejectForm({
  onReject,
  onCancel,
}: FormEnds & { readonly onReject: (reason: string) => void }) {
  const [reason, setReason] = useState('');
  return (
    <InlineForm title="Reject" onSubmit={() => onReject(reason)} onCancel={onCancel}>
      <label class="field">
        <span>Why? It is kept with your decision. You may leave it empty.</span>
        <textarea
          rows={2}
          maxLength={2_000}
          value={reason}
          onInput={(event) => setReason(event.currentTarget.value)}
        />
      </label>
      <div class="form-actions">
        <Action label="Reject" look="stop" onAct={() => onReject(reason)} />
        <Action label="Cancel" look="quiet" onAct={onCancel} />
      </div>
    </InlineForm>
  );
}

/** Later: it leaves the list until then, and nothing happens meanwhile. */
export function SnoozeForm({
  events,
  onSnooze,
  onCancel,
}: FormEnds & {
  readonly events: readonly SnoozeEvent[];
  readonly onSnooze: (wish: SnoozeWish) => void;
}) {
  const snoozeTo = (until: number): void => onSnooze({ until: new Date(until).toISOString() });
  const [own, setOwn] = useState('');
  const chosen = Date.parse(own);
  return (
    <InlineForm
      title="Show it again"
      onSubmit={() => Number.isFinite(chosen) && snoozeTo(chosen)}
      onCancel={onCancel}
    >
      <div class="form-actions">
        {snoozeTimes(nowMs()).map(({ words, until }) => (
          <Action
            key={words}
            label={`${words}, ${timeWords(until)}`}
            onAct={() => snoozeTo(until)}
          />
        ))}
      </div>
      <p>Or as soon as</p>
      <div class="form-actions">
        {events.map(({ words, wish }) => (
          <Action key={words} label={words} onAct={() => onSnooze(wish)} />
        ))}
      </div>
      <label class="field">
        <span>Or at</span>
        <input
          type="datetime-local"
          value={own}
          onInput={(event) => setOwn(event.currentTarget.value)}
        />
      </label>
      <div class="form-actions">
        <Action
          label="Show it then"
          off={chosen > nowMs() ? undefined : 'Choose a time that is still to come.'}
          onAct={() => snoozeTo(chosen)}
        />
        <Action label="Cancel" look="quiet" onAct={onCancel} />
      </div>
    </InlineForm>
  );
}

function timeWords(until: number): string {
  return until - nowMs() < 24 * 3_600_000 ? formatTime(until) : formatDay(until);
}
