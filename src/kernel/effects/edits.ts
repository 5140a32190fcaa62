import { type Json, type JsonObject, withPath } from '../../base/index.ts';
import { type Label, type Labelled, OPERATOR } from '../../contract/index.ts';

/** What the operator changed in an effect's input, by dotted path. Survives every new finalising. */
export type Edits = { readonly [path: string]: Json };

/** The input with the operator's changes in place; what they typed is theirs. */
export function withEdits(
  input: Labelled<JsonObject>,
  edits: Edits | undefined,
): Labelled<JsonObject> {
  if (!edits) return input;
  let { value } = input;
  const at: Record<string, Label> = { ...input.labels.at };
  for (const [path, field] of Object.entries(edits)) {
    value = withPath(value, path, field);
    for (const inner of Object.keys(at)) if (inner.startsWith(`${path}.`)) delete at[inner];
    at[path] = OPERATOR;
  }
  return { value, labels: { base: input.labels.base, at } };
}
