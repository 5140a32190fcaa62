import type { Id } from '../../base/index.ts';
import { type Failure, failure } from '../../contract/index.ts';
import { staleReason } from '../effects/approve.ts';
import { readEffect } from '../effects/commit.ts';
import { isUndecided } from '../effects/lifecycle.ts';
import { fact } from '../events.ts';
import type { ItemRow } from '../folds.ts';
import type { KernelPorts } from '../ports.ts';
import type { Runner } from '../run/runner.ts';
import type { Card, ItemReads } from './item-reads.ts';
import { itemsOfRun } from './items-of-run.ts';

/** Keeps cards true: what they show is what would happen. */
export interface FreshCards {
  /** The full card. Effects that lapsed or went stale are finalised anew first. */
  readonly open: (id: Id) => Promise<Card>;
  readonly freshen: (item: ItemRow, lapsed: boolean) => Promise<string | undefined>;
  /** The refusal for a signature over an old card; it carries the new one. */
  readonly staleCard: (item: ItemRow, because: string) => Promise<Failure>;
}

export function createFreshCards(
  ports: KernelPorts & { readonly runner: Runner },
  reads: ItemReads,
): FreshCards {
  const { log, runner } = ports;
  const { get, rowsOf, effectsOf, numbersLapsed } = reads;

  async function open(id: Id): Promise<Card> {
    const item = await get(id);
    if (item.kind === 'approval' && item.status !== 'closed' && item.run !== null)
      await freshen(item, true);
    const now = await get(item.id);
    return { item: now, effects: await effectsOf(now) };
  }

  /**
   * Finalises anew what is no longer what would happen. `lapsed` also renews reservations, as opening
   * a card does; a signature alone does not, as long as nobody else took the number.
   */
  async function freshen(item: ItemRow, lapsed: boolean): Promise<string | undefined> {
    const { run } = item;
    if (run === null) return undefined;
    let because: string | undefined;
    for (const row of await rowsOf(item)) {
      if (!isUndecided(row.status)) continue;
      const { effect } = await readEffect(ports, row);
      const reason =
        (await staleReason(ports, row, effect)) ??
        (lapsed && (await numbersLapsed(effect))
          ? 'Its number was only kept for ten minutes.'
          : undefined);
      if (reason) because ??= reason;
    }
    if (because === undefined) return undefined;
    const reason = because;
    await runner.within(run, async (turn) => {
      for (const row of await rowsOf(item)) {
        if (row.status !== 'finalised') continue;
        turn.batch.others.push({
          stream: `effect/${row.key}`,
          expectedVersion: await log.streamVersion(`effect/${row.key}`),
          events: [fact('effect.stale', { because: reason }, { run })],
        });
      }
    });
    await runner.atRest(run);
    return because;
  }

  /**
   * The refusal carries the card as it is now, so nobody has to ask for it; or, where there is none any
   * more, why not and what asks instead.
   */
  async function staleCard(item: ItemRow, because: string) {
    const card = await open(item.id);
    if (card.item.end === 'stale') {
      const why = card.effects.map((effect) => effect.because ?? '').join(' ');
      const task = (await itemsOfRun(ports, item.run ?? '')).find(
        ({ kind, step }) => kind === 'task' && step === item.step,
      );
      return failure(
        'stale',
        `${because} Nothing was done. ${why}`.trim(),
        { item: item.id, effects: [], ...(task ? { task: task.id } : {}) },
        task ? `Say what should happen: steward show ${task.id}` : 'See: steward inbox',
      );
    }
    return failure('stale', `${because} Nothing was done. This is how it looks now.`, {
      item: item.id,
      effects: card.effects.map(({ hash, effect }) => ({ hash, summary: effect.summary })),
    });
  }

  return { open, freshen, staleCard };
}
