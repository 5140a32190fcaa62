import { type Id, isJsonObject, type Json, type JsonObject } from '../../base/index.ts';
import {
  type Device,
  failure,
  OPERATOR,
  type SignedDecision,
  toFailure,
} from '../../contract/index.ts';
import { acceptDecision, approvalAppends, approvalId } from '../effects/approve.ts';
import { riskOf, titleOfCard } from '../effects/card.ts';
import { readEffect } from '../effects/commit.ts';
import { isUndecided } from '../effects/lifecycle.ts';
import { withdrawal } from '../effects/withdraw.ts';
import { fact } from '../events.ts';
import { type EffectRow, effectsFold, type ItemRow } from '../folds.ts';
import type { KernelPorts } from '../ports.ts';
import type { RecordStore } from '../record-reads.ts';
import type { Runner } from '../run/runner.ts';
import { say, type Turn } from '../run/turn.ts';
import { suspendGrantsLike } from '../trust/suspend-grants.ts';
import type { FreshCards } from './fresh-cards.ts';
import type { ItemReads } from './item-reads.ts';
import { refuseEnded } from './refuse-ended.ts';

export type DecideItem = (
  id: Id,
  signed: SignedDecision,
  reason?: string,
) => Promise<{ readonly run: Id | null }>;

/** The operator's signature over a card: approves or rejects exactly the hashes that it names. */
export function createDecideItem(
  ports: KernelPorts & { readonly records: RecordStore; readonly runner: Runner },
  reads: ItemReads,
  cards: FreshCards,
): DecideItem {
  const { log, runner, records } = ports;
  const { openItem, rowsOf } = reads;
  const { freshen, staleCard } = cards;
  const effects = log.fold(effectsFold);

  async function decide(
    id: Id,
    signed: SignedDecision,
    reason?: string,
  ): Promise<{ readonly run: Id | null }> {
    const item = await openItem(id);
    if (item.kind !== 'approval' || item.run === null) {
      throw failure(
        'not_possible',
        'This is not waiting for a signature.',
        { kind: item.kind },
        'Answer it: steward answer',
      );
    }
    const { run } = item;
    const statement = signed.statement;
    const wanted = new Set(Array.isArray(statement?.effects) ? statement.effects : []);
    const before = await rowsOf(item);
    const changed = statement?.decision === 'approve' ? await freshen(item, false) : undefined;
    if (changed !== undefined) throw await staleCard(item, changed);
    try {
      await runner.within(run, async (turn) => {
        refuseEnded(turn, item);
        const rows = await rowsOf(item);
        const chosen = rows.filter((row) => wanted.has(row.hash));
        const { device } = await acceptDecision(ports, signed, rows);
        if (chosen.length === 0) throw failure('stale', 'What you signed is not on this card.', {});
        if (statement.decision === 'approve')
          await approve(turn, item, rows, chosen, signed, device);
        else await reject(turn, item, rows, chosen, signed, device, reason ?? '');
      });
    } catch (error) {
      const problem = toFailure(error);
      if (problem.code === 'version_conflict') {
        const now = await effects.getMany(before.map((row) => row.key));
        const decided = [...now.values()].some((row) => !isUndecided(row.status));
        if (decided)
          throw failure('already_decided', 'This was decided a moment ago.', { item: item.id });
        throw await staleCard(item, 'Something it relies on was changed a moment ago.');
      }
      if (problem.code === 'stale') throw await staleCard(item, problem.message);
      throw error;
    }
    return { run };
  }

  async function approve(
    turn: Turn,
    item: ItemRow,
    rows: readonly EffectRow[],
    chosen: readonly EffectRow[],
    signed: SignedDecision,
    device: Device,
  ): Promise<void> {
    const by = `operator:${device.id}`;
    const { appends } = await approvalAppends(ports, records, {
      approval: { id: approvalId(signed), signed, device, item: item.id },
      by,
      rows: chosen,
    });
    turn.batch.others.push(...appends);
    turn.batch.barrier = true;
    await closeOrShrink(turn, item, rows, chosen, 'approved', by);
    resume(turn, 'You approved it.');
  }

  async function reject(
    turn: Turn,
    item: ItemRow,
    rows: readonly EffectRow[],
    chosen: readonly EffectRow[],
    signed: SignedDecision,
    device: Device,
    reason: string,
  ): Promise<void> {
    const by = `operator:${device.id}`;
    const because = reason === '' ? 'You rejected it.' : `You rejected it: ${reason}`;
    const data: unknown = JSON.parse(JSON.stringify(signed));
    turn.batch.others.push({
      stream: `approval/${approvalId(signed)}`,
      expectedVersion: 0,
      events: [
        fact(
          'approval.recorded',
          {
            signed: isJsonObject(data as Json) ? (data as JsonObject) : {},
            assurance: device.assurance,
            item: item.id,
          },
          { by, label: OPERATOR, run: turn.run.id },
        ),
      ],
    });
    for (const row of chosen) {
      const { effect } = await readEffect(ports, row);
      turn.batch.others.push(
        {
          stream: `effect/${row.key}`,
          expectedVersion: await log.streamVersion(`effect/${row.key}`),
          events: [fact('effect.rejected', { reason }, { by, label: OPERATOR, run: turn.run.id })],
        },
        ...(await suspendGrantsLike(log, effect, 'You rejected an effect of this kind.')),
      );
      for (const { series, number } of effect.numbers) {
        turn.batch.others.push({
          stream: `series/${series}`,
          expectedVersion: await log.streamVersion(`series/${series}`),
          events: [fact('number.released', { number, key: effect.key }, { run: turn.run.id })],
        });
      }
      const step = turn.run.steps.get(row.step);
      if (step?.waiting) say(turn, 'wait.ended', { step: row.step, how: 'approval' });
      say(turn, 'step.denied', { step: row.step, because });
    }
    turn.batch.barrier = true;
    await closeOrShrink(turn, item, rows, chosen, 'rejected', by);
    resume(turn, because);
  }

  async function closeOrShrink(
    turn: Turn,
    item: ItemRow,
    rows: readonly EffectRow[],
    chosen: readonly EffectRow[],
    how: 'approved' | 'rejected',
    by: string,
  ): Promise<void> {
    const gone = how === 'rejected' ? rows.filter((row) => fallsWith(turn, row, chosen)) : [];
    for (const row of gone) {
      if (chosen.includes(row) || !isUndecided(row.status)) continue;
      const because = 'What it depends on was rejected.';
      turn.batch.others.push(...(await withdrawal(ports, row, because)));
    }
    const left = rows.filter(
      (row) => !chosen.includes(row) && !gone.includes(row) && isUndecided(row.status),
    );
    const event =
      left.length === 0
        ? fact('item.closed', { how, by }, { by, label: OPERATOR, run: turn.run.id })
        : fact(
            'item.changed',
            {
              effects: left.map((row) => row.key),
              title: titleOfCard(
                await Promise.all(left.map(async (row) => (await readEffect(ports, row)).effect)),
                item.title,
              ),
              risk: riskOf(
                await Promise.all(left.map(async (row) => (await readEffect(ports, row)).effect)),
              ),
            },
            { run: turn.run.id },
          );
    turn.batch.others.push({
      stream: `item/${item.id}`,
      expectedVersion: await log.streamVersion(`item/${item.id}`),
      events: [event],
    });
  }

  /** An effect whose step was skipped together with a rejected one. */
  function fallsWith(turn: Turn, row: EffectRow, chosen: readonly EffectRow[]): boolean {
    return !chosen.includes(row) && turn.run.steps.get(row.step)?.status === 'skipped';
  }

  function resume(turn: Turn, because: string): void {
    if (turn.run.status === 'waiting') say(turn, 'run.resumed', { because });
  }

  return decide;
}
