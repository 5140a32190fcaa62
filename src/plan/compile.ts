import type { Json } from '../base/index.ts';
import { type CapabilityContract, type EffectClass, Failure } from '../contract/index.ts';
import { type CompiledExpression, compileExpression } from './expression.ts';
import { type Fault, invalidPlan, joinDotted, joinPath } from './fault.ts';
import { formJsonSchema } from './form.ts';
import { contractSchemas, type JsonSchema } from './json-schema.ts';
import { cycleFaults, topological, type Unordered, unique, withOrder } from './order.ts';
import { kindOf, type Plan, type Playbook, type Step, type StepKind, textOf } from './plan.ts';
import { type CompiledTemplate, compileTemplate } from './template.ts';

/** What a plan may refer to. The kernel answers from its registry; a test from a table. */
export interface Registry {
  readonly capability: (ref: string) => CapabilityContract | undefined;
  readonly playbook: (ref: string) => Playbook | undefined;
  /** the JSON Schema of a field of a record type; undefined when there is no such field, which is a fault */
  readonly recordPath?: (type: string, path: string) => JsonSchema | undefined;
  /** names that exist, for "did you mean" */
  readonly names?: {
    readonly capabilities: readonly string[];
    readonly playbooks: readonly string[];
  };
}

/** A plan that is ready to be scheduled: every text read, every dependency known. Plain, immutable. */
export interface CompiledPlan {
  readonly steps: readonly CompiledStep[];
  readonly byId: ReadonlyMap<string, CompiledStep>;
  /** indexes of `steps` such that every step comes after what it depends on */
  readonly order: readonly number[];
  /** roots from around a nested body that its steps read (steps outside, `input`, an outer item) */
  readonly outer: ReadonlySet<string>;
}

export interface CompiledStep {
  readonly id: string;
  readonly index: number;
  /** where it stands in the document: `steps[2]`, `steps[3].each.do[0]` */
  readonly path: string;
  readonly kind: StepKind;
  readonly step: Step;
  /** of a `call`; undefined when the capability is not known */
  readonly effect?: EffectClass;
  /** steps whose output it reads: when one of them did not happen, this one is skipped */
  readonly refersTo: readonly string[];
  /** steps that must have come to an end before, whatever their end */
  readonly follows: readonly string[];
  /** `explicit`: its own `after`. `order`: the order rule. `none`: neither applies */
  readonly followsBy: 'explicit' | 'order' | 'none';
  /** steps whose receipts fill its typed holes; needed to commit, not to finalise */
  readonly holes: readonly string[];
  /** all of the above, each once */
  readonly dependsOn: readonly string[];
  /** steps of the same plan that depend on it */
  readonly dependents: readonly Dependent[];
  /** runs even when something it refers to did not happen */
  readonly runsWhenSkipped: boolean;
  readonly expressions: {
    readonly when?: CompiledExpression;
    readonly where?: CompiledExpression;
    readonly until?: CompiledExpression;
  };
  readonly templates: {
    /** `with` of call, ask, play */
    readonly with?: CompiledTemplate;
    readonly lock?: CompiledTemplate;
    /** title and help of a question */
    readonly title?: CompiledTemplate;
    readonly help?: CompiledTemplate;
    /** the time that a wait ends at */
    readonly until?: CompiledTemplate;
    readonly over?: CompiledTemplate;
    readonly plan?: CompiledTemplate;
    /** of each and repeat */
    readonly output?: CompiledTemplate;
    /** of catch */
    readonly value?: CompiledTemplate;
  };
  /** the steps of each or repeat */
  readonly body?: CompiledPlan;
  /** the steps of catch */
  readonly catchBody?: CompiledPlan;
  /** of a call and of a question; it decides which numbers in its output count as fractions */
  readonly outputSchema?: JsonSchema;
}

export interface Dependent {
  readonly index: number;
  /** it needs the output or the receipt, not only the end */
  readonly refers: boolean;
}

/** Names that mean something else in expressions, or in the ids of a run's steps (`catch`). */
export const ROOT_NAMES: ReadonlySet<string> = new Set([
  ...['input', 'event', 'error', 'index', 'round', 'catch'],
]);

/**
 * Reads every expression and template once and works out who waits for whom (DESIGN section 6):
 * pure and read steps wait only for what they refer to; `ask`, `wait`, `play` and steps with effects
 * also follow the previous one of these, unless `after` says otherwise. Fails with `invalid_plan`
 * naming unreadable texts, double ids and cycles; unknown names are left to `validatePlan`.
 */
