import { atPath, isJsonObject, type Json, type JsonObject } from '../base/index.ts';
import { Failure, failure, type Labelled } from '../contract/index.ts';
import { asBind, asWalk, cel, childrenOf, type Node } from './cel.ts';
import { costOf, extentOf } from './expression-cost.ts';
import { isFraction, type JsonSchema, memberOf } from './json-schema.ts';
import { EXPRESSION_LIMITS } from './limits.ts';
import { asPath, type Reference, readReferences } from './references.ts';

/** What expressions see, by root: `input`, the ids of steps, `item`, `event`. A Map is one. */
export interface Scope {
  readonly get: (root: string) => Labelled<Json> | undefined;
}

/** The schemas of roots, where known: they decide whether a whole number counts as a fraction. */
export interface ScopeSchemas {
  readonly get: (root: string) => JsonSchema | undefined;
}

/** An expression that was read, refused where it could block, and is ready to be evaluated. */
export interface CompiledExpression {
  readonly text: string;
  /** every root and path that it reads, each once */
  readonly references: readonly Reference[];
  /** set when it only reads one path, such as `hours.lines` */
  readonly path?: { readonly root: string; readonly path: string };
  /** the tree, for those who look at the text's meaning (types, drawings) */
  readonly tree: Node;
  /** it walks a list or names a value, so its cost is estimated first */
  readonly walks: boolean;
  readonly run: (context: Map<string, unknown>) => unknown;
}

const memo = new Map<string, CompiledExpression>();

/**
 * Reads a CEL expression. Refuses what could block: `matches`, a macro inside a macro, long texts,
 * deep trees. Equal texts share one result. Fails with `expression_failed`.
 */
export function compileExpression(text: string): CompiledExpression {
  const known = memo.get(text);
  if (known) return known;
  if (text.length > EXPRESSION_LIMITS.characters) {
    throw refused(
      text.slice(0, 80),
      `longer than ${EXPRESSION_LIMITS.characters} characters`,
      'too_long',
    );
  }
  const parsed = parse(text);
  const shape = inspect(parsed.ast, text);
  const path = asPath(parsed.ast);
  const references = readReferences(parsed.ast);
  const compiled: CompiledExpression = {
    text,
    references,
    ...(path?.exact &&
      references.length === 1 && { path: { root: path.root, path: path.parts.join('.') } }),
    tree: parsed.ast,
    walks: shape.walks,
    run: (context) => parsed(context),
  };
  if (memo.size >= EXPRESSION_LIMITS.memo) memo.clear();
  memo.set(text, compiled);
  return compiled;
}

/** The roots and paths that it reads; names bound inside the expression are not among them. */
export function referencesOf(compiled: CompiledExpression): readonly Reference[] {
  return compiled.references;
}

/**
 * The value of an expression: plain JSON in, plain JSON out. Whole numbers are exact within the safe
 * range and fail outside it. Fails with `expression_failed`; facts name the expression, the reason
 * and, for what is missing, its path.
 */
export function evaluateExpression(
  compiled: CompiledExpression,
  scope: Scope,
  schemas?: ScopeSchemas,
): Json {
  if (compiled.path) return readPath(compiled, compiled.path, scope);
  try {
    return toJson(compiled.run(readContext(compiled, scope, schemas)), compiled);
  } catch (error) {
    throw explain(error, compiled, scope);
  }
}

/** The same for a place where only true or false makes sense (`when`, `where`, `until`). */
export function evaluateCondition(
  compiled: CompiledExpression,
  scope: Scope,
  schemas?: ScopeSchemas,
): boolean {
  const value = evaluateExpression(compiled, scope, schemas);
  if (typeof value === 'boolean') return value;
  throw refused(
    compiled.text,
    `gives ${typeof value === 'object' ? 'an object or list' : JSON.stringify(value)}, not true or false`,
    'not_boolean',
  );
}

function parse(text: string): ReturnType<typeof cel.parse> {
  try {
    return cel.parse(text);
  } catch (error) {
    throw refused(text, summaryOf(error), 'syntax');
  }
}

