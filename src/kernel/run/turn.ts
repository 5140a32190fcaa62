import type { Id, Json, JsonObject } from '../../base/index.ts';
import {
  type CapabilityContract,
  Failure,
  failure,
  isOutside,
  type Labelled,
  labelOfAll,
  OWN,
  toFailure,
} from '../../contract/index.ts';
import {
  type CompiledStep,
  evaluateCondition,
  type Form,
  resolveTemplate,
  type TemplatePorts,
} from '../../plan/index.ts';
import { type FactOptions, fact, type KernelEvents, type KernelEventType } from '../events.ts';
import { add, type Batch } from './batch.ts';
import {
  compiledStep,
  namesIn,
  type PlanLookup,
  type RunState,
  scopeOf,
  stepOf,
} from './run-state.ts';

/** What deciding a turn may ask; it never waits for anything but a record that a template names. */
export interface TurnPorts {
  readonly now: number;
  readonly newId: () => Id;
  readonly lookup: PlanLookup;
  readonly contract: (ref: string) => CapabilityContract;
  readonly ref: TemplatePorts['ref'];
  /** the keys are free and from now on held; else the words to say why not */
  readonly takeLocks: (keys: readonly string[], step: string) => string | undefined;
  /** a start is allowed now; else when to look again, and why */
  readonly takeSlot: (contract: CapabilityContract, step: CompiledStep) => Delay | undefined;
  /** already being worked out in this process */
  readonly isUnderWay: (path: string) => boolean;
  /**
   * Runs a call that touches nothing. True when its result is there already: such a step needs no
   * start in the log, because nothing can happen between its start and its end.
   */
  readonly callNow: (path: string, contract: CapabilityContract, input: Labelled<Json>) => boolean;
  /** begins a call whose input is known */
  readonly call: (
    path: string,
    attempt: number,
    contract: CapabilityContract,
    input: Labelled<Json>,
  ) => void;
  /** something that must be looked up first; the turn after it goes on */
  readonly later: (path: string, work: Promise<Labelled<Json>>) => void;
  /** input that `later` has brought */
  readonly brought: (path: string) => Labelled<Json> | Failure | undefined;
}

export interface Delay {
  readonly for: 'rate' | 'window' | 'lock';
  readonly words: string;
  /** UTC ms */
  readonly until?: number;
}

export interface Turn extends TurnPorts {
  readonly run: RunState;
  readonly batch: Batch;
  /** steps with effects that can be prepared or done */
  readonly outside: Set<string>;
}

