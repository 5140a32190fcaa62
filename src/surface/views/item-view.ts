import { toTimestamp } from '../../base/index.ts';
import type { Assurance, EffectPreview, Money } from '../../contract/index.ts';
import {
  type CardEffect,
  destinationKey,
  destinationsFold,
  type ItemRow,
  policyName,
  policyNow,
  runsFold,
} from '../../kernel/index.ts';
import { isUnreadable, makeVisible, requiredAssurance } from '../../policy/index.ts';
import type { Services } from '../operations/operation.ts';
import { controlOf } from './session-view.ts';

/** A line of `steward inbox` (INTERFACES). */
export interface InboxRow {
  readonly id: string;
  readonly kind: ItemRow['kind'];
  readonly title: string;
  readonly run: string | null;
  readonly runTitle: string | null;
  readonly risk: ItemRow['risk'];
  readonly createdAt: string;
  readonly expiresAt: string | null;
  readonly status: ItemRow['status'];
  readonly snoozedUntil: string | null;
  /** type of the event that brings it back, with the record where only that one counts */
  readonly snoozedFor: string | null;
  readonly form: ItemRow['form'];
  readonly effects: readonly InboxEffect[];
}

export interface InboxEffect {
  readonly hash: string;
  readonly key: string;
  readonly step: string;
  readonly status: string;
  /** until when it can still be taken back; null when it is not held */
  readonly heldUntil: string | null;
  /** the task or question that has to be answered before it can go out */
  readonly waitsFor: string | null;
  readonly capability: string;
  readonly class: string;
  readonly summary: string;
  readonly to: readonly string[];
  readonly amount: Money | null;
  readonly preview: EffectPreview;
}

export async function inboxRow(services: Services, item: ItemRow): Promise<InboxRow> {
  const { kernel } = services;
  const effects = item.effects.length === 0 ? [] : await kernel.items.effectsOf(item);
  const run = item.run === null ? undefined : await runTitle(services, item.run);
  const { id, kind, title, risk, createdAt, expiresAt, status, form } = item;
  const { snoozedUntil, snoozedFor } = item;
  return {
    ...{ id, kind, title: makeVisible(title), run: item.run, runTitle: run ?? null, risk },
    ...{ createdAt, expiresAt, status, snoozedUntil, snoozedFor, form },
    effects: effects.map(inboxEffect),
  };
}

function inboxEffect({
  hash,
  status,
  heldUntil,
  waitsFor,
  effect,
  preview,
}: CardEffect): InboxEffect {
  const { key, step, capability, summary, to, amount } = effect;
  return {
    ...{ hash, key, step, status, heldUntil: held(heldUntil), capability, class: effect.class },
    waitsFor: waitsFor?.item ?? null,
    ...{ summary, to, amount, preview },
  };
}

function held(until: number | null): string | null {
  return until === null ? null : toTimestamp(until);
}

async function runTitle(services: Services, run: string): Promise<string | undefined> {
  const row = await services.log.fold(runsFold).get(run);
  return row?.title ?? row?.goal;
}

/** The full card: everything that a person, and the hash they sign, must cover. */
export async function cardView(services: Services, id: string) {
  const { kernel, log } = services;
  const { item, effects } = await kernel.items.open(id);
  const control = await controlOf(services);
  const policy = await policyNow(log);
  const row = item.run === null ? undefined : await log.fold(runsFold).get(item.run);
  return {
    item: {
      ...(await inboxRow(services, item)),
      ...{ step: item.step, body: item.body, end: item.end, because: item.because },
    },
    company: log.company,
    incarnation: control?.incarnation ?? 0,
    policy: policyName(policy),
    mode: control?.mode ?? 'off',
    effects: await Promise.all(
      effects.map((effect) =>
        cardEffect(
          services,
          effect,
          isUnreadable(policy) ? 'present' : requiredAssurance(policy, effect.effect.class),
        ),
      ),
    ),
    run: row
      ? {
          ...{ id: row.id, goal: row.goal, title: row.title },
          ...{ playbook: row.playbook, snapshot: row.snapshot },
        }
      : null,
    doNothing: doNothing(item),
  };
}

export type CardView = Awaited<ReturnType<typeof cardView>>;

async function cardEffect(services: Services, card: CardEffect, assurance: Assurance) {
  const { hash, status, effect, preview, reasons, inputLabels, provisional } = card;
  const addresses = effect.to.map(destinationKey);
  const known = await services.log.fold(destinationsFold).getMany(addresses);
  return {
    /** the least assurance of a device that may approve it */
    assurance,
    ...{
      hash,
      status,
      because: card.because,
      heldUntil: held(card.heldUntil),
      waitsFor: card.waitsFor,
      provisional,
      reasons,
      effect,
      preview,
      labels: inputLabels,
      snapshot: card.snapshot,
      receipt: card.receipt,
    },
    destinations: effect.to.map((address, index) => ({
      address,
      count: known.get(addresses[index] ?? address)?.count ?? 0,
    })),
    irreversible: !effect.undo.possible,
  };
}

function doNothing({ kind, status }: ItemRow): string {
  if (status === 'closed') return 'This was decided; nothing is left to do.';
  // an approval that grew old is prepared anew when it is opened, so nothing ever lapses into a no
  return kind === 'approval'
    ? 'If you do nothing: nothing happens; this waits until you decide.'
    : 'If you do nothing: the work stands still; this waits until you answer.';
}
