import { type Id, isJsonObject, type JsonObject, LIMITS } from '../../base/index.ts';
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

/** bytes of the plan and input of a run that takes back: they are one event, with room to spare */
const UNDO_BYTES = LIMITS.eventDataBytes / 2;
/** characters of what is said to stay: it is told in one event, too */
const STAYS_CHARACTERS = LIMITS.eventDataBytes / 8;

/**
 * Asks the connectors what can be taken back by their receipts. What is too much for one run stays, the
 * earliest first, and is said with the way to take it back by itself.
 */
export async function findWaysBack(
  ports: KernelPorts,
  rows: readonly EffectRow[],
): Promise<WaysBack> {
  const committed = rows.filter((row) => row.status === 'committed').sort((a, b) => b.seq - a.seq);
  const undo: WayBack[] = [];
  const stays: string[] = [];
  let bytes = 0;
  for (const row of committed) {
    const { effect, inputLabels } = await readEffect(ports, row);
    const connector = ports.registry.connector(effect.connector);
    const asked = connector?.undo?.(effect, receiptOf(row));
    const way = asked && { row, ...asked, label: joinLabels(OWN, labelOfAll(inputLabels)) };
    const begun = way && (await openUndo(ports, row));
    if (way && begun === undefined) bytes += bytesOf(way);
    if (begun !== undefined) stays.push(`${effect.summary}: run ${begun} takes it back already.`);
    else if (!way) stays.push(staying(effect));
    else if (undo.length === 0 || bytes <= UNDO_BYTES) undo.push(way);
    else stays.push(`${effect.summary}: take it back by itself, steward undo ${row.hash}.`);
  }
  return { undo: undo.reverse(), stays: sayable(stays.reverse(), committed[0]?.run ?? '') };
}

/** All of it, or as much as one event holds and how many more there are. */
function sayable(stays: readonly string[], run: Id): readonly string[] {
  let characters = 0;
  const said = stays.filter((words) => {
    characters += words.length;
    return characters <= STAYS_CHARACTERS;
  });
  if (said.length === stays.length) return stays;
  return [...said, `And ${stays.length - said.length} more: steward run ${run} lists them all.`];
}

/** What one way back adds to the plan of the run that takes it. */
function partOf({ row, capability, input, label }: WayBack, index: number) {
  const id = `undo${index + 1}`;
  const fields = Object.keys(input).map((name) => [name, { $expr: `input.${id}.${name}` }]);
  const step = {
    ...{ id, title: `Take back: ${row.step}`, call: capability },
    with: Object.fromEntries(fields),
  };
  return { id, step, input, label, key: row.key };
}

function bytesOf(way: WayBack): number {
  return new TextEncoder().encode(JSON.stringify(partOf(way, 0))).length;
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
  const parts = undo.toReversed().map(partOf);
  const inputs = Object.fromEntries(parts.map(({ id, input }) => [id, input]));
  const at = Object.fromEntries(parts.map(({ id, label }) => [id, label]));
  const keys = Object.fromEntries(parts.map(({ id, key }) => [id, key]));
  const snapshot = await takeSnapshot(ports.log);
  await ports.runner.create(compensation, (turn) => {
    say(turn, 'intent.recorded', { words, queue: 'now', compensates: run }, { by, label: OWN });
    say(turn, 'plan.decided', {
      plan: { steps: parts.map(({ step }) => step) },
      title: words,
      input: { ...inputs, effects: keys },
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