/** Starts whatever can start. True when something moved. */
export function startReady(turn: Turn): boolean {
  const { run } = turn;
  let moved = false;
  for (let more = true; more; ) {
    more = false;
    for (const [path, because] of run.fallen) {
      run.fallen.delete(path);
      say(turn, 'step.skipped', {
        step: path,
        because: `It needs ${because}, which did not happen.`,
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
    failStep(turn, path, 1, toFailure(error));
    return true;
  }
}

function mayStart(
  turn: Turn,
  path: string,
  compiled: CompiledStep,
  contract: CapabilityContract | undefined,
): Delay | undefined {
  const keys = lockKeys(turn, path, compiled);
  if (keys.length > 0) {
    const words = turn.takeLocks(keys, path);
    if (words) return { for: 'lock', words };
  }
  return contract ? turn.takeSlot(contract, compiled) : undefined;
}

export function lockKeys(turn: Turn, path: string, compiled: CompiledStep): readonly string[] {
  const template = compiled.templates.lock;
  if (!template) return [];
  const { value } = resolveNowIn(turn, path, template);
  const keys = Array.isArray(value) ? value : [value];
  return keys.map(String).sort();
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
  switch (compiled.kind) {
    case 'call': {
      if (!contract) throw failure('unknown_capability', `Nothing does ${compiled.path}.`);
      if (contract.effect === 'pure' || contract.effect === 'read') {
        if (!turn.callNow(path, contract, input)) {
          say(turn, 'step.started', { step: path, attempt: 1 });
        }
        return true;
      }
      const attempt = stepOf(turn.run, path).attempt + 1;
      say(turn, 'step.started', { step: path, attempt });
      turn.call(path, attempt, contract, input);
      return true;
    }
    case 'ask':
      openQuestion(turn, path, compiled, input);
      return true;
    case 'wait':
      beginWait(turn, path, compiled);
      return true;
    default:
      beginGroup(turn, path, compiled, input);
      return true;
  }
}

/** The resolved `with` (or `over`, `plan`); undefined while a record is being looked up. */
function inputOf(turn: Turn, path: string, compiled: CompiledStep): Labelled<Json> | undefined {
  const { with: input, over, plan } = compiled.templates;
  const template = input ?? over ?? plan;
  const { worth } = scopeOf(turn.run, path);
  if (!template) return { value: {}, labels: { base: worth } };
  const brought = turn.brought(path);
  if (brought instanceof Failure) throw brought;
  if (brought) return brought;
  const resolved = resolveIn(turn, path, template);
  if (!(resolved instanceof Promise)) return resolved;
  turn.later(path, resolved);
  return undefined;
}

export function resolveIn(
  turn: Pick<Turn, 'run' | 'ref'>,
  path: string,
  template: Parameters<typeof resolveTemplate>[0],
  overlay?: ReadonlyMap<string, Labelled<Json>>,
): Labelled<Json> | Promise<Labelled<Json>> {
  const scope = scopeOf(turn.run, path);
  return resolveTemplate(template, namesIn(turn.run, scope, undefined, overlay), {
    ref: turn.ref,
    own: scope.worth,
  });
}

function resolveNowIn(
  turn: Turn,
  path: string,
  template: Parameters<typeof resolveTemplate>[0],
): Labelled<Json> {
  const resolved = resolveIn(turn, path, template);
  if (!(resolved instanceof Promise)) return resolved;
  throw failure(
    'invalid_plan',
    'A record cannot be looked up here.',
    { step: path },
    'Read it in a step of its own.',
  );
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
  const fields = [...ask.form.fields, ...formIn(extra)];
  const item = turn.newId();
  open(turn, item, {
    kind: 'question',
    title,
    step: path,
    effects: [],
    risk: 'low',
    form: JSON.parse(JSON.stringify({ fields })),
    body: { help: help ?? null, facts },
  });
  say(turn, 'step.waiting', { step: path, for: 'answer', words: title });
}

/** Fields that an earlier step worked out: `with.form.fields`. */
function formIn(value: Json | undefined): Form['fields'] {
  if (!isObject(value) || !Array.isArray(value.fields)) return [];
  return value.fields as unknown as Form['fields']; // checked when the answer is read
}

function beginWait(turn: Turn, path: string, compiled: CompiledStep): void {
  if (!('wait' in compiled.step)) return;
  const { event, for: duration } = compiled.step.wait;
  const until = untilOf(turn, path, compiled, duration);
  const match = matchOf(turn, path, compiled);
  say(turn, 'step.waiting', {
    step: path,
    for: event === undefined ? 'time' : 'event',
    words: waitWords(event, until),
    ...(until === undefined ? {} : { until }),
    ...(event === undefined ? {} : { event: { type: event, ...(match ? { match } : {}) } }),
  });
}

function untilOf(
  turn: Turn,
  path: string,
  compiled: CompiledStep,
  duration: string | undefined,
): number | undefined {
  const ends: number[] = [];
  if (duration !== undefined) {
    const start = Temporal.Instant.fromEpochMilliseconds(turn.now).toZonedDateTimeISO('UTC');
    ends.push(start.add(Temporal.Duration.from(duration)).epochMilliseconds);
  }
  if (compiled.templates.until) {
    const { value } = resolveNowIn(turn, path, compiled.templates.until);
    ends.push(Temporal.Instant.from(String(value)).epochMilliseconds);
  }
  return ends.length === 0 ? undefined : Math.min(...ends);
}

/**
 * `event.invoice == issue.invoice` gives `['invoice', value]`: found by one look into an index, so
 * that an event wakes the runs it concerns and no others.
 */
function matchOf(
  turn: Turn,
  path: string,
  compiled: CompiledStep,
): readonly [string, Json] | undefined {
  const tree = compiled.expressions.where?.tree;
  if (tree?.op !== '==') return undefined;
  const where = compiled.expressions.where;
  const own = where?.references.find((reference) => reference.root === 'event');
  const other = where?.references.find((reference) => reference.root !== 'event');
  if (where?.references.length !== 2 || !own || !other || own.path === '') return undefined;
  const source = namesIn(turn.run, scopeOf(turn.run, path)).get(other.root);
  const value = source && at(source.value, other.path);
  return typeof value === 'string' ? [own.path, value] : undefined;
}

function beginGroup(turn: Turn, path: string, compiled: CompiledStep, input: Labelled<Json>): void {
  const { step } = compiled;
  const { labels } = input;
  if ('each' in step) {
    if (!Array.isArray(input.value)) {
      throw failure('invalid_input', `${step.id} goes through a list, and this is none.`, {
        path: 'each.over',
        expected: 'a list',
        found: typeof input.value,
      });
    }
    const limit = step.each.limit ?? 1_000;
    if (input.value.length > limit) {
      throw failure(
        'too_large',
        `${step.id} has ${input.value.length} items; at most ${limit} are allowed.`,
        { items: input.value.length, limit },
      );
    }
    say(turn, 'step.expanded', { step: path, items: input.value, labels });
  } else if ('repeat' in step) {
    say(turn, 'step.expanded', { step: path, round: 1 });
  } else if ('play' in step) {
    say(turn, 'step.expanded', {
      step: path,
      playbook: step.play,
      input: isObject(input.value) ? input.value : {},
      labels,
    });
  } else if ('expand' in step && isObject(input.value)) {
    say(turn, 'step.expanded', {
      step: path,
      plan: input.value,
      labels: { base: labelOfAll(labels) },
    });
  }
}

/** All inner steps of a step are over: another round, or its output. */
function finishGroup(turn: Turn, path: string, troubled: readonly string[]): void {
  const { run } = turn;
  const compiled = compiledStep(run, path);
  const state = stepOf(run, path);
  try {
    if (troubled.length > 0) {
      const [first = ''] = troubled;
      const reason = stepOf(run, first);
      throw failure(
        'capability_failed',
        reason.failure?.message ?? reason.because ?? `${first} did not happen.`,
        { step: first },
      );
    }
    const { step } = compiled;
    if ('repeat' in step && compiled.expressions.until) {
      const inner = run.scopes.get(`${path}/${state.rounds ?? 1}/`);
      const over = inner && evaluateCondition(compiled.expressions.until, namesIn(run, inner));
      if (!over && (state.rounds ?? 1) < step.repeat.max) {
        say(turn, 'step.expanded', { step: path, round: (state.rounds ?? 1) + 1 });
        return;
      }
    }
    say(turn, 'step.completed', {
      step: path,
      ...groupOutput(turn, path, compiled, state.rounds ?? 0),
    });
  } catch (error) {
    failStep(turn, path, Math.max(1, state.attempt), toFailure(error));
  }
}

function groupOutput(
  turn: Turn,
  path: string,
  compiled: CompiledStep,
  rounds: number,
): { readonly output: Json; readonly labels: Labelled<Json>['labels'] } {
  const { run } = turn;
  const template = compiled.templates.output;
  const outputIn = (prefix: string): Labelled<Json> => {
    const scope = run.scopes.get(prefix);
    if (!scope) return { value: null, labels: { base: OWN } };
    if (template) {
      const resolved = resolveTemplate(template, namesIn(run, scope), {
        ref: turn.ref,
        own: scope.worth,
      });
      if (!(resolved instanceof Promise)) return resolved;
      throw failure(
        'invalid_plan',
        'A record cannot be looked up in an output.',
        { step: path },
        'Read it in a step of its own.',
      );
    }
    const last = scope.compiled.steps.findLast((step) => run.steps.get(prefix + step.id)?.output);
    return (
      run.steps.get(prefix + (last?.id ?? ''))?.output ?? { value: null, labels: { base: OWN } }
    );
  };
  const { step } = compiled;
  if ('each' in step) {
    const outputs = Array.from({ length: rounds }, (_, index) => outputIn(`${path}/${index}/`));
    const labels = Object.fromEntries(
      outputs.map(({ labels: own }, index) => [String(index), labelOfAll(own)]),
    );
    return { output: outputs.map(({ value }) => value), labels: { base: OWN, at: labels } };
  }
  const prefix = run.scopes.has(`${path}/catch/`)
    ? `${path}/catch/`
    : 'repeat' in step
      ? `${path}/${rounds}/`
      : `${path}/`;
  const { value, labels } = outputIn(prefix);
  return { output: value, labels };
}

/** A try that cannot be repeated: caught by the plan, or handed to the operator. */
export function failStep(turn: Turn, path: string, attempt: number, problem: Failure): void {
  const { run } = turn;
  const compiled = compiledStep(run, path);
  const { catch: caught, onFail = 'ask' } = compiled.step;
  const data = problem.toData();
  const inCatch = run.scopes.has(`${path}/catch/`);
  if (caught && !inCatch && (caught.codes?.includes(problem.code) ?? true)) {
    say(turn, 'step.failed', { step: path, attempt, failure: data });
    if (compiled.catchBody) {
      say(turn, 'step.expanded', {
        step: path,
        catches: { code: problem.code, message: problem.message },
      });
    } else {
      const value = compiled.templates.value
        ? resolveNowIn(turn, path, compiled.templates.value)
        : undefined;
      say(turn, 'step.completed', {
        step: path,
        output: value?.value ?? null,
        ...(value ? { labels: value.labels } : {}),
      });
    }
    return;
  }
  say(turn, 'step.failed', { step: path, attempt, failure: data });
  if (onFail === 'skip') {
    say(turn, 'step.skipped', { step: path, because: problem.message });
  } else if (onFail === 'fail') {
    say(turn, 'run.finished', { status: 'failed', failure: data });
  } else {
    openTask(turn, path, attempt, problem);
  }
}

/** The step waits for a person: what was tried, why it failed, the best way out, and what can be done. */
function openTask(turn: Turn, path: string, attempt: number, problem: Failure): void {
  const { run } = turn;
  const words = `${stepTitle(turn, path)} did not work: ${problem.message}`;
  open(turn, turn.newId(), {
    kind: 'task',
    title: words,
    step: path,
    effects: [],
    risk: 'medium',
    form: {
      fields: [
        {
          name: 'action',
          kind: 'choice',
          label: 'What should happen?',
          required: true,
          choices: ['retry', 'fix', 'skip', 'done', 'cancel'],
        },
        { name: 'input', kind: 'longtext', label: 'For fix: the corrected input, as JSON' },
        {
          name: 'value',
          kind: 'longtext',
          label: 'For skip and done: what later steps should get, as JSON',
        },
      ],
    },
    body: {
      tried: attempt,
      failure: problem.toData(),
      recommendation: problem.remedy,
      run: run.title,
    },
  });
  say(turn, 'step.waiting', { step: path, for: 'answer', words });
}

export function stepTitle(turn: Pick<Turn, 'run' | 'contract'>, path: string): string {
  const { step } = compiledStep(turn.run, path);
  if (step.title !== undefined) return step.title;
  return 'call' in step ? turn.contract(step.call).title : step.id;
}

export function open(turn: Turn, item: Id, data: Omit<KernelEvents['item.opened'], 'run'>): void {
  turn.batch.others.push({
    stream: `item/${item}`,
    expectedVersion: 0,
    events: [fact('item.opened', { ...data, run: turn.run.id }, { run: turn.run.id })],
  });
}

export function say<T extends KernelEventType>(
  turn: Turn,
  type: T,
  data: KernelEvents[T],
  options: FactOptions = {},
): void {
  add(turn.batch, type, data, turn.lookup, turn.now, options);
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

function waitWords(event: string | undefined, until: number | undefined): string {
  const time = until === undefined ? '' : new Date(until).toISOString();
  if (event === undefined) return `Waits until ${time}.`;
  return time === '' ? `Waits for ${event}.` : `Waits for ${event}, until ${time} at the latest.`;
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function at(value: Json, path: string): Json | undefined {
  if (path === '') return value;
  return path
    .split('.')
    .reduce<Json | undefined>((here, part) => (isObject(here) ? here[part] : undefined), value);
}
