import type { Registry } from './compile.ts';
import type { CompiledExpression } from './expression.ts';
import { type Fault, joinDotted, suggest } from './fault.ts';
import { misfitsOf } from './fit.ts';
import { inferTemplate, type TypeScope } from './infer-type.ts';
import { describeSchema, type JsonSchema, type Member, memberOf } from './json-schema.ts';
import { PLAN_LIMITS } from './limits.ts';
import { mismatchesOf } from './mismatch.ts';
import { layered, type NameTable } from './name-table.ts';
import type { TemplateNode } from './template.ts';

/** One validation: what it may ask, what it has found. */
export interface Check {
  readonly registry: Registry;
  readonly faults: Fault[];
  /** ids of steps inside bodies, with the step around them */
  readonly nested: ReadonlyMap<string, string>;
}

/** The names that expressions may use at one place, and what is known of each. */
export interface Names {
  readonly names: NameTable;
}

export function typeScope(scope: Names, check: Check): TypeScope {
  return { get: (root) => scope.names.get(root), recordPath: check.registry.recordPath };
}

export function extended(
  scope: Names,
  more: { readonly [name: string]: JsonSchema | undefined },
): Names {
  return { names: layered(new Map(Object.entries(more)), scope.names) };
}

export function withoutTypes(scope: Names, roots: readonly string[]): Names {
  return extended(scope, Object.fromEntries(roots.map((root) => [root, undefined])));
}

/** What an expression reads is there, and its operations can work with what is known of it. */
export function checkExpression(
  expression: CompiledExpression,
  path: string,
  scope: Names,
  check: Check,
): void {
  for (const { root, path: inner } of expression.references) {
    if (scope.names.has(root)) checkMember(root, inner, scope.names.get(root), path, check);
    else check.faults.push(unresolved(path, root, scope, check));
  }
  for (const mismatch of mismatchesOf(expression.tree, typeScope(scope, check)))
    check.faults.push({ path, ...mismatch });
}

function checkMember(
  root: string,
  inner: string,
  schema: JsonSchema | undefined,
  path: string,
  check: Check,
): void {
  let here = schema;
  let at = root;
  for (const part of inner === '' ? [] : inner.split('.')) {
    const member: Member = here ? memberOf(here, part) : { status: 'unknown' };
    if (member.status === 'unknown') return;
    if (member.status === 'none') {
      const found = `${at}.${part}, but ${at} is ${describeSchema(here)}`;
      const remedy = suggestFor(
        check,
        part,
        member.names,
        member.names.length > 0 ? `It has ${member.names.join(', ')}.` : `Use ${at} itself.`,
      );
      check.faults.push({ path, expected: `a field that ${at} has`, found, remedy });
      return;
    }
    here = member.schema;
    at = `${at}.${part}`;
  }
}

export function unresolved(path: string, root: string, scope: Names, check: Check): Fault {
  const around = check.nested.get(root);
  const names = scope.names.all();
  return {
    path,
    expected: 'a step or a name that can be seen from here',
    found: root,
    remedy: around
      ? `${root} is inside ${around}; refer to ${around} (its output) instead.`
      : suggestFor(check, root, names, `There is ${names.slice(0, 12).join(', ')}.`),
  };
}

/** Every expression and every record reference of a template, with the path at which it stands. */
export function checkNode(node: TemplateNode, path: string, scope: Names, check: Check): void {
  switch (node.type) {
    case 'expression':
      checkExpression(node.expression, path, scope, check);
      return;
    case 'ref':
      checkNode(node.id, `${path}.$ref[1]`, scope, check);
      checkFit(
        inferTemplate(node.id, typeScope(scope, check)),
        { type: 'string' },
        `${path}.$ref[1]`,
        check,
      );
      if (check.registry.recordPath && !check.registry.recordPath(node.record, node.path)) {
        check.faults.push({
          path,
          expected: 'a field of a record that exists',
          found: `${node.record}.${node.path}`,
          remedy: 'Correct the type or the field.',
        });
      }
      return;
    case 'list':
      for (const [index, member] of node.members.entries())
        checkNode(member, `${path}[${index}]`, scope, check);
      return;
    case 'object':
      for (const [name, member] of node.members) checkNode(member, `${path}.${name}`, scope, check);
  }
}

export function checkFit(
  from: JsonSchema | undefined,
  to: JsonSchema | undefined,
  path: string,
  check: Check,
): void {
  for (const misfit of misfitsOf(from, to)) {
    const at = joinDotted(path, misfit.path);
    const name =
      misfit.names && suggestFor(check, misfit.found, misfit.names, `Leave ${misfit.found} out.`);
    const remedy =
      name ??
      (misfit.found === 'nothing'
        ? `Give it ${at}.`
        : misfit.isLiteral
          ? `Correct ${at}.`
          : misfit.expected === 'true or false'
            ? 'Compare it with something: ==, !=, >, in.'
            : `Change it, or convert it: string(...), int(...), double(...).`);
    check.faults.push({ path: at, expected: misfit.expected, found: misfit.found, remedy });
  }
}

export function unknownName(
  path: string,
  ref: string,
  expected: string,
  names: readonly string[],
  check: Check,
  /** the command that lists them */
  list: 'capabilities' | 'playbooks' = 'capabilities',
): Fault {
  const [name = ref] = ref.split('@');
  const versions = names.filter((candidate) => candidate.startsWith(`${name}@`));
  const remedy =
    versions.length > 0
      ? `There is ${versions.join(', ')}.`
      : suggestFor(check, ref, names, `List what exists with: steward ${list}`);
  return { path, expected, found: ref, remedy };
}

export function under(path: string, key: string): string {
  return path === '' ? key : `${path}.${key}`;
}

/** Looking for near names takes time: what is beyond the faults that are shown goes without. */
function suggestFor(
  check: Check,
  name: string,
  names: readonly string[],
  otherwise: string,
): string {
  return check.faults.length < PLAN_LIMITS.faults ? suggest(name, names, otherwise) : otherwise;
}
