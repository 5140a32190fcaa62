import { useState } from 'preact/hooks';
import { isJsonObject, type Json } from '../../../src/base/portable.ts';
import type { Assurance, Money } from '../../../src/contract/portable.ts';
import { call, sayProblem } from '../api/call.ts';
import { InlineForm } from '../card/forms.tsx';
import { signerFor, useStepUp, whyUnsigned } from '../device/passkeys.ts';
import { performAct } from '../device/perform-act.ts';
import { Action } from '../parts/action.tsx';
import { Field } from '../parts/field.tsx';
import { notify } from '../parts/notice.tsx';
import { PasskeyLine } from '../parts/passkey-line.tsx';
import { formatMoney } from '../words/format.ts';
import { visible } from '../words/visible.ts';

interface Figures {
  readonly asks: number;
  readonly verdicts: { readonly [verdict in Verdict]: number };
  /** minor units by verdict and currency */
  readonly money: { readonly [verdict in Verdict]: { readonly [currency: string]: number } };
}
type Verdict = 'allow' | 'ask' | 'deny';

interface BackTest {
  readonly deeds: number;
  readonly before: Figures;
  readonly after: Figures;
  readonly differs: readonly {
    readonly key: string;
    readonly summary: string | null;
    readonly amount: Money | null;
    readonly before: { readonly verdict: Verdict };
    readonly after: { readonly verdict: Verdict; readonly reasons: readonly string[] };
  }[];
}

/** Everything that is known of a policy before it is signed; the body is exactly what was tried. */
interface Trial {
  readonly changes: readonly { readonly sentence: string }[];
  readonly past: BackTest;
  readonly proposal: { readonly body: Json; readonly assurance: Assurance };
}

/** Another policy: what it changes in sentences, what it would have decided, then a signature. */
export function PolicyTrial({
  start,
  onDone,
}: {
  readonly start: Json;
  readonly onDone: () => void;
}) {
  const [text, setText] = useState(() => JSON.stringify(start, null, 2));
  const [because, setBecause] = useState('');
  const [trial, setTrial] = useState<Trial>();
  const [problem, setProblem] = useState<string>();
  const [busy, setBusy] = useState(false);
  const stepUp = useStepUp(trial?.proposal.assurance ?? 'unlocked');
  const weak = whyUnsigned(stepUp);

  const change = (set: (value: string) => void) => (value: string) => {
    setTrial(undefined);
    set(value);
  };
  async function during(work: () => Promise<void>): Promise<void> {
    if (busy) return;
    setBusy(true);
    setProblem(undefined);
    try {
      await work();
    } catch (error) {
      const { words, remedy } = sayProblem(error);
      setProblem(`${words} ${remedy}`);
    }
    setBusy(false);
  }
  const tryIt = (): Promise<void> =>
    during(async () => {
      const policy = parsed(text);
      if (policy === undefined) {
        setProblem('This is not JSON: look for a missing comma or quote.');
        return;
      }
      const [{ changes }, past, proposal] = await Promise.all([
        call<Pick<Trial, 'changes'>>('POST', '/api/policy/diff', { policy }),
        call<BackTest>('POST', '/api/policy/back-test', { policy }),
        call<Trial['proposal']>('POST', '/api/policy/propose', { policy, because }),
      ]);
      setTrial({ changes, past, proposal });
    });
  const sign = ({ proposal }: Trial): Promise<void> =>
    during(async () => {
      await performAct('policy', proposal.body, signerFor(stepUp));
      notify({ words: 'Signed. The new policy is in force.', tone: 'ok' });
      onDone();
    });

  return (
    <InlineForm
      title="Another policy"
      onSubmit={() => (trial ? weak === undefined && void sign(trial) : void tryIt())}
      onCancel={onDone}
    >
      <Field
        field={{ name: 'policy', kind: 'longtext', label: 'The policy', required: true }}
        value={text}
        onInput={change(setText)}
        problem={problem}
      />
      <Field
        field={{ name: 'because', kind: 'text', label: 'Why' }}
        value={because}
        onInput={change(setBecause)}
      />
      {trial ? <Tried trial={trial} /> : null}
      {trial && weak !== undefined ? (
        <p class="muted">
          {weak} Or set it where your key has a passphrase: <code>steward policy set FILE</code>
        </p>
      ) : null}
      {trial ? <PasskeyLine stepUp={stepUp} /> : null}
      <div class="form-actions">
        {trial ? (
          <Action
            label="Sign it"
            look="primary"
            busy={busy}
            off={weak}
            onAct={() => void sign(trial)}
          />
        ) : (
          <Action
            label="Try it on the past"
            look="primary"
            busy={busy}
            onAct={() => void tryIt()}
          />
        )}
        <Action label="Cancel" look="quiet" onAct={onDone} />
      </div>
    </InlineForm>
  );
}

function Tried({ trial: { changes, past } }: { readonly trial: Trial }) {
  return (
    <section class="plain-section" aria-label="What it would change" role="status">
      <ul class="lines">
        {changes.length === 0 ? <li>It means the same as the one in force.</li> : null}
        {changes.map(({ sentence }) => (
          <li key={sentence}>{visible(sentence)}</li>
        ))}
      </ul>
      <table class="steps">
        <caption>
          {past.deeds} effects were judged again; {past.differs.length} would have been decided
          otherwise.
        </caption>
        <thead>
          <tr>
            <th scope="col">Decided</th>
            <th scope="col">Now</th>
            <th scope="col">Then</th>
          </tr>
        </thead>
        <tbody>
          {(['allow', 'ask', 'deny'] as const).map((verdict) => (
            <tr key={verdict}>
              <th scope="row">{VERDICTS[verdict]}</th>
              <td class="number">{cell(past.before, verdict)}</td>
              <td class="number">{cell(past.after, verdict)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <ul class="lines">
        {past.differs.map(({ key, summary, amount, before, after }) => (
          <li key={key}>
            <span>
              {visible(summary ?? '')} {amount ? formatMoney(amount) : ''}
            </span>
            <span class="muted">
              {VERDICTS[before.verdict]}, then {VERDICTS[after.verdict]}:{' '}
              {after.reasons.map(visible).join(' ')}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

const VERDICTS: { readonly [verdict in Verdict]: string } = {
  allow: 'unasked',
  ask: 'asked',
  deny: 'refused',
};

function cell({ verdicts, money }: Figures, verdict: Verdict): string {
  const sums = Object.entries(money[verdict]).map(([currency, minor]) =>
    formatMoney({ minor, currency }),
  );
  return [verdicts[verdict], ...sums].join(', ');
}

function parsed(text: string): Json | undefined {
  try {
    const value: Json = JSON.parse(text);
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
