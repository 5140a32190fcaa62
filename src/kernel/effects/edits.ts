import { atPath, type Json, type JsonObject, withPath } from '../../base/index.ts';
import { type Label, type Labelled, OPERATOR } from '../../contract/index.ts';
import { labelsUnder } from '../../plan/index.ts';
import { typedLabels } from '../typed-labels.ts';

/** What the operator changed in an effect's input, by dotted path. Survives every new finalising. */
export type Edits = { readonly [path: string]: Json };

/** The input with the operator's changes in place: what they typed is theirs, and only that. */
export function withEdits(
  input: Labelled<JsonObject>,
  edits: Edits | undefined,
  typed: Label = OPERATOR,
): Labelled<JsonObject> {
  if (!edits) return input;
  let { value } = input;
  const at: Record<string, Label> = { ...input.labels.at };
  for (const [path, field] of Object.entries(edits)) {
    const was = atPath(value, path);
    const before =
      was === undefined ? undefined : { value: was, labels: labelsUnder(input.labels, path) };
    const labels = before ? typedLabels(field, before, typed) : { base: typed };
    value = withPath(value, path, field);
    for (const inner of Object.keys(at)) if (inner.startsWith(`${path}.`)) delete at[inner];
    at[path] = labels.base;
    for (const [inner, label] of Object.entries(labels.at ?? {})) at[`${path}.${inner}`] = label;
  }
  return { value, labels: { base: input.labels.base, at } };
}
