import { type ASTNode, Environment } from '@marcbachmann/cel-js';
import { EXPRESSION_LIMITS } from './limits.ts';

export type Node = ASTNode;

/** Our functions never give promises, so the library may leave its asynchronous paths out. */
const SYNC = { async: false };

/**
 * The one CEL environment: the language's own types and functions, arithmetic between whole numbers
 * and fractions, and the few functions on numbers that plans need. No clock, no randomness, no I/O.
 */
export const cel: Environment = createCel();

/** Names that the language gives a meaning; no step and no variable may have them. */
export const LANGUAGE_NAMES: ReadonlySet<string> = new Set([
  ...[
    'int',
    'uint',
    'double',
    'string',
    'bool',
    'bytes',
    'list',
    'map',
    'type',
    'dyn',
    'null_type',
  ],
  ...[
    'google',
    'cel',
    'optional',
    'true',
    'false',
    'null',
    'in',
    'as',
    'break',
    'const',
    'continue',
  ],
  ...['else', 'for', 'function', 'if', 'import', 'let', 'loop', 'package', 'namespace', 'return'],
  ...['var', 'void', 'while', 'constructor', 'prototype', 'toString', 'valueOf', 'hasOwnProperty'],
]);

/** A macro that walks a list: who is walked, under which name, and what is evaluated for each. */
export interface Walk {
  readonly name: string;
  readonly list: Node;
  readonly variable: string;
  readonly body: readonly Node[];
}

const WALKS: { readonly [name: string]: readonly number[] } = {
  map: [2, 3],
  filter: [2],
  all: [2],
  exists: [2],
  exists_one: [2],
};

export function asWalk(node: Node): Walk | undefined {
  if (node.op !== 'rcall') return undefined;
  const [name, list, args] = node.args;
  const [first, ...body] = args;
  if (!Object.hasOwn(WALKS, name) || !WALKS[name]?.includes(args.length)) return undefined;
  return first?.op === 'id' ? { name, list, variable: first.args, body } : undefined;
}

/** `cel.bind(name, value, body)` */
export function asBind(node: Node): { variable: string; value: Node; body: Node } | undefined {
  if (node.op !== 'rcall' || node.args[0] !== 'bind') return undefined;
  const [, receiver, [first, value, body]] = node.args;
  if (receiver.op !== 'id' || receiver.args !== 'cel' || first?.op !== 'id') return undefined;
  return value && body ? { variable: first.args, value, body } : undefined;
}

/** The nodes directly below; for a macro also the name of its variable. */
export function childrenOf(node: Node): readonly Node[] {
  switch (node.op) {
    case 'value':
    case 'id':
      return [];
    case '.':
    case '.?':
      return [node.args[0]];
    case 'call':
      return node.args[1];
    case 'rcall':
      return [node.args[1], ...node.args[2]];
    case 'list':
      return node.args;
    case 'map':
      return node.args.flat();
    case '!_':
    case '-_':
      return [node.args];
    default:
      return node.args;
  }
}

function createCel(): Environment {
  const environment = new Environment({
    unlistedVariablesAreDyn: true,
    homogeneousAggregateLiterals: false,
    limits: {
      maxAstNodes: EXPRESSION_LIMITS.nodes,
      maxDepth: EXPRESSION_LIMITS.depth,
    },
  });
  registerMixedArithmetic(environment);
  registerNumbers(environment);
  return environment;
}

type Numeric = number | bigint;

/** `event.amount.minor * 0.19` and `1 + 1.5`: CEL itself refuses to mix, plans need it. */
function registerMixedArithmetic(environment: Environment): void {
  const operations: { readonly [sign: string]: (a: number, b: number) => number } = {
    '+': (a, b) => a + b,
    '-': (a, b) => a - b,
    '*': (a, b) => a * b,
    '/': (a, b) => a / b,
  };
  for (const [sign, operation] of Object.entries(operations)) {
    const handler = (a: Numeric, b: Numeric) => operation(Number(a), Number(b));
    environment.registerOperator(`int ${sign} double: double`, handler);
    environment.registerOperator(`double ${sign} int: double`, handler);
  }
  environment.registerOperator(
    'int == double',
    (a: Numeric, b: Numeric) => Number(a) === Number(b),
  );
}

function registerNumbers(environment: Environment): void {
  const whole = (value: number) => BigInt(value);
  const rounded: { readonly [name: string]: (value: number) => number } = {
    round: (value) => Math.sign(value) * Math.round(Math.abs(value)), // commercial: half away from zero
    floor: Math.floor,
    ceil: Math.ceil,
  };
  for (const [name, round] of Object.entries(rounded)) {
    environment.registerFunction(`${name}(double): int`, (a: number) => whole(round(a)), SYNC);
    environment.registerFunction(`${name}(int): int`, (a: bigint) => a, SYNC);
  }
  environment.registerFunction('abs(double): double', (a: number) => Math.abs(a), SYNC);
  environment.registerFunction('abs(int): int', (a: bigint) => (a < 0n ? -a : a), SYNC);
  const pick = (wanted: (a: Numeric, b: Numeric) => boolean) => (a: Numeric, b: Numeric) =>
    wanted(a, b) ? a : b;
  for (const [left, right] of [
    ['int', 'int'],
    ['double', 'double'],
    ['int', 'double'],
    ['double', 'int'],
  ] as const) {
    const result = left === right ? left : 'dyn';
    const lesser = pick((a, b) => a <= b);
    const greater = pick((a, b) => a >= b);
    environment.registerFunction(`min(${left}, ${right}): ${result}`, lesser, SYNC);
    environment.registerFunction(`max(${left}, ${right}): ${result}`, greater, SYNC);
  }
  environment.registerFunction('sum(list): dyn', sum, SYNC);
}

/** The total of a list of numbers; a whole number when all of them are. */
function sum(list: readonly unknown[]): Numeric {
  let whole = 0n;
  let fraction = 0;
  let mixed = false;
  for (const member of list) {
    if (typeof member === 'bigint') whole += member;
    else if (typeof member === 'number') {
      fraction += member;
      mixed = true;
    } else throw new TypeError('sum() takes a list of numbers');
  }
  return mixed ? Number(whole) + fraction : whole;
}
