import { atPath, isJsonObject, type Json } from '../../base/index.ts';
import {
  failure,
  joinLabels,
  type Label,
  type Labelled,
  type Labels,
  labelAt,
  labelOfAll,
  labelWithin,
} from '../../contract/index.ts';
import {
  type CompiledStep,
  checkMadePlan,
  describeSchema,
  type InputPart,
  inputMisfits,
  inputPartOf,
  inputTemplateOf,
  takenSchema,
} from '../../plan/index.ts';
import { checkSize } from '../run/groups.ts';
import { canBeginAgain, compiledStep, fixedInputOf, namesIn, scopeOf } from '../run/run-places.ts';
import { resolveIn, say, stepTitle, type Turn } from '../run/turn.ts';
import { holdsPartOf, type Speaker, typedLabels } from '../typed-labels.ts';

/**
 * The next try gets the input that a person gave: an object, a list for `each`, a plan for `expand`.
 * Fails with `invalid_input`, `invalid_plan`, `too_large` where the step cannot work with it, and with
 * `not_possible` where it takes none.
 */
export async function giveInput(
  turn: Turn,
  path: string,
  input: Json | undefined,
  who: Speaker,
): Promise<void> {
  const { of, given } = requireInput(turn, path, input);
  const labels = await labelsOf(turn, path, compiledStep(turn.run, path), given, who.label);
  say(turn, 'step.fixed', { step: path, input: given, of, labels }, who);
}

/** The part of the step that it stands for, if the step can begin with it. Fails as `giveInput`. */
export function requireInput(
  turn: Turn,
  path: string,
  input: Json | undefined,
): { readonly of: InputPart; readonly given: Json } {
  const compiled = compiledStep(turn.run, path);
  const of = inputPartOf(compiled);
  if (of === undefined) {
    throw failure(
      'not_possible',
      `"${stepTitle(turn, path)}" is given nothing that could be corrected.`,
      { step: path },
      `Choose ${canBeginAgain(turn.run, path) ? 'retry, ' : ''}skip, done or cancel.`,
    );
  }
  requireFresh(turn, path);
  return { of, given: checked(turn, path, compiled, input) };
}

/** Fails with `not_possible` where a step cannot begin again. */
export function requireFresh(turn: Turn, path: string): void {
  if (canBeginAgain(turn.run, path)) return;
  throw failure(
    'not_possible',
    `The inner steps of "${stepTitle(turn, path)}" have begun, so it cannot begin again.`,
    { step: path },
    'Choose done with a value for what it leaves, skip, or cancel.',
  );
}

function checked(turn: Turn, path: string, compiled: CompiledStep, input: Json | undefined): Json {
  const { parts } = turn;
  const misfits = inputMisfits(compiled, input ?? null, parts);
  const [misfit] = misfits;
  if (misfit || input === undefined) {
    const at = misfit?.path ? `input.${misfit.path}` : 'input';
    const expected = misfit?.expected ?? 'a value';
    const found = input === undefined ? 'nothing' : (misfit?.found ?? '');
    throw failure(
      'invalid_input',
      `"${stepTitle(turn, path)}" cannot work with this. ${at}: expected ${expected}, found ${found}.`,
      { path: at, expected, found, step: path },
      `Give ${describeSchema(takenSchema(compiled, parts))} as input, as JSON.`,
    );
  }
  if ('each' in compiled.step && Array.isArray(input)) checkSize(compiled.step, input);
  if ('expand' in compiled.step) checkMadePlan(compiled.step, input, parts);
  return input;
}

/**
 * What was typed is worth what its writer is; what the plan would have given, what was given before, or
 * what that is made from keeps where it came from, also when it comes back in another shape.
 */
async function labelsOf(
  turn: Turn,
  path: string,
  compiled: CompiledStep,
  given: Json,
  typed: Label,
): Promise<Labels> {
  const planned = await plannedInput(turn, path, compiled);
  const before = [fixedInputOf(turn.run, path), planned].filter((one) => one !== undefined);
  const alike = before.filter(({ value }) => isJsonObject(value) && isJsonObject(given));
  const isPlain = inputPartOf(compiled) === 'with' && planned !== undefined;
  const others = isPlain
    ? before.filter((one) => !alike.includes(one))
    : [...before, ...sourcesOf(turn, path, compiled)];
  const found = [
    ...alike.map((one) => typedLabels(given, one, typed)),
    ...others.map((one) => pastedLabels(given, one, typed)),
  ];
  return joinAll(found, typed);
}

/** What the plan would give the step; undefined where it cannot even be worked out. */
async function plannedInput(
  turn: Turn,
  path: string,
  compiled: CompiledStep,
): Promise<Labelled<Json> | undefined> {
  const template = inputTemplateOf(compiled);
  if (!template) return undefined;
  try {
    return await resolveIn(turn, path, template);
  } catch {
    return undefined; // what it is made from is looked at instead
  }
}

/** The values that the plan's words for the input refer to. */
function sourcesOf(turn: Turn, path: string, compiled: CompiledStep): readonly Labelled<Json>[] {
  const names = namesIn(turn.run, scopeOf(turn.run, path));
  return (inputTemplateOf(compiled)?.references ?? []).flatMap(({ root, path: read }) => {
    const source = names.get(root);
    const value = source && atPath(source.value, read);
    if (!source) return [];
    if (value === undefined) return [source];
    return [{ value, labels: { base: labelWithin(source.labels, read) } }];
  });
}

function pastedLabels(given: Json, { value, labels }: Labelled<Json>, typed: Label): Labels {
  return { base: holdsPartOf(given, value) ? joinLabels(typed, labelOfAll(labels)) : typed };
}

/** Every part is worth as much as the worst of them says. */
function joinAll(all: readonly Labels[], typed: Label): Labels {
  const paths = new Set(all.flatMap(({ at }) => Object.keys(at ?? {})));
  const base = all.map((one) => one.base).reduce(joinLabels, typed);
  if (paths.size === 0) return { base };
  const worst = (path: string): Label =>
    all.map((one) => labelAt(one, path)).reduce(joinLabels, typed);
  return { base, at: Object.fromEntries([...paths].map((path) => [path, worst(path)])) };
}
