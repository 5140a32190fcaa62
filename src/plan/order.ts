import type { EffectClass } from '../contract/index.ts';
import type { CompiledStep } from './compile.ts';
import type { Fault } from './fault.ts';

/** A step of which everything is known but its place. */
export type Unordered = Omit<CompiledStep, 'follows' | 'followsBy' | 'dependsOn' | 'dependents'>;

/** The order rule. A step that takes part in the sequence follows the one before it. */
export function withOrder(
  drafts: readonly Unordered[],
  ids: ReadonlySet<string>,
): Omit<CompiledStep, 'dependents'>[] {
  let previous: string | undefined;
  return drafts.map((draft) => {
    const inSequence = isSequenced(draft);
    const explicit = draft.step.after;
    const ruled = inSequence && previous !== undefined ? [previous] : [];
    const follows = explicit ? unique(explicit.filter((id) => ids.has(id))) : ruled;
    const followsBy = explicit ? 'explicit' : ruled.length > 0 ? 'order' : 'none';
    if (inSequence) previous = draft.id;
    return {
      ...draft,
      follows,
      followsBy,
      dependsOn: unique([...draft.refersTo, ...draft.holes, ...follows]),
    };
  });
}

/** `ask`, `wait`, `play` and whatever has effects; of unknown things we assume that they have. */
function isSequenced(step: Pick<CompiledStep, 'kind' | 'effect' | 'body' | 'catchBody'>): boolean {
  if (step.catchBody?.steps.some(isSequenced)) return true;
  if (step.kind === 'call') return step.effect === undefined || !RUNS_FREELY[step.effect];
  if (step.kind === 'each' || step.kind === 'repeat')
    return step.body?.steps.some(isSequenced) ?? false;
  return true;
}

const RUNS_FREELY: { readonly [Class in EffectClass]: boolean } = {
  pure: true,
  read: true,
  fetch: true,
  record: false,
  reversible: false,
  final: false,
  grave: false,
};

/** The document's order where that is possible, else Kahn's; shorter than the plan in a cycle. */
export function topological(
  steps: readonly CompiledStep[],
  indexById: ReadonlyMap<string, number>,
): readonly number[] {
  const forward = steps.every((step) =>
    step.dependsOn.every((id) => (indexById.get(id) ?? -1) < step.index),
  );
  if (forward) return steps.map((step) => step.index);
  const open = steps.map((step) => step.dependsOn.filter((id) => indexById.has(id)).length);
  const order = steps.filter((step) => open[step.index] === 0).map((step) => step.index);
  for (let at = 0; at < order.length; at++) {
    for (const { index } of steps[order[at] ?? -1]?.dependents ?? []) {
      const left = (open[index] ?? 0) - 1;
      open[index] = left;
      if (left === 0) order.push(index);
    }
  }
  return order;
}

/** Every cycle once, named as a path: a -> b -> a. */
export function cycleFaults(
  steps: readonly CompiledStep[],
  sorted: ReadonlySet<number>,
  indexById: ReadonlyMap<string, number>,
): Fault[] {
  const faults: Fault[] = [];
  const seen = new Set<number>(sorted);
  for (const start of steps) {
    if (seen.has(start.index)) continue;
    const trail: number[] = [];
    let here: number | undefined = start.index;
    // Every unsorted step depends on another unsorted one, so the walk meets itself.
    while (here !== undefined && !trail.includes(here) && !seen.has(here)) {
      trail.push(here);
      here = steps[here]?.dependsOn
        .map((id) => indexById.get(id) ?? -1)
        .find((index) => index >= 0 && !sorted.has(index));
    }
    for (const index of trail) seen.add(index);
    if (here === undefined || !trail.includes(here)) continue;
    const cycle = trail
      .slice(trail.indexOf(here))
      .map((index) => steps[index])
      .filter((step) => step !== undefined);
    const [first] = cycle;
    if (!first) continue;
    faults.push({
      path: first.path,
      expected: 'steps that wait for one another in one direction',
      found: `a circle: ${[...cycle, first].map((step) => step.id).join(' -> ')}`,
      remedy: 'Let one of them refer to something else, or give it its own after.',
    });
  }
  return faults;
}

export function unique(ids: readonly string[]): readonly string[] {
  return ids.length > 1 ? [...new Set(ids)] : ids;
}
