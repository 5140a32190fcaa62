import { inputSchema, outputTypes } from '../../plan/index.ts';
import { scopeOf } from './run-places.ts';
import type { PlanScope, RunState } from './run-state.ts';
import type { Turn } from './turn.ts';

type Types = ReturnType<typeof outputTypes>;

/** What is known of the names that a step's templates may use. */
export function typesAround({ run, parts }: Pick<Turn, 'run' | 'parts'>, path: string): Types {
  const typesIn = (scope: PlanScope | undefined): Types => {
    if (!scope) return { get: (name) => (name === 'input' ? inputOf(run, parts) : undefined) };
    const around = typesIn(scope.parent);
    const outer = { get: (name: string) => (scope.names.has(name) ? undefined : around.get(name)) };
    return outputTypes(scope.compiled, parts, outer);
  };
  return typesIn(scopeOf(run, path));
}

function inputOf({ playbook }: RunState, parts: Turn['parts']) {
  return inputSchema(playbook === undefined ? undefined : parts.playbook(playbook)?.input);
}
