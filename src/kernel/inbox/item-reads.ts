import type { Id, Json } from '../../base/index.ts';
import {
  type Effect,
  type EffectHash,
  type EffectPreview,
  failure,
  type Labels,
  type Snapshot,
} from '../../contract/index.ts';
import { readEffect } from '../effects/commit.ts';
import { isUndecided } from '../effects/lifecycle.ts';
import { hasLapsed } from '../effects/series.ts';
import { whyOver } from '../effects/why-over.ts';
import {
  type EffectRow,
  effectsFold,
  heldUntilOf,
  type ItemRow,
  itemsFold,
  seriesFold,
} from '../folds.ts';
import type { Playbooks } from '../playbooks.ts';
import type { KernelPorts } from '../ports.ts';
import { type AskedBefore, askedBefore } from './asked-before.ts';

/** One effect as a card shows it. */
export interface CardEffect {
  readonly hash: EffectHash;
  readonly status: EffectRow['status'];
  readonly effect: Effect;
  readonly preview: EffectPreview;
  readonly reasons: readonly string[];
  readonly inputLabels: Labels;
  /** what it was prepared on */
  readonly snapshot: Snapshot | null;
  /** true when its number is held for nobody any more and may still change */
  readonly provisional: boolean;
  readonly receipt: Json;
  /** why it is not going to happen as it was prepared; null while it is */
  readonly because: string | null;
  /** UTC ms until which it can be taken back; null when it is not held */
  readonly heldUntil: number | null;
  /** a step that it comes after became a task or a question */
  readonly waitsFor: AskedBefore | null;
}

export interface Card {
  readonly item: ItemRow;
  readonly effects: readonly CardEffect[];
}

/** Looks at what waits; changes nothing. */
export interface ItemReads {
  readonly get: (id: Id) => Promise<ItemRow>;
  /** Fails with `already_decided` for one that is closed. */
  readonly openItem: (id: Id) => Promise<ItemRow>;
  readonly rowsOf: (item: ItemRow) => Promise<readonly EffectRow[]>;
  readonly effectsOf: (item: ItemRow) => Promise<readonly CardEffect[]>;
  /** true when a number of it could be given to somebody else now */
  readonly numbersLapsed: (effect: Effect) => Promise<boolean>;
}

export interface ItemReadPorts extends KernelPorts {
  readonly playbooks: Pick<Playbooks, 'compiled' | 'compileInline'>;
}

export function createItemReads(ports: ItemReadPorts): ItemReads {
  const { log, clock, blobs, playbooks } = ports;
  const lookup = { compilePlaybook: playbooks.compiled, compileInline: playbooks.compileInline };
  const items = log.fold(itemsFold);
  const effects = log.fold(effectsFold);

  /** By its id, or by as much of its beginning as is unique among what is open. */
  async function get(id: Id): Promise<ItemRow> {
    const exact = await items.get(id);
    if (exact) return exact;
    const matches = id.length >= 4 ? await items.list({ equals: id, limit: 2 }) : [];
    const [only] = matches;
    if (only && matches.length === 1) return only.row;
    throw failure(
      'not_found',
      `Nothing in the inbox has the id ${id}.`,
      { item: id },
      'See what waits: steward inbox',
    );
  }

  async function openItem(id: Id): Promise<ItemRow> {
    const item = await get(id);
    if (item.status !== 'closed') return item;
    const because = item.because === null ? '' : ` ${item.because}`;
    throw failure('already_decided', `This was ${item.end ?? 'closed'} before.${because}`, {
      item: item.id,
      end: item.end ?? '',
    });
  }

  async function rowsOf(item: ItemRow): Promise<readonly EffectRow[]> {
    const rows = await effects.getMany(item.effects);
    return item.effects.map((key) => rows.get(key)).filter((row) => row !== undefined);
  }

  async function effectsOf(item: ItemRow): Promise<readonly CardEffect[]> {
    const rows = await rowsOf(item);
    const open = rows.filter(({ status }) => isUndecided(status)).map(({ step }) => step);
    const before = await askedBefore({ log, blobs, lookup }, item, open);
    return Promise.all(
      rows.map(async (row) => {
        const { effect, preview, reasons, inputLabels, snapshot } = await readEffect(ports, row);
        return {
          hash: row.hash,
          status: row.status,
          effect,
          preview,
          reasons,
          inputLabels,
          snapshot: snapshot ?? null,
          provisional: isUndecided(row.status) && (await numbersLapsed(effect)),
          receipt: row.receipt,
          because: await whyOver(ports, row),
          heldUntil: heldUntilOf(row),
          waitsFor: before.get(row.step) ?? null,
        };
      }),
    );
  }

  async function numbersLapsed(effect: Effect): Promise<boolean> {
    for (const { series } of effect.numbers) {
      if (hasLapsed(await log.fold(seriesFold).get(series), effect.key, clock.now())) return true;
    }
    return false;
  }

  return { get, openItem, rowsOf, effectsOf, numbersLapsed };
}
