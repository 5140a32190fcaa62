import { z } from 'zod';
import { isJsonObject, type Json, type JsonObject } from '../base/index.ts';
import { neededWords } from '../contract/index.ts';
import { describeValue, type Fault, invalidPlan, joinPath, nearNames, suggest } from './fault.ts';
import { FORM_FIELD_MEMBERS, formSchema } from './form.ts';
import { PLAN_LIMITS } from './limits.ts';
import {
  bodiesOf,
  type Plan,
  type Playbook,
  planSchema,
  playbookSchema,
  STEP_KINDS,
  type Step,
  stepSchemas,
} from './plan.ts';
import { readableRest } from './readable-rest.ts';

/** Where the steps of a playbook stand. */
const STEPS = 'plan.steps';

/** Reads a plan from outside. Fails with `invalid_plan`; facts name every fault by its path. */
export function parsePlan(json: unknown): Plan {
  return parseWith(planSchema, json, (plan) => plan.steps, 'steps');
}

/** Reads a playbook from outside; its faults are named like those of a plan. */
export function parsePlaybook(json: unknown): Playbook {
  return parseWith(playbookSchema, json, (playbook) => playbook.plan.steps, STEPS);
}

/**
 * What is wrong with the shape of a playbook, together with what could be read of it in spite of that: a
 * step that cannot be read is replaced by one that does nothing and of which nothing is known. Without a
 * playbook, too little could be read.
 */
export function readPlaybook(json: unknown): {
  readonly playbook?: Playbook;
  readonly faults: readonly Fault[];
} {
  const unsound = jsonFaults(json);
  if (unsound.length > 0) return { faults: unsound };
  const { value, faults } = readWith(
    playbookSchema,
    json,
    (playbook) => playbook.plan.steps,
    STEPS,
  );
  const playbook = value ?? (isJsonObject(json) ? readableRest(json, faults) : undefined);
  return { ...(playbook && { playbook }), faults };
}

/** The stored form as JSON Schema (draft 2020-12), for editors and for models. */
export function planJsonSchema(): JsonObject {
  // z.toJSONSchema gives plain JSON; only its declared type is wider.
  return z.toJSONSchema(planSchema, {
    io: 'input',
    unrepresentable: 'any',
  }) as unknown as JsonObject;
}

export function playbookJsonSchema(): JsonObject {
  // z.toJSONSchema gives plain JSON; only its declared type is wider.
  return z.toJSONSchema(playbookSchema, {
    io: 'input',
    unrepresentable: 'any',
  }) as unknown as JsonObject;
}

/** What is wrong with an input that is a form: whatever has `fields`. JSON Schema knows no such word. */
export function formFaults(input: Playbook['input']): readonly Fault[] {
  if (!Object.hasOwn(input, 'fields')) return [];
  const { error } = formSchema.safeParse(input);
  return (error?.issues ?? []).flatMap((issue) => faultOf(issue, { input }, ['input']));
}

function parseWith<T>(
  schema: z.ZodType<T>,
  json: unknown,
  stepsOf: (parsed: T) => readonly Step[],
  path: string,
): T {
  const unsound = jsonFaults(json);
  if (unsound.length > 0) throw invalidPlan(unsound);
  const { value, faults } = readWith(schema, json, stepsOf, path);
  if (value === undefined || faults.length > 0) throw invalidPlan(faults);
  return value;
}

function readWith<T>(
  schema: z.ZodType<T>,
  json: unknown,
  stepsOf: (parsed: T) => readonly Step[],
  path: string,
): { readonly value?: T; readonly faults: readonly Fault[] } {
  const result = schema.safeParse(json);
  if (!result.success) return { faults: faultsOf(result.error.issues, json) };
  const faults = countFaults(stepsOf(result.data), path);
  return faults.length > 0 ? { faults } : { value: result.data, faults };
}

/** Levels of a whole document: nested bodies and the templates inside them. */
const DOCUMENT_DEPTH = PLAN_LIMITS.nesting * 4 + PLAN_LIMITS.templateDepth;

