import { canonicalJson } from '../../base/index.ts';
import type { CompiledPlan, Playbook, Step } from '../../plan/index.ts';
import type { RunState } from '../run/run-state.ts';

/**
 * Why a run cannot go on under another version; empty when it can. It can when every step that it has
 * touched stands there unchanged and comes after nothing that did not happen: then the past of the run
 * is as true under the new version as under the old one. `prepared`: steps whose effects wait on a card.
 */
export function migrationObstacles(
  run: RunState,
  from: Playbook,
  to: Playbook,
  compiled: CompiledPlan,
  prepared: readonly string[],
): readonly string[] {
  const touched = touchedSteps(run, prepared);
  const before = new Map(from.plan.steps.map((step) => [step.id, step]));
  const after = new Map(to.plan.steps.map((step) => [step.id, step]));
  const reasons: string[] = [];
  for (const id of touched) {
    const old = before.get(id);
    const now = after.get(id);
    if (!old) continue;
    if (!now) reasons.push(`${id} has begun, and the new version does not have it.`);
    else if (textOf(old) !== textOf(now))
      reasons.push(`${id} has begun, and the new version does it differently.`);
    const missing = (compiled.byId.get(id)?.dependsOn ?? []).filter((other) => !touched.has(other));
    if (missing.length > 0)
      reasons.push(`${id} has begun, and would have to wait for ${missing.join(', ')} now.`);
  }
  return reasons;
}

/** Steps of the plan itself that are no longer pending; what is inside them counts as them. */
function touchedSteps(run: RunState, prepared: readonly string[]): ReadonlySet<string> {
  const begun = [...run.steps.values()].filter(({ status }) => status !== 'pending');
  const paths = [...begun.map(({ path }) => path), ...prepared];
  return new Set(paths.map((path) => path.split('/')[0] ?? path));
}

/** Steps are JSON by their schema. */
function textOf(step: Step): string {
  return canonicalJson(JSON.parse(JSON.stringify(step)));
}
