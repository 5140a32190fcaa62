import type { z } from 'zod';
import { moneySchema } from '../contract/index.ts';

type Schema = z.core.$ZodType;

/** A place in a schema. Objects are branches; everything else, and money, is one value: a leaf. */
export interface SchemaPlace {
  readonly path: string;
  /** without optional, default and the like around it */
  readonly schema: Schema;
  /** true when it may be absent */
  readonly optional: boolean;
}

/** Every leaf of a record's schema in the order of the schema: the units that change and are classed. */
export function leavesOf(schema: z.ZodObject): readonly SchemaPlace[] {
  let leaves = leavesBySchema.get(schema);
  if (!leaves) {
    leaves = [...walk({ path: '', schema, optional: false })];
    leavesBySchema.set(schema, leaves);
  }
  return leaves;
}

const leavesBySchema = new WeakMap<z.ZodObject, readonly SchemaPlace[]>();

/** The names of a schema as a tree; null is a leaf. */
export type FieldTree = ReadonlyMap<string, FieldTree | null>;

/** The same leaves as a tree, for walks that must be quick: folds take one for every event. */
export function treeOf(schema: z.ZodObject): FieldTree {
  let tree = treesBySchema.get(schema);
  if (!tree) {
    tree = growTree(leavesOf(schema).map(({ path }) => path.split('.')));
    treesBySchema.set(schema, tree);
  }
  return tree;
}

const treesBySchema = new WeakMap<z.ZodObject, FieldTree>();

function growTree(paths: readonly (readonly string[])[]): FieldTree {
  const byHead = Map.groupBy(paths, ([head = '']) => head);
  return new Map(
    [...byHead].map(([head, group]) => {
      const below = group.map((path) => path.slice(1)).filter((path) => path.length > 0);
      return [head, below.length > 0 ? growTree(below) : null] as const;
    }),
  );
}

/** What the schema says of a dotted path, also inside a leaf; undefined when there is no such path. */
export function placeAt(schema: z.ZodObject, path: string): SchemaPlace | undefined {
  let here: SchemaPlace = { path: '', schema, optional: false };
  for (const part of path.split('.')) {
    const next = step(here, part);
    if (!next) return undefined;
    here = next;
  }
  return here;
}

/** Every path that can be set: leaves and the objects above them. */
export function pathsOf(schema: z.ZodObject): readonly string[] {
  const paths = new Set<string>();
  for (const { path } of leavesOf(schema)) {
    const parts = path.split('.');
    for (let length = 1; length <= parts.length; length++) {
      paths.add(parts.slice(0, length).join('.'));
    }
  }
  return [...paths];
}

/** The value at the deepest path of `table` that is `path` or above it. */
export function atOrAbove<Value>(
  table: { readonly [path: string]: Value },
  path: string,
): Value | undefined {
  const parts = path.split('.');
  for (let length = parts.length; length > 0; length--) {
    const key = parts.slice(0, length).join('.');
    if (Object.hasOwn(table, key)) return table[key];
  }
  return undefined;
}

/** The definition inside zod's public core interface, as a union that narrows by `type`. */
export function definitionInside(schema: Schema): z.core.$ZodTypes['_zod']['def'] {
  // zod's own documented cast: every schema that z.* makes is one of $ZodTypes
  return (schema as z.core.$ZodTypes)._zod.def;
}

function* walk(place: SchemaPlace): Generator<SchemaPlace> {
  const definition = definitionInside(place.schema);
  if (definition.type !== 'object' || isMoney(place.schema)) {
    yield place;
    return;
  }
  for (const name of Object.keys(definition.shape)) {
    const next = step(place, name);
    if (next) yield* walk(next);
  }
}

function step(place: SchemaPlace, part: string): SchemaPlace | undefined {
  const definition = definitionInside(place.schema);
  const path = place.path === '' ? part : `${place.path}.${part}`;
  switch (definition.type) {
    case 'object':
      return Object.hasOwn(definition.shape, part)
        ? unwrapped(path, definition.shape[part], place.optional)
        : undefined;
    case 'record':
      return part === '' ? undefined : unwrapped(path, definition.valueType, true);
    case 'array':
      return /^\d{1,6}$/.test(part) ? unwrapped(path, definition.element, true) : undefined;
    default:
      return undefined;
  }
}

function unwrapped(
  path: string,
  schema: Schema | undefined,
  optional: boolean,
): SchemaPlace | undefined {
  if (!schema) return undefined;
  const definition = definitionInside(schema);
  switch (definition.type) {
    case 'optional':
    case 'default':
      return unwrapped(path, definition.innerType, true);
    case 'nullable':
    case 'readonly':
      return unwrapped(path, definition.innerType, optional);
    default:
      return { path, schema, optional };
  }
}

/** Money stays one value: half of it means nothing. A refined copy of the schema keeps its shape. */
export function isMoney(schema: Schema): boolean {
  const definition = definitionInside(schema);
  return (
    definition.type === 'object' &&
    definition.shape.minor === moneySchema.shape.minor &&
    definition.shape.currency === moneySchema.shape.currency
  );
}
