import { useState } from 'preact/hooks';
import { composeToken, TOKEN_BYTES } from '../../../src/contract/portable.ts';
import { call } from '../api/call.ts';
import { useResource } from '../api/resource.ts';
import type { FormField } from '../api/shapes.ts';
import { performAct } from '../device/perform-act.ts';
import { lookOnly } from '../device/session.ts';
import type { ActProposal } from '../device/use-signing.ts';
import { ActForm, type Wish } from '../parts/act-form.tsx';
import { Action } from '../parts/action.tsx';
import { Copied } from '../parts/copied.tsx';
import { formatMoment } from '../words/format.ts';
import { type Standing, StandingList } from './standing-list.tsx';

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
  return (
    <section class="plain-section" aria-labelledby="tokens">
      <h2 id="tokens">Workers and agents</h2>
      <StandingList
        from={tokens}
        empty="Nobody but you can ask for anything here."
        tell={standingOf}
      />
      <p class="muted">They can approve nothing, sign nothing and change nothing.</p>
      <NewToken onDone={() => void tokens.refresh()} />
    </section>
  );
}

function standingOf(row: TokenRow): Standing {
  const { id, name, holder, status, until, revoked } = row;
  return {
    id,
    name,
    tag: STATUS[status](holder),
    detail: `${reachOf(row)}; until ${formatMoment(until)}. ${revoked ?? ''}`.trim(),
    end:
      status === 'active'
        ? { revoke: { token: id }, after: `"${name}" reaches nothing any more.` }
        : undefined,
  };
}

/** The token is made in this browser and shown here once; the server gets to know its hash only. */
function NewToken({ onDone }: { readonly onDone: () => void }) {
  const [open, setOpen] = useState(false);
  const [made, setMade] = useState<string>();
  if (!open) {
    return (
      <>
        {made === undefined ? null : (
          <p class="banner" role="status">
            <span>
              The new token, shown this once: <Copied value={made} what="the token" />
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
      command={() => 'steward tokens create NAME --may CAPABILITY --read TYPE'}
      propose={async (wish) => {
        const { token, hash } = await composeToken(
          crypto.getRandomValues(new Uint8Array(TOKEN_BYTES)),
        );
        const request = requestOf(wish, hash);
        return { ...(await call<ActProposal>('POST', '/api/tokens/propose', request)), token };
      }}
      sign={async ({ kind, body, token }, by) => {
        await performAct(kind, body, by);
        setMade(token);
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
    ...(capabilities.length > 0 ? [`asks for ${capabilities.join(', ')}`] : []),
    ...(reads.length > 0 ? [`reads ${reads.join(', ')}`] : []),
    ...(run === undefined ? [] : ['one run only']),
  ].join('; ');
}
