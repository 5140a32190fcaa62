import { z } from 'zod';
import type { Json, JsonObject } from '../base/index.ts';
import { FAILURES, type FailureCode } from '../contract/index.ts';
import { type Form, formSchema } from './form.ts';
import { EXPRESSION_LIMITS, PLAN_LIMITS } from './limits.ts';

/** A graph of steps as data. The planner, a playbook and the operator all make this. */
export interface Plan {
  readonly steps: readonly Step[];
}

export type Step = CallStep | AskStep | WaitStep | PlayStep | EachStep | RepeatStep | ExpandStep;

export const STEP_KINDS = ['call', 'ask', 'wait', 'play', 'each', 'repeat', 'expand'] as const;
export type StepKind = (typeof STEP_KINDS)[number];

/** What any step may have. */
export interface StepBase {
  /** `[a-z][a-zA-Z0-9_]*`, unique in the plan; expressions name the step's output by it */
  readonly id: string;
  /** as a person reads it */
  readonly title?: string;
  /** it is skipped unless this is true */
  readonly when?: ExpressionText;
  /** replaces the order rule: it follows exactly these (and what it refers to); `[]` follows nothing */
  readonly after?: readonly string[];
  /** a key or a list of keys that no other running step may hold: a text or a template that makes one */
  readonly lock?: Json;
  readonly retry?: Retry;
  /** after the last try: `ask` (the default) makes it a question, `fail` ends the run, `skip` goes on without it */
  readonly onFail?: 'ask' | 'fail' | 'skip';
  readonly catch?: Catch;
  /** when a step it refers to did not happen: `skip` (the default) skips it too, `run` runs it */
  readonly onSkipped?: 'skip' | 'run';
  /** `now` (the default) for a person who waits, `soon` for the background, `cheap` for the low-cost window */
  readonly queue?: 'now' | 'soon' | 'cheap';
}

/** `noun.verb@1` with a template for its input. */
export interface CallStep extends StepBase {
  readonly call: string;
  readonly with?: JsonObject;
}

/** A typed question to the operator. `with` prefills fields and adds facts to show. */
export interface AskStep extends StepBase {
  readonly ask: { readonly title: Json; readonly help?: Json; readonly form: Form };
  readonly with?: JsonObject;
}

/** For an event, for a time, or for whichever comes first. Its output is a `WaitOutput`. */
export interface WaitStep extends StepBase {
  readonly wait: {
    readonly event?: string;
    /** over `event` and everything in scope; absent means any event of the type */
    readonly where?: ExpressionText;
    /** an ISO 8601 duration from when its predecessors have succeeded */
    readonly for?: string;
    /** a template that makes an RFC 3339 time */
    readonly until?: Json;
  };
}

/** A playbook inside this one: `name@version`. */
export interface PlayStep extends StepBase {
  readonly play: string;
  readonly with?: JsonObject;
}

/** Its steps once for every item of a list. Its output is the list of their outputs. */
export interface EachStep extends StepBase {
  readonly each: {
    readonly over: Json;
    /** the item's name in the inner expressions; its position is `index`, from 0 */
    readonly as: string;
    readonly do: readonly Step[];
    /** items at most; a longer list fails the step. 1,000 when absent */
    readonly limit?: number;
    /** items at the same time. 10 when absent */
    readonly parallel?: number;
    /** template of one item's output; the output of its last step when absent */
    readonly output?: Json;
  };
}

/**
 * Its steps until `until` is true, at most `max` rounds. Its output is that of the last round, also
 * when `until` was never true: then its end says so.
 */
export interface RepeatStep extends StepBase {
  readonly repeat: {
    readonly do: readonly Step[];
    /** sees the round's steps, and `round` from 1 */
    readonly until: ExpressionText;
    readonly max: number;
    readonly output?: Json;
  };
}

/**
 * A plan that an earlier step made, checked like any other and worth no more than its maker. Its output
 * is an object: the outputs of its steps by their ids.
 */
export interface ExpandStep extends StepBase {
  readonly expand: {
    readonly plan: ExpressionObject;
    /** capabilities that it may call (`noun.verb@1`); absent means any that is registered */
    readonly allow?: readonly string[];
    /** steps that it may have; 200 when absent, which is also the most */
    readonly limit?: number;
  };
}

