import { isJsonObject, type Json, type JsonObject } from '../../base/index.ts';
import {
  describeSchema,
  exampleOf,
  type JsonSchema,
  promisedOutput,
  takenSchema,
} from '../../plan/index.ts';
import { canBeginAgain, canTakeInput, compiledStep } from './run-places.ts';
import type { Turn } from './turn.ts';
import { typesAround } from './types-around.ts';

/** characters of an example; a longer one is more to read than it helps */
const EXAMPLE_CHARACTERS = 200;

const ACTION = { name: 'action', kind: 'choice', label: 'What should happen?', required: true };
const INPUT = {
  ...{ name: 'input', kind: 'longtext' },
  label: 'For fix: the corrected input, as JSON',
};
const WAYS = ['retry', 'fix', 'skip', 'done', 'cancel'] as const;

/** What a person may do about a failed step, and the shape of what they give it: only what can work. */
export function taskForm(turn: Turn, path: string): JsonObject {
  const { run, parts } = turn;
  const compiled = compiledStep(run, path);
  const leaves = promisedOutput(compiled, parts, typesAround(turn, path));
  const isFixable = canTakeInput(run, path);
  const idle = canBeginAgain(run, path) ? (isFixable ? [] : ['fix']) : ['retry', 'fix'];
  return {
    fields: [
      { ...ACTION, choices: WAYS.filter((way) => !idle.includes(way)) },
      ...(isFixable ? [{ ...INPUT, help: shapeWords(takenSchema(compiled, parts)) }] : []),
      {
        ...{ name: 'value', kind: 'longtext' },
        label: 'For skip and done: what later steps should get, as JSON',
        help: shapeWords(leaves),
      },
    ],
  };
}

/** The form with all ways, so that one that cannot work is refused for its reason and not as a typo. */
export function withEveryWay(form: Json): Json {
  const fields = isJsonObject(form) && Array.isArray(form.fields) ? form.fields : [];
  const named = (name: string): Json | undefined =>
    fields.find((field) => isJsonObject(field) && field.name === name);
  if (!named('action') || !named('value')) return form;
  const others = fields.filter((field) => field !== named('action') && field !== named('input'));
  return { fields: [{ ...ACTION, choices: WAYS }, INPUT, ...others] };
}

/** `A list (of a text), such as ["..."].` */
function shapeWords(type: JsonSchema | undefined): string {
  const words = describeSchema(type);
  const shape = words.charAt(0).toUpperCase() + words.slice(1);
  const example = JSON.stringify(exampleOf(type));
  const isKnown = type !== undefined && words !== 'anything';
  return isKnown && example.length <= EXAMPLE_CHARACTERS
    ? `${shape}, such as ${example}`
    : `${shape}.`;
}
