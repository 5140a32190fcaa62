import type { Json } from '../../base/index.ts';
import type { Labelled } from '../../contract/index.ts';
import { type CompiledStep, inputPartOf, type Scope } from '../../plan/index.ts';
import type { PlanScope, RunState, StepState } from './run-state.ts';

/** The state of a step; one that nobody looked at yet is pending. */
export function stepOf(run: RunState, path: string): StepState {
  let step = run.steps.get(path);
  if (!step) {
    step = { path, status: 'pending', attempt: 0 };
    run.steps.set(path, step);
  }
  return step;
}

/** The plan that a step stands in. Its prefix ends with the last slash of the path. */
export function scopeOf(run: RunState, path: string): PlanScope {
  const prefix = path.slice(0, path.lastIndexOf('/') + 1);
  const scope = run.scopes.get(prefix);
  if (!scope) throw new Error(`run ${run.id} has no plan around step ${path}`);
  return scope;
}

export function localId(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

export function compiledStep(run: RunState, path: string): CompiledStep {
  const reached = run.frontier?.find(path);
  if (reached) return reached.compiled;
  const step = scopeOf(run, path).compiled.byId.get(localId(path));
  if (!step) throw new Error(`run ${run.id} has no step ${path}`);
  return step;
}

/** What the operator gave a step instead of what the plan says. In older logs only calls took it. */
export function fixedInputOf(run: RunState, path: string): Labelled<Json> | undefined {
  const fixed = run.steps.get(path)?.fixedInput;
  if (!fixed) return undefined;
  const compiled = compiledStep(run, path);
  const { of = 'call' in compiled.step ? 'with' : undefined, ...input } = fixed;
  return of !== undefined && of === inputPartOf(compiled) ? input : undefined;
}

/** False for a group whose inner steps have begun; a call may also be tried beside those of its `catch`. */
export function canBeginAgain(run: RunState, path: string): boolean {
  if (compiledStep(run, path).kind === 'call') return true;
  return ![...run.scopes.keys()].some((prefix) => prefix.startsWith(`${path}/`));
}

/** A failed step can be tried with an input of the operator's. */
export function canTakeInput(run: RunState, path: string): boolean {
  return inputPartOf(compiledStep(run, path)) !== undefined && canBeginAgain(run, path);
}

/** What expressions of a step see. `overlay` holds outputs that later steps may count on already. */
export function namesIn(
  run: RunState,
  scope: PlanScope,
  extra?: ReadonlyMap<string, Labelled<Json>>,
  overlay?: ReadonlyMap<string, Labelled<Json>>,
): Scope {
  return {
    get: (root) => {
      const own = extra?.get(root);
      if (own) return own;
      for (let here: PlanScope | undefined = scope; here; here = here.parent) {
        const named = here.names.get(root);
        if (named) return named;
        if (here.compiled.byId.has(root)) {
          const path = here.prefix + root;
          return run.steps.get(path)?.output ?? overlay?.get(path);
        }
      }
      return root === 'input' ? scope.input : undefined;
    },
  };
}
