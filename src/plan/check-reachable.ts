import type { Check } from './check-names.ts';
import type { CompiledPlan, Registry } from './compile.ts';
import { type CompiledExpression, evaluateExpression } from './expression.ts';
import { describeValue } from './fault.ts';
import { bodiesOf, type Plan, type Playbook, type Step } from './plan.ts';

/** Steps that can never run: `when` is false whatever happens, or they need one that never runs. */
export function checkReachable(plan: CompiledPlan, check: Check): void {
  const never = new Map<string, string>();
  for (const index of plan.order) {
    const step = plan.steps[index];
    if (!step) continue;
    if (step.body) checkReachable(step.body, check);
    const { when } = step.expressions;
    const off = when && when.references.length === 0 && isFalse(when);
    const because = step.runsWhenSkipped ? undefined : step.refersTo.find((id) => never.has(id));
    if (!off && !because) continue;
    never.set(step.id, because ?? step.id);
    check.faults.push({
      path: off ? `${step.path}.when` : step.path,
      expected: 'a step that can run',
      found: off
        ? `when is always false: ${describeValue(when.text)}`
        : `it refers to ${because}, which never runs`,
      remedy: off ? 'Take the step out, or correct when.' : `Take it out, or let ${because} run.`,
    });
  }
}

function isFalse(expression: CompiledExpression): boolean {
  try {
    return evaluateExpression(expression, new Map()) === false;
  } catch {
    return false; // that it fails is another fault, found where its type is checked or when it runs
  }
}

export function playCircle(playbook: Playbook, registry: Registry): readonly string[] | undefined {
  const done = new Set<string>();
  const visit = (current: Playbook, trail: readonly string[]): readonly string[] | undefined => {
    const name = `${current.name}@${current.version}`;
    if (trail.includes(name)) return [...trail.slice(trail.indexOf(name)), name];
    if (done.has(name)) return undefined;
    done.add(name);
    for (const ref of playsOf(current.plan)) {
      const next = registry.playbook(ref);
      const circle = next && visit(next, [...trail, name]);
      if (circle) return circle;
    }
    return undefined;
  };
  return visit(playbook, []);
}

function playsOf(plan: Plan): readonly string[] {
  const inSteps = (steps: readonly Step[]): readonly string[] =>
    steps.flatMap((step) => [
      ...('play' in step ? [step.play] : []),
      ...bodiesOf(step).flatMap(([, body]) => inSteps(body)),
    ]);
  return inSteps(plan.steps);
}
