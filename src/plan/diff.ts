import { canonicalJson, isJsonObject, type Json } from '../base/index.ts';
import {
  type CompiledPlan,
  type CompiledStep,
  compileWithFaults,
  type Registry,
} from './compile.ts';
import { bodiesOf, type Plan, type Playbook, type Step, type StepKind } from './plan.ts';

/** One difference in meaning between two versions. */
export interface PlanChange {
  readonly type: 'added' | 'removed' | 'changed' | 'moved';
  /** the step's id, with those around it: `mails/send`; empty for the playbook itself */
  readonly step: string;
  /** the member that differs: `with.to`; `order` for a step that moved; empty for a whole step */
  readonly path: string;
  readonly before: Json | undefined;
  readonly after: Json | undefined;
  /** as a person reads it */
  readonly sentence: string;
}

/**
 * What `after` does differently from `before`, step by step. The order in which independent steps are
 * written means nothing, and neither does a new step between two others for these two: only a step
 * that now waits for something else has moved. Without a registry every call counts as an effect.
 */
export function diffPlans(
  before: Plan,
  after: Plan,
  registry: Pick<Registry, 'capability'> = NOTHING_KNOWN,
): readonly PlanChange[] {
  return diffSteps(
    compileWithFaults(before, registry).compiled,
    compileWithFaults(after, registry).compiled,
    '',
  );
}

/** The same for two versions of a playbook: its head too. */
export function diffPlaybooks(
  before: Playbook,
  after: Playbook,
  registry: Pick<Registry, 'capability'> = NOTHING_KNOWN,
): readonly PlanChange[] {
  const head = (['title', 'autonomy', 'input', 'words', 'output'] as const).flatMap((name) =>
    diffValues(asJson(before[name]), asJson(after[name]), name).map((change) => ({
      ...change,
      type: 'changed' as const,
      step: '',
      sentence: `The playbook's ${changeSentence(change)}`,
    })),
  );
  return [...head, ...diffPlans(before.plan, after.plan, registry)];
}

const NOTHING_KNOWN = { capability: () => undefined };

function diffSteps(
  before: CompiledPlan,
  after: CompiledPlan,
  prefix: string,
): readonly PlanChange[] {
  const removed = before.steps
    .filter((step) => !after.byId.has(step.id))
    .map((step) => removal(step, prefix));
  const rest = after.steps.flatMap((step) => {
    const old = before.byId.get(step.id);
    if (!old) return [addition(step, prefix)];
    return [
      ...diffStep(old, step, prefix),
      ...diffOrder(old, step, before, after, prefix),
      ...diffBodies(old, step, prefix),
    ];
  });
  return [...removed, ...rest];
}

function addition(step: CompiledStep, prefix: string): PlanChange {
  const name = prefix + step.id;
  const sentence = `${name} is new: it ${WHAT_IT_DOES[step.kind](step.step)}.`;
  return {
    type: 'added',
    step: name,
    path: '',
    before: undefined,
    after: asJson(step.step),
    sentence,
  };
}

function removal(step: CompiledStep, prefix: string): PlanChange {
  const name = prefix + step.id;
  const sentence = `${name} is gone; before, it ${WHAT_IT_DOES[step.kind](step.step)}.`;
  return {
    type: 'removed',
    step: name,
    path: '',
    before: asJson(step.step),
    after: undefined,
    sentence,
  };
}

function diffStep(
  before: CompiledStep,
  after: CompiledStep,
  prefix: string,
): readonly PlanChange[] {
  const name = prefix + after.id;
  return diffValues(comparable(before.step), comparable(after.step), '').map((change) => ({
    ...change,
    type: 'changed',
    step: name,
    sentence: `${name}: ${changeSentence(change)}`,
  }));
}

/** A step without what is compared in other ways: its id, its order and the steps inside it. */
function comparable(step: Step): Json {
  const { id: _id, after: _after, ...rest } = step;
  const plain: { [name: string]: Json | undefined } = { ...(asJson(rest as Step) as object) };
  for (const [path] of bodiesOf(step)) {
    const [name = ''] = path.split('.');
    const { do: _do, ...members } = plain[name] as { [member: string]: Json }; // bodiesOf names members that exist
    plain[name] = members;
  }
  for (const name of ['when', 'wait', 'repeat']) plain[name] = withPlainExpressions(plain[name]);
  return JSON.parse(JSON.stringify(plain));
}

/** `when: "a"` and `when: {"$expr": "a"}` mean the same. */
function withPlainExpressions(value: Json | undefined): Json | undefined {
  if (!isJsonObject(value)) return value;
  if (typeof value.$expr === 'string' && Object.keys(value).length === 1) return value.$expr;
  const members = Object.entries(value).map(([name, member]) =>
    name === 'where' || (name === 'until' && !isWait(value))
      ? [name, withPlainExpressions(member) ?? null]
      : [name, member],
  );
  return Object.fromEntries(members);
}

