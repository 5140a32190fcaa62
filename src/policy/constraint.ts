import { type ASTNode, Environment } from '@marcbachmann/cel-js';
import type { Json } from '../base/index.ts';

/** A CEL condition that was checked before it is ever evaluated. */
export interface Constraint {
  readonly source: string;
  /** variables it reads; others need not be prepared */
  readonly reads: ReadonlySet<string>;
  /** `error` for anything but a plain true or false: the caller must take it as a no */
  readonly evaluate: (scope: ConstraintScope) => boolean | 'error';
}

export type ConstraintScope = Readonly<Record<string, unknown>>;

export type CompiledConstraint =
  | { readonly status: 'compiled'; readonly constraint: Constraint }
  | { readonly status: 'faulty'; readonly fault: string };

/** `policy`: variables of a rule. `grant`: the one variable `effect`. */
export type ConstraintKind = 'policy' | 'grant';

const LIMITS = {
  /** characters: a condition that a person can read on one card */
  sourceLength: 2_000,
  /** nodes of the parsed condition */
  nodes: 300,
  depth: 24,
  /** elements of a list written in the condition, and of any list it is evaluated over */
  listElements: 1_000,
  /** values in the evaluated scope: bounds the time of one evaluation */
  scopeValues: 20_000,
  /** compiled conditions kept per kind; a company has tens */
  cached: 1_000,
} as const;

/** Nothing here takes more than linear time in its input. `matches` may take exponential time. */
const FUNCTIONS = new Set([
  'size',
  'has',
  'all',
  'exists',
  'exists_one',
  'filter',
  'startsWith',
  'endsWith',
  'contains',
  'lowerAscii',
  'upperAscii',
  'trim',
  'int',
  'double',
  'string',
]);
const LOOPS = new Set(['all', 'exists', 'exists_one', 'filter']);

const ENVIRONMENTS: { readonly [Kind in ConstraintKind]: Environment } = {
  policy: createEnvironment()
    .registerVariable('agent', 'string')
    .registerVariable('capability', 'string')
    .registerVariable('class', 'string')
    .registerVariable('label', 'string')
    .registerVariable('steering', 'string')
    .registerVariable('fields', 'map')
    .registerVariable('to', 'list<string>')
    .registerVariable('amount', 'map')
    .registerVariable('mode', 'string')
    .registerVariable('playbook', 'string')
    .registerVariable('hour', 'int'),
  grant: createEnvironment().registerVariable('effect', 'map'),
};

const compiled: { readonly [Kind in ConstraintKind]: Map<string, CompiledConstraint> } = {
  policy: new Map(),
  grant: new Map(),
};

/** Compiles a condition, or says in one sentence why it is not accepted. Never throws. */
export function compileConstraint(kind: ConstraintKind, source: string): CompiledConstraint {
  const cache = compiled[kind];
  const known = cache.get(source);
  if (known) return known;
  if (cache.size >= LIMITS.cached) cache.clear();
  const result = compile(kind, source);
  cache.set(source, result);
  return result;
}

/**
 * JSON as CEL sees it: whole numbers become integers. Throws a RangeError for whole numbers beyond the
 * safe range, long lists and large values.
 */
export function toCel(value: Json): unknown {
  return convert(value, { left: LIMITS.scopeValues });
}

function compile(kind: ConstraintKind, source: string): CompiledConstraint {
  if (source.length > LIMITS.sourceLength) {
    return faulty(`It is longer than ${LIMITS.sourceLength} characters.`);
  }
  try {
    const parsed = ENVIRONMENTS[kind].parse(source);
    const reads = new Set<string>();
    const fault = findFault(parsed.ast, reads, false);
    if (fault) return faulty(fault);
    const checked = parsed.check();
    if (!checked.valid) return faulty(firstLine(checked.error));
    if (checked.type !== 'bool' && checked.type !== 'dyn') {
      return faulty(`It gives a ${checked.type}, not true or false.`);
    }
    const evaluate = (scope: ConstraintScope): boolean | 'error' => {
      try {
        const result: unknown = parsed(scope);
        return typeof result === 'boolean' ? result : 'error';
      } catch {
        return 'error';
      }
    };
    return { status: 'compiled', constraint: { source, reads, evaluate } };
  } catch (error) {
    return faulty(firstLine(error));
  }
}

/** The first reason to refuse a parsed condition; collects the names it reads on the way. */
function findFault(node: ASTNode, reads: Set<string>, insideLoop: boolean): string | undefined {
  if (node.op === 'id') reads.add(node.args);
  if (node.op !== 'call' && node.op !== 'rcall') {
    return firstFault(childrenOf(node.args), reads, insideLoop);
  }
  const [name] = node.args;
  if (!FUNCTIONS.has(name)) return `The function "${name}" is not allowed here.`;
  const isLoop = LOOPS.has(name);
  if (isLoop && insideLoop) return `"${name}" stands inside another loop; that is not allowed.`;
  const receiver = node.op === 'rcall' ? [node.args[1]] : [];
  const args = node.op === 'rcall' ? node.args[2] : node.args[1];
  return firstFault(receiver, reads, insideLoop) ?? firstFault(args, reads, insideLoop || isLoop);
}

function firstFault(
  nodes: readonly ASTNode[],
  reads: Set<string>,
  insideLoop: boolean,
): string | undefined {
  for (const node of nodes) {
    const fault = findFault(node, reads, insideLoop);
    if (fault) return fault;
  }
  return undefined;
}

function childrenOf(args: unknown): ASTNode[] {
  if (Array.isArray(args)) return args.flatMap(childrenOf);
  return typeof args === 'object' && args !== null && 'op' in args
    ? [args as ASTNode] // only the parser's nodes carry `op` inside arguments
    : [];
}

function createEnvironment(): Environment {
  const environment = new Environment({
    unlistedVariablesAreDyn: false,
    homogeneousAggregateLiterals: false,
    limits: {
      maxAstNodes: LIMITS.nodes,
      maxDepth: LIMITS.depth,
      maxListElements: LIMITS.listElements,
      maxMapEntries: LIMITS.listElements,
      maxCallArguments: 4,
    },
  });
  const mixed: readonly [string, (a: number, b: number) => number][] = [
    ['+', (a, b) => a + b],
    ['-', (a, b) => a - b],
    ['*', (a, b) => a * b],
    ['/', (a, b) => a / b],
  ];
  for (const [sign, calculate] of mixed) {
    const handler = (a: bigint | number, b: bigint | number) => calculate(Number(a), Number(b));
    environment.registerOperator(`int ${sign} double`, handler);
    environment.registerOperator(`double ${sign} int`, handler);
  }
  return environment;
}

function convert(value: Json, budget: { left: number }): unknown {
  if (--budget.left < 0) throw new RangeError('too many values');
  if (typeof value === 'number') {
    if (!Number.isInteger(value)) return value;
    if (!Number.isSafeInteger(value)) throw new RangeError('a number beyond the safe range');
    return BigInt(value);
  }
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) {
    if (value.length > LIMITS.listElements) throw new RangeError('a list that is too long');
    return value.map((element) => convert(element, budget));
  }
  const entries = Object.entries(value).filter(([, member]) => member !== undefined);
  return new Map(entries.map(([key, member]) => [key, convert(member, budget)]));
}

function faulty(fault: string): CompiledConstraint {
  return { status: 'faulty', fault };
}

function firstLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return `${text.split('\n', 1)[0]}.`;
}
