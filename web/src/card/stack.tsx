import { useRef, useState } from 'preact/hooks';
import { isAssured } from '../../../src/contract/portable.ts';
import { call } from '../api/call.ts';
import { isBehind } from '../api/live.ts';
import { nowMs } from '../clock.ts';
import { lookOnly, session, signer } from '../device/session.ts';
import { useKeys } from '../keys/keys.ts';
import { Action } from '../parts/action.tsx';
import { notify, tellProblem } from '../parts/notice.tsx';
import { Loading, Trouble } from '../parts/states.tsx';
import { type SnoozeWish, snoozeEvents } from '../words/snooze-times.ts';
import { visible } from '../words/visible.ts';
import { CardBody } from './card-body.tsx';
import type { CheckedCard } from './check-card.ts';
import { SnoozeForm } from './forms.tsx';
import { sendDecision } from './send-decision.ts';
import { useCard } from './use-card.ts';
import { ChangesBanner } from './what-changed.tsx';

/** Several cards in full, one below the other, and one decision for all. Nothing is signed unseen. */
export function Stack({
  ids,
  onClear,
}: {
  readonly ids: readonly string[];
  readonly onClear: () => void;
}) {
  const cards = useRef(new Map<string, CheckedCard>());
  const [, drawn] = useState(0);
  const [busy, setBusy] = useState(false);
  const [snoozing, setSnoozing] = useState(false);
  const ready = ids.flatMap((id) => cards.current.get(id) ?? []);
  const approvals = ready.filter(
    ({ card }) => card.item.kind === 'approval' && card.item.status !== 'closed',
  );
  const off =
    lookOnly.value ??
    (isBehind.value ? 'The connection is lost: what you see may be old.' : undefined) ??
    (ready.length < ids.length ? 'They are still being read.' : undefined);
  const approveOff =
    off ??
    (approvals.length < ids.length ? 'Some of them need an answer, not a signature.' : undefined) ??
    (approvals.every(({ sound }) => sound)
      ? undefined
      : 'One of them is not what would be signed.') ??
    (approvals.some(needsMore) ? 'One of them takes a passkey: open it by itself.' : undefined);

  async function approveAll(): Promise<void> {
    const key = signer.value;
    if (!key || busy || approveOff !== undefined) return;
    setBusy(true);
    let done = 0;
    for (const checked of approvals) {
      const sent = await sendDecision(key, checked, {
        decision: 'approve',
        effects: checked.effects,
      });
      if (sent.status === 'done' || sent.status === 'arrived') done += 1;
    }
    setBusy(false);
    const rest = approvals.length - done;
    notify({
      words:
        rest === 0
          ? `All ${done} are approved.`
          : `${done} approved. ${rest} still wait: open them to see why.`,
      tone: rest === 0 ? 'ok' : 'stop',
    });
    if (rest === 0) onClear();
  }

  async function snoozeAll(wish: SnoozeWish): Promise<void> {
    setSnoozing(false);
    for (const id of ids) {
      try {
        await call('POST', `/api/items/${encodeURIComponent(id)}/snooze`, { ...wish });
      } catch (error) {
        tellProblem(error);
        return;
      }
    }
    onClear();
  }
  useKeys({
    a: () => (approveOff === undefined ? void approveAll() : notify({ words: approveOff })),
    s: () => setSnoozing(true),
  });

  return (
    <article class="card" aria-labelledby="card-title">
      <header class="card-head">
        <p class="kicker">
          <span>Selected with X</span>
        </p>
        <h2 id="card-title">{ids.length === 1 ? 'One selected' : `${ids.length} selected`}</h2>
      </header>
      {ids.map((id) => (
        <StackedCard
          key={id}
          id={id}
          onChecked={(checked) => {
            if (cards.current.get(id) === checked) return;
            cards.current.set(id, checked);
            drawn(nowMs());
          }}
        />
      ))}
      <section class="decide" aria-label="Decide">
        {snoozing ? (
          <SnoozeForm
            events={snoozeEvents()}
            onSnooze={(wish) => void snoozeAll(wish)}
            onCancel={() => setSnoozing(false)}
          />
        ) : (
          <>
            <div class="actions">
              <Action
                label={ids.length === 1 ? 'Approve' : `Approve all ${ids.length}`}
                hotkey="a"
                look="primary"
                busy={busy}
                off={approveOff}
                onAct={() => void approveAll()}
              />
              <Action
                label={ids.length === 1 ? 'Snooze' : 'Snooze all'}
                hotkey="s"
                off={off}
                onAct={() => setSnoozing(true)}
              />
              <Action label="Clear" look="quiet" onAct={onClear} />
            </div>
            <p class="do-nothing">
              {approveOff ?? 'Each is signed by itself, exactly as shown here.'}
            </p>
          </>
        )}
      </section>
    </article>
  );
}

function StackedCard({
  id,
  onChecked,
}: {
  readonly id: string;
  readonly onChecked: (checked: CheckedCard) => void;
}) {
  const { checked, changes, problem } = useCard(id);
  if (!checked) return problem === undefined ? <Loading /> : <Trouble error={problem} />;
  queueMicrotask(() => onChecked(checked));
  return (
    <section class="stacked">
      <h3>{visible(checked.card.item.title)}</h3>
      <ChangesBanner changes={changes} />
      <CardBody checked={checked} body={checked.card.item.body} />
    </section>
  );
}

/** More than the key of this browser. */
function needsMore({ effects }: CheckedCard): boolean {
  const own = session.value?.device?.assurance ?? 'unattended';
  return effects.some(({ card }) => !isAssured(own, card.assurance));
}
