import { useId } from 'preact/hooks';
import type { FormField } from '../api/shapes.ts';
import { fieldWords } from '../words/format.ts';
import { visible } from '../words/visible.ts';

/** What can be chosen, and how people call it. */
export type Choices = readonly { readonly value: string; readonly words: string }[];

export interface FieldProps {
  readonly field: FormField;
  readonly value: string;
  readonly onInput: (value: string) => void;
  readonly choices?: Choices;
  readonly off?: string | undefined;
  /** what is wrong with it */
  readonly problem?: string | undefined;
}

/** One question of a form, as the input that fits its kind. Values travel as people type them. */
export function Field({
  field,
  value,
  onInput,
  choices = choicesOf(field),
  off,
  problem,
}: FieldProps) {
  const id = useId();
  const help = [field.help, off].filter(Boolean).join(' ');
  const shared = {
    id,
    name: field.name,
    'aria-describedby':
      [help && `${id}-help`, problem && `${id}-problem`].filter(Boolean).join(' ') || undefined,
    'aria-invalid': problem === undefined ? undefined : ('true' as const),
    required: field.required,
    disabled: off !== undefined,
  };
  return (
    <div class="field">
      <label for={id}>
        {visible(field.label ?? fieldWords(field.name))}
        {field.required ? null : <span class="muted"> optional</span>}
      </label>
      {choices.length > 0 ? (
        <select {...shared} value={value} onChange={(event) => onInput(event.currentTarget.value)}>
          <option value="">Choose</option>
          {choices.map((choice) => (
            <option key={choice.value} value={choice.value}>
              {visible(choice.words)}
            </option>
          ))}
        </select>
      ) : field.kind === 'longtext' ? (
        <textarea
          {...shared}
          rows={Math.min(16, Math.max(4, value.split('\n').length + 1))}
          value={value}
          onInput={(event) => onInput(event.currentTarget.value)}
        />
      ) : (
        <input
          {...shared}
          {...INPUTS[field.kind]}
          min={field.min}
          max={field.max}
          placeholder={placeholderOf(field)}
          value={value}
          onInput={(event) => onInput(event.currentTarget.value)}
        />
      )}
      {help === '' ? null : (
        <span class="muted" id={`${id}-help`}>
          {visible(help)}
        </span>
      )}
      {problem === undefined ? null : (
        <p class="trouble" id={`${id}-problem`} role="alert">
          {visible(problem)}
        </p>
      )}
    </div>
  );
}

const INPUTS: {
  readonly [kind: string]: { readonly type?: string; readonly inputMode?: 'numeric' | 'decimal' };
} = {
  integer: { type: 'number', inputMode: 'numeric' },
  number: { inputMode: 'decimal' },
  date: { type: 'date' },
  money: { inputMode: 'decimal' },
  email: { type: 'email' },
  url: { type: 'url' },
  secret: { type: 'password' },
};

function choicesOf({ kind, choices }: FormField): Choices {
  if (kind === 'boolean')
    return [
      { value: 'yes', words: 'Yes' },
      { value: 'no', words: 'No' },
    ];
  return (choices ?? []).map((choice) => ({ value: choice, words: choice }));
}

function placeholderOf({ kind, default: value }: FormField): string | undefined {
  if (kind !== 'money') return undefined;
  return `85.00 ${typeof value === 'string' ? value : 'EUR'}`;
}
