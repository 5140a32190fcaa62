import { z } from 'zod';
import { isJsonObject, type Json, type JsonObject } from '../base/index.ts';
import type { CapabilityContract } from '../contract/index.ts';

/** A JSON Schema as zod writes it; undefined and `{}` mean that nothing is known. */
export type JsonSchema = JsonObject;

/** The schemas of a contract's input (as a caller writes it) and output (as a reader finds it). */
export interface ContractSchemas {
  readonly input: JsonSchema;
  readonly output: JsonSchema;
}

const memo = new WeakMap<CapabilityContract, ContractSchemas>();

export function contractSchemas(contract: CapabilityContract): ContractSchemas {
  const known = memo.get(contract);
  if (known) return known;
  const schemas = {
    input: toJsonSchema(contract.input, 'input'),
    output: toJsonSchema(contract.output, 'output'),
  };
  memo.set(contract, schemas);
  return schemas;
}

export function toJsonSchema(type: z.ZodType, io: 'input' | 'output'): JsonSchema {
  // zod types the result by the standard's vocabulary; it is plain JSON, which is all we say of it.
  return z.toJSONSchema(type, { io, unrepresentable: 'any' }) as unknown as JsonSchema;
}

/** The ways a value of the schema can look: the branches of anyOf / oneOf, and each of several types. */
export function branchesOf(schema: JsonSchema): readonly JsonSchema[] {
  for (const key of ['anyOf', 'oneOf']) {
    const branches = schema[key];
    if (Array.isArray(branches)) return branches.filter(isJsonObject).flatMap(branchesOf);
  }
  if (Array.isArray(schema.type)) return schema.type.map((type) => ({ ...schema, type }));
  return [schema];
}

export type Member =
  | { readonly status: 'known'; readonly schema: JsonSchema; readonly optional: boolean }
  /** the schema says that there is no such member; `names` are those that there are */
  | { readonly status: 'none'; readonly names: readonly string[] }
  | { readonly status: 'unknown' };

/** What a schema says of one member: a property, or a position in a list. */
export function memberOf(schema: JsonSchema, key: string): Member {
  const answers = branchesOf(schema).map((branch) => memberOfBranch(branch, key));
  if (answers.some((answer) => answer.status === 'unknown')) return { status: 'unknown' };
  const known = answers.filter((answer) => answer.status === 'known');
  if (known.length === 0) {
    const names = answers.flatMap((answer) => (answer.status === 'none' ? answer.names : []));
    return { status: 'none', names };
  }
  const optional = known.length < answers.length || known.some((answer) => answer.optional);
  const [first] = known;
  const schemas = known.map((answer) => answer.schema);
  return {
    status: 'known',
    schema: first && known.length === 1 ? first.schema : { anyOf: schemas },
    optional,
  };
}

function memberOfBranch(schema: JsonSchema, key: string): Member {
  if (schema.type === 'array' || schema.items !== undefined) {
    if (!/^\d+$/.test(key)) return { status: 'none', names: [] };
    const prefix = Array.isArray(schema.prefixItems) ? schema.prefixItems[Number(key)] : undefined;
    const item = prefix ?? schema.items;
    return isJsonObject(item)
      ? { status: 'known', schema: item, optional: true }
      : { status: 'unknown' };
  }
  const properties = isJsonObject(schema.properties) ? schema.properties : {};
  const property = Object.hasOwn(properties, key) ? properties[key] : undefined;
  if (isJsonObject(property)) {
    const required = Array.isArray(schema.required) && schema.required.includes(key);
    return {
      status: 'known',
      schema: property,
      optional: !required && property.default === undefined,
    };
  }
  const rest = schema.additionalProperties;
  if (isJsonObject(rest) && Object.keys(rest).length > 0)
    return { status: 'known', schema: rest, optional: true };
  // zod leaves additionalProperties out for an object whose reader strips what it does not know.
  if (
    schema.type === 'object' &&
    schema.properties !== undefined &&
    (rest === false || rest === undefined)
  ) {
    return { status: 'none', names: Object.keys(properties) };
  }
  return typeof schema.type === 'string' && schema.type !== 'object'
    ? { status: 'none', names: [] }
    : { status: 'unknown' };
}

/** The schema at a dotted path, as far as it is known. */
export function schemaAt(schema: JsonSchema | undefined, path: string): JsonSchema | undefined {
  let here = schema;
  if (path === '') return here;
  for (const part of path.split('.')) {
    const member: Member = here ? memberOf(here, part) : { status: 'unknown' };
    if (member.status !== 'known') return undefined;
    here = member.schema;
  }
  return here;
}

