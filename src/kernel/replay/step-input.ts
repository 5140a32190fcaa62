import type { Id, Json } from '../../base/index.ts';
import type { Labelled } from '../../contract/index.ts';
import { inputTemplateOf, resolveTemplate } from '../../plan/index.ts';
import { compiledStep, fixedInputOf, namesIn, scopeOf } from '../run/run-places.ts';
import type { RunState } from '../run/run-state.ts';

/** A field of a record as it was once event `seq` had happened. */
export type ReferenceAt = (
  seq: number,
  type: string,
  id: Id,
  path: string,
) => Promise<Labelled<Json>>;

/**
 * The input of a step, as the runner would work it out where the run stands, with records as they were
 * once event `seq` had happened. Fails as its expressions and references fail.
 */
export async function stepInput(
  run: RunState,
  path: string,
  seq: number,
  reference: ReferenceAt,
): Promise<Labelled<Json>> {
  const fixed = fixedInputOf(run, path);
  if (fixed) return fixed;
  const template = inputTemplateOf(compiledStep(run, path));
  const scope = scopeOf(run, path);
  if (!template) return { value: {}, labels: { base: scope.worth } };
  return resolveTemplate(template, namesIn(run, scope), {
    own: scope.worth,
    ref: (type, id, field) => reference(seq, type, id, field),
  });
}
