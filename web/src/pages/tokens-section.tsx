import { useRef, useState } from 'preact/hooks';
import { composeToken, TOKEN_BYTES } from '../../../src/contract/portable.ts';
import { call, sayProblem } from '../api/call.ts';
import { useResource } from '../api/resource.ts';
import type { FormField } from '../api/shapes.ts';
import { performAct } from '../device/perform-act.ts';
import { lookOnly } from '../device/session.ts';
import { Action } from '../parts/action.tsx';
import { notify } from '../parts/notice.tsx';
import { Empty, Loaded } from '../parts/states.tsx';
import { formatMoment } from '../words/format.ts';
import { visible } from '../words/visible.ts';
import { ActForm, type ActProposal, type Wish } from './act-form.tsx';

interface TokenRow {
  readonly id: string;
  readonly name: string;
  readonly holder: 'worker' | 'agent';
  readonly status: 'active' | 'expired' | 'revoked';
  readonly scope: {
    readonly capabilities: readonly string[];
    readonly reads: readonly string[];
    readonly run?: string;
  };
  readonly until: string;
  readonly revoked: string | null;
}

/** Who may read and ask without being you, how far each of them reaches, and an end to it. */
export function TokensSection() {
  const tokens = useResource<readonly TokenRow[]>('/api/tokens', ({ type }) =>
    type.startsWith('token.'),
  );
  async function end({ id, name }: TokenRow): Promise<void> {
    try {
      await performAct('revoke', { token: id, because: 'You ended it.' });
      notify({ words: `"${visible(name)}" reaches nothing any more.` });
    } catch (error) {
      const { words, remedy } = sayProblem(error);
      notify({ words: `${words} ${remedy}`, tone: 'stop' });
    }
    await tokens.refresh();
  }
  return (
    <section class="plain-section" aria-labelledby="tokens">
      <h2 id="tokens">Workers and agents</h2>
      <Loaded from={tokens}>
        {(rows) =>
          rows.length === 0 ? (
            <Empty words="Nobody but you can ask for anything here." />
          ) : (
            <ul class="lines">
              {rows.map((row) => (
                <li key={row.id}>
                  <span>
                    {visible(row.name)} <span class="tag">{STATUS[row.status](row.holder)}</span>
                  </span>
                  <span class="muted">
                    {reachOf(row)}; until {formatMoment(row.until)}.
                    {row.revoked === null ? '' : ` ${visible(row.revoked)}`}
                  </span>
                  {row.status === 'active' ? (
                    <Action
                      label="End it"
                      look="quiet"
                      off={lookOnly.value}
                      onAct={() => void end(row)}
                    />
                  ) : null}
                </li>
              ))}
            </ul>
          )
        }
      </Loaded>
      <p class="muted">They can approve nothing, sign nothing and change nothing.</p>
      <NewToken onDone={() => void tokens.refresh()} />
    </section>
  );
}

/** The token is made in this browser and shown here once; the server gets to know its hash only. */
function NewToken({ onDone }: { readonly onDone: () => void }) {
  const [open, setOpen] = useState(false);
  const [made, setMade] = useState<string>();
  const token = useRef('');
  if (!open) {
    return (
      <>
        {made === undefined ? null : (
          <p class="banner" role="status">
            <span>
              The new token, shown this once: <code class="copy">{made}</code>
            </span>
          </p>
        )}
        <div class="form-actions">
          <Action label="Make a token…" off={lookOnly.value} onAct={() => setOpen(true)} />
        </div>
      </>
    );
  }
  return (
    <ActForm
      title="A token for a worker or an agent"
      fields={NEW_FIELDS}
      initial={{ holder: 'agent', days: '7' }}
      label="Sign and show the token"
      command="steward tokens create NAME --may CAPABILITY --read TYPE"
      propose={async (wish) => {
        const next = await composeToken(crypto.getRandomValues(new Uint8Array(TOKEN_BYTES)));
        token.current = next.token;
        return call<ActProposal>('POST', '/api/tokens/propose', requestOf(wish, next.hash));
      }}
      sign={async ({ kind, body }, by) => {
        await performAct(kind, body, by);
        setMade(token.current);
        setOpen(false);
        onDone();
      }}
      onCancel={() => setOpen(false)}
    />
  );
}

const NEW_FIELDS: readonly FormField[] = [
  { name: 'name', kind: 'text', label: 'Who will hold it', required: true },
  {
    name: 'holder',
    kind: 'choice',
    label: 'What it is',
    choices: ['agent', 'worker'],
    required: true,
  },
  {
    ...{ name: 'capabilities', kind: 'longtext', label: 'What it may ask for' },
    help: 'One on each line: invoice.draft@1, or invoice.* for all of a kind.',
  },
  {
    ...{ name: 'reads', kind: 'longtext', label: 'What it may read' },
    help: 'One on each line: project, or party.email for a field that is personal.',
  },
  { name: 'days', kind: 'integer', label: 'For how many days', min: 1, max: 30, required: true },
];

function requestOf({ name = '', holder = 'agent', days = '7', ...lists }: Wish, hash: string) {
  return {
    ...{ name, holder, days: Number(days), hash },
    capabilities: linesOf(lists.capabilities),
    reads: linesOf(lists.reads),
  };
}

function linesOf(text = ''): readonly string[] {
  return text.split(/[\s,]+/).filter((line) => line !== '');
}

const STATUS: {
  readonly [status in TokenRow['status']]: (holder: TokenRow['holder']) => string;
} = {
  active: (holder) => holder,
  expired: () => 'over',
  revoked: () => 'ended',
};

function reachOf({ scope: { capabilities, reads, run } }: TokenRow): string {
  return [
    ...(capabilities.length > 0 ? [`asks for ${capabilities.map(visible).join(', ')}`] : []),
    ...(reads.length > 0 ? [`reads ${reads.map(visible).join(', ')}`] : []),
    ...(run === undefined ? [] : ['one run only']),
  ].join('; ');
}
