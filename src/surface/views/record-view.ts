import { atPath, type Json } from '../../base/index.ts';
import { OWN } from '../../contract/index.ts';
import { type CompiledExpression, compileExpression, evaluateCondition } from '../../plan/index.ts';
import { definitionOf, type RecordState, type RecordType, titleOf } from '../../records/index.ts';

export function recordView(state: RecordState) {
  const { id, type, version, archived, createdAt, updatedAt, fields } = state;
  return { id, type, version, title: titleOf(state), archived, createdAt, updatedAt, fields };
}

/**
 * A filter from CEL over a record's own fields and `id`, `archived`, `version`, `createdAt`,
 * `updatedAt`. A field that a record lacks reads as null, and a path into it as no match. Fails with
 * `expression_failed`.
 */
export function recordFilter(type: RecordType, where: string): (state: RecordState) => boolean {
  const compiled = compileExpression(where);
  const names = Object.keys(definitionOf(type).schema.shape);
  return (state) => {
    const own: { readonly [name: string]: Json } = {
      id: state.id,
      archived: state.archived,
      version: state.version,
      createdAt: state.createdAt,
      updatedAt: state.updatedAt,
    };
    const scope = {
      get: (root: string) => {
        const value = Object.hasOwn(own, root)
          ? own[root]
          : names.includes(root)
            ? (state.fields[root] ?? null)
            : undefined;
        return value === undefined ? undefined : { value, labels: { base: OWN } };
      },
    };
    try {
      return evaluateCondition(compiled, scope);
    } catch (error) {
      if (lacksWhatIsRead(state, compiled, names)) return false;
      throw error;
    }
  };
}

/** True when only this record lacks what the filter reads; a name that no record has is a mistake. */
function lacksWhatIsRead(
  state: RecordState,
  compiled: CompiledExpression,
  names: readonly string[],
): boolean {
  const references = compiled.references.filter(({ root }) => names.includes(root));
  return references.some(({ root, path }) => {
    const at = [root, ...(path === '' ? [] : [path])].join('.');
    return atPath(state.fields, at) === undefined;
  });
}
