import type { Json } from '../base/index.ts';
import { inputSchema } from './check-target.ts';
import type { CompiledStep, Registry } from './compile.ts';
import { type Misfit, misfitsOf } from './fit.ts';
import { contractSchemas, type JsonSchema, schemaOfLiteral } from './json-schema.ts';
import { misfitsOfType } from './stand-in.ts';
import type { CompiledTemplate } from './template.ts';

/** The part of a step that says what it is given. */
export type InputPart = 'with' | 'over' | 'plan';

type Parts = Pick<Registry, 'capability' | 'playbook'>;

const OBJECT: JsonSchema = { type: 'object' };
const PLAN: JsonSchema = {
  type: 'object',
  properties: { steps: { type: 'array', items: OBJECT } },
  required: ['steps'],
};

/** Where a step's input stands; undefined for one that is given nothing, as a wait or a repeat. */
export function inputPartOf({ step }: Pick<CompiledStep, 'step'>): InputPart | undefined {
  if ('each' in step) return 'over';
  if ('expand' in step) return 'plan';
  return 'wait' in step || 'repeat' in step ? undefined : 'with';
}

/** What the plan gives a step, wherever that stands; undefined for one that is given nothing. */
export function inputTemplateOf({
  templates,
}: Pick<CompiledStep, 'templates'>): CompiledTemplate | undefined {
  return templates.with ?? templates.over ?? templates.plan;
}

/** What a step takes: the contract's or the playbook's input, a list for `each`, a plan for `expand`. */
export function takenSchema({ step }: CompiledStep, parts: Parts): JsonSchema {
  if ('each' in step) return { type: 'array' };
  if ('expand' in step) return PLAN;
  const contract = 'call' in step ? parts.capability(step.call) : undefined;
  if (contract) return contractSchemas(contract).input;
  return ('play' in step && inputSchema(parts.playbook(step.play)?.input)) || OBJECT;
}

/** Where an input that somebody gives a step is not what it takes. */
export function inputMisfits(step: CompiledStep, value: Json, parts: Parts): readonly Misfit[] {
  const contract = 'call' in step.step ? parts.capability(step.step.call) : undefined;
  if (contract) return misfitsOfType(contract.input, value);
  const shape = step.kind === 'each' ? { type: 'array' } : OBJECT;
  const misfits = misfitsOf(schemaOfLiteral(value), shape);
  if (misfits.length > 0) return misfits;
  return misfitsOf(schemaOfLiteral(value), takenSchema(step, parts));
}
