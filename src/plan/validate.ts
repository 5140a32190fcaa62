import { Failure } from '../contract/index.ts';
import { LANGUAGE_NAMES } from './cel.ts';
import {
  type Check,
  checkExpression,
  checkFit,
  checkNode,
  extended,
  type Names,
  typeScope,
  unresolved,
  withoutTypes,
} from './check-names.ts';
import { checkReachable, playCircle } from './check-reachable.ts';
import { checkHoles, checkTarget, choiceFaults, inputSchema } from './check-target.ts';
import {
  type CompiledPlan,
  type CompiledStep,
  compileWithFaults,
  type Registry,
  ROOT_NAMES,
} from './compile.ts';
import type { CompiledExpression } from './expression.ts';
import type { Fault } from './fault.ts';
import { type Form, formSchema } from './form.ts';
import { inferExpression, inferTemplate } from './infer-type.ts';
import { itemOf, type JsonSchema } from './json-schema.ts';
import { layered } from './name-table.ts';
import { outputSchemaOf } from './output-schema.ts';
import { formFaults, readPlaybook } from './parse.ts';
import type { Plan, Playbook } from './plan.ts';
import { type CompiledTemplate, compileTemplate } from './template.ts';

/** What a plan is checked against beside the registry. */
export interface ValidateOptions {
  /** the run's input; absent means that nothing is known of it */
  readonly input?: JsonSchema | Form | undefined;
  /** where the plan stands in its document, for the paths of faults: `plan` in a playbook */
  readonly path?: string;
}

/**
 * Every fault of a plan that can be known before it runs: unknown capabilities, versions and playbooks,
 * unresolved references, types that cannot fit, cycles, steps that can never run, reserved and double
 * ids, holes where none may be. An empty list means that it may be started.
 */
export function validatePlan(
  plan: Plan,
  registry: Registry,
  options: ValidateOptions = {},
): readonly Fault[] {
  const path = options.path ? `${options.path}.steps` : 'steps';
  return checkPlan(plan, registry, options.input, path).check.faults;
}

/** A playbook is checked with its own input, its output and everything that it plays. */
export function validatePlaybook(playbook: Playbook, registry: Registry): readonly Fault[] {
  const { check, compiled, names } = checkPlan(
    playbook.plan,
    registry,
    playbook.input,
    'plan.steps',
  );
  const { faults } = check;
  faults.unshift(...inputFaults(playbook.input));
  if (playbook.output !== undefined) {
    try {
      const scope = extended({ names }, outputsOf(compiled, { names }, check));
      checkNode(compileTemplate(playbook.output).node, 'output', scope, check);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      faults.push({
        path: 'output',
        expected: 'a template',
        found: error.message,
        remedy: error.remedy,
      });
    }
  }
  const circle = playCircle(playbook, registry);
  if (circle) {
    faults.push({
      path: 'plan',
      expected: 'playbooks that do not play one another in a circle',
      found: circle.join(' -> '),
      remedy: 'Use repeat for a loop.',
    });
  }
  return faults;
}

function inputFaults(input: Playbook['input']): readonly Fault[] {
  const faults = formFaults(input);
  const form = faults.length === 0 ? formSchema.safeParse(input).data : undefined;
  return form ? choiceFaults(form, 'input') : faults;
}

/**
 * Every fault of a playbook as it comes from outside: of its shape, and of all that could be read in
 * spite of that.
 */
export function checkPlaybook(json: unknown, registry: Registry): readonly Fault[] {
  const { playbook, faults } = readPlaybook(json);
  return playbook ? [...faults, ...validatePlaybook(playbook, registry)] : faults;
}

function checkPlan(
  plan: Plan,
  registry: Registry,
  input: ValidateOptions['input'],
  path: string,
): { check: Check; compiled: CompiledPlan; names: Names['names'] } {
  const { compiled, faults } = compileWithFaults(plan, registry, path);
  const check: Check = { registry, faults: [...faults], nested: nestedIds(compiled) };
  const names = layered(new Map([['input', inputSchema(input)]]));
  checkSteps(compiled, { names }, check);
  checkReachable(compiled, check);
  return { check, compiled, names };
}

function checkSteps(plan: CompiledPlan, around: Names, check: Check): void {
  const own = new Map<string, JsonSchema | undefined>(
    plan.steps.map((step) => [step.id, undefined]),
  );
  const names = layered(own, around.names);
  for (const index of plan.order) {
    const step = plan.steps[index];
    // In this order the output of a loop is known after the outputs that it is made of.
    if (step) own.set(step.id, outputSchemaOf(step, check.registry, names));
  }
  for (const step of plan.steps) checkStep(step, { names }, check);
}

function checkStep(step: CompiledStep, scope: Names, check: Check): void {
  checkId(step.id, `${step.path}.id`, check);
  for (const [index, id] of (step.step.after ?? []).entries()) {
    if (!scope.names.has(id) || id === 'input')
      check.faults.push(unresolved(`${step.path}.after[${index}]`, id, scope, check));
  }
  // Where a step runs in spite of a missing one, what it reads may be the note of that.
  const seen = step.runsWhenSkipped ? withoutTypes(scope, step.refersTo) : scope;
  checkExpressions(step, seen, check);
  checkTemplates(step, seen, check);
  checkTarget(step, seen, check);
  checkHoles(step, check);
  checkBodies(step, seen, check);
}

