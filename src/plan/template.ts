import { atPath, isJsonObject, type Json, type JsonObject } from '../base/index.ts';
import {
  failure,
  joinLabels,
  type Label,
  type Labelled,
  type Labels,
  labelOfAll,
} from '../contract/index.ts';
import {
  type CompiledExpression,
  compileExpression,
  evaluateExpression,
  type Scope,
  type ScopeSchemas,
} from './expression.ts';
import { describeValue } from './fault.ts';
import { labelOfPath, labelsUnder, lookedUp, mapLabels, passedOn } from './label-path.ts';
import { PLAN_LIMITS } from './limits.ts';
import type { Reference } from './references.ts';

/** Where a template finds what is not in scope. */
export interface TemplatePorts {
  /** The field of a record; fails with `not_found`. Its labels are those of the field. */
  readonly ref: (
    type: string,
    id: string,
    path: string,
  ) => Labelled<Json> | Promise<Labelled<Json>>;
  /** The receipt of a step that was committed; undefined while there is none. */
  readonly receipt?: (step: string) => Labelled<Json> | undefined;
  /** What the plan itself is worth: its literals carry this, and so does what an untrusted plan reads. */
  readonly own: Label;
  readonly schemas?: ScopeSchemas;
}

/** A typed hole in an effect, filled from an earlier receipt. Never steers an effect. */
export interface ReceiptHole {
  readonly step: string;
  /** dotted path into the receipt's provider data */
  readonly path: string;
  readonly type: 'text' | 'url' | 'integer';
  /** for `url`: the only host that may stand there */
  readonly host?: string;
  /** characters at most, or for `integer` the largest value */
  readonly max: number;
}

/** A template that was read once: which parts are data and which are worked out. */
export interface CompiledTemplate {
  readonly node: TemplateNode;
  /** what its expressions read */
  readonly references: readonly Reference[];
  /** the steps whose receipts fill its holes */
  readonly holes: readonly ReceiptHole[];
  /** it looks up records, so resolving it may take a promise */
  readonly looksUp: boolean;
}

export type TemplateNode =
  | { readonly type: 'literal'; readonly value: Json }
  | { readonly type: 'expression'; readonly expression: CompiledExpression }
  | {
      readonly type: 'ref';
      readonly record: string;
      readonly id: TemplateNode;
      readonly path: string;
    }
  | { readonly type: 'receipt'; readonly hole: ReceiptHole; readonly source: JsonObject }
  | { readonly type: 'list'; readonly members: readonly TemplateNode[] }
  | { readonly type: 'object'; readonly members: readonly (readonly [string, TemplateNode])[] };

/**
 * Reads a template. Only `{"$expr"}`, `{"$ref"}` and `{"$receipt"}` are worked out; a plain text is
 * always literal, whatever it looks like. Fails with `invalid_plan` or `expression_failed`; facts
 * name the path in the template.
 */
export function compileTemplate(template: Json): CompiledTemplate {
  const references = new Map<string, Reference>();
  const holes: ReceiptHole[] = [];
  let looksUp = false;
  const node = read(template, '', 0, {
    expression: (expression) => {
      for (const reference of expression.references)
        references.set(`${reference.root}.${reference.path}`, reference);
    },
    hole: (hole) => holes.push(hole),
    ref: () => {
      looksUp = true;
    },
  });
  return { node, references: [...references.values()], holes, looksUp };
}

/**
 * The template's value, with a label for every field: a literal is worth what the plan is, an
 * expression the join of exactly the paths it reads, a reference the weaker of its id and its field.
 * Without a `$ref` the answer is there at once; with one it may be a promise.
 */
export function resolveTemplate(
  template: CompiledTemplate,
  scope: Scope,
  ports: TemplatePorts,
): Labelled<Json> | Promise<Labelled<Json>> {
  const run: Resolution = { scope, ports, at: {}, pending: [] };
  const root: Holder = {};
  fill(template.node, '', run, root, 'value');
  const finish = () => ({ value: root.value ?? null, labels: labelsAt(run.at, ports.own) });
  return run.pending.length > 0 ? Promise.all(run.pending).then(finish) : finish();
}

/** The empty path is the whole value; what nothing was noted for is worth what the plan is. */
function labelsAt(at: Readonly<Record<string, Label>>, own: Label): Labels {
  const count = Object.keys(at).length;
  if (at[''] === undefined) return count === 0 ? { base: own } : { base: own, at };
  const { '': base, ...fields } = at;
  return count === 1 ? { base } : { base, at: fields };
}

