import { useRef, useState } from 'preact/hooks';
import { call, Problem } from '../api/call.ts';
import type { FormField, Founded, Session } from '../api/shapes.ts';
import { browserName } from '../device/browser-name.ts';
import { loadKey, makeKey, nameKey } from '../device/key-store.ts';
import { Action } from '../parts/action.tsx';
import { type Choices, Field } from '../parts/field.tsx';
import { usePageTitle } from '../parts/panes.tsx';
import { Trouble } from '../parts/states.tsx';

/** The code of the link, taken out of the address before anything else can read or keep it. */
function takeCode(): string {
  const code = location.hash.slice(1);
  if (code !== '') history.replaceState(null, '', location.pathname);
  return code;
}

/** What `steward init` does, in the page: one form, then the recovery key, then the inbox. */
export function Onboarding({ countries }: { readonly countries: readonly string[] }) {
  const [code] = useState(takeCode);
  const [founded, setFounded] = useState<Founded>();
  usePageTitle('Your company');
  return (
    <main class="alone" id="main">
      {founded ? (
        <RecoveryKey founded={founded} />
      ) : code === '' ? (
        <NoCode />
      ) : (
        <CompanyForm code={code} countries={countries} onFounded={setFounded} />
      )}
    </main>
  );
}

function NoCode() {
  return (
    <>
      <h1>Steward</h1>
      <p>There is no company here yet.</p>
      <p>
        To create yours, open the link that Steward printed when it started. It works until your
        company is there.
      </p>
    </>
  );
}

function CompanyForm({
  code,
  countries,
  onFounded,
}: {
  readonly code: string;
  readonly countries: readonly string[];
  readonly onFounded: (founded: Founded) => void;
}) {
  const form = useRef<HTMLFormElement>(null);
  const [values, setValues] = useState(guessValues);
  const [problem, setProblem] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  const choices = useRef(choicesFor(countries)).current;
  const wrong = problem instanceof Problem ? problem.facts.path : undefined;
  const wrongField = FIELDS.find(({ name }) => name === wrong);

  async function create(): Promise<void> {
    if (busy || !form.current?.reportValidity()) return;
    setBusy(true);
    try {
      onFounded(await found(code, values));
      return;
    } catch (error) {
      setProblem(error);
      const path = error instanceof Problem ? error.facts.path : undefined;
      if (typeof path === 'string')
        form.current?.querySelector<HTMLElement>(`[name="${CSS.escape(path)}"]`)?.focus();
    }
    setBusy(false);
  }

  return (
    <>
      <h1>Your company</h1>
      <p>This is what your invoices say about you. You can change it later.</p>
      <form
        ref={form}
        class="fields"
        aria-label="Your company"
        onSubmit={(event) => {
          event.preventDefault();
          void create();
        }}
      >
        {FIELDS.map((field) => {
          const given = choices.get(field.name);
          return (
            <Field
              key={field.name}
              field={field}
              value={values.get(field.name) ?? ''}
              onInput={(value) => setValues(new Map(values).set(field.name, value))}
              problem={field === wrongField ? saidOf(problem, field) : undefined}
              {...(given && { choices: given })}
            />
          );
        })}
        {problem === undefined || wrongField ? null : <Trouble error={problem} />}
        <div class="form-actions">
          <Action
            label="Create my company"
            look="primary"
            busy={busy}
            onAct={() => void create()}
          />
        </div>
        {/* lets Enter send the form from any field */}
        <button type="submit" hidden />
      </form>
    </>
  );
}

/** Shown once. The browser is signed in by now; the inbox opens when the key is on paper. */
function RecoveryKey({ founded }: { readonly founded: Founded }) {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<unknown>();

  async function open(): Promise<void> {
    if (busy) return;
    setBusy(true);
    setProblem(undefined);
    try {
      await enter(founded);
    } catch (error) {
      setProblem(error);
      setBusy(false);
    }
  }

  return (
    <>
      <h1>Your recovery key</h1>
      <p>
        Write it on paper and keep it safe. With it you can make another device yours when this one
        is lost. It is shown this once and kept nowhere.
      </p>
      <code class="source copy">{founded.recoveryKey}</code>
      <p class="muted">Your company lives in {founded.home}.</p>
      {problem === undefined ? null : <Trouble error={problem} />}
      <div class="form-actions">
        <Action
          label="I have written it down"
          look="primary"
          busy={busy}
          onAct={() => void open()}
        />
      </div>
    </>
  );
}

