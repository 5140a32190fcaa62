import type { Json, JsonObject } from '../base/index.ts';
import {
  type FailureCode,
  failure,
  type Label,
  type Labelled,
  labelOfAll,
} from '../contract/index.ts';
import { type CompiledPlan, compilePlan, type Registry } from './compile.ts';
import { describeValue, type Fault, invalidPlan } from './fault.ts';
import type { Branch, StepInstance, StepOutcome } from './frontier.ts';
import { labelsUnder } from './label-path.ts';
import { PLAN_LIMITS } from './limits.ts';
import { parsePlan } from './parse.ts';
import type { ExpandStep, Plan, Step } from './plan.ts';
import { validatePlan } from './validate.ts';

/** Items of one `each` unless the step says otherwise. */
const EACH_LIMIT = 1_000;
/** Items at the same time unless the step says otherwise. */
const EACH_PARALLEL = 10;

/**
 * One branch for every item, `mails/3/` and so on; its steps see the item under the name in `as` and
 * its position as `index`. Fails with `invalid_input` when it is no list, `too_large` above the limit.
 */
export function expandEach(
  instance: StepInstance,
  list: Labelled<Json>,
): { branches: readonly Branch[]; parallel: number } {
  const { step, body } = instance.compiled;
  if (!('each' in step) || !body) throw wrongKind(instance, 'each');
  const items = list.value;
  if (!Array.isArray(items)) {
    throw failure(
      'invalid_input',
      `${instance.id} goes over a list, found ${describeValue(items)}`,
      {
        step: instance.id,
        path: `${instance.compiled.path}.each.over`,
        found: describeValue(items),
      },
      'Correct over, so that it gives a list.',
    );
  }
  const limit = step.each.limit ?? EACH_LIMIT;
  if (items.length > limit) {
    throw failure(
      'too_large',
      `${instance.id} goes over at most ${limit} items, found ${items.length}`,
      { step: instance.id, limit, found: items.length },
      `Filter the list, or raise limit (at most ${PLAN_LIMITS.items}).`,
    );
  }
  const branches = items.map((item: Json, index) => ({
    prefix: `${instance.id}/${index}/`,
    plan: body,
    variables: {
      ...instance.variables,
      [step.each.as]: { value: item, labels: labelsUnder(list.labels, String(index)) },
      index: { value: index, labels: { base: list.labels.base } },
    },
  }));
  return { branches, parallel: step.each.parallel ?? EACH_PARALLEL };
}

/** The branch of one round (from 1), `poll/2/`; its steps see it as `round`. */
export function expandRepeat(instance: StepInstance, round: number, own: Label): Branch {
  const { body } = instance.compiled;
  if (!body) throw wrongKind(instance, 'repeat');
  return {
    prefix: `${instance.id}/${round}/`,
    plan: body,
    variables: { ...instance.variables, round: { value: round, labels: { base: own } } },
  };
}

/** What follows a round: the next one, the end, or the end because `max` is reached. */
export function afterRound(
  instance: StepInstance,
  round: number,
  until: boolean,
): 'again' | 'done' | 'exhausted' {
  const { step } = instance.compiled;
  if (!('repeat' in step)) throw wrongKind(instance, 'repeat');
  if (until) return 'done';
  return round < step.repeat.max ? 'again' : 'exhausted';
}

/** The steps that run instead of a failure; `undefined` when this failure is not caught or only has a value. */
export function expandCatch(
  instance: StepInstance,
  error: { readonly code: FailureCode; readonly message: string },
  own: Label,
): Branch | undefined {
  const { catchBody } = instance.compiled;
  if (!catchBody || !catches(instance, error.code)) return undefined;
  return {
    prefix: `${instance.id}/catch/`,
    plan: catchBody,
    variables: { ...instance.variables, error: { value: { ...error }, labels: { base: own } } },
  };
}

/** True when the step says what to do about a failure of this code. */
export function catches(instance: StepInstance, code: FailureCode): boolean {
  const rule = instance.compiled.step.catch;
  return rule !== undefined && (rule.codes?.includes(code) ?? true);
}