/** The same for a template that looks up nothing: always at once. */
export function resolveNow(
  template: CompiledTemplate,
  scope: Scope,
  ports: Omit<TemplatePorts, 'ref'>,
): Labelled<Json> {
  const resolved = resolveTemplate(template, scope, {
    ...ports,
    ref: () => {
      throw failure(
        'invalid_plan',
        'A record cannot be looked up here.',
        {},
        'Read it in a step of its own.',
      );
    },
  });
  if (resolved instanceof Promise) throw new TypeError('unreachable: only a ref gives a promise');
  return resolved;
}

/** The value of one expression with its labels. A plain path keeps the labels of its fields. */
export function evaluateLabelled(
  expression: CompiledExpression,
  scope: Scope,
  own: Label,
  schemas?: ScopeSchemas,
): Labelled<Json> {
  const value = evaluateExpression(expression, scope, schemas);
  return { value, labels: labelsOfExpression(expression, scope, own) };
}

/** The labels of an expression's result; also without evaluating it. */
export function labelsOfExpression(
  expression: CompiledExpression,
  scope: { readonly get: (root: string) => { readonly labels: Labels } | undefined },
  own: Label,
): Labels {
  if (expression.path) {
    const source = scope.get(expression.path.root);
    if (!source) return { base: own };
    return mapLabels(labelsUnder(source.labels, expression.path.path), (label) =>
      passedOn(label, own),
    );
  }
  let label = own;
  for (const { root, path } of expression.references) {
    const source = scope.get(root);
    if (source) label = joinLabels(label, labelOfPath(source.labels, path));
  }
  return { base: label };
}

interface Finds {
  readonly expression: (expression: CompiledExpression) => void;
  readonly hole: (hole: ReceiptHole) => void;
  readonly ref: () => void;
}

function read(template: Json, path: string, depth: number, finds: Finds): TemplateNode {
  if (typeof template !== 'object' || template === null)
    return { type: 'literal', value: template };
  if (depth > PLAN_LIMITS.templateDepth)
    throw malformed(path, `at most ${PLAN_LIMITS.templateDepth} levels`, template);
  if (Array.isArray(template)) {
    const members = template.map((member, index) =>
      read(member, under(path, String(index)), depth + 1, finds),
    );
    return isLiteral(members) ? { type: 'literal', value: template } : { type: 'list', members };
  }
  const object = template as JsonObject; // neither a list nor null nor a scalar, checked above
  const special = Object.keys(object).find((key) => key.startsWith('$'));
  if (special) return readSpecial(special, object, path, depth, finds);
  const members = Object.entries(object).map(([key, member]) => {
    const node = read(member, under(path, key), depth + 1, finds);
    // Labels are kept by dotted path, so a name with a dot can hold a literal only.
    const speakable = key !== '__proto__' && (node.type === 'literal' || !key.includes('.'));
    if (!speakable) throw malformed(under(path, key), 'a name without a dot', key);
    return [key, node] as const;
  });
  const literal = isLiteral(members.map(([, member]) => member));
  return literal ? { type: 'literal', value: object } : { type: 'object', members };
}

function readSpecial(
  special: string,
  object: JsonObject,
  path: string,
  depth: number,
  finds: Finds,
): TemplateNode {
  const inner = object[special];
  if (Object.keys(object).length === 1 && inner !== undefined) {
    if (special === '$expr' && typeof inner === 'string') {
      const expression = compileExpression(inner);
      finds.expression(expression);
      return { type: 'expression', expression };
    }
    if (special === '$ref' && Array.isArray(inner) && inner.length === 3) {
      const [record, id, field] = inner;
      if (typeof record === 'string' && typeof field === 'string' && id !== undefined) {
        finds.ref();
        return {
          type: 'ref',
          record,
          id: read(id, under(path, '$ref.1'), depth + 1, finds),
          path: field,
        };
      }
    }
    if (special === '$receipt' && isJsonObject(inner)) {
      const hole = readHole(inner);
      if (hole) {
        finds.hole(hole);
        return { type: 'receipt', hole, source: object };
      }
    }
  }
  throw malformed(
    path,
    '{"$expr": text}, {"$ref": [type, id, path]} or {"$receipt": {step, path, type, max}} and nothing beside it',
    object,
  );
}

function readHole(inner: JsonObject): ReceiptHole | undefined {
  const { step, path, type, host, max, ...rest } = inner;
  if (Object.keys(rest).length > 0 || typeof step !== 'string' || typeof path !== 'string')
    return undefined;
  if (type !== 'text' && type !== 'url' && type !== 'integer') return undefined;
  if (typeof max !== 'number' || !Number.isSafeInteger(max) || max < 1) return undefined;
  if (type === 'url')
    return typeof host === 'string' && host !== '' ? { step, path, type, host, max } : undefined;
  return host === undefined ? { step, path, type, max } : undefined;
}

