import { type Id, isJsonObject, type JsonObject } from '../../base/index.ts';
import {
  type Effect,
  failure,
  joinLabels,
  type Label,
  labelOfAll,
  OPERATOR,
  OWN,
  type Receipt,
} from '../../contract/index.ts';
import type { StreamAppend } from '../../log/index.ts';
import { readEffect } from '../effects/commit.ts';
import { fact } from '../events.ts';
import { type EffectRow, effectsFold, runsFold } from '../folds.ts';
import type { KernelPorts } from '../ports.ts';
import { takeSnapshot } from '../snapshot.ts';
import type { RunStatus } from './lifecycle.ts';
import type { RunState } from './run-state.ts';
import type { Runner } from './runner.ts';
import { say } from './turn.ts';

export interface TakeBackPorts extends KernelPorts {
  readonly runner: Runner;
}

/** A committed effect and what takes it back. */
export interface WayBack {
  readonly row: EffectRow;
  readonly capability: string;
  readonly input: JsonObject;
  /** what the effect was made from: what takes it back is worth no more */
  readonly label: Label;
}

/** What was done and can be taken back, and what stays, in the order in which it was done. */
export interface WaysBack {
  readonly undo: readonly WayBack[];
  readonly stays: readonly string[];
}

/** Asks the connectors what can be taken back by their receipts. */
export async function findWaysBack(
  ports: KernelPorts,
  rows: readonly EffectRow[],
): Promise<WaysBack> {
  const committed = rows.filter((row) => row.status === 'committed').sort((a, b) => a.seq - b.seq);
  const undo: WayBack[] = [];
  const stays: string[] = [];
  for (const row of committed) {
    const { effect, inputLabels } = await readEffect(ports, row);
    const connector = ports.registry.connector(effect.connector);
    const way = connector?.undo?.(effect, receiptOf(row));
    const begun = way && (await openUndo(ports, row));
    if (begun !== undefined) stays.push(`${effect.summary}: run ${begun} takes it back already.`);
    else if (way) undo.push({ row, ...way, label: joinLabels(OWN, labelOfAll(inputLabels)) });
    else stays.push(staying(effect));
  }
  return { undo, stays };
}

/**
 * A plan of its own, last effect first, so that every step back is shown, asked and recorded. The
 * inputs are worth what the effects were made from: taking a payment back to an account that a mail
 * named is still steered by that mail.
 */
export async function takeBack(
  ports: TakeBackPorts,
  run: Id,
  compensation: Id,
  { undo }: Pick<WaysBack, 'undo'>,
  { words = `Take back what run ${run} did`, by = 'kernel' }: { words?: string; by?: string } = {},
): Promise<void> {
  const ways = undo.toReversed().map((way, index) => ({ ...way, id: `undo${index + 1}` }));
  const steps = ways.map(({ id, row, capability, input }) => ({
    id,
    title: `Take back: ${row.step}`,
    call: capability,
    with: Object.fromEntries(
      Object.keys(input).map((name) => [name, { $expr: `input.${id}.${name}` }]),
    ),
  }));
  const inputs = Object.fromEntries(ways.map(({ id, input }) => [id, input]));
  const at = Object.fromEntries(ways.map(({ id, label }) => [id, label]));
  const snapshot = await takeSnapshot(ports.log);
  await ports.runner.create(compensation, (turn) => {
    say(turn, 'intent.recorded', { words, queue: 'now', compensates: run }, { by, label: OWN });
    say(turn, 'plan.decided', {
      plan: { steps },
      title: words,
      input: { ...inputs, effects: Object.fromEntries(ways.map(({ id, row }) => [id, row.key])) },
      inputLabels: { base: OWN, at },
      because: ['What was done shall be taken back.'],
      snapshot,
    });
  });
}

/**
 * Takes back one effect by its receipt, in a run of its own that asks like any other. Fails with
 * `not_found`, `already_decided`, `not_possible`.
 */
export async function undoEffect(
  ports: TakeBackPorts,
  hash: string,
  by: string,
): Promise<{ readonly run: Id }> {
  const found = await ports.log.fold(effectsFold).list({ index: 'hash', equals: hash, limit: 1 });
  const row = found[0]?.row;
  if (!row) {
    throw failure(
      'not_found',
      `There is no effect ${hash}.`,
      { hash },
      'steward run RUN lists the effects of a run with their hashes.',
    );
  }
  const { effect } = await readEffect(ports, row);
  if (row.status === 'undone') {
    throw failure('already_decided', 'This was taken back before.', { hash });
  }
  if (row.status !== 'committed') {
    throw failure(
      'not_possible',
      `This is ${row.status}; only what was done can be taken back.`,
      { hash, status: row.status },
      `To stop what has not gone out yet: steward cancel ${row.run}`,
    );
  }
  const open = await openUndo(ports, row);
  if (open !== undefined) return { run: open };
  const ways = await findWaysBack(ports, [row]);
  if (ways.undo.length === 0) {
    const message = `This cannot be taken back. ${effect.undo.how}`.trim();
    throw failure(
      'not_possible',
      message,
      { hash },
      'What corrects it is a new effect of its own.',
    );
  }
  const run = ports.newId();
  await takeBack(ports, row.run, run, ways, { words: `Take back: ${effect.summary}`, by });
  return { run };
}

/** Marks as undone what a step of this run took back; belongs into the append that says it did. */
export function undoneBy(run: RunState, path: string, by: EffectRow): readonly StreamAppend[] {
  const keys = run.takesBack ? run.input.value.effects : undefined;
  const key = isJsonObject(keys) ? keys[path] : undefined;
  if (typeof key !== 'string') return [];
  const events = [fact('effect.undone', { by: by.key }, { run: run.id, label: OPERATOR })];
  return [{ stream: `effect/${key}`, expectedVersion: 'any', events }];
}

/** in these a run that takes something back may still do so */
const MAY_TAKE_BACK: ReadonlySet<RunStatus> = new Set(['planned', 'running', 'waiting', 'parked']);

/** A run that takes this very effect back and is not over. */
async function openUndo({ log }: KernelPorts, { key, run }: EffectRow): Promise<Id | undefined> {
  for await (const { row } of log.fold(runsFold).every({ index: 'compensates', equals: run })) {
    if (!MAY_TAKE_BACK.has(row.status)) continue;
    const events = await log.readStream(`run/${row.id}`, { limit: 2 });
    const input = events.find(({ type }) => type === 'plan.decided')?.data.input;
    const effects = isJsonObject(input) ? input.effects : undefined;
    if (isJsonObject(effects) && Object.values(effects).includes(key)) return row.id;
  }
  return undefined;
}

function receiptOf({ receipt }: EffectRow): Receipt | undefined {
  // the fold keeps the receipt as the kernel wrote it
  return isJsonObject(receipt) ? (receipt as unknown as Receipt) : undefined;
}

function staying({ summary, undo }: Effect): string {
  return `${summary}: ${undo.how}`;
}