function checkId(id: string, path: string, check: Check): void {
  if (!LANGUAGE_NAMES.has(id) && !ROOT_NAMES.has(id)) return;
  check.faults.push({
    path,
    expected: 'an id that has no other meaning',
    found: id,
    remedy: `Call it ${id}Step or something better.`,
  });
}

function checkExpressions(step: CompiledStep, scope: Names, check: Check): void {
  const { when, where, until } = step.expressions;
  if (when) checkCondition(when, `${step.path}.when`, scope, check);
  if (where)
    checkCondition(where, `${step.path}.wait.where`, extended(scope, { event: undefined }), check);
  if (until)
    checkCondition(until, `${step.path}.repeat.until`, bodyScope(step, scope, check), check);
}

function checkCondition(
  expression: CompiledExpression,
  path: string,
  scope: Names,
  check: Check,
): void {
  checkExpression(expression, path, scope, check);
  checkFit(
    inferExpression(expression.tree, typeScope(scope, check)),
    { type: 'boolean' },
    path,
    check,
  );
}

function checkTemplates(step: CompiledStep, scope: Names, check: Check): void {
  const { templates, path } = step;
  const inside = bodyScope(step, scope, check);
  const caught = extended(scope, {
    error: ERROR_SCHEMA,
    ...outputsOf(step.catchBody, scope, check),
  });
  const places: readonly (readonly [
    CompiledTemplate | undefined,
    string,
    Names,
    JsonSchema | undefined,
  ])[] = [
    [templates.with, 'with', scope, undefined],
    [
      templates.lock,
      'lock',
      scope,
      { anyOf: [{ type: 'string' }, { type: 'array', items: { type: 'string' } }] },
    ],
    [templates.title, 'ask.title', scope, { type: 'string' }],
    [templates.help, 'ask.help', scope, { type: 'string' }],
    [templates.until, 'wait.until', scope, { type: 'string' }],
    [templates.over, 'each.over', scope, { type: 'array' }],
    [templates.plan, 'expand.plan', scope, { type: 'object' }],
    [templates.output, `${step.kind}.output`, inside, undefined],
    [templates.value, 'catch.value', caught, undefined],
  ];
  for (const [template, name, names, wanted] of places) {
    if (!template) continue;
    const at = `${path}.${name}`;
    checkNode(template.node, at, names, check);
    checkFit(inferTemplate(template.node, typeScope(names, check)), wanted, at, check);
  }
}

function checkBodies(step: CompiledStep, scope: Names, check: Check): void {
  const variables = variablesOf(step, scope, check);
  for (const name of Object.keys(variables)) {
    if (name === 'index' || name === 'round') continue;
    checkId(name, `${step.path}.each.as`, check);
    if (scope.names.has(name) || step.body?.byId.has(name)) {
      check.faults.push({
        path: `${step.path}.each.as`,
        expected: 'a name of its own',
        found: `${name}, which means something else here`,
        remedy: 'Give the item another name.',
      });
    }
  }
  if (step.body) checkSteps(step.body, extended(scope, variables), check);
  if (step.catchBody) checkSteps(step.catchBody, extended(scope, { error: ERROR_SCHEMA }), check);
}

const ERROR_SCHEMA: JsonSchema = {
  type: 'object',
  properties: { code: { type: 'string' }, message: { type: 'string' } },
  required: ['code', 'message'],
};

function variablesOf(
  step: CompiledStep,
  scope: Names,
  check: Check,
): { readonly [name: string]: JsonSchema | undefined } {
  const { step: source, templates } = step;
  if ('repeat' in source) return { round: { type: 'integer' } };
  if (!('each' in source)) return {};
  const list = templates.over && inferTemplate(templates.over.node, typeScope(scope, check));
  return {
    [source.each.as]: itemOf(list),
    index: { type: 'integer' },
  };
}

/** What `output` and `until` see: the variables and the steps of the body. */
function bodyScope(step: CompiledStep, scope: Names, check: Check): Names {
  const variables = variablesOf(step, scope, check);
  return extended(scope, {
    ...variables,
    ...outputsOf(step.body, extended(scope, variables), check),
  });
}

function outputsOf(
  plan: CompiledPlan | undefined,
  scope: Names,
  check: Check,
): { readonly [name: string]: JsonSchema | undefined } {
  return Object.fromEntries(
    (plan?.steps ?? []).map((step) => [step.id, outputSchemaOf(step, check.registry, scope.names)]),
  );
}

function nestedIds(
  plan: CompiledPlan,
  around?: string,
  found = new Map<string, string>(),
): Map<string, string> {
  for (const step of plan.steps) {
    if (around) found.set(step.id, around);
    for (const body of [step.body, step.catchBody]) if (body) nestedIds(body, step.id, found);
  }
  return found;
}
