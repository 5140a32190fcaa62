import { useEffect, useRef, useState } from 'preact/hooks';
import { isJsonObject, type Json } from '../../../src/base/portable.ts';
import { call, Problem, sayProblem } from '../api/call.ts';
import { useResource } from '../api/resource.ts';
import type { Card, FormField, RecordRow } from '../api/shapes.ts';
import { lookOnly } from '../device/session.ts';
import { useKeys } from '../keys/keys.ts';
import { Action } from '../parts/action.tsx';
import { Field, type FieldProps } from '../parts/field.tsx';
import { notify } from '../parts/notice.tsx';
import { Trouble } from '../parts/states.tsx';
import { fieldWords, formatValue, isMoney, typedMoney } from '../words/format.ts';
import { type SnoozeWish, snoozeEvents } from '../words/snooze-times.ts';
import { endWords } from '../words/status.ts';
import { visible } from '../words/visible.ts';
import { SnoozeForm } from './forms.tsx';

/** Something that is asked, or a task to take over: its facts and a typed form. */
export function QuestionCard({
  card,
  onAnswered,
}: {
  readonly card: Card;
  readonly onAnswered: () => void;
}) {
  const { item, doNothing } = card;
  const body = isJsonObject(item.body) ? item.body : {};
  const fields = fieldsOf(item.form ?? null);
  const [values, setValues] = useState<ReadonlyMap<string, string>>(() => startValues(fields));
  const [problem, setProblem] = useState<unknown>();
  const form = useRef<HTMLFormElement>(null);
  const wrong = fields.find(({ name }) => name === fieldOf(problem))?.name;
  useEffect(() => {
    if (wrong === undefined) return;
    form.current?.querySelector<HTMLElement>(`[name="${CSS.escape(wrong)}"]`)?.focus();
  }, [problem]);
  const [busy, setBusy] = useState(false);
  const [snoozing, setSnoozing] = useState(false);
  const off = lookOnly.value;
  const isOpen = item.status !== 'closed';
  const path = `/api/items/${encodeURIComponent(item.id)}`;

  async function answer(): Promise<void> {
    if (off !== undefined || busy) return;
    setBusy(true);
    setProblem(undefined);
    const set = Object.fromEntries([...values].filter(([, value]) => value !== ''));
    try {
      await call('POST', `${path}/answer`, { set });
      notify({ words: 'Answered. The work goes on.', tone: 'ok' });
    } catch (error) {
      setProblem(error);
    }
    setBusy(false);
    onAnswered();
  }

  async function snooze(wish: SnoozeWish): Promise<void> {
    setSnoozing(false);
    try {
      await call('POST', `${path}/snooze`, { ...wish });
    } catch (error) {
      setProblem(error);
    }
    onAnswered();
  }
  useKeys(isOpen && !snoozing ? { s: () => setSnoozing(true) } : {});

  return (
    <>
      {isOpen ? null : <p class="banner">{endWords(item.end, item.because)}</p>}
      <Facts title={item.title} step={item.step ?? ''} body={body} />
      {isOpen ? (
        <form
          ref={form}
          class="question"
          aria-label="Your answer"
          onSubmit={(event) => {
            event.preventDefault();
            void answer();
          }}
        >
          {fields.map((field) => {
            const props: FieldProps = {
              field,
              value: values.get(field.name) ?? '',
              onInput: (value) => setValues(new Map(values).set(field.name, value)),
              problem: field.name === wrong ? problemWords(problem) : undefined,
            };
            return field.kind === 'record' && field.record ? (
              <RecordField key={field.name} {...props} />
            ) : (
              <Field key={field.name} {...props} field={withSource(field)} />
            );
          })}
          {problem === undefined || wrong !== undefined ? null : <Trouble error={problem} />}
        </form>
      ) : null}
      {isOpen ? (
        <section class="decide" aria-label="Decide">
          {snoozing ? (
            <SnoozeForm
              events={snoozeEvents()}
              onSnooze={(wish) => void snooze(wish)}
              onCancel={() => setSnoozing(false)}
            />
          ) : (
            <>
              <div class="actions">
                <Action
                  label={fields.length === 0 ? 'Close this' : 'Answer'}
                  look="primary"
                  busy={busy}
                  off={off}
                  onAct={() => void answer()}
                />
                <Action label="Snooze" hotkey="s" off={off} onAct={() => setSnoozing(true)} />
              </div>
              <p class="do-nothing">{off ?? doNothing}</p>
            </>
          )}
        </section>
      ) : null}
    </>
  );
}

