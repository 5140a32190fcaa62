import { useEffect, useState } from 'preact/hooks';
import type { Json } from '../../../src/base/portable.ts';
import { type Assurance, strongerAssurance } from '../../../src/contract/portable.ts';
import { call } from '../api/call.ts';
import { connection, isBehind } from '../api/live.ts';
import type { Card } from '../api/shapes.ts';
import { type StepUp, signerFor, useStepUp } from '../device/passkeys.ts';
import { lookOnly, signer } from '../device/session.ts';
import { useSettled } from '../device/use-settled.ts';
import { useKeys } from '../keys/keys.ts';
import { Action } from '../parts/action.tsx';
import { later } from '../parts/later.tsx';
import { notify, tellProblem } from '../parts/notice.tsx';
import { PasskeyLine } from '../parts/passkey-line.tsx';
import { formatMoment } from '../words/format.ts';
import { type SnoozeWish, snoozeEvents } from '../words/snooze-times.ts';
import { endWords } from '../words/status.ts';
import { CardBody } from './card-body.tsx';
import type { CheckedCard, CheckedEffect } from './check-card.ts';
import { type EditableField, editableFields } from './editable.ts';
import { EditForm, RejectForm, SnoozeForm } from './forms.tsx';
import { neverGranted } from './grant-wish.ts';
import { HeldLine } from './held-line.tsx';
import { lookAgain, type Sent, sendDecision } from './send-decision.ts';
import { SentLine } from './sent-line.tsx';
import type { OpenCard } from './use-card.ts';
import { ChangesBanner, ProposalDiff } from './what-changed.tsx';

/** Asked for now and then, so it is loaded only then. */
const AlwaysForm = later(async () => (await import('./always-form.tsx')).AlwaysForm);

type Phase = 'looking' | 'editing' | 'rejecting' | 'snoozing' | 'delegating' | 'sending';

/** The card of something that waits for a signature, with everything that can be decided. */
export function ApprovalCard({
  open,
  checked,
}: {
  readonly open: OpenCard;
  readonly checked: CheckedCard;
}) {
  const { card, effects } = checked;
  const { item } = card;
  const [phase, setPhase] = useState<Phase>('looking');
  const [sent, setSent] = useState<Sent>();
  const [left, setLeft] = useState<ReadonlySet<string>>(new Set());
  const [proposal, setProposal] = useState<readonly EditableField[]>();
  useLookAgain(item.id, sent, setSent);
  const known = knownBy(sent, card);
  const settled = useSettled(open.changes.length > 0 ? open.shownAt : undefined);
  const undecided = effects.filter(({ card: { status } }) => UNDECIDED.has(status));
  const chosen = undecided.filter(({ hash }) => !left.has(hash));
  const fields = editableFields(checked);
  const isOpen = item.status !== 'closed' && undecided.length > 0;
  const stepUp = useStepUp(neededFor(chosen));
  const off = whyOff(checked, chosen, phase, settled, stepUp);

  async function decide(decision: 'approve' | 'reject', reason?: string): Promise<void> {
    // saying no takes nothing but the key of this browser
    const key = decision === 'approve' ? signerFor(stepUp) : signer.value;
    if (!key || off.decide !== undefined) return;
    setPhase('sending');
    setSent(undefined);
    const result = await sendDecision(key, checked, {
      decision,
      effects: chosen,
      ...(reason !== undefined && { reason }),
    }).catch((error: unknown): Sent => {
      tellProblem(error);
      return { status: 'unknown' };
    });
    setPhase('looking');
    setSent(result);
    await open.refresh();
  }

  async function edit(set: { readonly [path: string]: Json }): Promise<void> {
    const changed = await call<Card>('POST', `/api/items/${encodeURIComponent(item.id)}/edit`, {
      set,
    });
    setProposal(proposal ?? fields);
    setPhase('looking');
    open.show(changed, { expected: true });
  }

  async function snooze(wish: SnoozeWish): Promise<void> {
    try {
      await call('POST', `/api/items/${encodeURIComponent(item.id)}/snooze`, { ...wish });
      const when = 'until' in wish ? formatMoment(Date.parse(wish.until)) : 'when it happens';
      notify({ words: `It comes back ${when}. Nothing is done until then.` });
    } catch (error) {
      tellProblem(error);
    }
    setPhase('looking');
  }

  const start = (next: Phase, why: string | undefined) => () => {
    if (why === undefined) setPhase(next);
    else notify({ words: why });
  };
  useKeys(
    isOpen && phase === 'looking'
      ? {
          a: () => {
            if (off.approve === undefined) void decide('approve');
            else notify({ words: off.approve });
          },
          e: start('editing', off.edit),
          r: start('rejecting', off.decide),
          s: start('snoozing', off.snooze),
          w: start('delegating', off.always),
        }
      : {},
  );

  return (
    <>
      <ChangesBanner changes={open.changes} />
      {item.status === 'closed' && !known ? (
        <p class="banner">{endWords(item.end, item.because)}</p>
      ) : null}
      {known ? <SentLine sent={known} /> : null}
      <HeldLine effects={card.effects} run={item.run} />
      <CardBody
        checked={checked}
        choice={
          undecided.length > 1 && isOpen
            ? {
                isChosen: (hash) => !left.has(hash),
                choose: (hash, on) => setLeft(on ? without(left, hash) : new Set([...left, hash])),
              }
            : undefined
        }
        body={item.body}
      >
        {proposal ? <ProposalDiff before={proposal} after={fields} /> : null}
      </CardBody>
      {isOpen ? (
        <section class="decide" aria-label="Decide">
          {phase === 'editing' ? (
            <EditForm fields={fields} onSave={edit} onCancel={() => setPhase('looking')} />
          ) : null}
          {phase === 'rejecting' ? (
            <RejectForm
              onReject={(reason) => void decide('reject', reason)}
              onCancel={() => setPhase('looking')}
            />
          ) : null}
          {phase === 'snoozing' ? (
            <SnoozeForm
              events={snoozeEvents(streamsOf(effects))}
              onSnooze={(wish) => void snooze(wish)}
              onCancel={() => setPhase('looking')}
            />
          ) : null}
          {phase === 'delegating' ? (
            <AlwaysForm
              effects={undecided.map((effect) => effect.card)}
              playbook={card.run?.playbook ?? null}
              onDone={() => setPhase('looking')}
              onCancel={() => setPhase('looking')}
            />
          ) : null}
          {phase === 'looking' || phase === 'sending' ? (
            <>
              <div class="actions">
                <Action
                  label={[
                    'Approve',
                    ...(chosen.length < undecided.length
                      ? [`${chosen.length} of ${undecided.length}`]
                      : []),
                    ...(stepUp.status === 'passkey' ? ['with passkey'] : []),
                  ].join(' ')}
                  hotkey="a"
                  look="primary"
                  busy={phase === 'sending'}
                  off={off.approve}
                  onAct={() => void decide('approve')}
                />
                <Action label="Edit" hotkey="e" off={off.edit} onAct={() => setPhase('editing')} />
                <Action
                  label="Reject"
                  hotkey="r"
                  off={off.decide}
                  onAct={() => setPhase('rejecting')}
                />
                <Action
                  label="Snooze"
                  hotkey="s"
                  off={off.snooze}
                  onAct={() => setPhase('snoozing')}
                />
                <Action
                  label="Always…"
                  hotkey="w"
                  off={off.always}
                  onAct={() => setPhase('delegating')}
                />
              </div>
              <p class="do-nothing">
                {off.approve !== undefined && off.approve !== SENDING
                  ? off.approve
                  : card.doNothing}
              </p>
              {lookOnly.value === undefined ? <PasskeyLine stepUp={stepUp} /> : null}
            </>
          ) : null}
        </section>
      ) : null}
    </>
  );
}