/** Members of a written list that are kept apart, at most; of longer ones nothing is known. */
const WRITTEN_MEMBERS = 16;

/** The schema of whichever member of a list; undefined for anything else, and where it is not known. */
export function itemOf(list: JsonSchema | undefined): JsonSchema | undefined {
  const items: JsonSchema[] = [];
  for (const branch of list ? branchesOf(list) : []) {
    const written = Array.isArray(branch.prefixItems) ? branch.prefixItems : [];
    const parts = branch.items === false ? written : [...written, branch.items];
    if (branch.type !== 'array' || parts.length === 0) return undefined;
    for (const part of parts) {
      if (!isJsonObject(part)) return undefined;
      items.push(part);
    }
  }
  const [only] = items;
  if (only && items.length === 1) return only;
  return only && items.length <= WRITTEN_MEMBERS ? { anyOf: items } : undefined;
}

/** True where a whole number is to be read as a fraction too: the schema says `number`. */
export function isFraction(schema: JsonSchema | undefined): boolean {
  return schema !== undefined && branchesOf(schema).some((branch) => branch.type === 'number');
}

/** A schema in words, for faults: "a whole number", "one of 'a', 'b'", "a list of texts". */
export function describeSchema(schema: JsonSchema | undefined): string {
  if (!schema) return 'anything';
  const words = [...new Set(branchesOf(schema).map(describeBranch))];
  return words.length > 4 ? `one of ${words.length} forms` : words.join(' or ');
}

function describeBranch(schema: JsonSchema): string {
  if (schema.const !== undefined) return quote(schema.const);
  if (Array.isArray(schema.enum)) return `one of ${schema.enum.slice(0, 12).map(quote).join(', ')}`;
  switch (schema.type) {
    case 'string':
      return typeof schema.format === 'string'
        ? (FORMATS[schema.format] ?? `a text (${schema.format})`)
        : 'a text';
    case 'integer':
      return 'a whole number';
    case 'number':
      return 'a number';
    case 'boolean':
      return 'true or false';
    case 'null':
      return 'null';
    case 'array':
      return isJsonObject(schema.items) ? `a list (of ${describeSchema(schema.items)})` : 'a list';
    case 'object':
      return isJsonObject(schema.properties)
        ? `an object {${Object.keys(schema.properties).slice(0, 8).join(', ')}}`
        : 'an object';
    default:
      return 'anything';
  }
}

const FORMATS: { readonly [format: string]: string } = {
  email: 'an e-mail address such as ann@example.com',
  date: 'a day such as 2026-12-01',
  'date-time': 'a time such as 2026-12-01T09:00:00Z',
  uri: 'an address such as https://example.com',
};

/** The same with its bounds, for a value that is of the right type and yet not allowed. */
export function describeWithLimits(schema: JsonSchema): string {
  const words = describeSchema(schema);
  const limits: string[] = [];
  const isBound = (value: Json | undefined): value is number =>
    typeof value === 'number' && Math.abs(value) < Number.MAX_SAFE_INTEGER; // zod's own bounds say nothing
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum, minLength, maxLength } = schema;
  if (isBound(minimum)) limits.push(`at least ${minimum}`);
  if (isBound(exclusiveMinimum)) limits.push(`more than ${exclusiveMinimum}`);
  if (isBound(maximum)) limits.push(`at most ${maximum}`);
  if (isBound(exclusiveMaximum)) limits.push(`less than ${exclusiveMaximum}`);
  if (isBound(minLength)) limits.push(`at least ${minLength} characters`);
  if (isBound(maxLength)) limits.push(`at most ${maxLength} characters`);
  if (typeof schema.pattern === 'string' && schema.format === undefined)
    limits.push(`of the form ${schema.pattern}`);
  return limits.length > 0 ? `${words}, ${limits.join(', ')}` : words;
}

function quote(value: Json): string {
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

/** The schema that describes exactly one literal. */
export function schemaOfLiteral(value: Json): JsonSchema {
  if (Array.isArray(value))
    return { type: 'array', prefixItems: value.map(schemaOfLiteral), items: false };
  if (isJsonObject(value)) {
    const properties = Object.fromEntries(
      Object.entries(value).map(([key, member]) => [key, schemaOfLiteral(member)]),
    );
    return {
      type: 'object',
      properties,
      required: Object.keys(value),
      additionalProperties: false,
    };
  }
  return { const: value, type: typeOfLiteral(value) };
}

function typeOfLiteral(value: Json): string {
  if (value === null) return 'null';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  return typeof value;
}