/** In a `wait`, `until` is a template, where an expression object and a text differ. */
function isWait(value: { readonly [name: string]: Json }): boolean {
  return !('max' in value);
}

function diffOrder(
  before: CompiledStep,
  after: CompiledStep,
  old: CompiledPlan,
  now: CompiledPlan,
  prefix: string,
): readonly PlanChange[] {
  const common = (id: string): boolean => old.byId.has(id) && now.byId.has(id);
  const was = effectiveOrder(before, old, common);
  const is = effectiveOrder(after, now, common);
  if (was.join() === is.join()) return [];
  const name = prefix + after.id;
  const words = (ids: readonly string[]): string =>
    ids.length > 0 ? `follows ${ids.join(', ')}` : 'follows nothing';
  const sentence = `${name} now ${words(is)}; before, it ${words(was).replace('follows', 'followed')}.`;
  return [{ type: 'moved', step: name, path: 'order', before: was, after: is, sentence }];
}

/** What a step follows, seen through steps that only one of the versions has, without what data implies. */
function effectiveOrder(
  step: CompiledStep,
  plan: CompiledPlan,
  common: (id: string) => boolean,
): readonly string[] {
  const found = new Set<string>();
  const seen = new Set<string>();
  const open = [...step.follows];
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    if (seen.has(id)) continue;
    seen.add(id);
    if (common(id)) found.add(id);
    else open.push(...(plan.byId.get(id)?.follows ?? []));
  }
  for (const id of step.refersTo) found.delete(id);
  return [...found].sort();
}

function diffBodies(
  before: CompiledStep,
  after: CompiledStep,
  prefix: string,
): readonly PlanChange[] {
  const inside = `${prefix}${after.id}/`;
  const pairs = [
    [before.body, after.body],
    [before.catchBody, after.catchBody],
  ] as const;
  return pairs.flatMap(([old, now]) =>
    old || now ? diffSteps(old ?? EMPTY, now ?? EMPTY, inside) : [],
  );
}

const EMPTY: CompiledPlan = { steps: [], byId: new Map(), order: [], outer: new Set() };

type ValueChange = Pick<PlanChange, 'path' | 'before' | 'after'>;

/** Differences down to the members of objects; lists are compared as a whole, except when equally long. */
function diffValues(
  before: Json | undefined,
  after: Json | undefined,
  path: string,
): readonly ValueChange[] {
  if (before === undefined || after === undefined) {
    return before === after ? [] : [{ path, before, after }];
  }
  if (canonicalJson(before) === canonicalJson(after)) return [];
  if (isJsonObject(before) && isJsonObject(after) && !isSpecial(before) && !isSpecial(after)) {
    const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
    return names.flatMap((name) =>
      diffValues(before[name], after[name], path === '' ? name : `${path}.${name}`),
    );
  }
  if (Array.isArray(before) && Array.isArray(after) && before.length === after.length) {
    return before.flatMap((member: Json, index) =>
      diffValues(member, after[index], `${path}[${index}]`),
    );
  }
  return [{ path, before, after }];
}

/** `{"$expr": ...}` and its kin are one thing. */
function isSpecial(value: { readonly [name: string]: Json }): boolean {
  return Object.keys(value).some((name) => name.startsWith('$'));
}

function changeSentence({ path, before, after }: ValueChange): string {
  if (before === undefined) return `${path} is new: ${inWords(after)}.`;
  if (after === undefined) return `${path} is gone; it was ${inWords(before)}.`;
  return `${path} was ${inWords(before)} and is now ${inWords(after)}.`;
}

function inWords(value: Json | undefined): string {
  if (isJsonObject(value) && typeof value.$expr === 'string') return value.$expr;
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > 120 ? `${text.slice(0, 117)}...` : text;
}

const WHAT_IT_DOES: { readonly [Kind in StepKind]: (step: Step) => string } = {
  call: (step) => `calls ${'call' in step ? step.call : ''}`,
  ask: (step) => `asks ${'ask' in step ? inWords(step.ask.title) : ''}`,
  wait: (step) =>
    `waits for ${'wait' in step ? (step.wait.event ?? step.wait.for ?? 'a time') : ''}`,
  play: (step) => `plays ${'play' in step ? step.play : ''}`,
  each: (step) => `goes over ${'each' in step ? inWords(step.each.over) : ''}`,
  repeat: (step) => `repeats until ${'repeat' in step ? inWords(step.repeat.until as Json) : ''}`,
  expand: (step) => `runs the plan ${'expand' in step ? step.expand.plan.$expr : ''}`,
};

/** Steps and playbooks are JSON by their schema; only their types say more. */
function asJson(value: Step | Playbook[keyof Playbook] | undefined): Json | undefined {
  return value as unknown as Json | undefined;
}
