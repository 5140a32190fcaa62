import type { Id } from '../../base/index.ts';
import { isOutside, type NewEvent } from '../../contract/index.ts';
import { riskOf, titleOfCard } from '../effects/card.ts';
import { readEffect } from '../effects/commit.ts';
import { effectsOfRun } from '../effects/effects-of-run.ts';
import { isLapsed } from '../effects/lifecycle.ts';
import { isWithdrawable, withdrawal } from '../effects/withdraw.ts';
import { fact, type ItemEnd } from '../events.ts';
import { type EffectRow, effectsFold, type ItemRow, itemsFold } from '../folds.ts';
import { itemsOfRun } from '../inbox/items-of-run.ts';
import type { KernelPorts } from '../ports.ts';
import { compiledStep, stepOf } from './run-places.ts';
import { say, type Turn } from './turn.ts';

const RUN_OVER = 'The run that wanted it is over.';

/** Ends of a step that may leave an effect of it open. */
const STEP_ENDS: ReadonlySet<string> = new Set([
  'step.completed',
  'step.skipped',
  'step.denied',
  'step.failed',
]);

/** Whether this turn ends the run, or a step with an effect. */
export function mayLeaveOpen(ports: KernelPorts, turn: Turn): boolean {
  return turn.batch.events.some(
    ({ type, data }) =>
      type === 'run.finished' || (STEP_ENDS.has(type) && isEffect(ports, turn, String(data.step))),
  );
}

/**
 * What ends leaves nothing open: a run no timer, no card that could still be signed, no number that
 * nobody will use; a step no effect that could still go out. Part of the very append that ends it.
 */
export async function tidyEnded(ports: KernelPorts, turn: Turn): Promise<void> {
  const { run, batch } = turn;
  const ends = batch.events.some(({ type }) => type === 'run.finished');
  if (ends && (run.status === 'failed' || run.status === 'cancelled')) await tidyRun(ports, turn);
  else await tidySteps(ports, turn);
}

async function tidyRun(ports: KernelPorts, turn: Turn): Promise<void> {
  const { run, batch } = turn;
  for (const step of [...run.waitingSteps]) say(turn, 'wait.ended', { step, how: 'cancel' });
  const touched = touchedBy(turn);
  for (const row of await openEffects(ports, turn)) {
    batch.others.push(...(await withdrawal(ports, row, RUN_OVER)));
  }
  for (const row of await itemsOfRun(ports, run.id)) {
    if (!touched.has(`item/${row.id}`)) await close(ports, turn, row);
  }
  closeJustOpened(turn);
}

/** What this very turn asks is in no inbox yet, and would stay there with nobody to answer to. */
function closeJustOpened({ run, batch }: Turn): void {
  for (const [index, one] of batch.others.entries()) {
    const types = one.events.map(({ type }) => type);
    if (!types.includes('item.opened') || types.includes('item.closed')) continue;
    batch.others[index] = { ...one, events: [...one.events, closed(run.id, 'withdrawn')] };
  }
}

/** A step was skipped, denied or done by hand while its effect was asked for, approved or held. */
async function tidySteps(ports: KernelPorts, turn: Turn): Promise<void> {
  const over = new Map<string, string>();
  const { events, others } = turn.batch;
  const isCommit = others.some((one) => one.events.some(({ type }) => type === 'effect.committed'));
  for (const { type, data } of events) {
    const isByHand = type === 'step.completed' && !isCommit;
    const isOver = isByHand || type === 'step.skipped' || type === 'step.denied';
    if (!isOver || !isEffect(ports, turn, String(data.step))) continue;
    const path = String(data.step);
    over.set(path, stepOf(turn.run, path).because ?? 'It was done in another way.');
  }
  await tidyLapsed(ports, turn);
  if (over.size === 0) return;
  const touched = touchedBy(turn);
  const gone = (await openEffects(ports, turn)).filter(({ step }) => over.has(step));
  for (const row of gone) {
    turn.batch.others.push(...(await withdrawal(ports, row, over.get(row.step) ?? '')));
  }
  const keys = new Set(gone.map(({ key }) => key));
  for (const id of new Set(gone.map(({ item }) => item))) {
    const item = await ports.log.fold(itemsFold).get(id);
    if (item && item.status !== 'closed' && !touched.has(`item/${id}`)) {
      await shrink(ports, turn, item, keys);
    }
  }
}