/** Walks the tree once and refuses what could run for long. */
function inspect(tree: Node, text: string): { walks: boolean } {
  let walks = false;
  const look = (node: Node, insideWalk: boolean): void => {
    const name = node.op === 'call' || node.op === 'rcall' ? node.args[0] : undefined;
    if (name === 'matches') {
      throw refused(
        text,
        'matches() can run for very long; use contains, startsWith or endsWith',
        'matches',
      );
    }
    const walk = asWalk(node);
    if (walk) {
      if (insideWalk)
        throw refused(
          text,
          `${walk.name}() inside another one; split it into two steps`,
          'nested_macro',
        );
      walks = true;
      look(walk.list, insideWalk);
      for (const part of walk.body) look(part, true);
      return;
    }
    if (asBind(node)) walks = true;
    for (const child of childrenOf(node)) look(child, insideWalk);
  };
  look(tree, false);
  return { walks };
}

function readPath(
  compiled: CompiledExpression,
  path: { readonly root: string; readonly path: string },
  scope: Scope,
): Json {
  const value = atPath(scope.get(path.root)?.value, path.path);
  if (value === undefined)
    throw missing(compiled, scope) ?? refused(compiled.text, 'nothing is there', 'missing');
  return value;
}

/** Sizes above this are estimated even where nothing is walked: `a + a` copies lists. */
const ESTIMATE_FROM = 10_000;

function readContext(
  compiled: CompiledExpression,
  scope: Scope,
  schemas: ScopeSchemas | undefined,
): Map<string, unknown> {
  const meter = { size: 0 };
  const context = new Map<string, unknown>();
  for (const [root, wanted] of wantedOf(compiled)) {
    const value = scope.get(root)?.value;
    if (value !== undefined) {
      context.set(root, pick(value, wanted, schemas?.get(root), meter, compiled));
    }
  }
  if (compiled.walks || meter.size > ESTIMATE_FROM) {
    const tooMuch = costOf(compiled.tree, (root, path) =>
      extentOf(atPath(scope.get(root)?.value, path)),
    );
    if (tooMuch) throw tooLarge(compiled.text, tooMuch.limit, tooMuch.found);
  }
  return context;
}

/** Which parts of a root are read: all of it, or only some members. Keeps conversion small. */
interface Wanted {
  all: boolean;
  readonly members: Map<string, Wanted>;
}

const wantedMemo = new WeakMap<CompiledExpression, Map<string, Wanted>>();

function wantedOf(compiled: CompiledExpression): Map<string, Wanted> {
  const known = wantedMemo.get(compiled);
  if (known) return known;
  const roots = new Map<string, Wanted>();
  for (const { root, path } of compiled.references) {
    let here = memberWanted(roots, root);
    for (const part of path === '' ? [] : path.split('.')) {
      if (/^\d+$/.test(part)) break; // a position in a list: the list is converted as a whole
      here = memberWanted(here.members, part);
    }
    here.all = true;
  }
  wantedMemo.set(compiled, roots);
  return roots;
}

function memberWanted(members: Map<string, Wanted>, key: string): Wanted {
  const known = members.get(key);
  if (known) return known;
  const made: Wanted = { all: false, members: new Map() };
  members.set(key, made);
  return made;
}

type Meter = { size: number };

function pick(
  value: Json,
  wanted: Wanted,
  schema: JsonSchema | undefined,
  meter: Meter,
  compiled: CompiledExpression,
): unknown {
  if (wanted.all || !isJsonObject(value)) return toCel(value, schema, meter, compiled);
  const picked = new Map<string, unknown>();
  for (const [key, inner] of wanted.members) {
    const member = Object.hasOwn(value, key) ? value[key] : undefined;
    if (member !== undefined)
      picked.set(key, pick(member, inner, memberSchema(schema, key), meter, compiled));
  }
  return picked;
}

/** Whole numbers become CEL integers, unless the schema says that fractions may stand there. */
function toCel(
  value: Json,
  schema: JsonSchema | undefined,
  meter: Meter,
  compiled: CompiledExpression,
): unknown {
  meter.size += typeof value === 'string' ? 1 + value.length : 1;
  if (meter.size > EXPRESSION_LIMITS.size) throw tooLarge(compiled.text, 'size', meter.size);
  if (typeof value === 'number') {
    if (!Number.isInteger(value) || isFraction(schema)) return value;
    if (!Number.isSafeInteger(value)) throw unsafe(compiled.text, value);
    return BigInt(value);
  }
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) {
    return value.map((member, index) =>
      toCel(member, memberSchema(schema, String(index)), meter, compiled),
    );
  }
  // A Map, so that members named `constructor` or `__proto__` are data and nothing else.
  const members = new Map<string, unknown>();
  for (const [key, member] of Object.entries(value)) {
    members.set(key, toCel(member, memberSchema(schema, key), meter, compiled));
  }
  return members;
}

