import type { Id } from '../../base/index.ts';
import {
  approvalsFold,
  compiledStep,
  type EffectRow,
  effectsOfRun,
  grantsFold,
  loadRun,
  type RunRow,
  readEffect,
} from '../../kernel/index.ts';
import type { Services } from '../operations/operation.ts';
import { heldUntil } from './held-until.ts';
import { findRun, runsBefore } from './run-view.ts';

/** Why one effect might happen, had to be asked about, or was refused. */
export interface DecisionView {
  readonly run: Id;
  readonly goal: string;
  readonly step: string;
  /** null for what was refused before it was prepared */
  readonly hash: string | null;
  readonly summary: string;
  readonly capability: string | null;
  readonly class: string | null;
  readonly verdict: 'allow' | 'ask' | 'deny';
  readonly status: string;
  /** until when it can still be taken back; null when it is not held */
  readonly heldUntil: string | null;
  readonly reasons: readonly string[];
  /** whose word it went out on */
  readonly on:
    | { readonly type: 'grant'; readonly id: Id; readonly title: string }
    | { readonly type: 'approval'; readonly id: Id; readonly device: Id; readonly at: string }
    | null;
}

/** All decisions of one run. Fails with `not_found`. */
export async function decisionsOfRun(
  services: Services,
  run: string,
): Promise<readonly DecisionView[]> {
  return decisionsOf(services, await findRun(services, run));
}

/**
 * The newest run first, and each of them whole: those behind the last one are behind it with `before`.
 * Fails with `not_found`.
 */
export async function newestDecisions(
  services: Services,
  limit: number,
  before?: string,
): Promise<readonly DecisionView[]> {
  const found: DecisionView[] = [];
  for await (const row of runsBefore(services, before)) {
    found.push(...(await decisionsOf(services, row)));
    if (found.length >= limit) break;
  }
  return found;
}

async function decisionsOf(services: Services, run: RunRow): Promise<readonly DecisionView[]> {
  const rows = await effectsOfRun(services, run.id);
  const decided = await Promise.all(rows.map((row) => ofEffect(services, run, row)));
  if (run.status === 'done') return decided; // with a step that was refused it would be cancelled
  return [...decided, ...(await refusedEarly(services, run, decided))];
}

async function ofEffect(services: Services, run: RunRow, row: EffectRow): Promise<DecisionView> {
  const { effect, reasons, item } = await readEffect(services, row);
  const verdict = row.status === 'denied' ? 'deny' : item === '' ? 'allow' : 'ask';
  return {
    ...{ run: run.id, goal: run.goal, step: row.step, hash: row.hash, summary: effect.summary },
    ...{ capability: effect.capability, class: effect.class, verdict, status: row.status },
    heldUntil: heldUntil(row),
    reasons,
    on: await wordOf(services, row),
  };
}

async function wordOf(
  { log }: Services,
  { grant, approval }: EffectRow,
): Promise<DecisionView['on']> {
  if (grant !== null) {
    const row = await log.fold(grantsFold).get(grant);
    return { type: 'grant', id: grant, title: row?.grant.title ?? '' };
  }
  const row = approval === null ? undefined : await log.fold(approvalsFold).get(approval);
  return row && approval !== null
    ? { type: 'approval', id: approval, device: row.device, at: row.at }
    : null;
}

/** What policy refused before it was prepared has a step that says so, and no effect. */
async function refusedEarly(
  services: Services,
  row: RunRow,
  decided: readonly DecisionView[],
): Promise<readonly DecisionView[]> {
  const { compiled: compilePlaybook, compileInline } = services.kernel.playbooks;
  const lookup = { compilePlaybook, compileInline };
  const run = await loadRun(services.log, services.blobs, lookup, row.id);
  if (!run) return [];
  const known = new Set(decided.map(({ step }) => step));
  return [...run.steps.values()]
    .filter(({ status, path }) => status === 'denied' && !known.has(path))
    .map(({ path, because = '' }) => {
      const { step } = compiledStep(run, path);
      const capability = 'call' in step ? step.call : null;
      const entry = capability === null ? undefined : services.registry.find(capability);
      return {
        ...{ run: row.id, goal: row.goal, step: path, hash: null, capability },
        ...{ summary: step.title ?? entry?.contract.title ?? path, status: 'denied' },
        class: entry?.contract.effect ?? null,
        ...{ verdict: 'deny' as const, reasons: [because], on: null, heldUntil: null },
      };
    });
}
