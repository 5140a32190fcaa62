import { asBind, asWalk, childrenOf, LANGUAGE_NAMES, type Node, type Walk } from './cel.ts';
import { suggest } from './fault.ts';
import { inferExpression, MOMENT, type TypeScope } from './infer-type.ts';
import { describeSchema, itemOf, type JsonSchema, memberOf } from './json-schema.ts';
import {
  ANY,
  FUNCTION_NAMES,
  KINDS,
  type Kind,
  kindsOfSchema,
  kindWords,
  resultOf,
  variableOf,
} from './kind.ts';
import { type Mismatch, mismatch, textOf } from './mismatch-words.ts';
import { asPath } from './references.ts';

/**
 * The operations of an expression that are certain to fail, or to compare what is never equal: texts
 * with numbers, calculating with an object, an argument that a function does not take. Every operation
 * is asked of the language's own checker, alone and with all kinds that its operands can have: one that
 * works with any of them passes, and of what is not known nothing is said.
 */
export function mismatchesOf(tree: Node, scope: TypeScope): readonly Mismatch[] {
  const found: Mismatch[] = [];
  kindsOf(tree, { scope, found, bound: new Set() });
  return found;
}

interface Look {
  readonly scope: TypeScope;
  /** names that the expression itself gives: nobody else looks whether their members exist */
  readonly bound: ReadonlySet<string>;
  readonly found: Mismatch[];
}

const TRUTH: readonly Kind[] = ['bool'];

/** What a node can give; what is wrong below it has been added then, and is told once. */
function kindsOf(node: Node, look: Look): readonly Kind[] {
  switch (node.op) {
    case 'value':
    case 'id':
      return kindsOfSchema(inferExpression(node, look.scope));
    case '&&':
    case '||':
      for (const side of node.args) truth(side, `on both sides of ${node.op}`, look);
      return TRUTH;
    case '?:': {
      const [condition, yes, no] = node.args;
      truth(condition, 'before ?', look);
      return either(kindsOf(yes, look), kindsOf(no, look));
    }
    case '!_':
      return operation(node, [node.args], ([a]) => `!${a}`, 'true or false after !', look);
    case '-_':
      return operation(node, [node.args], ([a]) => `-${a}`, 'a number after -', look);
    case '==':
    case '!=':
      return equality(node, node.args, look);
    case '<':
    case '<=':
    case '>':
    case '>=':
    case '+':
    case '-':
    case '*':
    case '/':
    case '%':
    case 'in':
      return operation(
        node,
        node.args,
        ([a, b]) => `${a} ${node.op} ${b}`,
        `${SIDES[node.op]} ${node.op === 'in' ? 'after' : 'on both sides of'} ${node.op}`,
        look,
      );
    case '.':
      return member(node, look);
    case 'call':
      return node.args[0] === 'has'
        ? TRUTH
        : call(node, node.args[0], undefined, node.args[1], look);
    case 'rcall':
      return method(node, node.args, look);
    default:
      for (const child of childrenOf(node)) kindsOf(child, look);
      return kindsOfSchema(inferExpression(node, look.scope));
  }
}

const SIDES = {
  ...{ '<': 'two numbers, two texts or two times', '<=': 'two numbers, two texts or two times' },
  ...{ '>': 'two numbers, two texts or two times', '>=': 'two numbers, two texts or two times' },
  ...{ '+': 'two numbers, two texts or two lists', '-': 'two numbers or two times' },
  ...{ '*': 'two numbers', '/': 'two numbers', '%': 'two whole numbers' },
  in: 'a list or an object',
} as const;

function method(
  node: Node,
  [name, receiver, args]: readonly [string, Node, readonly Node[]],
  look: Look,
): readonly Kind[] {
  const bind = asBind(node);
  if (bind) {
    kindsOf(bind.value, look);
    const schema = inferExpression(bind.value, look.scope);
    return kindsOf(bind.body, withVariable(look, bind.variable, schema));
  }
  const walk = asWalk(node);
  if (walk) return walked(walk, look);
  if (receiver.op === 'id' && LANGUAGE_NAMES.has(receiver.args)) {
    for (const child of args) kindsOf(child, look); // a name of the language's own, such as `optional`
    return ANY;
  }
  return call(node, name, receiver, args, look);
}

function walked({ name, list, variable, body }: Walk, look: Look): readonly Kind[] {
  const kinds = kindsOf(list, look);
  if (!meet(kinds, ['list', 'map'])) {
    const expected = `a list before .${name}()`;
    look.found.push(mismatch(list, expected, [{ node: list, kinds }], look.scope));
  }
  const item = itemOf(inferExpression(list, look.scope));
  const inner = withVariable(look, variable, item);
  for (const [index, part] of body.entries()) {
    const makesItem = name === 'map' && index === body.length - 1;
    if (makesItem) kindsOf(part, inner);
    else truth(part, `in .${name}()`, inner);
  }
  return name === 'map' || name === 'filter' ? ['list'] : TRUTH;
}

function withVariable(look: Look, variable: string, schema: JsonSchema | undefined): Look {
  const { scope } = look;
  return {
    ...look,
    scope: { ...scope, get: (root) => (root === variable ? schema : scope.get(root)) },
    bound: new Set(look.bound).add(variable),
  };
}