/** Is it JSON at all, and of bounded depth? Without recursion, so that depth itself cannot hurt. */
function jsonFaults(json: unknown): Fault[] {
  const open: { value: unknown; path: string; depth: number }[] = [
    { value: json, path: '', depth: 0 },
  ];
  for (let next = open.pop(), seen = 1; next; next = open.pop(), seen++) {
    const { value, path, depth } = next;
    if (typeof value === 'string' || typeof value === 'boolean' || value === null) continue;
    if (typeof value === 'number' && Number.isFinite(value)) continue;
    if (typeof value !== 'object') return [notJson(path, value)];
    if (depth > DOCUMENT_DEPTH) return [tooDeep(path)];
    if (seen > PLAN_LIMITS.documentValues) return [tooLarge()];
    for (const [key, member] of Object.entries(value)) {
      if (key === '__proto__') return [notJson(joinPath(path, key), member)];
      const at = joinPath(path, Array.isArray(value) ? Number(key) : key);
      if (member !== undefined) open.push({ value: member, path: at, depth: depth + 1 });
    }
  }
  return [];
}

function notJson(path: string, value: unknown): Fault {
  return {
    path,
    expected: 'plain data (text, number, true, false, null, list, object)',
    found: typeof value === 'object' ? 'a reserved name' : `a ${typeof value}`,
    remedy: 'Leave it out, or write it as a text.',
  };
}

function tooLarge(): Fault {
  return {
    path: '',
    expected: `at most ${PLAN_LIMITS.documentValues} values in all`,
    found: 'more',
    remedy: 'Keep large data in records or files and refer to it.',
  };
}

function tooDeep(path: string): Fault {
  return {
    path: path.length > 120 ? `${path.slice(0, 117)}...` : path,
    expected: `at most ${DOCUMENT_DEPTH} levels`,
    found: 'more',
    remedy: 'Make it flatter: move inner steps into a playbook of their own.',
  };
}

/** Limits over the whole plan that no schema of one step can see. */
function countFaults(steps: readonly Step[], path: string): Fault[] {
  let count = 0;
  const faults: Fault[] = [];
  const walk = (inner: readonly Step[], at: string, depth: number): void => {
    count += inner.length;
    if (depth > PLAN_LIMITS.nesting) {
      faults.push({
        path: at,
        expected: `steps inside steps at most ${PLAN_LIMITS.nesting} deep`,
        found: `${depth} deep`,
        remedy: 'Move the inner steps into a playbook and play it.',
      });
      return;
    }
    for (const [index, step] of inner.entries()) {
      for (const [name, body] of bodiesOf(step)) walk(body, `${at}[${index}].${name}`, depth + 1);
    }
  };
  walk(steps, path, 0);
  if (count > PLAN_LIMITS.steps) {
    faults.push({
      path,
      expected: `at most ${PLAN_LIMITS.steps} steps`,
      found: String(count),
      remedy: 'Use each over a list, or play a second playbook.',
    });
  }
  return faults;
}

type Issue = z.core.$ZodIssue;

/** zod's findings as faults; of a union only the branch that was meant speaks. */
function faultsOf(issues: readonly Issue[], root: unknown): Fault[] {
  return issues.flatMap((issue) => faultOf(issue, root, []));
}

function faultOf(issue: Issue, root: unknown, above: readonly PropertyKey[]): Fault[] {
  const keys = [...above, ...issue.path];
  const value = valueAt(root, keys);
  if (issue.code === 'invalid_union') return unionFaults(issue, root, keys, value);
  const path = pathOf(keys);
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) =>
      unknownMember(joinPath(path, key), key, knownMembers(value, keys)),
    );
  }
  const otherwise = `Correct ${path || 'the plan'}.`;
  const isMisspelt = issue.code === 'invalid_value' && typeof value === 'string';
  const remedy = isMisspelt ? suggest(value, issue.values.map(String), otherwise) : otherwise;
  return [{ path, expected: neededWords(issue), found: describeValue(value), remedy }];
}

