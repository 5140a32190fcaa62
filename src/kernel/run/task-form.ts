import type { JsonObject } from '../../base/index.ts';
import {
  describeSchema,
  exampleOf,
  inputPartOf,
  type JsonSchema,
  promisedOutput,
  takenSchema,
} from '../../plan/index.ts';
import { compiledStep, hasInnerSteps } from './run-places.ts';
import type { Turn } from './turn.ts';
import { typesAround } from './types-around.ts';

/** characters of an example; a longer one is more to read than it helps */
const EXAMPLE_CHARACTERS = 200;

/** What a person may do about a failed step, and the shape of what they give it. */
export function taskForm(turn: Turn, path: string): JsonObject {
  const compiled = compiledStep(turn.run, path);
  const leaves = promisedOutput(compiled, turn.parts, typesAround(turn, path));
  return {
    fields: [
      {
        ...{ name: 'action', kind: 'choice', label: 'What should happen?', required: true },
        choices: ['retry', 'fix', 'skip', 'done', 'cancel'],
      },
      {
        ...{ name: 'input', kind: 'longtext' },
        label: 'For fix: the corrected input, as JSON',
        help: inputWords(turn, path),
      },
      {
        ...{ name: 'value', kind: 'longtext' },
        label: 'For skip and done: what later steps should get, as JSON',
        help: shapeWords(leaves),
      },
    ],
  };
}

function inputWords({ run, parts }: Turn, path: string): string {
  const compiled = compiledStep(run, path);
  if (inputPartOf(compiled) === undefined)
    return 'Not here: this step is given nothing that could be corrected.';
  if (compiled.kind !== 'call' && hasInnerSteps(run, path))
    return 'Not any more: its inner steps have begun.';
  return shapeWords(takenSchema(compiled, parts));
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
