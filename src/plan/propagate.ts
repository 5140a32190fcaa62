import {
  type ArgumentRole,
  type CapabilityContract,
  COUNTERPARTY,
  isOutside,
  isTrusted,
  joinLabels,
  type Label,
  type Labels,
  labelOfAll,
  OWN,
  PUBLIC,
} from '../contract/index.ts';
import type { CompiledPlan, CompiledStep, Registry } from './compile.ts';
import type { CompiledExpression } from './expression.ts';
import type { Form } from './form.ts';
import { labelOfPath, lookedUp, mapLabels } from './label-path.ts';
import { type CompiledTemplate, labelsOfExpression, type TemplateNode } from './template.ts';

/** What is known of labels before anything runs; the defaults are the careful ones. */
export interface LabelRegistry extends Pick<Registry, 'capability'> {
  /** what a capability's output is worth at best; it is joined with its input's labels */
  readonly outputLabels?: (contract: CapabilityContract) => Labels | undefined;
  /** what the data of an event type is worth; `counterparty` where nothing is said */
  readonly eventLabels?: (type: string) => Labels | undefined;
  /** what a record's field is worth; `own` where nothing is said */
  readonly fieldLabel?: (type: string, path: string) => Label | undefined;
}

/** One argument of a step: what it decides and what it is worth. */
export interface ArgumentLabel {
  /** dotted path into the input */
  readonly path: string;
  /** undefined where the contract gives it none */
  readonly role?: ArgumentRole;
  readonly label: Label;
  /** what it is made of: `page.text`, `party.email` */
  readonly from: readonly string[];
}

export interface StepLabels {
  readonly id: string;
  /** `steps[3].each.do[0]` */
  readonly path: string;
  readonly capability?: string;
  /** it reaches outside, so its arguments steer an effect */
  readonly outside: boolean;
  readonly arguments: readonly ArgumentLabel[];
  /** what decides that it runs at all: its `when`, the list around it, the steps it needs */
  readonly decision: Label;
  readonly output: Labels;
}

/** Labels of every step by its path in the document, nested ones too. */
export type PlanLabels = ReadonlyMap<string, StepLabels>;

/**
 * Labels of every argument before anything runs. They say what the plan will do at best and are what
 * a plan card warns with; the labels of real values decide when an effect is made.
 */
export function propagateLabels(
  plan: CompiledPlan,
  registry: LabelRegistry,
  given: { readonly input: Labels; readonly own: Label },
): PlanLabels {
  const found = new Map<string, StepLabels>();
  const env: Env = {
    values: new Map([['input', given.input]]),
    decisions: new Map(),
    own: given.own,
    registry,
    found,
  };
  propagate(plan, env, given.own);
  return found;
}

/**
 * In words, what of a step is decided by others; empty when everything that steers it is ours.
 * "`to` is decided by page.text, which anybody can have written: it is asked about apart."
 */
export function explainTaint(step: StepLabels): readonly string[] {
  const sentences = step.arguments
    .filter(({ label }) => !isTrusted(label))
    .map((argument) => {
      const made = `${argument.path} comes from ${listed(argument.from)}, which ${ORIGIN_WORDS[originOf(argument.label)]}`;
      const steers = argument.role !== undefined && argument.role !== 'content';
      if (!step.outside || !steers) return `${made}.`;
      return `${made}: you are asked about this step on its own, and no standing permission covers it.`;
    });
  if (isTrusted(step.decision)) return sentences;
  return [
    ...sentences,
    `Whether it happens at all depends on something ${ORIGIN_WORDS[originOf(step.decision)]}.`,
  ];
}

type Origin = Label['integrity'] | 'selected';

/** Ours by origin, but found with a key that others wrote: `selected` says more than `own`. */
function originOf({ integrity, placement, selected }: Label): Origin {
  return selected && isTrusted({ integrity, placement }) ? 'selected' : integrity;
}

const ORIGIN_WORDS: { readonly [Name in Origin]: string } = {
  public: 'anybody can have written',
  counterparty: 'somebody you deal with has written',
  own: 'you made',
  operator: 'you typed',
  selected: 'others have picked from your records',
};

interface Env {
  readonly values: ReadonlyMap<string, Labels>;
  /** what decides that a step runs; those that need its output run only if it does */
  readonly decisions: Map<string, Label>;
  readonly own: Label;
  readonly registry: LabelRegistry;
  readonly found: Map<string, StepLabels>;
}

/** Walks a plan in dependency order. `decision` is what decides that the plan itself runs. */
function propagate(plan: CompiledPlan, env: Env, decision: Label): ReadonlyMap<string, Labels> {
  const values = new Map(env.values);
  const inner: Env = { ...env, values };
  for (const index of plan.order) {
    const step = plan.steps[index];
    if (step) values.set(step.id, propagateStep(step, inner, decision));
  }
  return values;
}