function unionFaults(
  issue: Extract<Issue, { code: 'invalid_union' }>,
  root: unknown,
  keys: readonly PropertyKey[],
  value: unknown,
): Fault[] {
  const isStep = issue.errors.length === STEP_KINDS.length;
  if (!isStep) {
    const [best] = [...issue.errors].sort((a, b) => depthOf(b) - depthOf(a));
    if (best && depthOf(best) > 0) return best.flatMap((inner) => faultOf(inner, root, keys));
    const expected = issue.errors.flat().map(neededWords);
    const path = pathOf(keys);
    return [
      {
        path,
        expected: [...new Set(expected)].join(' or '),
        found: describeValue(value),
        remedy: `Correct ${path}.`,
      },
    ];
  }
  const kinds = isJsonObject(value) ? STEP_KINDS.filter((kind) => Object.hasOwn(value, kind)) : [];
  const [kind] = kinds;
  const meant = kind && kinds.length === 1 ? issue.errors[STEP_KINDS.indexOf(kind)] : undefined;
  if (meant) return meant.flatMap((inner) => faultOf(inner, root, keys));
  return [
    {
      path: pathOf(keys),
      expected: `exactly one of ${STEP_KINDS.join(', ')}`,
      found: kinds.length > 1 ? kinds.join(' and ') : describeValue(value),
      remedy:
        kinds.length > 1
          ? 'Split it into one step for each.'
          : 'Say what the step does, for instance call.',
    },
  ];
}

/** How far into the value a branch got before it failed: the deepest one was meant. */
function depthOf(issues: readonly Issue[]): number {
  return Math.max(
    0,
    ...issues.map((issue) => issue.path.length + (issue.code === 'unrecognized_keys' ? 1 : 0)),
  );
}

function unknownMember(path: string, key: string, known: readonly string[]): Fault {
  const near = nearNames(key, known);
  return {
    path,
    expected: known.length > 0 ? `one of ${known.join(', ')}` : 'no such member',
    found: key,
    remedy: near.length > 0 ? `Did you mean ${near.join(' or ')}?` : `Leave ${key} out.`,
  };
}

/** The names that may stand at a place: the members of a step, or of what is behind its kind. */
function knownMembers(value: unknown, keys: readonly PropertyKey[]): readonly string[] {
  const last = keys.at(-1);
  if (typeof last === 'number' && keys.at(-2) === 'fields') return FORM_FIELD_MEMBERS;
  if (typeof last === 'number' && isJsonObject(value)) {
    const kind = STEP_KINDS.find((name) => Object.hasOwn(value, name));
    return kind ? Object.keys(stepSchemas[kind].shape) : [];
  }
  return typeof last === 'string' && Object.hasOwn(INNER_MEMBERS, last)
    ? (INNER_MEMBERS[last] ?? [])
    : [];
}

const INNER_MEMBERS: { readonly [name: string]: readonly string[] } = {
  ask: ['title', 'help', 'form'],
  form: ['fields'],
  input: ['fields'],
  wait: ['event', 'where', 'for', 'until'],
  each: ['over', 'as', 'do', 'limit', 'parallel', 'output'],
  repeat: ['do', 'until', 'max', 'output'],
  expand: ['plan', 'allow', 'limit'],
  retry: ['attempts', 'firstDelayMs', 'maxDelayMs', 'withinMs', 'codes'],
  catch: ['codes', 'do', 'value'],
};

function valueAt(root: unknown, keys: readonly PropertyKey[]): unknown {
  return keys.reduce<unknown>((here, key) => {
    if (typeof here !== 'object' || here === null) return undefined;
    return (here as { [name: PropertyKey]: Json })[key]; // a path that zod reported about this very value
  }, root);
}

function pathOf(keys: readonly PropertyKey[]): string {
  return keys.reduce<string>(
    (path, key) => joinPath(path, typeof key === 'number' ? key : String(key)),
    '',
  );
}
