import { call, sayProblem } from '../api/call.ts';
import { useResource } from '../api/resource.ts';
import { signAct, toJson } from '../device/decide.ts';
import { lookOnly, signer } from '../device/session.ts';
import { Action } from '../parts/action.tsx';
import { notify } from '../parts/notice.tsx';
import { Empty, Loaded } from '../parts/states.tsx';
import { formatMoment } from '../words/format.ts';
import { visible } from '../words/visible.ts';

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
    const key = signer.value;
    if (!key) return;
    const body = { token: id, because: 'You ended it.' };
    try {
      const signed = toJson(await signAct(key, 'revoke', body));
      await call('POST', '/api/acts', { kind: 'revoke', body, signed });
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
      <p class="muted">
        They can approve nothing. A new one is made where your key has a passphrase:{' '}
        <code>steward tokens create --help</code>
      </p>
    </section>
  );
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