/** Says of a field that outside text filled it in: pressing a key does not make it yours. */
function withSource(field: FormField): FormField {
  const { integrity = 'own' } = field.from ?? {};
  if (integrity === 'own' || integrity === 'operator') return field;
  const told = 'Filled in from outside: it stays outside text unless you type something else.';
  return { ...field, help: [field.help, told].filter(Boolean).join(' ') };
}

/** What is known about the question: help first, then everything else by name. */
function Facts({
  title,
  step,
  body,
}: {
  readonly title: string;
  readonly step: string;
  readonly body: { readonly [name: string]: Json };
}) {
  const {
    help,
    recommendation,
    words,
    because,
    suggestions,
    facts,
    failure,
    tried,
    playbook: _,
    input: __,
    run: ___,
    ...rest
  } = body;
  const where = step.includes('/') ? { step } : {};
  const more = { ...(isJsonObject(facts) ? facts : {}), ...rest, ...where };
  const faults = isJsonObject(failure) ? faultsOf(failure.faults) : [];
  const message = isJsonObject(failure) ? failure.message : undefined;
  const shown = Object.entries(more).filter(
    ([, value]) => value !== null && formatValue(value) !== '–',
  );
  return (
    <>
      {typeof help === 'string' ? <p>{visible(help)}</p> : null}
      {typeof words === 'string' ? (
        <section class="plain-section">
          <h3>You asked</h3>
          <p class="exact">{visible(words)}</p>
        </section>
      ) : null}
      {listed(suggestions, 'What I know how to do')}
      {listed(because, 'Why you are asked')}
      {typeof message === 'string' && !title.includes(message) ? <p>{visible(message)}</p> : null}
      {typeof tried === 'number' && tried > 1 ? <p>Tried {tried} times.</p> : null}
      {faults.length > 1 ? listed(faults, 'Everything that is wrong') : null}
      {shown.length > 0 ? (
        <dl class="pairs">
          {shown.map(([name, value]) => (
            <div key={name}>
              <dt>{fieldWords(name)}</dt>
              <dd>{formatValue(value)}</dd>
            </div>
          ))}
        </dl>
      ) : null}
      {typeof recommendation === 'string' ? (
        <section class="plain-section quoted">
          <h3>Recommended</h3>
          <p>{visible(recommendation)}</p>
        </section>
      ) : null}
    </>
  );
}

/** Every fault of a plan that was made on the way, in a line each. */
function faultsOf(faults: Json | undefined): string[] {
  return (Array.isArray(faults) ? faults : [])
    .filter(isJsonObject)
    .map((one) => `${one.path}: expected ${one.expected}, found ${one.found}`);
}

function listed(value: Json | undefined, title: string) {
  const texts = Array.isArray(value) ? value.filter((one) => typeof one === 'string') : [];
  return texts.length === 0 ? null : (
    <section class="plain-section">
      <h3>{title}</h3>
      <ul class="bullets">
        {texts.map((text) => (
          <li key={text}>{visible(text)}</li>
        ))}
      </ul>
    </section>
  );
}

/** A record to choose, by its title. */
function RecordField(props: FieldProps) {
  const { data } = useResource<readonly RecordRow[]>(
    `/api/records/${encodeURIComponent(props.field.record ?? '')}`,
  );
  const choices = (data.value ?? []).map(({ id, title }) => ({ value: id, words: title }));
  return <Field {...props} choices={choices} />;
}

/** The field that a refusal is about: it names a place in it, such as `input[1].name`. */
function fieldOf(problem: unknown): string | undefined {
  const path = problem instanceof Problem ? problem.facts.path : undefined;
  return typeof path === 'string' ? path.split(/[.[]/)[0] : undefined;
}

function problemWords(problem: unknown): string {
  const { words, remedy } = sayProblem(problem);
  return `${words} ${remedy}`;
}

function fieldsOf(form: Json): readonly FormField[] {
  if (!isJsonObject(form) || !Array.isArray(form.fields)) return [];
  return form.fields as unknown as readonly FormField[]; // the kernel writes forms by this type
}

function startValues(fields: readonly FormField[]): ReadonlyMap<string, string> {
  return new Map(fields.map((field) => [field.name, startValue(field)]));
}

function startValue({ default: value, kind }: FormField): string {
  // The default of an amount is its currency: the server adds it.
  if (value === undefined || value === null || (kind === 'money' && typeof value === 'string'))
    return '';
  if (isMoney(value)) return typedMoney(value);
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
