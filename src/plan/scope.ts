import type { Json } from '../base/index.ts';
import type { Labelled } from '../contract/index.ts';
import type { Scope, ScopeSchemas } from './expression.ts';
import type { Frontier } from './frontier.ts';
import type { JsonSchema } from './json-schema.ts';

/** The facts that a run has beside its frontier. */
export interface RunFacts {
  readonly input: Labelled<Json>;
  /** the output of a step by its full id (`mails/3/text`); `absentValue` for one that did not happen */
  readonly outputOf: (step: string) => Labelled<Json> | undefined;
  /** more names, for one evaluation: the `event` of a wait's `where` */
  readonly more?: { readonly [name: string]: Labelled<Json> };
}

/**
 * What a step's expressions see: its variables, the steps beside it and around it, and the input. For
 * `until` and `output` of a loop, ask for the last step of the round.
 */
export function scopeOf(frontier: Frontier, step: string, facts: RunFacts): Scope {
  const variables = frontier.find(step)?.variables ?? {};
  return {
    get: (name) => {
      if (facts.more && Object.hasOwn(facts.more, name)) return facts.more[name];
      if (Object.hasOwn(variables, name)) return variables[name];
      if (name === 'input') return facts.input;
      const id = frontier.resolve(step, name);
      return id === undefined ? undefined : facts.outputOf(id);
    },
  };
}

/** The schemas that belong to the same scope: they decide which numbers count as fractions. */
export function schemasOf(frontier: Frontier, step: string, input?: JsonSchema): ScopeSchemas {
  return {
    get: (name) => {
      if (name === 'input') return input;
      const id = frontier.resolve(step, name);
      return id === undefined ? undefined : frontier.find(id)?.compiled.outputSchema;
    },
  };
}
