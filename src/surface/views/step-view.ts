import { toTimestamp } from '../../base/index.ts';
import { stepOf } from '../../kernel/index.ts';
import type { Services } from '../operations/operation.ts';
import { findRun, stateOf, stepView } from './run-view.ts';

/** One step whole: what it was given, what came out, and every try of it. */
export async function stepPage(services: Services, id: string, path: string) {
  const { kernel } = services;
  const row = await findRun(services, id);
  const looked = await kernel.past.step(row.id, path);
  const { input = null, inputFailure = null, worth = null, readAt = null, tries } = looked;
  const run = await stateOf(services, row.id);
  return {
    run: row.id,
    ...(run && stepView(run, stepOf(run, path))),
    input,
    inputFailure,
    worth,
    readAt,
    tries: tries.map(({ attempt, startedAt, endedAt, failure, retryAt }) => ({
      attempt,
      ...{ startedAt: time(startedAt), endedAt: time(endedAt), retryAt: time(retryAt) },
      failure: failure ?? null,
    })),
  };
}

export type StepPage = Awaited<ReturnType<typeof stepPage>>;

function time(ms: number | undefined): string | null {
  return ms === undefined ? null : toTimestamp(ms);
}
