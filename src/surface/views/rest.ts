import type { Id } from '../../base/index.ts';
import { effectsOfRun, itemsOfRun, type RunRow, runsFold } from '../../kernel/index.ts';
import type { Services } from '../operations/operation.ts';
import { heldUntil } from './held-until.ts';
import { type InboxRow, inboxRow } from './item-view.ts';

/** A person waits for an answer: after so long they are told how far it got. */
export const REST_MS = 10_000;

/** A run once nothing moves by itself, or as far as it got in `timeoutMs`. */
export async function runAtRest(
  { kernel, log }: Services,
  run: Id,
  timeoutMs: number,
): Promise<RunRow | undefined> {
  const done = new AbortController();
  const late = new Promise<undefined>((resolve) => {
    const timer = setTimeout(() => resolve(undefined), timeoutMs);
    done.signal.addEventListener('abort', () => clearTimeout(timer));
  });
  try {
    return (await Promise.race([kernel.rest(run), late])) ?? (await log.fold(runsFold).get(run));
  } finally {
    done.abort();
  }
}

/** What waits for the operator in one run. */
export async function waitingItems(services: Services, run: Id): Promise<readonly InboxRow[]> {
  const rows = await itemsOfRun(services, run);
  return Promise.all(rows.map((row) => inboxRow(services, row)));
}

/** What became of a run and its effects after something was decided. */
export async function decidedView(services: Services, item: Id, run: Id | null) {
  const row = run === null ? undefined : await runAtRest(services, run, REST_MS);
  const effects = run === null ? [] : await effectsOfRun(services, run);
  return {
    item,
    run,
    status: row?.status ?? null,
    waitingFor: row?.waitingFor ?? null,
    effects: effects.map((effect) => ({
      ...{ hash: effect.hash, step: effect.step, status: effect.status },
      heldUntil: heldUntil(effect),
      ...{ receipt: effect.receipt, failure: effect.failure },
    })),
  };
}
