import type { z } from 'zod';
import type { Json, JsonObject } from '../base/index.ts';
import { type CapabilityContract, capabilityRef } from '../contract/index.ts';
import type { Form } from './form.ts';
import { parsePlan } from './parse.ts';
import type { ExpressionObject, Plan, Retry, Step, StepBase, WaitOutput } from './plan.ts';
import type { ReceiptHole } from './template.ts';

/**
 * Builds a plan in TypeScript; the result is the stored data. What a contract does not have, as a field
 * of its input or of its output, does not compile. Only here a text that starts with `=` is an
 * expression (`literal` for one that is not); in the data it is an object.
 *
 * @example
 * const monthly = buildPlan((p) => {
 *   const hours = p.call('hours', unbilled, { party: '=input.party', month: '=input.month' });
 *   p.call('draft', draftInvoice, { party: '=input.party', lines: hours.lines });
 * });
 */
export function buildPlan(build: (p: PlanBuilder) => void): Plan {
  return parsePlan({ steps: stepsOf(build) });
}

/** The value of something that exists only when the plan runs. Its fields are values too. */
export type Value<T> = Handle<T> &
  (T extends readonly (infer Member)[]
    ? { readonly [index: number]: Value<Member> }
    : T extends string | number | boolean | null | undefined
      ? unknown
      : { readonly [Name in keyof T]-?: Value<Exclude<T[Name], undefined>> });

/** Carries the type of a value; at run time, the expression that reads it. */
export interface Handle<T> {
  readonly [EXPRESSION]: string;
  readonly [TYPE]?: T;
}

/** What may stand where a `T` is wanted: itself, a value of an earlier step, or an expression. */
export type Template<T> =
  | Handle<T>
  | Special
  | `=${string}`
  | (T extends string | number | boolean | null | undefined
      ? T
      : T extends readonly (infer Member)[]
        ? readonly Template<Member>[]
        : { readonly [Name in keyof T]: Template<T[Name]> });

/** Made by `expression`, `reference`, `receipt` and `literal`. */
export interface Special {
  readonly [SPECIAL]: Json;
}

export interface StepOptions
  extends Omit<StepBase, 'id' | 'when' | 'after' | 'lock' | 'retry' | 'catch'> {
  readonly when?: Handle<boolean> | string;
  /** steps by their values or ids */
  readonly after?: readonly (Handle<unknown> | string)[];
  readonly lock?: Template<string>;
  readonly retry?: Retry;
  readonly catch?: StepBase['catch'];
}

export interface PlanBuilder {
  readonly call: <C extends CapabilityContract>(
    id: string,
    capability: C,
    input: Template<z.input<C['input']>>,
    options?: StepOptions,
  ) => Value<z.output<C['output']>>;
  readonly ask: <T = JsonObject>(
    id: string,
    question: {
      readonly title: Template<string>;
      readonly help?: Template<string>;
      readonly form: Form;
      readonly with?: Template<JsonObject>;
    },
    options?: StepOptions,
  ) => Value<T>;
  readonly wait: (
    id: string,
    wait: {
      readonly event?: string;
      readonly where?: string;
      readonly for?: string;
      readonly until?: Template<string>;
    },
    options?: StepOptions,
  ) => Value<WaitOutput>;
  readonly play: <T = JsonObject>(
    id: string,
    playbook: string,
    input: Template<JsonObject>,
    options?: StepOptions,
  ) => Value<T>;
  readonly each: <T, R = unknown>(
    id: string,
    loop: {
      readonly over: Template<readonly T[]>;
      readonly as: string;
      readonly limit?: number;
      readonly parallel?: number;
    },
    // biome-ignore lint/suspicious/noConfusingVoidType: a body that gives no output ends without return
    body: (p: PlanBuilder, item: Value<T>, index: Value<number>) => Handle<R> | void,
    options?: StepOptions,
  ) => Value<readonly R[]>;
  readonly repeat: <R = unknown>(
    id: string,
    loop: { readonly until: string; readonly max: number },
    // biome-ignore lint/suspicious/noConfusingVoidType: a body that gives no output ends without return
    body: (p: PlanBuilder, round: Value<number>) => Handle<R> | void,
    options?: StepOptions,
  ) => Value<R>;
  readonly expand: (
    id: string,
    plan: Handle<unknown> | `=${string}`,
    bounds?: { readonly allow?: readonly CapabilityContract[]; readonly limit?: number },
    options?: StepOptions,
  ) => Value<JsonObject>;
}

/** An expression where a plain `=text` reads badly. */
export function expression(text: string): Special {
  return { [SPECIAL]: { $expr: text } };
}

/** A field of a record, looked up when the step runs. */
export function reference(type: string, id: Template<string>, path: string): Special {
  return { [SPECIAL]: { $ref: [type, toTemplate(id), path] } };
}

/** A typed hole that the receipt of an earlier effect fills. */
export function receipt(
  hole: Omit<ReceiptHole, 'step'> & { readonly step: Handle<unknown> | string },
): Special {
  return { [SPECIAL]: { $receipt: { ...hole, step: idOf(hole.step) } } };
}

/** A text that is taken as it is, also when it starts with `=`. */
export function literal(value: Json): Special {
  return { [SPECIAL]: value };
}

