import type { Json } from '../../../src/base/portable.ts';
import type { Money } from '../../../src/contract/portable.ts';
import { call } from '../api/call.ts';
import { performAct } from '../device/perform-act.ts';
import type { ActProposal } from '../device/use-signing.ts';
import { ActForm } from '../parts/act-form.tsx';
import { notify } from '../parts/notice.tsx';
import { formatMoney } from '../words/format.ts';
import { visible } from '../words/visible.ts';
import { typedObject } from './typed-object.ts';

interface Figures {
  readonly asks: number;
  readonly verdicts: { readonly [verdict in Verdict]: number };
  /** minor units by verdict and currency */
  readonly money: { readonly [verdict in Verdict]: { readonly [currency: string]: number } };
}
type Verdict = 'allow' | 'ask' | 'deny';

interface BackTest {
  readonly deeds: number;
  /** those before them, which were not judged */
  readonly earlier: number;
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

/** What is proposed, with what it would have decided so far. */
type Trial = ActProposal & { readonly past: BackTest };

/** Another policy: what it changes in sentences, what it would have decided, then a signature. */
export function PolicyTrial({
  start,
  onDone,
}: {
  readonly start: Json;
  readonly onDone: () => void;
}) {
  return (
    <ActForm<Trial>
      title="Another policy"
      fields={[
        { name: 'policy', kind: 'longtext', label: 'The policy', required: true },
        { name: 'because', kind: 'text', label: 'Why' },
      ]}
      initial={{ policy: JSON.stringify(start, null, 2) }}
      showLabel="Try it on the past"
      label="Sign it"
      command={() => 'steward policy set FILE'}
      propose={async ({ policy: text = '', because = '' }) => {
        const policy = typedObject(text);
        const [past, proposal] = await Promise.all([
          call<BackTest>('POST', '/api/policy/back-test', { policy }),
          call<ActProposal>('POST', '/api/policy/propose', { policy, because }),
        ]);
        return { ...proposal, past };
      }}
      sign={async ({ kind, body }, by) => {
        await performAct(kind, body, by);
        notify({ words: 'Signed. The new policy is in force.', tone: 'ok' });
        onDone();
      }}
      onCancel={onDone}
    >
      {({ past }) => <Tried past={past} />}
    </ActForm>
  );
}

function Tried({ past }: { readonly past: BackTest }) {
  return (
    <>
      <table class="steps trial">
        <caption>
          {past.deeds} effects were judged again; {past.differs.length} would have been decided
          otherwise.
          {past.earlier > 0
            ? ` Not judged: ${past.earlier} from before those. One trial takes the newest only.`
            : ''}
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
    </>
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
  return [verdicts[verdict], ...sums].join(' · ');
}