const UNDECIDED: ReadonlySet<string> = new Set(['proposed', 'finalised', 'stale', 'expired']);
const SENDING = 'Your decision is on its way.';

interface Off {
  readonly approve: string | undefined;
  readonly decide: string | undefined;
  readonly edit: string | undefined;
  readonly snooze: string | undefined;
  readonly always: string | undefined;
}

/** The strongest that any of them takes. */
function neededFor(effects: readonly CheckedEffect[]): Assurance {
  return effects
    .map(({ card }) => card.assurance)
    .reduce<Assurance>(strongerAssurance, 'unattended');
}

/** The records that the effects were made from. */
function streamsOf(effects: readonly CheckedEffect[]): readonly string[] {
  return effects.flatMap(({ card }) =>
    card.effect.preconditions.flatMap((one) => (one.type === 'stream' ? [one.stream] : [])),
  );
}

/** Why a button is off, in the order in which it matters to the person. */
function whyOff(
  { card, sound }: CheckedCard,
  chosen: readonly CheckedEffect[],
  phase: Phase,
  settled: boolean,
  stepUp: StepUp,
): Off {
  const busy = phase === 'sending' ? SENDING : undefined;
  const away = isBehind.value ? 'The connection is lost: what you see may be old.' : undefined;
  const none = chosen.length === 0 ? 'Choose at least one of them.' : undefined;
  const decide = busy ?? lookOnly.value ?? away ?? none;
  const weak = stepUp.status === 'off' ? stepUp.words : undefined;
  const wrong = sound ? undefined : 'What you see is not what would be signed.';
  return {
    decide,
    approve: decide ?? wrong ?? weak ?? (settled ? undefined : 'It changed just now: look again.'),
    edit: busy ?? lookOnly.value ?? away,
    snooze: busy ?? lookOnly.value ?? away,
    always: busy ?? lookOnly.value ?? away ?? neverGrantedAll(card),
  };
}

/** Why nothing on the card can be granted; undefined as soon as one effect can. */
function neverGrantedAll({ effects }: Card): string | undefined {
  const reasons = effects.map(neverGranted);
  return reasons.includes(undefined) ? undefined : (reasons[0] ?? 'There is nothing to grant.');
}

/** A late decision shows in the card itself. */
function knownBy(sent: Sent | undefined, { item }: Card): Sent | undefined {
  const isGuess = sent?.status === 'unknown' || sent?.status === 'open';
  return isGuess && item.status === 'closed'
    ? { status: 'arrived', end: item.end ?? 'closed' }
    : sent;
}

/** ms between two looks at what became of a decision */
const LOOK_MS = 1_500;

/** As soon as the server can be asked again, it is asked what became of the decision. */
function useLookAgain(item: string, sent: Sent | undefined, found: (sent: Sent) => void): void {
  const { status } = connection.value;
  useEffect(() => {
    if (sent?.status !== 'unknown' || status !== 'live') return undefined;
    const timer = setTimeout(() => void lookAgain(item).then(found), LOOK_MS);
    return () => clearTimeout(timer);
  }, [sent, status, item]);
}

function without(set: ReadonlySet<string>, one: string): ReadonlySet<string> {
  return new Set([...set].filter((other) => other !== one));
}
