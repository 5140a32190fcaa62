import type { Id } from '../../base/index.ts';
import { type ItemRow, itemsFold, urgency } from '../folds.ts';
import type { RecordStore } from '../record-reads.ts';
import { type AnswerItem, type AnswerPorts, createAnswerItem } from './answer-item.ts';
import { createDecideItem, type DecideItem } from './decide-item.ts';
import { createEditEffect, type EditEffect } from './edit-effect.ts';
import { createFreshCards } from './fresh-cards.ts';
import { type Card, type CardEffect, createItemReads } from './item-reads.ts';
import { createSnoozeItem, type SnoozeItem, type SnoozePorts } from './snooze.ts';

/** Everything that waits for the operator, and what can be done with it. */
export interface Items {
  /** The gravest first, then the oldest: one page, with `after` what stands behind that item. */
  readonly list: (options?: ListedItems) => Promise<readonly ItemRow[]>;
  /** How many wait altogether. */
  readonly count: (options?: Pick<ListedItems, 'snoozed'>) => Promise<number>;
  /** The full card. Effects that lapsed or went stale are finalised anew first. */
  readonly open: (id: Id) => Promise<Card>;
  readonly effectsOf: (item: ItemRow) => Promise<readonly CardEffect[]>;
  readonly decide: DecideItem;
  readonly edit: EditEffect;
  readonly answer: AnswerItem;
  readonly snooze: SnoozeItem;
}

export interface ListedItems {
  /** also what was put off */
  readonly snoozed?: boolean;
  /** an item, also one that is closed by now */
  readonly after?: Id;
  /** at most `LIMITS.pageRows`, which is also the default */
  readonly limit?: number;
}

export interface ItemPorts extends AnswerPorts, Pick<SnoozePorts, 'awaitEvent'> {
  readonly records: RecordStore;
}

export function createItems(ports: ItemPorts): Items {
  const { log } = ports;
  const items = log.fold(itemsFold);
  const reads = createItemReads(ports);
  const cards = createFreshCards(ports, reads);
  return {
    list: async ({ snoozed = false, after, limit } = {}) => {
      const last = after === undefined ? undefined : await reads.get(after);
      const rows = await items.list({
        index: snoozed ? 'open' : 'awake',
        ...(last ? { after: { value: urgency(last), key: last.id } } : {}),
        ...(limit === undefined ? {} : { limit }),
      });
      return rows.map(({ row }) => row);
    },
    count: ({ snoozed = false } = {}) => items.count({ index: snoozed ? 'open' : 'awake' }),
    open: cards.open,
    effectsOf: reads.effectsOf,
    decide: createDecideItem(ports, reads, cards),
    edit: createEditEffect(ports, reads, cards),
    answer: createAnswerItem(ports, reads),
    snooze: createSnoozeItem(ports, reads),
  };
}
