import type { Id, Json, JsonObject } from '../../base/index.ts';
import {
  type CapabilityContract,
  type Failure,
  failure,
  type Labelled,
} from '../../contract/index.ts';
import {
  type CompiledStep,
  type Registry as PlanRegistry,
  resolveTemplate,
  type TemplatePorts,
} from '../../plan/index.ts';
import { type FactOptions, fact, type KernelEvents, type KernelEventType } from '../events.ts';
import { add, type Batch } from './batch.ts';
import type { LockAnswer } from './locks.ts';
import { compiledStep, namesIn, scopeOf } from './run-places.ts';
import type { PlanLookup, RunState } from './run-state.ts';

/** What deciding a turn may ask; it never waits for anything but a record that a template names. */
export interface TurnPorts {
  readonly now: number;
  readonly newId: () => Id;
  readonly lookup: PlanLookup;
  readonly contract: (ref: string) => CapabilityContract;
  /** what a plan that is made on the way may refer to */
  readonly parts: PlanRegistry;
  readonly ref: TemplatePorts['ref'];
  /** takes all keys or none */
  readonly takeLocks: (keys: readonly string[], step: string) => LockAnswer;
  /** stands in line for them; true once they could be taken */
  readonly asksLocks: (keys: readonly string[], step: string) => boolean;
  /** gives back what a step took and cannot use now */
  readonly dropLocks: (step: string) => void;
  /** a start is allowed now; else when to look again, and why */
  readonly takeSlot: (
    contract: CapabilityContract,
    step: CompiledStep,
    path: string,
  ) => Delay | undefined;
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
  /** seq of the last event when the turn began: what a template names is read as of it */
  readonly head: number;
  /** the log's head as of which the records were read that a step's input names */
  readonly readAt: (path: string) => number | undefined;
  /** something that must be looked up first; the turn after it goes on */
  readonly later: (path: string, work: Promise<Labelled<Json>>) => void;
  /** what a `catch` that begins now leaves stands for its step; a replay asks the log, see `instead` */
  readonly catchReplaces: (path: string) => boolean;
  /** input that `later` has brought; a failure is told once, so that another try looks again */
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

export function say<T extends KernelEventType>(
  turn: Turn,
  type: T,
  data: KernelEvents[T],
  options: FactOptions = {},
): void {
  add(turn.batch, type, data, turn.lookup, turn.now, options);
}

export function open(turn: Turn, item: Id, data: Omit<KernelEvents['item.opened'], 'run'>): void {
  turn.batch.others.push({
    stream: `item/${item}`,
    expectedVersion: 0,
    events: [fact('item.opened', { ...data, run: turn.run.id }, { run: turn.run.id })],
  });
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

export function resolveNowIn(
  turn: Turn,
  path: string,
  template: Parameters<typeof resolveTemplate>[0],
  extra?: ReadonlyMap<string, Labelled<Json>>,
): Labelled<Json> {
  const scope = scopeOf(turn.run, path);
  const names = namesIn(turn.run, scope, extra);
  const resolved = resolveTemplate(template, names, { ref: turn.ref, own: scope.worth });
  if (!(resolved instanceof Promise)) return resolved;
  throw failure(
    'invalid_plan',
    'A record cannot be looked up here.',
    { step: path },
    'Read it in a step of its own.',
  );
}

/** For the event that says what was made of an input. */
export function readAtOf(turn: Turn, path: string): { readonly readAt?: number } {
  const readAt = turn.readAt(path);
  return readAt === undefined ? {} : { readAt };
}

export function stepTitle(turn: Pick<Turn, 'run' | 'contract'>, path: string): string {
  const { step } = compiledStep(turn.run, path);
  if (step.title !== undefined) return step.title;
  return 'call' in step ? turn.contract(step.call).title : step.id;
}

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
