import { useState } from 'preact/hooks';
import { Link } from 'wouter-preact';
import type { JsonObject } from '../../../src/base/portable.ts';
import { call } from '../api/call.ts';
import { useResource } from '../api/resource.ts';
import { nowMs } from '../clock.ts';
import { lookOnly } from '../device/session.ts';
import { Action } from '../parts/action.tsx';
import { Copied } from '../parts/copied.tsx';
import { later } from '../parts/later.tsx';
import { notify, tellProblem } from '../parts/notice.tsx';
import { formatMoment } from '../words/format.ts';
import { visible } from '../words/visible.ts';
import { type Standing, StandingList } from './standing-list.tsx';

const AddHook = later(async () => (await import('./hook-forms.tsx')).AddHook);
const RotateHook = later(async () => (await import('./hook-forms.tsx')).RotateHook);
const ChangeHook = later(async () => (await import('./hook-forms.tsx')).ChangeHook);

export interface HookRow {
  readonly name: string;
  readonly address: string;
  readonly playbook: string | null;
  readonly input: JsonObject | null;
  readonly facts: readonly string[];
  readonly about: string | null;
  readonly oldUntil: string | null;
}

/** A secret that counts from now on, and where it is entered. */
export interface MadeHook {
  readonly address: string;
  /** where it was made here: it is shown once */
  readonly secret: string | undefined;
  /** until when the one before it counts */
  readonly oldUntil?: string;
}

type Open = { readonly to: 'add' } | { readonly to: 'rotate' | 'change'; readonly row: HookRow };

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
  const [open, setOpen] = useState<Open>();
  const [made, setMade] = useState<MadeHook>();
  const begin = (next: Open): void => {
    setMade(undefined);
    setOpen(next);
  };
  const close = (): void => {
    setOpen(undefined);
    void hooks.refresh();
  };
  const ends = {
    onDone: (done: MadeHook): void => {
      setMade(done);
      close();
    },
    onCancel: close,
  };
  return (
    <section class="plain-section" aria-labelledby="hooks">
      <h2 id="hooks">Webhooks</h2>
      <StandingList
        from={hooks}
        empty="Nobody outside can tell you anything here."
        tell={(row) => ({
          ...standingOf(row),
          more: [
            { label: 'New secret…', onAct: () => begin({ to: 'rotate', row }) },
            { label: 'Change…', onAct: () => begin({ to: 'change', row }) },
          ],
        })}
      />
      <FailedDeliveries />
      {made === undefined ? null : <Made made={made} />}
      {open === undefined ? (
        <div class="form-actions">
          <Action label="Add a webhook…" off={lookOnly.value} onAct={() => begin({ to: 'add' })} />
        </div>
      ) : open.to === 'add' ? (
        <AddHook {...ends} />
      ) : open.to === 'rotate' ? (
        <RotateHook key={`rotate ${open.row.name}`} row={open.row} {...ends} />
      ) : (
        <ChangeHook key={`change ${open.row.name}`} row={open.row} onClose={close} />
      )}
    </section>
  );
}

function Made({ made: { address, secret, oldUntil } }: { readonly made: MadeHook }) {
  return (
    <div class="banner" role="status">
      <div>
        <p>
          Enter at the sender the address <Copied value={address} what="the address" />
        </p>
        {secret === undefined ? null : (
          <p>
            and the secret, shown this once: <Copied value={secret} what="the secret" />
          </p>
        )}
        {oldUntil === undefined ? null : (
          <p>
            {Date.parse(oldUntil) > nowMs()
              ? `The old secret counts until ${formatMoment(oldUntil)}.`
              : 'The old secret counts no more.'}
          </p>
        )}
      </div>
    </div>
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

function doesOf({ playbook, facts, about, oldUntil }: HookRow): string {
  return [
    playbook === null ? 'Wakes what waits for it.' : `Starts ${playbook}.`,
    ...(facts.length > 0 ? [`Counts as your own: ${facts.join(', ')}.`] : []),
    ...(about === null ? [] : [`An older one about the same ${about} starts nothing.`]),
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
