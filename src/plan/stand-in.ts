import { atPath, isJsonObject, type Json } from '../base/index.ts';
import { type CapabilityContract, isOutside, neededWords } from '../contract/index.ts';
import { type CompiledPlan, type CompiledStep, compilePlan, type Registry } from './compile.ts';
import { describeValue } from './fault.ts';
import { type Misfit, misfitsOf } from './fit.ts';
import { inferTemplate } from './infer-type.ts';
import { contractSchemas, type JsonSchema, schemaOfLiteral } from './json-schema.ts';
import type { NameTable } from './name-table.ts';
import { answersOf, outputSchemaOf } from './output-schema.ts';

type Parts = Pick<Registry, 'capability' | 'playbook'>;
type Names = Pick<NameTable, 'get'>;

/**
 * Where a value that shall stand in for a step's output is not what later steps were promised. Empty
 * for one that fits, and where nothing is known of the output.
 */
export function standInMisfits(
  step: CompiledStep,
  value: Json,
  parts: Parts,
  names: Names,
): readonly Misfit[] {
  const misfits = ownMisfits(step, value, parts, names);
  if (!step.step.catch || misfits.length === 0) return misfits;
  if (step.catchBody) return []; // what its steps leave may stand there too
  const caught = step.templates.value
    ? inferTemplate(step.templates.value.node, names)
    : { type: 'null' };
  return misfitsOf(schemaOfLiteral(value), caught).length === 0 ? [] : misfits;
}

/** What a step promises to leave, whatever its `catch` may put there; undefined where nothing is known. */
export function promisedOutput(
  step: CompiledStep,
  parts: Parts,
  names: Names,
): JsonSchema | undefined {
  const { step: source } = step;
  if ('ask' in source) return answerSchema(step);
  if ('play' in source) return playedOutput(source.play, parts);
  if ('call' in source) {
    const contract = parts.capability(source.call);
    return contract && contractSchemas(contract).output;
  }
  const { catch: _, ...plain } = source;
  return outputSchemaOf({ ...step, step: plain }, parts, names);
}

/** A value that fits, with what a contract adds to it: as it would come from the call itself. */
export function filledIn({ step }: CompiledStep, value: Json, parts: Parts): Json {
  const contract = 'call' in step ? parts.capability(step.call) : undefined;
  const parsed = contract?.output.safeParse(withoutReceipt(contract, value));
  if (!parsed?.success) return value; // what its `catch` may put there
  const whole = parsed.data as Json; // a contract's schemas describe JSON
  const receipt = isJsonObject(value) ? value.receipt : undefined;
  return isJsonObject(whole) && isJsonObject(receipt) ? { ...whole, receipt } : whole;
}

/** The types of the steps of a plan by their ids, each worked out when it is asked for. */
export function outputTypes(plan: CompiledPlan, parts: Parts, around: Names): Names {
  const known = new Map<string, JsonSchema | undefined>();
  const names: Names = {
    get: (name) => {
      const step = plan.byId.get(name);
      if (!step) return around.get(name);
      if (!known.has(name)) known.set(name, outputSchemaOf(step, parts, names));
      return known.get(name);
    },
  };
  return names;
}

function ownMisfits(
  step: CompiledStep,
  value: Json,
  parts: Parts,
  names: Names,
): readonly Misfit[] {
  const contract = 'call' in step.step ? parts.capability(step.step.call) : undefined;
  if (contract) return contractMisfits(contract, value);
  const promised = promisedOutput(step, parts, names);
  return promised ? misfitsOf(schemaOfLiteral(value), promised) : [];
}

/** The contract itself can say; what an effect did may come with the receipt of it. */
function contractMisfits(contract: CapabilityContract, value: Json): readonly Misfit[] {
  return misfitsOfType(contract.output, withoutReceipt(contract, value));
}

/** The first place where a value is not of a contract's type. */
export function misfitsOfType(type: CapabilityContract['output'], value: Json): readonly Misfit[] {
  const parsed = type.safeParse(value);
  const [issue] = parsed.success ? [] : parsed.error.issues;
  if (!issue) return [];
  if (issue.code === 'unrecognized_keys') {
    const path = [...issue.path, ...issue.keys.slice(0, 1)].join('.');
    return [{ path, expected: 'nothing', found: describeValue(atPath(value, path)) }];
  }
  const path = issue.path.join('.');
  const found = path === '' ? value : atPath(value, path);
  return [{ path, expected: neededWords(issue), found: describeValue(found) }];
}

function withoutReceipt({ effect, output }: CapabilityContract, value: Json): Json {
  if (!isOutside(effect) || !isJsonObject(value) || !isJsonObject(value.receipt)) return value;
  if (output.safeParse(value).success) return value;
  const { receipt: _, ...rest } = value;
  return rest;
}

/** As the form asks, also where a field has a default: there is no form to fill it in here. */
function answerSchema({ step }: CompiledStep): JsonSchema | undefined {
  if (!('ask' in step)) return undefined;
  const fields = step.ask.form.fields.map(({ default: _, ...field }) => field);
  return answersOf(step, { fields });
}

/** That of its last step, where that one surely happens: else an earlier one's may stand there. */
function playedOutput(ref: string, parts: Parts): JsonSchema | undefined {
  const playbook = parts.playbook(ref);
  if (!playbook || playbook.output !== undefined) return undefined;
  const plan = compilePlan(playbook.plan, parts);
  const last = plan.steps.at(-1);
  if (!last || mayBeLeftOut(last, plan)) return undefined;
  return outputTypes(plan, parts, { get: () => undefined }).get(last.id);
}

function mayBeLeftOut(
  { step, refersTo, runsWhenSkipped }: CompiledStep,
  plan: CompiledPlan,
): boolean {
  if (step.when !== undefined || step.onFail === 'skip') return true;
  if (runsWhenSkipped) return false;
  return refersTo.some((id) => {
    const needed = plan.byId.get(id);
    return needed !== undefined && mayBeLeftOut(needed, plan);
  });
}