/** The value at a path of the run's input, for those who prefer values to `=input.x`. */
export function input<T = JsonObject>(): Value<T> {
  return refer<T>('input');
}

const EXPRESSION: unique symbol = Symbol('expression');
const TYPE: unique symbol = Symbol('type');
const SPECIAL: unique symbol = Symbol('special');

function stepsOf(build: (p: PlanBuilder) => void): Step[] {
  const steps: Step[] = [];
  const add = <T>(id: string, body: object, options: StepOptions | undefined): Value<T> => {
    // Put together from members of Step; parsePlan reads the whole again before anybody uses it.
    steps.push({ id, ...body, ...optionsOf(options) } as Step);
    return refer<T>(id);
  };
  build({
    call: (id, capability, given, options) =>
      add(id, { call: capabilityRef(capability), ...withOf(given) }, options),
    ask: (id, { with: shown, title, help, form }, options) =>
      add(
        id,
        {
          ask: {
            title: toTemplate(title),
            ...(help !== undefined && { help: toTemplate(help) }),
            form,
          },
          ...(shown && withOf(shown)),
        },
        options,
      ),
    wait: (id, { until, ...rest }, options) =>
      add(
        id,
        { wait: { ...rest, ...(until !== undefined && { until: toTemplate(until) }) } },
        options,
      ),
    play: (id, playbook, given, options) => add(id, { play: playbook, ...withOf(given) }, options),
    each: (id, { over, ...rest }, body, options) => {
      const inner = bodyOf((p) => body(p, refer(rest.as), refer('index')));
      return add(id, { each: { over: toTemplate(over), ...rest, ...inner } }, options);
    },
    repeat: (id, { until, max }, body, options) => {
      const inner = bodyOf((p) => body(p, refer('round')));
      return add(id, { repeat: { until: conditionOf(until), max, ...inner } }, options);
    },
    expand: (id, plan, bounds, options) => {
      const allow = bounds?.allow?.map(capabilityRef);
      const limit = bounds?.limit;
      const text = typeof plan === 'string' ? plan.slice(1) : plan[EXPRESSION];
      return add(
        id,
        {
          expand: {
            plan: { $expr: text },
            ...(allow && { allow }),
            ...(limit !== undefined && { limit }),
          },
        },
        options,
      );
    },
  });
  return steps;
}

// biome-ignore lint/suspicious/noConfusingVoidType: a body that gives no output ends without return
function bodyOf(build: (p: PlanBuilder) => Handle<unknown> | void): {
  do: Step[];
  output?: ExpressionObject;
} {
  let output: ExpressionObject | undefined;
  const steps = stepsOf((p) => {
    const made = build(p);
    if (made) output = { $expr: made[EXPRESSION] };
  });
  return { do: steps, ...(output && { output }) };
}

function optionsOf(options: StepOptions | undefined): object {
  if (!options) return {};
  const { when, after, lock, ...rest } = options;
  return {
    ...rest,
    ...(when !== undefined && { when: conditionOf(when) }),
    ...(after && { after: after.map(idOf) }),
    ...(lock !== undefined && { lock: toTemplate(lock) }),
  };
}

/** Only expressions can stand there, so the `=` may be left out. */
function conditionOf(condition: Handle<boolean> | string): string {
  if (typeof condition !== 'string') return condition[EXPRESSION];
  return condition.startsWith('=') ? condition.slice(1) : condition;
}

function withOf(given: unknown): { with: Json } | object {
  const template = toTemplate(given);
  return typeof template === 'object' && template !== null && Object.keys(template).length === 0
    ? {}
    : { with: template };
}

function idOf(step: Handle<unknown> | string): string {
  return typeof step === 'string' ? step : step[EXPRESSION];
}

/** Values become expressions, texts with `=` too; everything else stays as it is. */
function toTemplate(value: unknown): Json {
  if (typeof value === 'string') return value.startsWith('=') ? { $expr: value.slice(1) } : value;
  if (typeof value !== 'object' || value === null) return value as Json; // the type of Template allows scalars only
  if (SPECIAL in value) return value[SPECIAL] as Json; // made by the functions above
  if (EXPRESSION in value) return { $expr: String(value[EXPRESSION]) };
  if (Array.isArray(value)) return value.map(toTemplate);
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  return Object.fromEntries(members.map(([name, member]) => [name, toTemplate(member)]));
}

/** A value whose members are the expressions of its fields. */
function refer<T>(text: string): Value<T> {
  const target = { [EXPRESSION]: text };
  const proxy = new Proxy(target, {
    get: (held, name) => {
      if (name === EXPRESSION) return held[EXPRESSION];
      if (typeof name === 'symbol') return undefined;
      return refer(/^\d+$/.test(name) ? `${text}[${name}]` : fieldOf(text, name));
    },
  });
  return proxy as unknown as Value<T>; // every field of a Value is a Value: what the trap above gives
}

function fieldOf(text: string, name: string): string {
  return /^[a-zA-Z_][a-zA-Z0-9_]*$/.test(name)
    ? `${text}.${name}`
    : `${text}[${JSON.stringify(name)}]`;
}