export function compilePlan(plan: Plan, registry: Pick<Registry, 'capability'>): CompiledPlan {
  const faults: Fault[] = [];
  const compiled = compileSteps(plan.steps, 'steps', new Set(), registry, faults);
  if (faults.length > 0) throw invalidPlan(faults);
  return compiled;
}

/** The same, but gives what could be read together with what is wrong. */
export function compileWithFaults(
  plan: Plan,
  registry: Pick<Registry, 'capability'>,
  /** where the steps stand in their document */
  path = 'steps',
): { compiled: CompiledPlan; faults: readonly Fault[] } {
  const faults: Fault[] = [];
  return { compiled: compileSteps(plan.steps, path, new Set(), registry, faults), faults };
}

/** Reads with every part of a step's texts; used for the step and for its nested bodies. */
type Draft = Unordered & {
  /** everything that it reads: roots, own variables and unknown names too */
  readonly roots: ReadonlySet<string>;
};

function compileSteps(
  steps: readonly Step[],
  path: string,
  around: ReadonlySet<string>,
  registry: Pick<Registry, 'capability'>,
  faults: Fault[],
): CompiledPlan {
  const ids = new Set(steps.map((step) => step.id));
  checkIds(steps, path, around, faults);
  const within = new Set([...around, ...ids]);
  const drafts = steps.map((step, index) =>
    draftOf(step, index, `${path}[${index}]`, ids, within, registry, faults),
  );
  const outer = new Set(
    drafts.flatMap((draft) => [...draft.roots]).filter((root) => !ids.has(root)),
  );
  const dependents: Dependent[][] = steps.map(() => []);
  const indexById = new Map(steps.map((step, index) => [step.id, index]));
  const finished = withOrder(
    drafts.map(({ roots: _roots, ...draft }) => draft),
    ids,
  );
  for (const step of finished) {
    const referred = new Set([...step.refersTo, ...step.holes]);
    for (const id of step.dependsOn) {
      dependents[indexById.get(id) ?? -1]?.push({ index: step.index, refers: referred.has(id) });
    }
  }
  const linked = finished.map((step) => ({ ...step, dependents: dependents[step.index] ?? [] }));
  const order = topological(linked, indexById);
  if (order.length < linked.length) faults.push(...cycleFaults(linked, new Set(order), indexById));
  return { steps: linked, byId: new Map(linked.map((step) => [step.id, step])), order, outer };
}

function checkIds(
  steps: readonly Step[],
  path: string,
  around: ReadonlySet<string>,
  faults: Fault[],
): void {
  const seen = new Map<string, number>();
  for (const [index, { id }] of steps.entries()) {
    const first = seen.get(id);
    if (first === undefined) seen.set(id, index);
    if (first !== undefined || around.has(id)) {
      faults.push({
        path: `${path}[${index}].id`,
        expected: 'an id of its own',
        found:
          first === undefined ? `${id}, which is used around it` : `${id}, as in ${path}[${first}]`,
        remedy: 'Give it another id, and change the expressions that mean it.',
      });
    }
  }
}

function draftOf(
  step: Step,
  index: number,
  path: string,
  siblings: ReadonlySet<string>,
  within: ReadonlySet<string>,
  registry: Pick<Registry, 'capability'>,
  faults: Fault[],
): Draft {
  const reader = createReader(path, faults);
  const contract = 'call' in step ? registry.capability(step.call) : undefined;
  const expressions = readExpressions(step, reader);
  const templates = readTemplates(step, reader);
  const body = bodyOf(step, path, within, registry, faults);
  const catchBody =
    step.catch?.do && compileSteps(step.catch.do, `${path}.catch.do`, within, registry, faults);
  for (const inner of [body, catchBody])
    for (const root of inner?.outer ?? []) reader.roots.add(root);
  const own = new Set(reader.ownNames);
  const roots = new Set([...reader.roots].filter((root) => !own.has(root)));
  return {
    id: step.id,
    index,
    path,
    kind: kindOf(step),
    step,
    ...(contract && { effect: contract.effect, outputSchema: contractSchemas(contract).output }),
    ...('ask' in step && { outputSchema: formJsonSchema(step.ask.form) }),
    refersTo: [...roots].filter((root) => siblings.has(root)),
    holes: unique(reader.holes).filter((id) => siblings.has(id)),
    runsWhenSkipped: step.onSkipped === 'run',
    expressions,
    templates,
    ...(body && { body }),
    ...(catchBody && { catchBody }),
    roots,
  };
}

