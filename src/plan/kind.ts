import { cel } from './cel.ts';
import { MOMENT } from './infer-type.ts';
import { branchesOf, type JsonSchema } from './json-schema.ts';

/** What a value is inside an expression, as far as the language tells values apart; `dyn`: not known. */
export type Kind = keyof typeof TYPES;

/** The language's own name of each kind, and ours. */
const TYPES = {
  string: { cel: 'string', words: 'a text' },
  int: { cel: 'int', words: 'a whole number' },
  double: { cel: 'double', words: 'a number' },
  bool: { cel: 'bool', words: 'true or false' },
  null: { cel: 'null', words: 'null' },
  list: { cel: 'list<dyn>', words: 'a list' },
  map: { cel: 'map<string, dyn>', words: 'an object' },
  time: { cel: 'google.protobuf.Timestamp', words: 'a time' },
  span: { cel: 'google.protobuf.Duration', words: 'a length of time' },
  dyn: { cel: 'dyn', words: 'anything' },
} as const;

// The keys of the record above, and of no other.
export const KINDS: readonly Kind[] = Object.keys(TYPES) as Kind[];

/** Of what may be anything, nothing is said. */
export const ANY: readonly Kind[] = ['dyn'];

export function kindWords(kinds: readonly Kind[]): string {
  const named = kinds.includes('double') ? kinds.filter((kind) => kind !== 'int') : kinds;
  return named.map((kind) => TYPES[kind].words).join(' or ');
}

/** The kinds that values of a schema can have. Where one branch says nothing, nothing is known. */
export function kindsOfSchema(schema: JsonSchema | undefined): readonly Kind[] {
  if (!schema) return ANY;
  const kinds = new Set(branchesOf(schema).flatMap(kindsOfBranch));
  return kinds.has('dyn') ? ANY : [...kinds];
}

function kindsOfBranch(schema: JsonSchema): readonly Kind[] {
  if (schema === MOMENT) return ['time'];
  switch (schema.type) {
    case 'string':
      return ['string'];
    case 'boolean':
      return ['bool'];
    case 'integer':
      return ['int'];
    case 'number':
      return ['int', 'double']; // whole ones count as fractions only where their schema is at hand
    case 'null':
      return ['null'];
    case 'array':
      return ['list'];
    case 'object':
      return ['map'];
    default:
      return ANY;
  }
}

/** Declares one variable of each kind, so that one operation at a time can be asked about. */
const asking = KINDS.reduce(
  (environment, kind) => environment.registerVariable(variableOf(kind), TYPES[kind].cel),
  cel.clone(),
);

/** The name under which a kind stands in a question to `resultOf`. */
export function variableOf(kind: Kind): string {
  return `a_${kind}`;
}

/** Answers that are kept; function names come from outside, so they could be many. */
const MEMO = 5_000;

const memo = new Map<string, Kind | undefined>();

/**
 * The kind that one operation gives, `a_string + a_int`, asked of the language's own type checker;
 * undefined where it has no such operation, so that it would fail when it runs.
 */
export function resultOf(operation: string): Kind | undefined {
  if (memo.has(operation)) return memo.get(operation);
  const { valid, type } = asking.check(operation);
  const result = valid ? kindOfType(type) : undefined;
  if (memo.size >= MEMO) memo.clear();
  memo.set(operation, result);
  return result;
}

function kindOfType(type: string | undefined): Kind {
  if (type?.startsWith('list')) return 'list';
  if (type?.startsWith('map')) return 'map';
  return KINDS.find((kind) => TYPES[kind].cel === type) ?? 'dyn';
}

/** Names of functions and methods, for "did you mean". */
export const FUNCTION_NAMES: ReadonlySet<string> = new Set(
  cel.getDefinitions().functions.map(({ name }) => name),
);
