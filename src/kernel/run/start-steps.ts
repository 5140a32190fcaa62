import type { Json } from '../../base/index.ts';
import {
  type CapabilityContract,
  Failure,
  failure,
  isOutside,
  type Labelled,
  labelWithin,
  toFailure,
} from '../../contract/index.ts';
import {
  type CompiledStep,
  evaluateCondition,
  type Form,
  inputTemplateOf,
} from '../../plan/index.ts';
import { withOrigin } from '../form-answer.ts';
import { beginWait } from './begin-wait.ts';
import { beginGroup, finishGroup } from './groups.ts';
import { inputPrint } from './input-print.ts';
import { isRunEnded } from './lifecycle.ts';
import {
  canBeginAgain,
  compiledStep,
  fixedInputOf,
  namesIn,
  scopeOf,
  stepOf,
} from './run-places.ts';
import { failStep } from './step-failures.ts';
import {
  type Delay,
  isObject,
  open,
  readAtOf,
  resolveIn,
  resolveNowIn,
  say,
  stepTitle,
  type Turn,
} from './turn.ts';

/** Starts whatever can start. True when something moved. */
export function startReady(turn: Turn): boolean {
  const { run } = turn;
  let moved = false;
  for (let more = true; more && !isRunEnded(run.status); ) {
    more = false;
    for (const [path, because] of run.fallen) {
      run.fallen.delete(path);
      say(turn, 'step.skipped', {
        step: path,
        because: `It needs "${stepTitle(turn, because)}", which did not happen.`,
      });
      more = true;
    }
    for (const [path, troubled] of run.completable) {
      run.completable.delete(path);
      finishGroup(turn, path, troubled);
      more = true;
    }
    for (const path of run.frontier?.ready() ?? []) {
      if (!turn.isUnderWay(path)) more = consider(turn, path) || more;
    }
    moved ||= more;
  }
  return moved;
}

/** Decides about one step that is ready. False when it stays as it is for now. */
function consider(turn: Turn, path: string): boolean {
  const { run } = turn;
  const compiled = compiledStep(run, path);
  const scope = scopeOf(run, path);
  try {
    const { when } = compiled.expressions;
    if (when && !evaluateCondition(when, namesIn(run, scope))) {
      say(turn, 'step.skipped', { step: path, because: 'Its condition is not met.' });
      return true;
    }
    const contract = 'call' in compiled.step ? turn.contract(compiled.step.call) : undefined;
    if (contract && isOutside(contract.effect)) {
      turn.outside.add(path);
      return false;
    }
    const delay = mayStart(turn, path, compiled, contract);
    if (delay) {
      say(turn, 'step.waiting', { step: path, ...delay, lock: delay.words });
      return true;
    }
    return start(turn, path, compiled, contract);
  } catch (error) {
    failStep(turn, path, 1, toFailure(error), readAtOf(turn, path));
    return true;
  }
}

/**
 * Takes what a step needs before it starts, or says why it cannot yet. Keys that are taken are a fact
 * at once: the step may hold them for days, and a restart must know. Fails with `not_possible` where
 * two runs would wait for each other.
 */
export function mayStart(
  turn: Turn,
  path: string,
  compiled: CompiledStep,
  contract: CapabilityContract | undefined,
): Delay | undefined {
  const keys = lockKeys(turn, path, compiled);
  const locks = keys.length > 0 ? turn.takeLocks(keys, path) : undefined;
  if (locks?.status === 'waits') return { for: 'lock', words: locks.words };
  if (locks?.status === 'circle') {
    throw failure(
      'not_possible',
      locks.words,
      { lock: locks.key },
      'Cancel one of the two runs, or retry when the other one is over.',
    );
  }
  const delay = contract && turn.takeSlot(contract, compiled, path);
  if (locks?.status !== 'taken') return delay;
  if (delay) turn.dropLocks(path);
  else say(turn, 'lock.taken', { step: path, keys });
  return delay;
}

export function lockKeys(turn: Turn, path: string, compiled: CompiledStep): readonly string[] {
  const template = compiled.templates.lock;
  if (!template) return [];
  const { value } = resolveNowIn(turn, path, template);
  const keys = Array.isArray(value) ? value : [value];
  return keys.map(String).sort();
}

/**
 * Begins a step that is no call: after it was held back, or once more after it failed. One whose inner
 * steps have begun cannot begin again: it is handed back with the reason.
 */
export function startAgain(turn: Turn, path: string, how: 'time' | 'lock'): void {
  const compiled = compiledStep(turn.run, path);
  const { attempt } = stepOf(turn.run, path);
  try {
    const input = inputOf(turn, path, compiled);
    if (!input) return; // the turn that has it looks again
    say(turn, 'wait.ended', { step: path, how });
    beginStep(turn, path);
  } catch (error) {
    failStep(turn, path, attempt + 1, toFailure(error), readAtOf(turn, path));
  }
}