function memberSchema(schema: JsonSchema | undefined, key: string): JsonSchema | undefined {
  if (!schema) return undefined;
  const member = memberOf(schema, key);
  return member.status === 'known' ? member.schema : undefined;
}

function toJson(value: unknown, compiled: CompiledExpression): Json {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value;
    case 'number':
      if (Number.isFinite(value)) return value;
      throw refused(compiled.text, 'gives no finite number (a division by zero?)', 'not_finite');
    case 'bigint':
      if (value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER)
        return Number(value);
      throw unsafe(compiled.text, value);
  }
  if (value === null) return null;
  if (Array.isArray(value)) return value.map((member) => toJson(member, compiled));
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Map) return objectOf(value.entries(), compiled);
  if (isPlainObject(value)) return objectOf(Object.entries(value), compiled);
  throw refused(
    compiled.text,
    'gives something that is not data; use string(...) or int(...)',
    'not_json',
  );
}

function objectOf(entries: Iterable<[unknown, unknown]>, compiled: CompiledExpression): JsonObject {
  return Object.fromEntries(
    [...entries].map(([key, member]) => [String(key), toJson(member, compiled)]),
  );
}

function isPlainObject(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** What went wrong, with the missing path where one is missing. */
function explain(error: unknown, compiled: CompiledExpression, scope: Scope): Failure {
  if (error instanceof Failure) return error;
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'no_such_key' || code === 'unknown_variable') {
    const absent = missing(compiled, scope);
    if (absent) return absent;
  }
  return refused(compiled.text, summaryOf(error), typeof code === 'string' ? code : 'evaluation');
}

function missing(compiled: CompiledExpression, scope: Scope): Failure | undefined {
  for (const { root, path } of compiled.references) {
    const value = scope.get(root)?.value;
    const parts = path === '' ? [] : path.split('.');
    for (let length = 0; length <= parts.length; length++) {
      const here = parts.slice(0, length).join('.');
      if (atPath(value, here) !== undefined) continue;
      const at = here === '' ? root : `${root}.${here}`;
      return failure(
        'expression_failed',
        `${quoted(compiled.text)} reads ${at}, which is not there`,
        { expression: compiled.text, reason: 'missing', path: at },
        `Use a field that exists, or ask for it first: has(${at.includes('.') ? at : `${at}.field`}).`,
      );
    }
  }
  return undefined;
}

function refused(text: string, reason: string, code: string): Failure {
  return failure('expression_failed', `${quoted(text)}: ${reason}`, {
    expression: text,
    reason: code,
  });
}

function unsafe(text: string, value: number | bigint): Failure {
  return refused(
    text,
    `${value} is outside the range in which whole numbers are exact`,
    'unsafe_integer',
  );
}

function tooLarge(text: string, limit: 'listMembers' | 'work' | 'size', found: number): Failure {
  const what = { listMembers: 'walks a list of', work: 'would take', size: 'reads or makes' }[
    limit
  ];
  const unit = { listMembers: 'members', work: 'units of work', size: 'values and characters' }[
    limit
  ];
  return failure(
    'expression_failed',
    `${quoted(text)} ${what} ${Math.ceil(found)} ${unit}; the limit is ${EXPRESSION_LIMITS[limit]}`,
    {
      expression: text,
      reason: 'too_much',
      limit,
      found: Math.ceil(found),
      most: EXPRESSION_LIMITS[limit],
    },
    'Let a capability do this work, or split the list first.',
  );
}

function quoted(text: string): string {
  return `"${text.length > 120 ? `${text.slice(0, 117)}...` : text}"`;
}

function summaryOf(error: unknown): string {
  if (error instanceof Error && 'summary' in error && typeof error.summary === 'string')
    return error.summary;
  return error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
}
