import { canonicalJson, isJsonObject, type Json } from '../base/index.ts';
import { branchesOf, describeSchema, describeWithLimits, type JsonSchema } from './json-schema.ts';

/** Where one schema can never satisfy another. */
export interface Misfit {
  /** dotted, from the value that was compared */
  readonly path: string;
  readonly expected: string;
  readonly found: string;
  /** it is written in the plan, so it is corrected there and not converted */
  readonly isLiteral?: true;
  /** the names that exist, where a name is wrong */
  readonly names?: readonly string[];
}

/**
 * Where values of `from` can never be values of `to`. What is merely not certain (a value that may be
 * null, a text that may not match a pattern) passes: the check when it runs remains.
 */
export function misfitsOf(
  from: JsonSchema | undefined,
  to: JsonSchema | undefined,
  path = '',
): readonly Misfit[] {
  if (!from || !to) return [];
  const targets = branchesOf(to);
  let nearest: readonly Misfit[] | undefined;
  for (const source of branchesOf(from)) {
    for (const target of targets) {
      const misfits = misfitsOfBranch(source, target, path);
      if (misfits.length === 0) return [];
      const deep = misfits.some((misfit) => misfit.path !== path);
      if (!nearest || (deep && targets.length > 1)) nearest = misfits;
    }
  }
  const isDeep = nearest?.some((misfit) => misfit.path !== path) ?? false;
  return isDeep || targets.length === 1
    ? (nearest ?? [])
    : [
        {
          path,
          expected: describeSchema(to),
          found: describeSchema(from),
          ...(from.const !== undefined && { isLiteral: true }),
        },
      ];
}

function misfitsOfBranch(from: JsonSchema, to: JsonSchema, path: string): readonly Misfit[] {
  const isLiteral = from.const !== undefined;
  const plain: readonly Misfit[] = [
    {
      path,
      expected: describeSchema(to),
      found: describeSchema(from),
      ...(isLiteral && { isLiteral }),
    },
  ];
  const type = typeName(from);
  const wanted = typeName(to);
  if (type && wanted && !sameType(type, wanted)) return plain;
  if (!valuesMeet(from, to)) return plain;
  if (from.const !== undefined && !isWithin(from.const, to))
    return plain.map((misfit) => ({ ...misfit, expected: describeWithLimits(to) }));
  if (type === 'object' && wanted === 'object') return misfitsOfObject(from, to, path);
  if (type === 'array' && wanted === 'array') return misfitsOfList(from, to, path);
  return [];
}

function misfitsOfObject(from: JsonSchema, to: JsonSchema, path: string): readonly Misfit[] {
  const given = isJsonObject(from.properties) ? from.properties : undefined;
  const wanted = isJsonObject(to.properties) ? to.properties : {};
  if (!given) return [];
  const misfits: Misfit[] = [];
  const open = from.additionalProperties !== undefined && from.additionalProperties !== false;
  for (const name of Array.isArray(to.required) ? to.required : []) {
    if (typeof name !== 'string' || Object.hasOwn(given, name) || open) continue;
    const member = wanted[name];
    if (isJsonObject(member) && member.default !== undefined) continue;
    misfits.push({
      path: under(path, name),
      expected: describeSchema(asSchema(member)),
      found: 'nothing',
    });
  }
  for (const [name, member] of Object.entries(given)) {
    const target = Object.hasOwn(wanted, name) ? asSchema(wanted[name]) : undefined;
    if (target) misfits.push(...misfitsOf(asSchema(member), target, under(path, name)));
    else if (isJsonObject(to.additionalProperties))
      misfits.push(...misfitsOf(asSchema(member), to.additionalProperties, under(path, name)));
    else if (to.additionalProperties === false && isSure(from, name))
      misfits.push(surplus(under(path, name), name, Object.keys(wanted)));
  }
  return misfits;
}

/** Only what is certainly there is too much; an optional field may be absent. */
function isSure(from: JsonSchema, name: string): boolean {
  return Array.isArray(from.required) && from.required.includes(name);
}

function misfitsOfList(from: JsonSchema, to: JsonSchema, path: string): readonly Misfit[] {
  if (Array.isArray(from.prefixItems)) {
    const { minItems, maxItems } = to;
    const count = from.prefixItems.length;
    if (typeof minItems === 'number' && count < minItems)
      return [{ path, expected: `at least ${minItems} members`, found: `${count}` }];
    if (typeof maxItems === 'number' && count > maxItems)
      return [{ path, expected: `at most ${maxItems} members`, found: `${count}` }];
    return from.prefixItems.flatMap((member, index) =>
      misfitsOf(asSchema(member), itemAt(to, index), under(path, String(index))),
    );
  }
  return misfitsOf(asSchema(from.items), asSchema(to.items), under(path, '0'));
}

function itemAt(list: JsonSchema, index: number): JsonSchema | undefined {
  const prefix = Array.isArray(list.prefixItems) ? list.prefixItems[index] : undefined;
  return asSchema(prefix ?? list.items);
}

function surplus(path: string, name: string, names: readonly string[]): Misfit {
  return {
    path,
    expected: names.length > 0 ? `one of ${names.join(', ')}` : 'nothing',
    found: name,
    names,
  };
}

function typeName(schema: JsonSchema): string | undefined {
  if (typeof schema.type === 'string') return schema.type;
  return isJsonObject(schema.properties) ? 'object' : undefined;
}

function sameType(type: string, wanted: string): boolean {
  const isNumber = (name: string): boolean => name === 'number' || name === 'integer';
  return type === wanted || (isNumber(type) && isNumber(wanted));
}

/** Two lists of allowed values have one in common. */
function valuesMeet(from: JsonSchema, to: JsonSchema): boolean {
  const given = valuesOf(from);
  const wanted = valuesOf(to);
  if (!given || !wanted) return true;
  const set = new Set(wanted.map((value) => canonicalJson(value)));
  return given.some((value) => set.has(canonicalJson(value)));
}

function valuesOf(schema: JsonSchema): readonly Json[] | undefined {
  if (schema.const !== undefined) return [schema.const];
  return Array.isArray(schema.enum) ? schema.enum : undefined;
}

/** The limits that a schema sets for a literal. Patterns are ours: they come from our contracts. */
function isWithin(value: Json, to: JsonSchema): boolean {
  if (typeof value === 'number') {
    if (to.type === 'integer' && !Number.isInteger(value)) return false;
    if (typeof to.minimum === 'number' && value < to.minimum) return false;
    if (typeof to.maximum === 'number' && value > to.maximum) return false;
    if (typeof to.exclusiveMinimum === 'number' && value <= to.exclusiveMinimum) return false;
    return !(typeof to.exclusiveMaximum === 'number' && value >= to.exclusiveMaximum);
  }
  if (typeof value !== 'string') return true;
  if (typeof to.minLength === 'number' && value.length < to.minLength) return false;
  if (typeof to.maxLength === 'number' && value.length > to.maxLength) return false;
  return typeof to.pattern !== 'string' || new RegExp(to.pattern, 'u').test(value);
}

function asSchema(value: Json | undefined): JsonSchema | undefined {
  return isJsonObject(value) ? value : undefined;
}

function under(path: string, key: string): string {
  return path === '' ? key : `${path}.${key}`;
}
