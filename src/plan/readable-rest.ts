import { isJsonObject, type Json, type JsonObject } from '../base/index.ts';
import type { Fault } from './fault.ts';
import { PLAN_LIMITS } from './limits.ts';
import { type Playbook, playbookSchema, stepIdSchema } from './plan.ts';

/** What stands for a member of a playbook that is wrong or missing, where one must be there. */
const INSTEAD: JsonObject = {
  name: 'unreadable',
  version: 1,
  title: 'Unreadable',
  autonomy: 'ask',
  input: {}, // nothing is known of it
};

/** A step inside a document: `plan.steps[2].each.do[0]`, at most as deep as steps may be. */
const STEP = /^plan\.steps\[\d+\](?:\.(?:each|repeat|catch)\.do\[\d+\])*/;

/**
 * What is left of a document when the places of its faults are replaced or left out, so that the rest
 * can be checked in the same answer. Undefined when that is no playbook either.
 */
export function readableRest(json: JsonObject, faults: readonly Fault[]): Playbook | undefined {
  let rest = json;
  let open = faults;
  // A body may be wrong because of its count and not of a step in it: then the step around it is next.
  for (let round = 0; round <= PLAN_LIMITS.nesting && open.length > 0; round++) {
    const places = new Set(open.map(({ path }) => placeOf(path, round)));
    rest = [...places].reduce(without, rest);
    const read = playbookSchema.safeParse(rest);
    if (read.success) return read.data;
    open = faults;
  }
  return undefined;
}

/** The innermost step around a fault, further out with every round; else the member of the playbook. */
function placeOf(path: string, round: number): string {
  let step = STEP.exec(path)?.[0];
  for (let out = 0; step && out < round; out++) step = step.replace(/\.\w+\.do\[\d+\]$/, '');
  return step ?? (path.startsWith('plan') ? path : path.replace(/[.[].*$/s, ''));
}

function without(json: JsonObject, place: string): JsonObject {
  const keys = place.split(/[.[\]]+/).filter((key) => key !== '');
  const changed = keys.length === 1 ? instead(json, keys[0] ?? '') : replaced(json, keys, place);
  return isJsonObject(changed) ? changed : json;
}

function instead(json: JsonObject, key: string): JsonObject {
  const { [key]: _, ...others } = json;
  const stand = INSTEAD[key];
  return stand === undefined ? others : { ...others, [key]: stand };
}

/** The value with a step that does nothing at the place; members that are not known are left out. */
function replaced(value: Json, keys: readonly string[], place: string): Json | undefined {
  const [key = '', ...inner] = keys;
  if (Array.isArray(value)) {
    const at = Number(key);
    if (!Number.isInteger(at) || at >= value.length) return value;
    const before = value[at] ?? null;
    const member = inner.length === 0 ? standIn(before, place) : replaced(before, inner, place);
    return value.map((one, index) => (index === at ? (member ?? one) : one));
  }
  if (!isJsonObject(value)) return value;
  const { [key]: member, ...others } = value;
  if (inner.length === 0 || member === undefined) return others;
  const made = replaced(member, inner, place);
  return made === undefined ? others : { ...others, [key]: made };
}

/** Keeps the step's id, so that others may refer to it; waits for nothing and may give anything. */
function standIn(step: Json, place: string): JsonObject {
  const id = stepIdSchema.safeParse(isJsonObject(step) ? step.id : undefined);
  return {
    id: id.success ? id.data : `unreadable${place.replace(/\W+/g, '_')}`,
    wait: { for: 'P1D' },
    after: [],
    onFail: 'skip',
    catch: { value: null },
  };
}