export interface Retry {
  readonly attempts?: number;
  readonly firstDelayMs?: number;
  readonly maxDelayMs?: number;
  /** no further try after this time */
  readonly withinMs?: number;
  /** only for these failures; absent means those that the contract lists */
  readonly codes?: readonly FailureCode[];
}

/** What happens instead of a failure. `error` (code, message) is in scope of both members. */
export interface Catch {
  /** absent means every failure */
  readonly codes?: readonly FailureCode[];
  readonly do?: readonly Step[];
  /** template of the output that the step has then; null when absent */
  readonly value?: Json;
}

/** An expression where only an expression can stand (`when`, `where`, `until`). */
export type ExpressionText = string | ExpressionObject;
export interface ExpressionObject {
  readonly $expr: string;
}

/** What a `wait` step leaves behind. */
export interface WaitOutput {
  readonly timedOut: boolean;
  /** the event's data, when it came */
  readonly event?: JsonObject;
}

/** A stored, versioned plan with a typed input. */
export interface Playbook {
  readonly name: string;
  readonly version: number;
  readonly title: string;
  readonly autonomy: 'suggest' | 'ask' | 'auto';
  /** a JSON Schema of an object, or a form */
  readonly input: JsonObject | Form;
  /** how people ask for it; read by the planner, opaque here */
  readonly words?: JsonObject;
  readonly plan: Plan;
  /** template of the output that a `play` step has */
  readonly output?: Json;
}

const idPattern = /^[a-z][a-zA-Z0-9_]*$/;
export const stepIdSchema = z
  .string()
  .max(PLAN_LIMITS.idCharacters)
  .regex(idPattern, 'an id such as draftInvoice: a small letter, then letters, digits or _');

/** `noun.verb@1` */
export const capabilityRefPattern = /^[a-z][a-zA-Z0-9_-]*(\.[a-zA-Z0-9_-]+)+@[1-9][0-9]{0,5}$/;
/** `invoice-month@1` */
export const playbookRefPattern = /^[a-z][a-zA-Z0-9_.-]*@[1-9][0-9]{0,5}$/;

// Whatever it holds was checked to be JSON of bounded depth before the schema is asked (parse.ts).
const template = z.unknown() as z.ZodType<Json>;
const templateObject = z.record(z.string(), z.unknown()) as unknown as z.ZodType<JsonObject>;

const expressionString = z.string().min(1).max(EXPRESSION_LIMITS.characters);
const expressionObject = z.strictObject({ $expr: expressionString });
const expressionText = z.union([expressionString, expressionObject]);
// Keys of a constant object; the cast only keeps their literal types, which Object.keys forgets.
const failureCode = z.enum(Object.keys(FAILURES) as [FailureCode, ...FailureCode[]]);
const duration = z
  .string()
  .regex(
    /^P(?!$)(\d+Y)?(\d+M)?(\d+W)?(\d+D)?(T(?=\d)(\d+H)?(\d+M)?(\d+S)?)?$/,
    'a duration such as P14D or PT2H',
  );
const milliseconds = z
  .int()
  .min(0)
  .max(366 * 86_400_000);
const steps: z.ZodType<readonly Step[]> = z.lazy(() =>
  z.array(stepSchema).min(1).max(PLAN_LIMITS.steps),
);

const base = {
  id: stepIdSchema,
  title: z.exactOptional(z.string().min(1).max(200)),
  when: z.exactOptional(expressionText),
  after: z.exactOptional(z.array(stepIdSchema).max(PLAN_LIMITS.steps)),
  lock: z.exactOptional(template),
  retry: z.exactOptional(
    z.strictObject({
      attempts: z.exactOptional(z.int().min(1).max(PLAN_LIMITS.attempts)),
      firstDelayMs: z.exactOptional(milliseconds),
      maxDelayMs: z.exactOptional(milliseconds),
      withinMs: z.exactOptional(milliseconds),
      codes: z.exactOptional(z.array(failureCode).min(1)),
    }),
  ),
  onFail: z.exactOptional(z.enum(['ask', 'fail', 'skip'])),
  catch: z.exactOptional(
    z.strictObject({
      codes: z.exactOptional(z.array(failureCode).min(1)),
      do: z.exactOptional(steps),
      value: z.exactOptional(template),
    }),
  ),
  onSkipped: z.exactOptional(z.enum(['skip', 'run'])),
  queue: z.exactOptional(z.enum(['now', 'soon', 'cheap'])),
};