/**
 * A card went stale and what is on it cannot be prepared again: the step waits for an answer now, so
 * the card would wait for nothing. It says why, and goes; once the step is tried again there is a new one.
 */
async function tidyLapsed(ports: KernelPorts, turn: Turn): Promise<void> {
  const { run, batch } = turn;
  const why = new Map<string, string>();
  for (const { type, data } of batch.events) {
    const path = String(data.step);
    if (type !== 'step.failed' || !isEffect(ports, turn, path)) continue;
    const { message = '', remedy = '' } = stepOf(run, path).failure ?? {};
    why.set(path, `It could not be prepared again: ${message} ${remedy}`.trim());
  }
  if (why.size === 0) return;
  const lapsed = (await openEffects(ports, turn)).filter(
    ({ step, status }) => why.has(step) && isLapsed(status),
  );
  const keys = new Set(lapsed.map(({ key }) => key));
  for (const { key, step } of lapsed) {
    batch.others.push({
      stream: `effect/${key}`,
      expectedVersion: await ports.log.streamVersion(`effect/${key}`),
      events: [fact('effect.stale', { because: why.get(step) ?? '' }, { run: run.id })],
    });
  }
  for (const id of new Set(lapsed.map(({ item }) => item))) {
    const item = await ports.log.fold(itemsFold).get(id);
    if (item && item.status !== 'closed') await shrink(ports, turn, item, keys, 'stale');
  }
}

/** Effects of the run that nothing has begun of and this turn says nothing about. */
async function openEffects({ log }: KernelPorts, turn: Turn): Promise<readonly EffectRow[]> {
  const touched = touchedBy(turn);
  const rows = await effectsOfRun({ log }, turn.run.id);
  return rows.filter(({ key, status }) => isWithdrawable(status) && !touched.has(`effect/${key}`));
}

/** A card without what was withdrawn; closed when nothing is left on it. */
async function shrink(
  ports: KernelPorts,
  turn: Turn,
  item: ItemRow,
  gone: ReadonlySet<string>,
  how: ItemEnd = 'withdrawn',
): Promise<void> {
  const left = item.effects.filter((key) => !gone.has(key));
  if (left.length === 0) return close(ports, turn, item, how);
  const rows = await ports.log.fold(effectsFold).getMany(left);
  const effects = await Promise.all(
    [...rows.values()].map(async (row) => (await readEffect(ports, row)).effect),
  );
  const title = titleOfCard(effects, turn.run.title);
  const changed = { effects: left, title, risk: riskOf(effects) };
  turn.batch.others.push({
    stream: `item/${item.id}`,
    expectedVersion: await ports.log.streamVersion(`item/${item.id}`),
    events: [fact('item.changed', changed, { run: turn.run.id })],
  });
}

async function close(
  { log }: KernelPorts,
  { run, batch }: Turn,
  { id }: ItemRow,
  how: ItemEnd = 'withdrawn',
): Promise<void> {
  batch.others.push({
    stream: `item/${id}`,
    expectedVersion: await log.streamVersion(`item/${id}`),
    events: [closed(run.id, how)],
  });
}

function closed(run: Id, how: ItemEnd): NewEvent {
  return fact('item.closed', { how, by: 'kernel' }, { run });
}

function touchedBy({ batch }: Turn): ReadonlySet<string> {
  return new Set(batch.others.map(({ stream }) => stream));
}

function isEffect({ registry }: KernelPorts, { run }: Turn, path: string): boolean {
  const { step } = compiledStep(run, path);
  const contract = 'call' in step ? registry.find(step.call)?.contract : undefined;
  return contract !== undefined && isOutside(contract.effect);
}