function propagateStep(step: CompiledStep, env: Env, around: Label): Labels {
  const decision = decisionOf(step, env, around);
  env.decisions.set(step.id, decision);
  const input = step.templates.with
    ? templateLabels(step.templates.with.node, env)
    : { base: env.own };
  const contract = 'call' in step.step ? env.registry.capability(step.step.call) : undefined;
  const output = withCatch(step, outputOf(step, contract, input, env, decision), env, decision);
  env.found.set(step.path, {
    id: step.id,
    path: step.path,
    ...('call' in step.step && { capability: step.step.call }),
    outside: contract ? isOutside(contract.effect) : step.kind === 'call',
    arguments: argumentsOf(step.templates.with, contract, input),
    decision,
    output,
  });
  return output;
}

/** Its own `when`, and everything whose absence would skip it. */
function decisionOf(step: CompiledStep, env: Env, around: Label): Label {
  let decision = around;
  const { when } = step.expressions;
  if (when) decision = joinLabels(decision, expressionLabel(when, env));
  if (step.runsWhenSkipped) return decision;
  for (const id of step.refersTo) {
    const earlier = env.decisions.get(id);
    if (earlier) decision = joinLabels(decision, earlier);
  }
  return decision;
}

function outputOf(
  step: CompiledStep,
  contract: CapabilityContract | undefined,
  input: Labels,
  env: Env,
  decision: Label,
): Labels {
  const { step: source, templates } = step;
  if ('ask' in source) return { base: askLabel(step, source.ask.form, input, env) };
  if ('wait' in source) return waitOutput(source.wait.event, env.registry);
  if ('each' in source) return eachOutput(step, source.each.as, env, decision);
  if ('repeat' in source) return repeatOutput(step, env, decision);
  if ('expand' in source)
    return {
      base: templates.plan ? labelOfAll(templateLabels(templates.plan.node, env)) : env.own,
    };
  const made = joinLabels(OWN, labelOfAll(input));
  if (!contract) return { base: 'play' in source ? made : joinLabels(made, PUBLIC) };
  const best = env.registry.outputLabels?.(contract) ?? {
    base: contract.effect === 'fetch' ? PUBLIC : OWN,
  };
  return mapLabels(best, (label) => joinLabels(label, made));
}

/** That it timed out is our own clock's word; what came is not. */
function waitOutput(type: string | undefined, registry: LabelRegistry): Labels {
  if (type === undefined) return { base: OWN };
  const event = registry.eventLabels?.(type) ?? { base: COUNTERPARTY };
  const fields = Object.entries(event.at ?? {}).map(
    ([path, label]) => [`event.${path}`, label] as const,
  );
  return { base: OWN, at: { event: event.base, ...Object.fromEntries(fields) } };
}

/** Whoever wrote the list decides how often its steps run. */
function eachOutput(step: CompiledStep, name: string, env: Env, decision: Label): Labels {
  const list = step.templates.over
    ? labelOfAll(templateLabels(step.templates.over.node, env))
    : env.own;
  const variables = new Map(env.values).set(name, { base: list }).set('index', { base: env.own });
  return {
    base: joinLabels(
      list,
      bodyOutput(step, { ...env, values: variables }, joinLabels(decision, list)),
    ),
  };
}

/** Whoever decides the end of a round decides that there is another one. */
function repeatOutput(step: CompiledStep, env: Env, decision: Label): Labels {
  const { until } = step.expressions;
  const inner: Env = { ...env, values: new Map(env.values).set('round', { base: env.own }) };
  if (!step.body || !until) return { base: env.own };
  const once = propagate(
    step.body,
    { ...inner, found: new Map(), decisions: new Map(env.decisions) },
    decision,
  );
  const again = expressionLabel(until, { ...inner, values: once });
  return { base: bodyOutput(step, inner, joinLabels(decision, again)) };
}

/** What is typed is the operator's; what was offered or filled in for them may come back as it was. */
function askLabel(step: CompiledStep, form: Form, input: Labels, env: Env): Label {
  const typed: Label = { integrity: 'operator', placement: labelOfAll(input).placement };
  const isOffered = form.fields.some((field) => field.default !== undefined || field.choices);
  const offered = isOffered ? joinLabels(typed, env.own) : typed;
  const given = step.templates.with?.node;
  const isMade = given?.type === 'object' ? given.members.some(([name]) => name === 'form') : given;
  return isMade ? joinLabels(offered, labelOfPath(input, 'form')) : offered;
}

function bodyOutput(step: CompiledStep, env: Env, decision: Label): Label {
  if (!step.body) return env.own;
  const values = propagate(step.body, env, decision);
  const { output } = step.templates;
  if (output) return labelOfAll(templateLabels(output.node, { ...env, values }));
  const last = step.body.steps.at(-1);
  return labelOfAll((last && values.get(last.id)) ?? { base: env.own });
}

