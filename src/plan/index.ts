// plan: plans as data, made ready to run.
// Owns: the plan's schema, expressions, templates, order, schedule, checks, labels, diff, drawing.
// Never: runs anything, reads a clock, a record or the log. Floor 3.

export {
  buildPlan,
  expression,
  type Handle,
  input,
  literal,
  type PlanBuilder,
  receipt,
  reference,
  type StepOptions,
  type Template,
  type Value,
} from './builder.ts';
export { inputSchema } from './check-target.ts';
export {
  type CompiledPlan,
  type CompiledStep,
  compilePlan,
  type Dependent,
  type Registry,
} from './compile.ts';
export { diffPlans, diffPlaybooks, type PlanChange } from './diff.ts';
export {
  type DrawOptions,
  drawPlan,
  STEP_STATUSES,
  type StepStatus,
  statusesForDrawing,
} from './draw.ts';
export { exampleOf } from './example.ts';
export {
  absentValue,
  afterRound,
  catches,
  checkMadePlan,
  type Expansion,
  expandCatch,
  expandEach,
  expandPlan,
  expandRepeat,
  lastStepOf,
} from './expand.ts';
export {
  type CompiledExpression,
  compileExpression,
  evaluateCondition,
  evaluateExpression,
  referencesOf,
  type Scope,
  type ScopeSchemas,
} from './expression.ts';
export { describeValue, type Fault, invalidPlan, nearNames } from './fault.ts';
export { type Misfit, misfitsOf } from './fit.ts';
export {
  FIELD_KINDS,
  type FieldKind,
  type Form,
  type FormField,
  formJsonSchema,
  formSchema,
} from './form.ts';
export {
  type Advance,
  type Branch,
  createFrontier,
  type Frontier,
  STEP_OUTCOMES,
  type StepInstance,
  type StepOutcome,
  type StepState,
} from './frontier.ts';
export {
  type InputPart,
  inputMisfits,
  inputPartOf,
  inputTemplateOf,
  takenSchema,
} from './given-input.ts';
export type { JsonSchema } from './json-schema.ts';
export { describeSchema, schemaOfLiteral } from './json-schema.ts';
export { labelOfPath, labelsUnder } from './label-path.ts';
export { EXPRESSION_LIMITS, PLAN_LIMITS } from './limits.ts';
export {
  formFaults,
  parsePlan,
  parsePlaybook,
  planJsonSchema,
  playbookJsonSchema,
  readPlaybook,
} from './parse.ts';
export {
  type AskStep,
  type CallStep,
  type Catch,
  type EachStep,
  type ExpandStep,
  type ExpressionObject,
  type ExpressionText,
  kindOf,
  type Plan,
  type Playbook,
  type PlayStep,
  planSchema,
  playbookSchema,
  type RepeatStep,
  type Retry,
  STEP_KINDS,
  type Step,
  type StepBase,
  type StepKind,
  type WaitOutput,
  type WaitStep,
} from './plan.ts';
export {
  type ArgumentLabel,
  explainTaint,
  type LabelRegistry,
  type PlanLabels,
  propagateLabels,
  type StepLabels,
} from './propagate.ts';
export type { Reference } from './references.ts';
export { type RunFacts, schemasOf, scopeOf } from './scope.ts';
export { filledIn, outputTypes, promisedOutput, standInMisfits } from './stand-in.ts';
export {
  type CompiledTemplate,
  compileTemplate,
  evaluateLabelled,
  type ReceiptHole,
  resolveNow,
  resolveTemplate,
  type TemplatePorts,
} from './template.ts';
export { checkPlaybook, type ValidateOptions, validatePlan, validatePlaybook } from './validate.ts';
