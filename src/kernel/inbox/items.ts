import type { Id } from '../../base/index.ts';
import { type ItemRow, itemsFold } from '../folds.ts';
import type { RecordStore } from '../record-reads.ts';
import { type AnswerItem, type AnswerPorts, createAnswerItem } from './answer-item.ts';
import { createDecideItem, type DecideItem } from './decide-item.ts';
import { createEditEffect, type EditEffect } from './edit-effect.ts';
import { createFreshCards } from './fresh-cards.ts';
import { type Card, type CardEffect, createItemReads } from './item-reads.ts';
import { createSnoozeItem, type SnoozeItem } from './snooze.ts';

/** Everything that waits for the operator, and what can be done with it. */
export interface Items {
  readonly list: (options?: { readonly snoozed?: boolean }) => Promise<readonly ItemRow[]>;
  /** The full card. Effects that lapsed or went stale are finalised anew first. */
  readonly open: (id: Id) => Promise<Card>;
  readonly effectsOf: (item: ItemRow) => Promise<readonly CardEffect[]>;
  readonly decide: DecideItem;
  readonly edit: EditEffect;
  readonly answer: AnswerItem;
  readonly snooze: SnoozeItem;
}

export interface ItemPorts extends AnswerPorts {
  readonly records: RecordStore;
}

export function createItems(ports: ItemPorts): Items {
  const { log } = ports;
  const items = log.fold(itemsFold);
  const reads = createItemReads(ports);
  const cards = createFreshCards(ports, reads);
  return {
    list: async ({ snoozed = false } = {}) => {
      const rows = await items.list({ index: 'open', limit: 1_000 });
      return rows
        .map(({ row }) => row)
        .filter((row) => snoozed || row.status === 'open')
        .sort((a, b) => RANK[b.risk] - RANK[a.risk] || (a.createdAt < b.createdAt ? -1 : 1));
    },
    open: cards.open,
    effectsOf: reads.effectsOf,
    decide: createDecideItem(ports, reads, cards),
    edit: createEditEffect(ports, reads, cards),
    answer: createAnswerItem(ports, reads),
    snooze: createSnoozeItem(ports, reads),
  };
}

const RANK = { high: 2, medium: 1, low: 0 } as const;
