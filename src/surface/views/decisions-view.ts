import type { Id } from '../../base/index.ts';
import {
  approvalsFold,
  compiledStep,
  type EffectRow,
  effectsFold,
  grantsFold,
  loadRun,
  type RunRow,
  readEffect,
  runsFold,
} from '../../kernel/index.ts';
import type { Services } from '../operations/operation.ts';
import { heldUntil } from './held-until.ts';
import { findRun } from './run-view.ts';

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

/** Runs that are looked through for the newest decisions. */
const RUNS_LOOKED_AT = 200;

/** Newest run first. Of one run, or of all of them. Fails with `not_found`. */
export async function decisionsView(
  services: Services,
  run: string | undefined,
  limit: number,
): Promise<readonly DecisionView[]> {
  const found: DecisionView[] = [];
  for (const row of await runsOf(services, run)) {
    found.push(...(await decisionsOf(services, row)));
    if (found.length >= limit) break;
  }
  return found.slice(0, limit);
}

async function runsOf(services: Services, run: string | undefined): Promise<readonly RunRow[]> {
  if (run !== undefined) return [await findRun(services, run)];
  const rows = await services.log
    .fold(runsFold)
    .list({ index: 'started', descending: true, limit: RUNS_LOOKED_AT });
  return rows.map(({ row }) => row);
}

async function decisionsOf(services: Services, run: RunRow): Promise<readonly DecisionView[]> {
  const rows = await services.log.fold(effectsFold).list({ index: 'run', equals: run.id });
  const decided = await Promise.all(rows.map(({ row }) => ofEffect(services, run, row)));
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