function isLiteral(members: readonly TemplateNode[]): boolean {
  return members.every((member) => member.type === 'literal');
}

interface Resolution {
  readonly scope: Scope;
  readonly ports: TemplatePorts;
  readonly at: Record<string, Label>;
  readonly pending: Promise<void>[];
}

type Holder = { [key: string | number]: Json };

/** Puts the node's value into `holder[key]`, now or when its records have arrived. */
function fill(
  node: TemplateNode,
  path: string,
  run: Resolution,
  holder: Holder,
  key: string | number,
): void {
  switch (node.type) {
    case 'literal':
      put(holder, key, node.value);
      return;
    case 'expression': {
      const { value, labels } = evaluateLabelled(
        node.expression,
        run.scope,
        run.ports.own,
        run.ports.schemas,
      );
      put(holder, key, value);
      mark(run, path, labels);
      return;
    }
    case 'ref':
      fillRef(node, path, run, holder, key);
      return;
    case 'receipt': {
      const receipt = run.ports.receipt?.(node.hole.step);
      put(holder, key, receipt ? fillHole(node.hole, receipt.value) : node.source);
      if (receipt) mark(run, path, { base: labelOfPath(receipt.labels, node.hole.path) });
      return;
    }
    case 'list': {
      const list: Json[] = new Array(node.members.length).fill(null);
      put(holder, key, list);
      // A list is indexed like a holder; every index below its length exists.
      for (const [index, member] of node.members.entries())
        fill(member, under(path, String(index)), run, list as unknown as Holder, index);
      return;
    }
    case 'object': {
      const object: Holder = {};
      put(holder, key, object as JsonObject);
      for (const [name, member] of node.members) fill(member, under(path, name), run, object, name);
    }
  }
}

function fillRef(
  node: Extract<TemplateNode, { type: 'ref' }>,
  path: string,
  run: Resolution,
  holder: Holder,
  key: string | number,
): void {
  const inner: Resolution = { ...run, at: {}, pending: [] };
  const found: Holder = {};
  fill(node.id, '', inner, found, 'id');
  const id = found.id;
  if (typeof id !== 'string') {
    throw failure(
      'expression_failed',
      `The id of a ${node.record} must be a text, found ${describeValue(id)}`,
      {
        path,
        reason: 'not_an_id',
      },
    );
  }
  const keyLabel = labelOfAll({ base: inner.at[''] ?? run.ports.own, at: inner.at });
  const take = (field: Labelled<Json>): void => {
    put(holder, key, field.value);
    mark(
      run,
      path,
      mapLabels(field.labels, (label) => lookedUp(label, keyLabel)),
    );
  };
  put(holder, key, null);
  const field = run.ports.ref(node.record, id, node.path);
  if (field instanceof Promise) run.pending.push(field.then(take));
  else take(field);
}

/** What a receipt puts into a hole; it must be exactly what was signed for. */
function fillHole(hole: ReceiptHole, receipt: Json): Json {
  const value = atPath(receipt, hole.path);
  if (hole.type === 'integer' && Number.isSafeInteger(value) && Number(value) <= hole.max)
    return Number(value);
  if (hole.type !== 'integer' && typeof value === 'string' && value.length <= hole.max) {
    if (hole.type === 'text') return value;
    if (URL.canParse(value)) {
      const url = new URL(value);
      if (
        url.protocol === 'https:' &&
        url.host === hole.host &&
        url.username === '' &&
        url.password === ''
      )
        return value;
    }
  }
  throw failure(
    'wrong_output',
    `The receipt of ${hole.step} does not hold the ${hole.type} that was expected at ${hole.path}.`,
    { step: hole.step, path: hole.path, expected: hole.type, found: describeValue(value) },
    'Look at the receipt, then fill in the value by hand.',
  );
}

/** Notes where a value came from; the empty path is the whole value. */
function mark(run: Resolution, path: string, labels: Labels): void {
  run.at[path] = labels.base;
  for (const [inner, label] of Object.entries(labels.at ?? {})) run.at[under(path, inner)] = label;
}

function put(holder: Holder, key: string | number, value: Json): void {
  holder[key] = value;
}

function under(path: string, key: string): string {
  return path === '' ? key : `${path}.${key}`;
}

function malformed(path: string, expected: string, found: Json): Error {
  const at = path === '' ? 'the template' : path;
  return failure('invalid_plan', `${at}: expected ${expected}, found ${describeValue(found)}`, {
    faults: [{ path, expected, found: describeValue(found), remedy: `Correct ${at}.` }],
  });
}