/** Begins a step that is no call and whose wait is over; its input is there. */
export function beginStep(turn: Turn, path: string): void {
  const compiled = compiledStep(turn.run, path);
  const { failure: problem, attempt } = stepOf(turn.run, path);
  try {
    const input = inputOf(turn, path, compiled);
    if (input && canBeginAgain(turn.run, path)) begin(turn, path, compiled, undefined, input);
    else throw failure(problem?.code ?? 'capability_failed', problem?.message ?? 'It failed.');
  } catch (error) {
    failStep(turn, path, attempt + 1, toFailure(error));
  }
}

/** Begins a step that may start now. False when its input has to be looked up first. */
function start(
  turn: Turn,
  path: string,
  compiled: CompiledStep,
  contract: CapabilityContract | undefined,
): boolean {
  const input = inputOf(turn, path, compiled);
  if (!input) return false;
  begin(turn, path, compiled, contract, input);
  return true;
}

function begin(
  turn: Turn,
  path: string,
  compiled: CompiledStep,
  contract: CapabilityContract | undefined,
  input: Labelled<Json>,
): void {
  switch (compiled.kind) {
    case 'call': {
      if (!contract) throw failure('unknown_capability', `Nothing does ${compiled.path}.`);
      // a read must see what earlier steps wrote, so it waits for the append that carries it
      const reads = contract.effect === 'read' && turn.batch.others.length === 0;
      if (contract.effect === 'pure' || reads) {
        if (!turn.callNow(path, contract, input)) {
          say(turn, 'step.started', { step: path, attempt: 1 });
        }
        return;
      }
      const attempt = stepOf(turn.run, path).attempt + 1;
      say(turn, 'step.started', { step: path, attempt });
      turn.call(path, attempt, contract, input);
      return;
    }
    case 'ask':
      openQuestion(turn, path, compiled, input);
      return;
    case 'wait':
      beginWait(turn, path, compiled);
      return;
    default:
      beginGroup(turn, path, compiled, input);
  }
}

/** The resolved `with` (or `over`, `plan`), or what the operator gave instead; undefined while a record is being looked up. */
function inputOf(turn: Turn, path: string, compiled: CompiledStep): Labelled<Json> | undefined {
  const fixed = fixedInputOf(turn.run, path);
  if (fixed) return fixed;
  const template = inputTemplateOf(compiled);
  const { worth } = scopeOf(turn.run, path);
  if (!template) return { value: {}, labels: { base: worth } };
  const brought = turn.brought(path);
  if (brought instanceof Failure) throw brought;
  if (brought) return brought;
  if (template.looksUp && turn.batch.others.length > 0) {
    turn.batch.again = true; // the records it looks up are still on their way into the log
    return undefined;
  }
  const resolved = resolveIn(turn, path, template);
  if (!(resolved instanceof Promise)) return resolved;
  turn.later(path, resolved);
  return undefined;
}

function textIn(
  turn: Turn,
  path: string,
  template: CompiledStep['templates']['title'],
): string | undefined {
  if (!template) return undefined;
  const { value } = resolveNowIn(turn, path, template);
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function openQuestion(
  turn: Turn,
  path: string,
  compiled: CompiledStep,
  input: Labelled<Json>,
): void {
  if (!('ask' in compiled.step)) return;
  const { ask } = compiled.step;
  const title = textIn(turn, path, compiled.templates.title) ?? turn.run.title;
  const help = textIn(turn, path, compiled.templates.help);
  const { form: extra, ...facts } = isObject(input.value) ? input.value : {};
  const own = ask.form.fields;
  const made = formIn(extra);
  const form = plainForm([...own, ...made]);
  const { worth } = scopeOf(turn.run, path);
  const asked = plainForm([
    ...own.map((field) => withOrigin(field, worth)),
    ...made.map((field, index) =>
      withOrigin(field, labelWithin(input.labels, `form.fields.${index}`)),
    ),
  ]);
  const body = { help: help ?? null, facts };
  open(turn, turn.newId(), {
    ...{ kind: 'question', title, step: path, effects: [], risk: 'low', form: asked, body },
  });
  const given = inputPrint({ form, body });
  say(turn, 'step.waiting', {
    step: path,
    for: 'answer',
    words: title,
    given,
    ...readAtOf(turn, path),
  });
}

function plainForm(fields: Form['fields']): Json {
  return JSON.parse(JSON.stringify({ fields }));
}

/** Fields that an earlier step worked out: `with.form.fields`. */
function formIn(value: Json | undefined): Form['fields'] {
  if (!isObject(value) || !Array.isArray(value.fields)) return [];
  return value.fields as unknown as Form['fields']; // checked when the answer is read
}
