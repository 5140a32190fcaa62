import { useState } from 'preact/hooks';
import { Link } from 'wouter-preact';
import { call } from '../api/call.ts';
import { useResource } from '../api/resource.ts';
import { lookOnly } from '../device/session.ts';
import { Action } from '../parts/action.tsx';
import { later } from '../parts/later.tsx';
import { notify, tellProblem } from '../parts/notice.tsx';
import { formatMoment } from '../words/format.ts';
import { visible } from '../words/visible.ts';
import type { MadeHook } from './hook-form.tsx';
import { type Standing, StandingList } from './standing-list.tsx';

const HookForm = later(async () => (await import('./hook-form.tsx')).HookForm);

interface HookRow {
  readonly name: string;
  readonly address: string;
  readonly playbook: string | null;
  readonly facts: readonly string[];
  readonly oldUntil: string | null;
}

interface DeliveryRow {
  readonly key: string;
  readonly id: string;
  readonly receivedAt: string;
  readonly run: string | null;
  readonly because: string | null;
}

/** deliveries that failed and are shown; the command line shows all */
const FAILED_SHOWN = 20;

/** Where others may tell you something, what that starts, and what of it failed. */
export function HooksSection() {
  const hooks = useResource<readonly HookRow[]>('/api/hooks', ({ type }) =>
    /^hook\.(added|changed|rotated|ended)$/.test(type),
  );
  const [open, setOpen] = useState(false);
  const [made, setMade] = useState<MadeHook>();
  return (
    <section class="plain-section" aria-labelledby="hooks">
      <h2 id="hooks">Webhooks</h2>
      <StandingList
        from={hooks}
        empty="Nobody outside can tell you anything here."
        tell={standingOf}
      />
      <FailedDeliveries />
      {made === undefined ? null : (
        <p class="banner" role="status">
          <span>
            Enter there the address <code class="copy">{visible(made.address)}</code>
            {made.secret === undefined ? null : (
              <>
                {' '}
                and the secret, shown this once: <code class="copy">{made.secret}</code>
              </>
            )}
          </span>
        </p>
      )}
      {open ? (
        <HookForm
          onDone={(done) => {
            setMade(done);
            setOpen(false);
            void hooks.refresh();
          }}
          onCancel={() => setOpen(false)}
        />
      ) : (
        <div class="form-actions">
          <Action label="Add a webhook…" off={lookOnly.value} onAct={() => setOpen(true)} />
        </div>
      )}
    </section>
  );
}

function standingOf(row: HookRow): Standing {
  const { name, address } = row;
  const after = `Nothing is taken at "${name}" any more.`;
  return {
    id: name,
    name,
    copy: address,
    detail: doesOf(row),
    end: { revoke: { hook: name }, after },
  };
}

function doesOf({ playbook, facts, oldUntil }: HookRow): string {
  return [
    playbook === null ? 'Wakes what waits for it.' : `Starts ${playbook}.`,
    ...(facts.length > 0 ? [`Counts as your own: ${facts.join(', ')}.`] : []),
    ...(oldUntil === null ? [] : [`The old secret counts until ${formatMoment(oldUntil)}.`]),
  ].join(' ');
}

/** What came in and came to no good end, each with its reason and another try. */
function FailedDeliveries() {
  const failed = useResource<readonly DeliveryRow[]>(
    `/api/deliveries?failed=true&limit=${FAILED_SHOWN}`,
    ({ type }) => /^hook\.(started|failed)$|^run\.finished$/.test(type),
  );
  const rows = failed.data.value ?? [];
  async function again({ key }: DeliveryRow): Promise<void> {
    try {
      await call('POST', '/api/deliveries/again', { id: key });
      notify({ words: 'It is handled again. What was done is not done twice.' });
    } catch (error) {
      tellProblem(error);
    }
    await failed.refresh();
  }
  if (rows.length === 0) return null;
  return (
    <>
      <h3>Not handled yet</h3>
      <ul class="lines">
        {rows.map((row) => (
          <li key={row.key}>
            <span>
              {visible(row.id)} <span class="tag">failed</span>
            </span>
            <span class="muted">
              {formatMoment(row.receivedAt)}. {visible(row.because ?? '')}{' '}
              {row.run === null ? null : <Link href={`/runs/${row.run}`}>Its run</Link>}
            </span>
            <Action
              label="Handle it again"
              about={row.id}
              look="quiet"
              off={lookOnly.value}
              onAct={() => void again(row)}
            />
          </li>
        ))}
      </ul>
    </>
  );
}
