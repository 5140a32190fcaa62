import { isJsonObject } from '../base/index.ts';
import { type CapabilityContract, isOutside } from '../contract/index.ts';
import type { CompiledPlan, CompiledStep, Registry } from './compile.ts';
import { type Form, formJsonSchema } from './form.ts';
import { inferTemplate } from './infer-type.ts';
import { contractSchemas, itemOf, type JsonSchema } from './json-schema.ts';
import type { NameTable } from './name-table.ts';
import type { AskStep } from './plan.ts';

/** What a wait leaves behind; see `WaitOutput`. */
const WAIT_SCHEMA: JsonSchema = {
  type: 'object',
  properties: { timedOut: { type: 'boolean' }, event: { type: 'object' } },
  required: ['timedOut'],
  additionalProperties: false,
};

/** What is known of a step's output before it runs; undefined where it could be anything. */
export function outputSchemaOf(
  step: CompiledStep,
  registry: Pick<Registry, 'capability'>,
  names: Pick<NameTable, 'get'>,
): JsonSchema | undefined {
  if (step.step.catch) return undefined; // its value may stand there instead
  const { step: source } = step;
  if ('call' in source) {
    const contract = registry.capability(source.call);
    return contract && callOutput(contract);
  }
  if ('ask' in source) return answersOf(source, source.ask.form);
  if ('wait' in source) return WAIT_SCHEMA;
  if ('expand' in source) return { type: 'object' };
  if ('play' in source) return undefined;
  const made = bodyOutput(step, registry, names);
  if ('repeat' in source) return made;
  return { type: 'array', ...(made && { items: made }) };
}

/** What the form asks; fields that an earlier step makes are known only when the question is asked. */
export function answersOf(step: AskStep, form: Form): JsonSchema {
  const schema = formJsonSchema(form);
  const given = Object.keys(step.with ?? {});
  const isOpen = given.some((name) => name === 'form' || name.startsWith('$'));
  return isOpen ? { ...schema, additionalProperties: true } : schema;
}

/** What the contract promises; an effect's output also holds the receipt of what was done. */
function callOutput(contract: CapabilityContract): JsonSchema | undefined {
  const { output } = contractSchemas(contract);
  if (!output || !isOutside(contract.effect) || !isJsonObject(output.properties)) return output;
  return { ...output, properties: { ...output.properties, receipt: { type: 'object' } } };
}

/** The output of one item or round: the template's, else that of the last step. */
function bodyOutput(
  step: CompiledStep,
  registry: Pick<Registry, 'capability'>,
  names: Pick<NameTable, 'get'>,
): JsonSchema | undefined {
  const own = new Map<string, JsonSchema | undefined>();
  const inner = { get: (name: string) => (own.has(name) ? own.get(name) : names.get(name)) };
  const body: CompiledPlan | undefined = step.body;
  if ('each' in step.step) {
    const over = step.templates.over && inferTemplate(step.templates.over.node, names);
    own.set(step.step.each.as, itemOf(over));
  }
  for (const child of body?.steps ?? []) own.set(child.id, outputSchemaOf(child, registry, inner));
  const { output } = step.templates;
  if (output) return inferTemplate(output.node, inner);
  const last = body?.steps.every(happens) ? body.steps.at(-1) : undefined;
  return last && inner.get(last.id);
}

/** False where a body goes on without a step: then an earlier one's output may stand for the whole. */
function happens({ step }: CompiledStep): boolean {
  return step.when === undefined && step.onFail !== 'skip';
}
