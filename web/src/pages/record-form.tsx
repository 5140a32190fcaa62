import { useRef, useState } from 'preact/hooks';
import { atPath, type Json } from '../../../src/base/portable.ts';
import { call, Problem } from '../api/call.ts';
import { useResource } from '../api/resource.ts';
import type { FieldInfo, RecordRow, RecordTypeInfo } from '../api/shapes.ts';
import { useFormKeys } from '../keys/use-form-keys.ts';
import { Action } from '../parts/action.tsx';
import { Field } from '../parts/field.tsx';
import { Trouble } from '../parts/states.tsx';
import { fieldWords, isMoney, typedMoney } from '../words/format.ts';
import { visible } from '../words/visible.ts';

/** A record by hand: new, or changed. Values travel as they are typed; the server reads them. */
export function RecordForm({
  info,
  record,
  onSaved,
  onCancel,
}: {
  readonly info: RecordTypeInfo;
  readonly record?: RecordRow;
  readonly onSaved: (saved: RecordRow) => void;
  readonly onCancel: () => void;
}) {
  const start = new Map(
    info.fields.map(({ path }) => [path, typedValue(record && atPath(record.fields, path))]),
  );
  const [values, setValues] = useState<ReadonlyMap<string, string>>(start);
  const [problem, setProblem] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  const form = useRef<HTMLFormElement>(null);
  const { onEscape } = useFormKeys(form, onCancel);
  const changed = [...values].filter(([path, value]) => value !== (start.get(path) ?? ''));

  const groups = Map.groupBy(
    info.fields.filter((field) => isEditable(field, record)),
    ({ path }) => path.slice(0, Math.max(0, path.indexOf('.'))),
  );

  async function save(): Promise<void> {
    if (busy || changed.length === 0) return;
    setBusy(true);
    const base = `/api/records/${encodeURIComponent(info.type)}`;
    const set = Object.fromEntries(changed);
    try {
      onSaved(
        record
          ? await call<RecordRow>('PATCH', `${base}/${encodeURIComponent(record.id)}`, { set })
          : await call<RecordRow>('POST', base, { set }),
      );
    } catch (error) {
      setProblem(error);
      const path = error instanceof Problem ? error.facts.path : undefined;
      if (typeof path === 'string')
        document.querySelector<HTMLElement>(`[name="${CSS.escape(path)}"]`)?.focus();
    }
    setBusy(false);
  }

  return (
    <form
      ref={form}
      class="card"
      aria-labelledby="card-title"
      onSubmit={(event) => {
        event.preventDefault();
        void save();
      }}
      onKeyDown={onEscape}
    >
      <header class="card-head">
        <p class="kicker">
          <span>{info.title}</span>
        </p>
        <h2 id="card-title" tabIndex={-1}>
          {record ? `Edit ${visible(record.title)}` : `New ${info.title.toLowerCase()}`}
        </h2>
      </header>
      <div class="fields">
        {[...groups].map(([head, inside]) => {
          const inputs = inside.map((field) => (
            <RecordField
              key={field.path}
              field={field}
              label={fieldWords(head === '' ? field.path : field.path.slice(head.length + 1))}
              value={values.get(field.path) ?? ''}
              onInput={(value) => setValues(new Map(values).set(field.path, value))}
            />
          ));
          return head === '' ? (
            inputs
          ) : (
            <fieldset key={head}>
              <legend>{fieldWords(head)}</legend>
              {inputs}
            </fieldset>
          );
        })}
      </div>
      <section class="decide" aria-label="Save">
        {problem === undefined ? null : <Trouble error={problem} />}
        <div class="actions">
          <Action
            label="Save"
            look="primary"
            busy={busy}
            off={changed.length === 0 ? 'You changed nothing yet.' : undefined}
            onAct={() => void save()}
          />
          <Action label="Cancel" look="quiet" onAct={onCancel} />
        </div>
      </section>
    </form>
  );
}

function RecordField({
  field,
  label,
  value,
  onInput,
}: {
  readonly field: FieldInfo;
  readonly label: string;
  readonly value: string;
  readonly onInput: (value: string) => void;
}) {
  const isReference = typeof field.reference === 'string' && field.type === 'string';
  const { data } = useResource<readonly RecordRow[]>(
    isReference ? `/api/records/${field.reference}` : null,
  );
  const shared = {
    field: {
      name: field.path,
      kind: kindOf(field),
      label,
      required: field.optional === false,
      ...(field.choices && { choices: field.choices }),
      ...(field.type === 'array' && { help: 'Several by comma.' }),
    },
    value,
    onInput,
    off: field.ownOnly ?? undefined,
  };
  if (!isReference) return <Field {...shared} />;
  return (
    <Field
      {...shared}
      choices={(data.value ?? []).map(({ id, title }) => ({ value: id, words: title }))}
    />
  );
}

function kindOf({ type, path, choices }: FieldInfo): string {
  if (choices) return 'choice';
  if (type === 'boolean') return 'boolean';
  return /(^|\.)(notes?|text|detail)$/.test(path) ? 'longtext' : 'text';
}

/** Lists of objects and maps have no form of their own; they come from imports and runs. */
function isEditable(field: FieldInfo, record: RecordRow | undefined): boolean {
  if (field.type === 'record') return false;
  const value = record && atPath(record.fields, field.path);
  return !(Array.isArray(value) && value.some((one) => typeof one === 'object'));
}

function typedValue(value: Json | undefined): string {
  if (value === undefined || value === null) return '';
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (isMoney(value)) return typedMoney(value);
  if (Array.isArray(value))
    return value.every((one) => typeof one !== 'object') ? value.join(', ') : JSON.stringify(value);
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