interface Reader {
  readonly roots: Set<string>;
  readonly holes: string[];
  /** variables that the step itself brings: they are not dependencies */
  readonly ownNames: string[];
  readonly expression: (text: string, at: string) => CompiledExpression | undefined;
  readonly template: (template: Json, at: string) => CompiledTemplate | undefined;
}

/** Collects what a step reads; a text that cannot be read becomes a fault and the rest goes on. */
function createReader(path: string, faults: Fault[]): Reader {
  const roots = new Set<string>();
  const holes: string[] = [];
  const guarded = <T>(at: string, action: () => T): T | undefined => {
    try {
      return action();
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      faults.push(...faultsOfFailure(error, joinPath(path, at)));
      return undefined;
    }
  };
  return {
    roots,
    holes,
    ownNames: [],
    expression: (text, at) =>
      guarded(at, () => {
        const compiled = compileExpression(text);
        for (const reference of compiled.references) roots.add(reference.root);
        return compiled;
      }),
    template: (template, at) =>
      guarded(at, () => {
        const compiled = compileTemplate(template);
        for (const reference of compiled.references) roots.add(reference.root);
        holes.push(...compiled.holes.map((hole) => hole.step));
        return compiled;
      }),
  };
}

function readExpressions(step: Step, reader: Reader): CompiledStep['expressions'] {
  const when = step.when !== undefined && reader.expression(textOf(step.when), 'when');
  const where =
    'wait' in step &&
    step.wait.where !== undefined &&
    reader.expression(textOf(step.wait.where), 'wait.where');
  const until = 'repeat' in step && untilOf(step.repeat, reader);
  if (where) reader.ownNames.push('event');
  return { ...(when && { when }), ...(where && { where }), ...(until && { until }) };
}

/** `until` sees the steps of its round, which are not steps around it. */
function untilOf(
  repeat: { readonly do: readonly Step[]; readonly until: Parameters<typeof textOf>[0] },
  reader: Reader,
): CompiledExpression | undefined {
  reader.ownNames.push('round', ...repeat.do.map((inner) => inner.id));
  return reader.expression(textOf(repeat.until), 'repeat.until');
}

function readTemplates(step: Step, reader: Reader): CompiledStep['templates'] {
  const found: { -readonly [Name in keyof CompiledStep['templates']]: CompiledTemplate } = {};
  const take = (
    name: keyof CompiledStep['templates'],
    template: Json | undefined,
    at: string,
  ): void => {
    const compiled = template === undefined ? undefined : reader.template(template, at);
    if (compiled) found[name] = compiled;
  };
  take('lock', step.lock, 'lock');
  take('value', step.catch?.value, 'catch.value');
  if (step.catch) reader.ownNames.push('error', ...(step.catch.do ?? []).map((inner) => inner.id));
  if ('with' in step) take('with', step.with, 'with');
  if ('ask' in step) {
    take('title', step.ask.title, 'ask.title');
    take('help', step.ask.help, 'ask.help');
  }
  if ('wait' in step) take('until', step.wait.until, 'wait.until');
  if ('each' in step) {
    take('over', step.each.over, 'each.over');
    take('output', step.each.output, 'each.output');
    reader.ownNames.push(step.each.as, 'index', ...step.each.do.map((inner) => inner.id));
  }
  if ('repeat' in step) take('output', step.repeat.output, 'repeat.output');
  if ('expand' in step) take('plan', { $expr: step.expand.plan.$expr }, 'expand.plan');
  return found;
}

function bodyOf(
  step: Step,
  path: string,
  within: ReadonlySet<string>,
  registry: Pick<Registry, 'capability'>,
  faults: Fault[],
): CompiledPlan | undefined {
  if ('each' in step)
    return compileSteps(step.each.do, `${path}.each.do`, within, registry, faults);
  if ('repeat' in step)
    return compileSteps(step.repeat.do, `${path}.repeat.do`, within, registry, faults);
  return undefined;
}

function faultsOfFailure(error: Failure, path: string): Fault[] {
  const named = error.facts.faults;
  if (Array.isArray(named) && named.length > 0) {
    const [first] = named as unknown as readonly Fault[]; // made by template.ts in this module
    if (first) return [{ ...first, path: joinDotted(path, first.path) }];
  }
  return [
    {
      path,
      expected: 'an expression that can be read',
      found: error.message,
      remedy: error.facts.reason === 'nested_macro' ? 'Split it into two steps.' : error.remedy,
    },
  ];
}