async function found(code: string, values: ReadonlyMap<string, string>): Promise<Founded> {
  // a browser that keeps nothing founds too; it can look, and no more
  const key = (await loadKey()) ?? (await makeKey().catch(() => undefined));
  const founded = await call<Founded>('POST', '/api/onboarding', {
    code,
    company: Object.fromEntries([...values].filter(([, value]) => value.trim() !== '')),
    ...(key && {
      device: {
        ...{ name: browserName(navigator.userAgent), kind: 'browser' },
        publicKey: key.publicKey,
      },
    }),
  });
  if (key && founded.company !== null && founded.device !== null) {
    // the recovery key must be shown even when this browser forgets its own
    await nameKey(key, founded.company, founded.device).catch(() => undefined);
  }
  return founded;
}

/** ms between looks, and how many: the server changes from the form to the company */
const RETRY_MS = 500;
const TRIES = 20;

/** Starts the page anew as soon as the company is served. */
async function enter(founded: Founded): Promise<void> {
  for (let left = TRIES; ; left -= 1) {
    try {
      const now = await call<Session>('GET', '/api/session');
      if (!now.onboarding) {
        // a session that was lost is opened again by the link that came with the answer
        location.replace(now.signedIn || founded.signIn === null ? '/' : founded.signIn);
        return;
      }
    } catch (error) {
      if (left <= 1) throw error;
    }
    if (left <= 1) throw new Error('Steward takes longer than usual to open your company.');
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  }
}

/** The server's words, with the field called as it is called here. */
function saidOf(problem: unknown, { name, label = name }: FormField): string | undefined {
  if (!(problem instanceof Problem)) return undefined;
  const { message } = problem;
  if (message.startsWith(`"${name}"`)) return label + message.slice(name.length + 2);
  return message.startsWith(name) ? label + message.slice(name.length) : message;
}

const FIELDS: readonly FormField[] = [
  { name: 'name', kind: 'text', label: 'Company name', required: true },
  { name: 'owner', kind: 'text', label: 'Your name', required: true },
  { name: 'street', kind: 'text', label: 'Street and number', required: true },
  { name: 'postalCode', kind: 'text', label: 'Postal code', required: true },
  { name: 'city', kind: 'text', label: 'City', required: true },
  { name: 'country', kind: 'choice', label: 'Country', required: true },
  { name: 'email', kind: 'email', label: 'E-mail', required: true },
  { name: 'currency', kind: 'choice', label: 'Currency', required: true },
  { name: 'zone', kind: 'choice', label: 'Time zone', required: true },
  { name: 'language', kind: 'choice', label: 'Language of your invoices', required: true },
  {
    ...{ name: 'vatId', kind: 'text', label: 'VAT id' },
    help: 'Such as DE136695976. An invoice needs this or the tax number.',
  },
  { name: 'taxId', kind: 'text', label: 'Tax number' },
  {
    ...{ name: 'smallBusiness', kind: 'boolean', label: 'Small business', required: true },
    help: 'Yes when you charge no VAT under the rule for small businesses.',
  },
  { name: 'iban', kind: 'text', label: 'IBAN', help: 'Where your customers pay.' },
  { name: 'bic', kind: 'text', label: 'BIC' },
  {
    ...{ name: 'invoiceSeries', kind: 'text', label: 'Invoice numbers', required: true },
    help: 'The pattern {year}-{number:4} makes 2026-0001, then 2026-0002.',
  },
];

/** What the browser knows about where and in which language it is used. */
function guessValues(): ReadonlyMap<string, string> {
  const here = new Intl.Locale(navigator.language);
  return new Map([
    ['country', here.region ?? ''],
    ['currency', 'EUR'],
    ['zone', Intl.DateTimeFormat().resolvedOptions().timeZone],
    ['language', here.language === 'de' ? 'de' : 'en'],
    ['smallBusiness', 'no'],
    ['invoiceSeries', '{year}-{number:4}'],
  ]);
}

function choicesFor(countries: readonly string[]): ReadonlyMap<string, Choices> {
  const zones = Intl.supportedValuesOf('timeZone');
  const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
  return new Map([
    ['country', named(countries, 'region')],
    ['currency', named(Intl.supportedValuesOf('currency'), 'currency')],
    // the browser's own zone may be one, such as UTC, that its list leaves out
    ['zone', [...new Set([here, ...zones])].map((zone) => ({ value: zone, words: zone }))],
    ['language', named(['de', 'en'], 'language')],
  ]);
}

function named(codes: readonly string[], type: Intl.DisplayNamesOptions['type']): Choices {
  const names = new Intl.DisplayNames('en', { type });
  return codes
    .map((code) => ({ value: code, words: names.of(code) ?? code }))
    .sort((a, b) => a.words.localeCompare(b.words, 'en'));
}
