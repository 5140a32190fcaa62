import type { Id } from '../../base/index.ts';
import type { Log } from '../../log/index.ts';
import type { ItemRow } from '../folds.ts';
import type { KernelPorts } from '../ports.ts';
import { loadRun } from '../run/load-run.ts';
import { scopeOf } from '../run/run-places.ts';
import type { PlanLookup, RunState } from '../run/run-state.ts';
import { itemsOfRun } from './items-of-run.ts';

/** Something that has to be answered before an effect can go out, and what that means in plain words. */
export interface AskedBefore {
  readonly item: Id;
  readonly words: string;
}

export interface AskedBeforePorts extends Pick<KernelPorts, 'blobs'> {
  readonly log: Pick<Log, 'fold' | 'readStream'>;
  readonly lookup: PlanLookup;
}

/**
 * What of a card stands behind a step that became a task or a question, by step. Such an effect stays on
 * its card: a signature over it holds if that step is tried again and comes to the same. The run is read
 * only where one of its steps asks something besides the card.
 */
export async function askedBefore(
  ports: AskedBeforePorts,
  card: Pick<ItemRow, 'run' | 'kind' | 'status'>,
  steps: readonly string[],
): Promise<ReadonlyMap<string, AskedBefore>> {
  const found = new Map<string, AskedBefore>();
  if (card.run === null || card.kind !== 'approval' || card.status === 'closed') return found;
  const asked = (await itemsOfRun(ports, card.run)).filter(({ kind, step }) => {
    return step !== null && (kind === 'task' || kind === 'question');
  });
  const run =
    asked.length === 0 ? undefined : await loadRun(ports.log, ports.blobs, ports.lookup, card.run);
  if (!run) return found;
  for (const step of steps) {
    const before = stepsBefore(run, step);
    const item = asked.find((one) => before.has(one.step ?? ''));
    if (item) found.set(step, { item: item.id, words: wordsOf(item) });
  }
  return found;
}

/**
 * Every step of the same plan that it comes after, directly or not. What is inside of these counts not:
 * nothing behind a group is on a card before the group is over.
 */
function stepsBefore(run: RunState, path: string): ReadonlySet<string> {
  const { prefix, compiled } = scopeOf(run, path);
  const before = new Set<string>();
  const queue = [path];
  for (let at = 0; at < queue.length; at++) {
    const step = compiled.byId.get((queue[at] ?? '').slice(prefix.length));
    for (const id of step?.dependsOn ?? []) {
      if (before.has(prefix + id)) continue;
      before.add(prefix + id);
      queue.push(prefix + id);
    }
  }
  return before;
}

function wordsOf({ title }: ItemRow): string {
  const what = /[.!?]$/.test(title) ? title : `${title}.`;
  return `It cannot go out before you have said what should happen here: ${what} If your answer changes it, you are asked anew.`;
}