/** A caught failure may put its value in the output's place; messages may quote the other side. */
function withCatch(step: CompiledStep, output: Labels, env: Env, decision: Label): Labels {
  if (!step.step.catch) return output;
  const inner: Env = { ...env, values: new Map(env.values).set('error', { base: COUNTERPARTY }) };
  const values = step.catchBody ? propagate(step.catchBody, inner, decision) : inner.values;
  const { value } = step.templates;
  const last = values.get(step.catchBody?.steps.at(-1)?.id ?? '') ?? { base: env.own };
  const left = value ? templateLabels(value.node, { ...inner, values }) : last;
  const caught = labelOfAll(left);
  return mapLabels(output, (label) => joinLabels(label, caught));
}

function expressionLabel(expression: CompiledExpression, env: Env): Label {
  return labelOfAll(labelsOfExpression(expression, labelScope(env), env.own));
}

function labelScope(env: Env): { get: (root: string) => { labels: Labels } | undefined } {
  return {
    get: (root) => {
      const labels = env.values.get(root);
      return labels && { labels };
    },
  };
}

function templateLabels(node: TemplateNode, env: Env): Labels {
  const at: { [path: string]: Label } = {};
  collect(node, '', env, (path, label) => {
    at[path] = label;
  });
  const { '': base = env.own, ...fields } = at;
  return Object.keys(fields).length > 0 ? { base, at: fields } : { base };
}

function collect(
  node: TemplateNode,
  path: string,
  env: Env,
  add: (path: string, label: Label) => void,
): void {
  switch (node.type) {
    case 'literal':
      return;
    case 'expression': {
      const labels = labelsOfExpression(node.expression, labelScope(env), env.own);
      add(path, labels.base);
      for (const [inner, label] of Object.entries(labels.at ?? {})) add(under(path, inner), label);
      return;
    }
    case 'ref': {
      const key = labelOfAll(templateLabels(node.id, env));
      add(path, lookedUp(env.registry.fieldLabel?.(node.record, node.path) ?? OWN, key));
      return;
    }
    case 'receipt':
      add(path, labelOfPath(env.values.get(node.hole.step) ?? { base: PUBLIC }, node.hole.path));
      return;
    case 'list':
      for (const [index, member] of node.members.entries())
        collect(member, under(path, String(index)), env, add);
      return;
    case 'object':
      for (const [name, member] of node.members) collect(member, under(path, name), env, add);
  }
}

/** Every argument that the contract gives a role, and every other that the plan gives. */
function argumentsOf(
  template: CompiledTemplate | undefined,
  contract: CapabilityContract | undefined,
  input: Labels,
): readonly ArgumentLabel[] {
  if (!template) return [];
  const { node } = template;
  const roles = contract?.roles ?? {};
  const given = node.type === 'object' ? node.members.map(([name]) => name) : [];
  const literal =
    node.type === 'literal' && typeof node.value === 'object' && node.value !== null
      ? Object.keys(node.value)
      : [];
  const paths = new Set([
    ...given,
    ...literal,
    ...Object.keys(roles).filter((path) => isGiven(path, [...given, ...literal])),
  ]);
  return [...paths].map((path) => {
    const role = roles[path];
    return {
      path,
      ...(role && { role }),
      label: labelOfPath(input, path),
      from: sourcesAt(node, path.split('.')),
    };
  });
}

function isGiven(path: string, names: readonly string[]): boolean {
  return names.includes(path.split('.')[0] ?? '');
}

/** What stands at a path of a template, as people can find it again. */
function sourcesAt(node: TemplateNode, parts: readonly string[]): readonly string[] {
  const [part, ...rest] = parts;
  if (node.type === 'object' && part !== undefined) {
    const member = node.members.find(([name]) => name === part);
    return member ? sourcesAt(member[1], rest) : [];
  }
  if (node.type === 'list' && part !== undefined) {
    const member = node.members[Number(part)];
    return member ? sourcesAt(member, rest) : [];
  }
  const all: string[] = [];
  sourcesIn(node, all);
  return [...new Set(all)];
}

function sourcesIn(node: TemplateNode, found: string[]): void {
  if (node.type === 'expression') {
    found.push(
      ...node.expression.references.map(({ root, path }) =>
        path === '' ? root : `${root}.${path}`,
      ),
    );
  }
  if (node.type === 'ref') {
    found.push(`${node.record}.${node.path}`);
    sourcesIn(node.id, found);
  }
  if (node.type === 'receipt') found.push(`the receipt of ${node.hole.step}`);
  if (node.type === 'list') for (const member of node.members) sourcesIn(member, found);
  if (node.type === 'object') for (const [, member] of node.members) sourcesIn(member, found);
}

function listed(names: readonly string[]): string {
  if (names.length < 2) return names[0] ?? 'the plan itself';
  return `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}

function under(path: string, key: string): string {
  return path === '' ? key : `${path}.${key}`;
}
