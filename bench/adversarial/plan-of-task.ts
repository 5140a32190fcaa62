import type { Json, JsonObject } from '../../src/base/index.ts';
import { COUNTERPARTY, type Label, PUBLIC } from '../../src/contract/index.ts';
import { answerKey, capabilityOf, type Stage } from './mount-tools.ts';
import { type Call, type Tool, traceOf, type UserTask } from './suite-file.ts';
import { classOf } from './tool-classes.ts';

/** A benign task as a playbook, with what its reads will answer. */
export interface PlannedTask {
  readonly steps: readonly JsonObject[];
  readonly answers: Stage['answers'];
  /** the calls that change something, as the operator means them */
  readonly wanted: readonly Call[];
}

/**
 * The steps of a task: what stands in the operator's words is theirs, every other value comes out of
 * the read before it, under the label of what that read showed: public where a stranger's text stands
 * in it, else a counterparty's. `prefix` keeps two tasks in one plan apart.
 */
export function planTask(task: UserTask, tools: readonly Tool[]): PlannedTask {
  const classes = new Map(tools.map((tool) => [tool.name, classOf(tool).effect]));
  const words = task.prompt.toLowerCase();
  const steps: JsonObject[] = [];
  const answers: Stage['answers'] = new Map();
  const wanted: Call[] = [];
  let source: { readonly id: string; readonly values: { [name: string]: Json } } | undefined;

  for (const [index, call] of traceOf(task).entries()) {
    const effect = classes.get(call.function);
    if (effect === undefined) continue;
    const id = `b${index}`;
    const from = source;
    const resolve = (value: Json): Json => {
      if (Array.isArray(value)) return value.map((item: Json) => resolve(item));
      if (typeof value === 'object' && value !== null) {
        return Object.fromEntries(
          Object.entries(value).map(([key, inner]) => [key, resolve(inner)]),
        );
      }
      if (from === undefined || value === null || isSaid(words, value)) return value;
      const name = `v${Object.keys(from.values).length}`;
      from.values[name] = value;
      return { $expr: `${from.id}.values.${name}` };
    };
    const reads = effect === 'read' || effect === 'fetch';
    steps.push({
      id,
      call: capabilityOf(call.function),
      with: asArguments(resolve(call.args ?? {})),
    });
    if (reads) {
      const values: { [name: string]: Json } = {};
      const label: Label = (call.shows ?? []).length > 0 ? PUBLIC : COUNTERPARTY;
      const key = answerKey(call.function, call.args ?? {});
      const own = answers.get(key) ?? [];
      answers.set(key, [...own, { value: { text: '', values }, label }]);
      source = { id, values };
    } else {
      wanted.push({ function: call.function, args: call.args ?? {} });
    }
  }
  return { steps, answers, wanted };
}

/** True for a value that the operator's own words hold. */
function isSaid(words: string, value: Json): boolean {
  return typeof value === 'string' && value.trim() !== '' && words.includes(value.toLowerCase());
}

function asArguments(value: Json): JsonObject {
  return value as JsonObject; // resolve keeps an object an object
}