/** One schema per kind of step; strict, so a misspelt member is named and not ignored. */
export const stepSchemas = {
  call: z.strictObject({
    ...base,
    call: z.string().regex(capabilityRefPattern, 'a capability with its version: mail.send@1'),
    with: z.exactOptional(templateObject),
  }),
  ask: z.strictObject({
    ...base,
    ask: z.strictObject({ title: template, help: z.exactOptional(template), form: formSchema }),
    with: z.exactOptional(templateObject),
  }),
  wait: z.strictObject({
    ...base,
    wait: z
      .strictObject({
        event: z.exactOptional(
          z
            .string()
            .regex(
              /^[a-z][a-zA-Z0-9_]*(\.[a-zA-Z0-9_]+)+$/,
              'an event type such as payment.matched',
            ),
        ),
        where: z.exactOptional(expressionText),
        for: z.exactOptional(duration),
        until: z.exactOptional(template),
      })
      .refine(
        (wait) => wait.event !== undefined || wait.for !== undefined || wait.until !== undefined,
        {
          message: 'an event, a duration (for) or a time (until)',
        },
      )
      .refine((wait) => wait.where === undefined || wait.event !== undefined, {
        message: 'an event, because where is about one',
      }),
  }),
  play: z.strictObject({
    ...base,
    play: z.string().regex(playbookRefPattern, 'a playbook with its version: invoice-month@1'),
    with: z.exactOptional(templateObject),
  }),
  each: z.strictObject({
    ...base,
    each: z.strictObject({
      over: template,
      as: stepIdSchema,
      do: steps,
      limit: z.exactOptional(z.int().min(1).max(PLAN_LIMITS.items)),
      parallel: z.exactOptional(z.int().min(1).max(PLAN_LIMITS.items)),
      output: z.exactOptional(template),
    }),
  }),
  repeat: z.strictObject({
    ...base,
    repeat: z.strictObject({
      do: steps,
      until: expressionText,
      max: z.int().min(1).max(PLAN_LIMITS.rounds),
      output: z.exactOptional(template),
    }),
  }),
  expand: z.strictObject({
    ...base,
    expand: z.strictObject({
      plan: expressionObject,
      allow: z.exactOptional(z.array(z.string().regex(capabilityRefPattern)).min(1)),
      limit: z.exactOptional(z.int().min(1).max(PLAN_LIMITS.expandedSteps)),
    }),
  }),
} as const;

export const stepSchema: z.ZodType<Step> = z.union([
  stepSchemas.call,
  stepSchemas.ask,
  stepSchemas.wait,
  stepSchemas.play,
  stepSchemas.each,
  stepSchemas.repeat,
  stepSchemas.expand,
]);

export const planSchema: z.ZodType<Plan> = z.strictObject({ steps });

export const playbookSchema: z.ZodType<Playbook> = z.strictObject({
  name: z
    .string()
    .max(100)
    .regex(/^[a-z][a-zA-Z0-9_.-]*$/, 'a name such as invoice-month'),
  version: z.int().min(1).max(999_999),
  title: z.string().min(1).max(200),
  autonomy: z.enum(['suggest', 'ask', 'auto']),
  input: z.union([formSchema, templateObject]),
  words: z.exactOptional(templateObject),
  plan: planSchema,
  output: z.exactOptional(template),
});

/** The kind of a step; the schema lets exactly one of the names in. */
export function kindOf(step: Step): StepKind {
  for (const kind of STEP_KINDS) if (kind in step) return kind;
  throw new TypeError('a step without a kind passed the schema'); // unreachable: see stepSchema
}

/** The steps nested in a step, in the order in which they are written: `[path, steps]`. */
export function bodiesOf(step: Step): readonly (readonly [path: string, steps: readonly Step[]])[] {
  const bodies: [string, readonly Step[]][] = [];
  if ('each' in step) bodies.push(['each.do', step.each.do]);
  if ('repeat' in step) bodies.push(['repeat.do', step.repeat.do]);
  if (step.catch?.do) bodies.push(['catch.do', step.catch.do]);
  return bodies;
}

/** The text of an expression, however it is written. */
export function textOf(expression: ExpressionText): string {
  return typeof expression === 'string' ? expression : expression.$expr;
}
