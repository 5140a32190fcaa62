import { setTimeout as sleep } from 'node:timers/promises';
import { Failure, OWN, toFailure } from '../../../src/contract/index.ts';
import { type ItemRow, type RunRow, runsFold } from '../../../src/kernel/index.ts';
import { type Composed, type ComposeOptions, composeKernel } from '../compose-kernel.ts';
import { decideCard, typedBy } from '../operator.ts';
import { LOAD_PLAYBOOKS, loadAgents, loadConnector } from './load-parts.ts';

export function openLoadHome(options: ComposeOptions): Promise<Composed> {
  const { home } = options;
  return composeKernel({
    agents: loadAgents(home),
    connectors: [loadConnector(home)],
    playbooks: LOAD_PLAYBOOKS,
    ...options,
  });
}

/** runs of every playbook */
export const COPIES = 2;
/** a load that takes longer does not move any more */
const STUCK_MS = 200_000;
const POLL_MS = 4;
/** its bell rings as soon as it is asked for, mostly before it waits */
const EARLY = 'load-bell 0';

/** What is to be done in one home, by the words of its goal. */
export function loadGoals(): readonly { readonly words: string; readonly playbook: string }[] {
  return LOAD_PLAYBOOKS.flatMap(({ name }) =>
    Array.from({ length: COPIES }, (_, copy) => ({
      words: `${String(name)} ${copy}`,
      playbook: String(name),
    })),
  );
}

/** Asks for what was not asked for yet and answers whatever waits, until every run is over. */
export async function driveLoad(composed: Composed): Promise<readonly RunRow[]> {
  const { kernel, log } = composed;
  const runs = log.fold(runsFold);
  const known = new Set((await runs.list()).map(({ row }) => row.goal));
  for (const { words, playbook } of loadGoals()) {
    if (known.has(words)) continue;
    await kernel.submit({ words, playbook, input: { name: words }, by: 'operator:load' });
    if (words === EARLY) await ring(composed, EARLY);
  }
  await ring(composed, EARLY);
  const deadline = Date.now() + STUCK_MS;
  for (;;) {
    for (const item of await kernel.items.list()) await settle(composed, item);
    const rows = (await runs.list()).map(({ row }) => row);
    const waitsForBell = rows.find(
      ({ goal, waitingFor }) => goal === 'load-bell 1' && waitingFor === 'event',
    );
    if (waitsForBell) await ring(composed, 'load-bell 1');
    const open = rows.filter(({ endedAt }) => endedAt === null);
    if (open.length === 0 && composed.kernel.runner.busy() === 0) return rows;
    if (Date.now() > deadline) {
      const said = open.map(({ goal, status, words }) => `${goal} is ${status}: ${words ?? ''}`);
      const problems = composed.problems.map(({ message }) => message);
      throw new Error(`nothing moves any more: ${[...said, ...problems].join('; ')}`);
    }
    await sleep(POLL_MS);
  }
}

async function ring({ log }: Composed, name: string): Promise<void> {
  const stream = `bell/${name.replaceAll(' ', '-')}`;
  if ((await log.streamVersion(stream)) > 0) return;
  const events = [{ type: 'bell.rung', data: { name }, by: 'operator:load', label: OWN }];
  await log.append([{ stream, expectedVersion: 0, events }]);
}

/** Somebody else was quicker, or the card changed: it is looked at again in the next round. */
const EXPECTED = new Set(['stale', 'already_decided', 'not_found']);

/** a step that may not be repeated unasked, and a run that was killed too often to be left alone */
const MAY_ASK = /^Do what must not be repeated unasked|is parked/;

async function settle(composed: Composed, item: ItemRow): Promise<void> {
  const { items } = composed.kernel;
  try {
    if (item.kind === 'approval') await decideCard(composed, item.id);
    else if (item.kind === 'question')
      await items.answer(item.id, { n: 3 }, typedBy('operator:load'));
    else if (MAY_ASK.test(item.title)) {
      await items.answer(item.id, { action: 'retry' }, typedBy('operator:load'));
    } else throw new Error(`nobody should be asked this: ${item.title}`);
  } catch (error) {
    if (!(error instanceof Failure) || !EXPECTED.has(toFailure(error).code)) throw error;
  }
}
