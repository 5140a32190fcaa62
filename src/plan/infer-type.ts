import { asWalk, type Node } from './cel.ts';
import { branchesOf, itemOf, type JsonSchema, schemaAt, schemaOfLiteral } from './json-schema.ts';
import { asPath } from './references.ts';
import type { TemplateNode } from './template.ts';

/** The schemas of what is in scope, by root; undefined where nothing is known. */
export interface TypeScope {
  readonly get: (root: string) => JsonSchema | undefined;
  /** the schema of a record's field */
  readonly recordPath?: ((type: string, path: string) => JsonSchema | undefined) | undefined;
}

const TEXT: JsonSchema = { type: 'string' };
const WHOLE: JsonSchema = { type: 'integer' };
const NUMBER: JsonSchema = { type: 'number' };
const TRUTH: JsonSchema = { type: 'boolean' };
/** What `timestamp(...)` gives: a text when it leaves the expression, a time with methods inside it. */
export const MOMENT: JsonSchema = { type: 'string', format: 'date-time' };

/** What an expression gives, as far as that is certain; undefined means that it could be anything. */
export function inferExpression(node: Node, scope: TypeScope): JsonSchema | undefined {
  const path = asPath(node);
  if (path?.exact) return schemaAt(scope.get(path.root), path.parts.join('.'));
  const walk = asWalk(node);
  if (walk) return inferWalk(walk, scope);
  switch (node.op) {
    case 'value':
      return inferValue(node.args);
    case '==':
    case '!=':
    case '<':
    case '<=':
    case '>':
    case '>=':
    case 'in':
    case '&&':
    case '||':
    case '!_':
      return TRUTH;
    case '+':
    case '-':
    case '*':
    case '/':
    case '%':
      return inferArithmetic(
        node.op,
        inferExpression(node.args[0], scope),
        inferExpression(node.args[1], scope),
      );
    case '-_':
      return numeric(inferExpression(node.args, scope));
    case '?:': {
      const left = inferExpression(node.args[1], scope);
      const right = inferExpression(node.args[2], scope);
      return left && right ? eitherOf(left, right) : undefined;
    }
    case 'list':
      return inferList(node.args.map((member) => inferExpression(member, scope)));
    case 'map':
      return inferMap(node.args, scope);
    case '.':
      return schemaAt(inferExpression(node.args[0], scope), node.args[1]);
    case '[]':
      return itemOf(inferExpression(node.args[0], scope));
    case 'call':
      return Object.hasOwn(FUNCTIONS, node.args[0]) ? FUNCTIONS[node.args[0]] : undefined;
    case 'rcall':
      return Object.hasOwn(METHODS, node.args[0]) ? METHODS[node.args[0]] : undefined;
    default:
      return undefined;
  }
}

/** What a template gives. An empty schema stands for a part of which nothing is known. */
export function inferTemplate(node: TemplateNode, scope: TypeScope): JsonSchema {
  switch (node.type) {
    case 'literal':
      return schemaOfLiteral(node.value);
    case 'expression':
      return inferExpression(node.expression.tree, scope) ?? {};
    case 'ref':
      return scope.recordPath?.(node.record, node.path) ?? {};
    case 'receipt':
      return node.hole.type === 'integer' ? WHOLE : TEXT;
    case 'list':
      return {
        type: 'array',
        prefixItems: node.members.map((member) => inferTemplate(member, scope)),
        items: false,
      };
    case 'object': {
      const properties = Object.fromEntries(
        node.members.map(([name, member]) => [name, inferTemplate(member, scope)]),
      );
      return {
        type: 'object',
        properties,
        required: Object.keys(properties),
        additionalProperties: false,
      };
    }
  }
}

const FUNCTIONS: { readonly [name: string]: JsonSchema } = {
  ...{ size: WHOLE, int: WHOLE, round: WHOLE, floor: WHOLE, ceil: WHOLE },
  ...{ double: NUMBER, string: TEXT, bool: TRUTH, has: TRUTH, sum: NUMBER, timestamp: MOMENT },
};

const METHODS: { readonly [name: string]: JsonSchema } = {
  ...{ contains: TRUTH, startsWith: TRUTH, endsWith: TRUTH },
  ...{ lowerAscii: TEXT, upperAscii: TEXT, trim: TEXT, substring: TEXT, join: TEXT },
  ...{ size: WHOLE, indexOf: WHOLE, lastIndexOf: WHOLE, split: { type: 'array', items: TEXT } },
};

/** Forms of one value that are kept apart; beyond, choices of choices would double with every step. */
const FORMS = 16;

function eitherOf(left: JsonSchema, right: JsonSchema): JsonSchema | undefined {
  const forms = [...new Set([...branchesOf(left), ...branchesOf(right)])];
  return forms.length <= FORMS ? { anyOf: forms } : undefined;
}

function inferValue(value: unknown): JsonSchema | undefined {
  if (typeof value === 'bigint') return { type: 'integer', const: Number(value) };
  if (
    typeof value === 'string' ||
    typeof value === 'number' ||
    typeof value === 'boolean' ||
    value === null
  ) {
    return schemaOfLiteral(value);
  }
  return undefined;
}

function inferArithmetic(
  sign: string,
  left: JsonSchema | undefined,
  right: JsonSchema | undefined,
): JsonSchema | undefined {
  if (left === MOMENT || right === MOMENT) return undefined; // a time, or a length of time
  const types = [typeOf(left), typeOf(right)];
  if (types.every((type) => type === 'integer')) return WHOLE;
  if (types.every((type) => type === 'integer' || type === 'number')) return NUMBER;
  if (sign === '+' && types.includes('string')) return TEXT; // a text is added to texts only
  return sign === '+' && types.includes('array') ? { type: 'array' } : undefined;
}

function inferWalk(
  walk: NonNullable<ReturnType<typeof asWalk>>,
  scope: TypeScope,
): JsonSchema | undefined {
  if (walk.name === 'all' || walk.name === 'exists' || walk.name === 'exists_one') return TRUTH;
  const list = inferExpression(walk.list, scope);
  if (walk.name === 'filter') return list;
  const item = itemOf(list);
  const inner = { get: (root: string) => (root === walk.variable ? item : scope.get(root)) };
  const last = walk.body.at(-1);
  const made = last && inferExpression(last, inner);
  return made ? { type: 'array', items: made } : { type: 'array' };
}

function inferList(members: readonly (JsonSchema | undefined)[]): JsonSchema {
  return { type: 'array', prefixItems: members.map((member) => member ?? {}), items: false };
}

function inferMap(entries: readonly (readonly [Node, Node])[], scope: TypeScope): JsonSchema {
  const properties: { [name: string]: JsonSchema } = {};
  for (const [key, value] of entries) {
    if (key.op !== 'value' || typeof key.args !== 'string') return { type: 'object' };
    properties[key.args] = inferExpression(value, scope) ?? {};
  }
  return {
    type: 'object',
    properties,
    required: Object.keys(properties),
    additionalProperties: false,
  };
}

function numeric(schema: JsonSchema | undefined): JsonSchema | undefined {
  const type = typeOf(schema);
  return type === 'integer' ? WHOLE : type === 'number' ? NUMBER : undefined;
}

/** The one type that all branches have. */
function typeOf(schema: JsonSchema | undefined): unknown {
  if (!schema) return undefined;
  const types = new Set(branchesOf(schema).map((branch) => branch.type));
  return types.size === 1 ? [...types][0] : undefined;
}