/** An expanded plan: its branch, the plan as it was checked, and what it is worth. */
export interface Expansion {
  readonly branch: Branch;
  readonly plan: Plan;
  /** the label of the value that it was made from: its literals are worth no more */
  readonly own: Label;
}

/**
 * Makes a value into the plan that runs under the step. It is checked like any plan, may call only what
 * `allow` lists, may not expand again, and sees nothing of the plan around it but `input`. Fails with
 * `invalid_plan` naming every fault.
 */
export function expandPlan(
  instance: StepInstance,
  made: Labelled<Json>,
  registry: Registry,
  input?: JsonObject,
): Expansion {
  const { step } = instance.compiled;
  if (!('expand' in step)) throw wrongKind(instance, 'expand');
  const plan = checkMadePlan(step, made.value, registry, input);
  const own = labelOfAll(made.labels);
  const compiled = compilePlan(plan, registry);
  return { branch: { prefix: `${instance.id}/`, plan: compiled, variables: {}, own }, plan, own };
}

/** The plan that a value is, if the step lets it run. Fails with `invalid_plan` naming every fault. */
export function checkMadePlan(
  { expand }: ExpandStep,
  made: Json,
  registry: Registry,
  input?: JsonObject,
): Plan {
  const plan = parsePlan(made);
  const faults = [
    ...boundFaults(plan.steps, expand, 'steps'),
    ...validatePlan(plan, registry, { input }),
  ];
  if (faults.length > 0) throw invalidPlan(faults);
  return plan;
}

/** The step whose output stands for a whole branch: the last one in the document. */
export function lastStepOf(plan: CompiledPlan): string {
  const last = plan.steps.at(-1);
  if (!last) throw new TypeError('a body has at least one step'); // see planSchema
  return last.id;
}

/** What expressions see of a step that did not happen, where a step runs in spite of it. */
export function absentValue(
  outcome: Exclude<StepOutcome, 'done'>,
  error?: { readonly code: FailureCode; readonly message: string },
): JsonObject {
  return error
    ? { status: outcome, code: error.code, message: error.message }
    : { status: outcome };
}

function boundFaults(
  steps: readonly Step[],
  bounds: { readonly allow?: readonly string[]; readonly limit?: number },
  path: string,
): Fault[] {
  const limit = bounds.limit ?? PLAN_LIMITS.expandedSteps;
  let count = 0;
  const faults: Fault[] = [];
  const walk = (inner: readonly Step[], at: string): void => {
    count += inner.length;
    for (const [index, step] of inner.entries()) {
      const here = `${at}[${index}]`;
      if ('expand' in step)
        faults.push(notAllowed(`${here}.expand`, 'a plan without expand', 'expand'));
      if ('play' in step && bounds.allow)
        faults.push(
          notAllowed(`${here}.play`, `only calls of ${bounds.allow.join(', ')}`, step.play),
        );
      if ('call' in step && bounds.allow && !bounds.allow.includes(step.call)) {
        faults.push(notAllowed(`${here}.call`, `one of ${bounds.allow.join(', ')}`, step.call));
      }
      if ('each' in step) walk(step.each.do, `${here}.each.do`);
      if ('repeat' in step) walk(step.repeat.do, `${here}.repeat.do`);
      if (step.catch?.do) walk(step.catch.do, `${here}.catch.do`);
    }
  };
  walk(steps, path);
  if (count > limit)
    faults.push({
      ...notAllowed(path, `at most ${limit} steps`, String(count)),
      remedy: 'Make a shorter plan.',
    });
  return faults;
}

function notAllowed(path: string, expected: string, found: string): Fault {
  return { path, expected, found, remedy: 'Leave it out, or let the step around it allow it.' };
}

function wrongKind(instance: StepInstance, kind: string): TypeError {
  return new TypeError(`${instance.id} is not a step of kind ${kind}`);
}