/** A member of a value whose name belongs to the expression; the names around it are looked at before. */
function member(node: Extract<Node, { op: '.' }>, look: Look): readonly Kind[] {
  const [left, name] = node.args;
  const before = look.found.length;
  kindsOf(left, look);
  const path = asPath(left);
  const schema = !path || look.bound.has(path.root) ? inferExpression(left, look.scope) : undefined;
  const asked = schema && schema !== MOMENT ? memberOf(schema, name) : undefined;
  if (asked?.status === 'none' && look.found.length === before) {
    const { names } = asked;
    const at = textOf(left);
    const otherwise = names.length > 0 ? `It has ${names.join(', ')}.` : `Use ${at} itself.`;
    look.found.push({
      expected: `a field that ${at} has`,
      found: `${textOf(node)}, but ${at} is ${describeSchema(schema)}`,
      remedy: suggest(name, names, otherwise),
    });
  }
  return kindsOfSchema(inferExpression(node, look.scope));
}

function truth(node: Node, place: string, look: Look): void {
  const kinds = kindsOf(node, look);
  if (meet(kinds, TRUTH)) return;
  look.found.push(mismatch(node, `true or false ${place}`, [{ node, kinds }], look.scope));
}

function call(
  node: Node,
  name: string,
  receiver: Node | undefined,
  args: readonly Node[],
  look: Look,
): readonly Kind[] {
  const textOf = (names: readonly string[]): string =>
    receiver ? `${names[0]}.${name}(${names.slice(1).join(', ')})` : `${name}(${names.join(', ')})`;
  const operands = receiver ? [receiver, ...args] : args;
  const before = look.found.length;
  const kinds = operation(node, operands, textOf, `something that ${name}() takes`, look);
  const told = look.found[before];
  if (!told || told.expected !== `something that ${name}() takes`) return kinds;
  if (!FUNCTION_NAMES.has(name)) {
    const remedy = suggest(name, FUNCTION_NAMES, 'Let a capability work it out.');
    look.found[before] = { expected: 'a function that exists', found: `${name}()`, remedy };
    return kinds;
  }
  const rest = operands.slice(1).map(() => variableOf('dyn'));
  const takes = KINDS.filter(
    (kind) => kind !== 'dyn' && resultOf(textOf([variableOf(kind), ...rest])) !== undefined,
  );
  if (takes.length > 0)
    look.found[before] = { ...told, expected: `${kindWords(takes)} for ${name}()` };
  return kinds;
}

/** Values of two kinds are never equal. That anything may be compared with null is on purpose. */
function equality(node: Node, sides: readonly [Node, Node], look: Look): readonly Kind[] {
  const [left, right] = [kindsOf(sides[0], look), kindsOf(sides[1], look)];
  const canMeet = left.some((a) =>
    right.some((b) => {
      const isOpen = a === b || a === 'null' || b === 'null';
      return isOpen || resultOf(`${variableOf(a)} == ${variableOf(b)}`) !== undefined;
    }),
  );
  if (canMeet) return TRUTH;
  const operands = [
    { node: sides[0], kinds: left },
    { node: sides[1], kinds: right },
  ];
  const expected = `values of one kind on both sides of ${node.op}`;
  look.found.push(mismatch(node, expected, operands, look.scope));
  return TRUTH;
}

/** Combinations of kinds that are asked about; beyond, the operands can be nearly anything. */
const COMBINATIONS = 256;

function operation(
  node: Node,
  operands: readonly Node[],
  textOf: (names: readonly string[]) => string,
  expected: string,
  look: Look,
): readonly Kind[] {
  const before = look.found.length;
  const given = operands.map((operand) => ({ node: operand, kinds: kindsOf(operand, look) }));
  const combined = combinations(given.map(({ kinds }) => kinds));
  if (!combined) return ANY;
  const results = combined.map((kinds) => resultOf(textOf(kinds.map(variableOf))));
  const possible = results.filter((kind) => kind !== undefined);
  if (possible.length > 0) return either(possible, []);
  const isMapKey = node.op === 'in' && given[1]?.kinds.includes('map');
  // What is wrong below is told there; a key of another kind is in no object, and no failure.
  if (look.found.length === before && !isMapKey)
    look.found.push(mismatch(node, expected, given, look.scope));
  return ANY;
}

function combinations(kinds: readonly (readonly Kind[])[]): readonly Kind[][] | undefined {
  if (kinds.reduce((product, { length }) => product * length, 1) > COMBINATIONS) return undefined;
  return kinds.reduce<Kind[][]>(
    (made, next) => made.flatMap((some) => next.map((kind) => [...some, kind])),
    [[]],
  );
}

function either(left: readonly Kind[], right: readonly Kind[]): readonly Kind[] {
  const kinds = new Set([...left, ...right]);
  return kinds.has('dyn') ? ANY : [...kinds];
}

function meet(kinds: readonly Kind[], wanted: readonly Kind[]): boolean {
  return kinds.some((kind) => kind === 'dyn' || wanted.includes(kind));
}
