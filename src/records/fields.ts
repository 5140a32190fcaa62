import {
  atPath,
  canonicalJson,
  isJsonObject,
  type Json,
  type JsonObject,
  withPath,
} from '../base/index.ts';
import type { RecordDefinition } from './define-record.ts';
import { type FieldTree, leavesOf, treeOf } from './schema-paths.ts';

/** A change as an event carries it: `set` nested like the fields themselves, `unset` as dotted paths. */
export type FieldChange = { readonly set: JsonObject; readonly unset: readonly string[] };

/** Only what the schema knows, without empty objects: two equal records have equal fields. */
export function normaliseFields(definition: RecordDefinition, fields: JsonObject): JsonObject {
  return pick(treeOf(definition.schema), fields);
}

function pick(tree: FieldTree, fields: JsonObject): JsonObject {
  const out: Record<string, Json> = {};
  for (const [name, below] of tree) {
    const value = Object.hasOwn(fields, name) ? fields[name] : undefined;
    if (value === undefined) continue;
    if (below === null) {
      out[name] = value;
    } else if (isJsonObject(value)) {
      const inner = pick(below, value);
      if (Object.keys(inner).length > 0) out[name] = inner;
    }
  }
  return out;
}

/** Paths of the leaves that differ, in the order of the schema. */
export function changedPaths(
  definition: RecordDefinition,
  before: JsonObject,
  after: JsonObject,
): readonly string[] {
  return leavesOf(definition.schema)
    .map(({ path }) => path)
    .filter((path) => !isSame(atPath(before, path), atPath(after, path)));
}

/** What turns `before` into `after` at these leaf paths. */
export function changeBetween(after: JsonObject, paths: readonly string[]): FieldChange {
  let set: JsonObject = {};
  const unset: string[] = [];
  for (const path of paths) {
    const value = atPath(after, path);
    if (value === undefined) unset.push(path);
    else set = withPath(set, path, value);
  }
  return { set, unset };
}

/** Fields after a change. Paths that the schema does not know change nothing. */
export function applyChange(
  definition: RecordDefinition,
  fields: JsonObject,
  change: FieldChange,
): JsonObject {
  let out = fields;
  for (const { path } of leavesOf(definition.schema)) {
    const value = atPath(change.set, path);
    if (value !== undefined) out = withPath(out, path, value);
    else if (change.unset.includes(path)) out = withoutPath(out, path);
  }
  return out;
}

/** A copy with `value` at a path that may lead through lists; one past the end of a list adds to it. */
export function withValue(fields: JsonObject, path: string, value: Json): JsonObject {
  return (
    throughList(fields, path, (list, index, rest) => {
      const inner = list[index];
      const item = rest === '' ? value : withValue(isJsonObject(inner) ? inner : {}, rest, value);
      return index > list.length ? [...list, item] : list.toSpliced(index, 1, item);
    }) ?? withPath(fields, path, value)
  );
}

/**
 * A copy without the value at `path`, and without objects that are empty because of it. An item of a
 * list is taken out of the list.
 */
export function withoutPath(fields: JsonObject, path: string): JsonObject {
  return (
    throughList(fields, path, (list, index, rest) => {
      const inner = list[index];
      if (rest === '') return list.toSpliced(index, 1);
      return isJsonObject(inner) ? list.toSpliced(index, 1, withoutPath(inner, rest)) : list;
    }) ?? withoutMember(fields, path)
  );
}

function withoutMember(fields: JsonObject, path: string): JsonObject {
  const [head = '', ...rest] = path.split('.');
  const inner = Object.hasOwn(fields, head) ? fields[head] : undefined;
  if (inner === undefined) return fields;
  if (rest.length > 0) {
    if (!isJsonObject(inner)) return fields;
    const left = withoutMember(inner, rest.join('.'));
    if (Object.keys(left).length > 0) return withPath(fields, head, left);
  }
  return withPath(fields, head, undefined);
}

/** Changes the first list that a path leads into; undefined when it leads into none. */
function throughList(
  fields: JsonObject,
  path: string,
  change: (list: readonly Json[], index: number, rest: string) => readonly Json[],
): JsonObject | undefined {
  const parts = path.split('.');
  for (let length = 1; length < parts.length; length++) {
    const above = parts.slice(0, length).join('.');
    const list = atPath(fields, above);
    if (!Array.isArray(list)) continue;
    const index = Number(parts[length]);
    if (!Number.isSafeInteger(index) || index < 0) return undefined;
    return withPath(fields, above, change(list, index, parts.slice(length + 1).join('.')));
  }
  return undefined;
}

export function isSame(a: Json | undefined, b: Json | undefined): boolean {
  if (a === b) return true;
  if (a === undefined || b === undefined) return false;
  return canonicalJson(a) === canonicalJson(b);
}
