import type { Id, Json } from '../../base/index.ts';
import {
  type CapabilityContract,
  Failure,
  type Labelled,
  toFailure,
} from '../../contract/index.ts';
import type { CompiledStep } from '../../plan/index.ts';
import { referenceReader } from '../effects/prepare.ts';
import { actLabel } from '../trust/act-label.ts';
import type { Actor } from './actor.ts';
import { type Batch, newBatch } from './batch.ts';
import type { Calls } from './calls.ts';
import type { LockAnswer } from './locks.ts';
import type { RunState } from './run-state.ts';
import type { RunnerContext } from './runner.ts';
import type { Delay, Turn } from './turn.ts';

/** Makes the turns of a live runner: what deciding may ask is answered by its ports and actors. */
export function createTurnOf(
  context: RunnerContext,
  calls: Calls,
): (actor: Actor, run: RunState) => Turn {
  const { ports } = context;
  const contract = (ref: string): CapabilityContract => ports.registry.get(ref).contract;
  return (actor, run) => new LiveTurn({ context, calls, contract }, actor, run);
}

/** What all turns of a runner share. */
interface Shared {
  readonly context: RunnerContext;
  readonly calls: Calls;
  readonly contract: Turn['contract'];
}

/** A class, because every step of every run makes one: its functions are made once. */
class LiveTurn implements Turn {
  readonly run: RunState;
  readonly batch: Batch;
  readonly outside = new Set<string>();
  readonly now: number;
  readonly head: number;
  readonly newId: () => Id;
  readonly lookup: Turn['lookup'];
  readonly parts: Turn['parts'];
  readonly contract: Turn['contract'];
  readonly #shared: Shared;
  readonly #actor: Actor;

  constructor(shared: Shared, actor: Actor, run: RunState) {
    const { ports } = shared.context;
    this.run = run;
    this.batch = newBatch(run);
    this.now = ports.clock.now();
    this.head = ports.log.head().seq;
    this.newId = ports.newId;
    this.lookup = ports.lookup;
    this.parts = ports.parts;
    this.contract = shared.contract;
    this.#shared = shared;
    this.#actor = actor;
  }

  get ref(): Turn['ref'] {
    const { records } = this.#shared.context.ports;
    return referenceReader(() => records.at(this.head));
  }

  readAt(path: string): number | undefined {
    return this.#actor.readAt.get(path);
  }

  takeLocks(keys: readonly string[], step: string): LockAnswer {
    return this.#shared.context.ports.locks.take(keys, { run: this.run.id, step });
  }

  asksLocks(keys: readonly string[], step: string): boolean {
    return this.#shared.context.ports.locks.ask(keys, { run: this.run.id, step });
  }

  dropLocks(step: string): void {
    this.#shared.context.ports.locks.release({ run: this.run.id, step });
  }

  takeSlot(contract: CapabilityContract, { step }: CompiledStep, path: string): Delay | undefined {
    const { slots, clock } = this.#shared.context.ports;
    const queue = step.queue ?? this.run.queue;
    return slots.take(contract, { run: this.run.id, step: path, queue }, clock.now());
  }

  brought(path: string): Labelled<Json> | Failure | undefined {
    const { lookups } = this.#actor;
    const found = lookups.get(path);
    if (found === 'pending') return undefined;
    if (found instanceof Failure) lookups.delete(path);
    return found;
  }

  later(path: string, work: Promise<Labelled<Json>>): void {
    const { track, wake } = this.#shared.context;
    const { id, lookups, readAt } = this.#actor;
    if (lookups.has(path)) return;
    lookups.set(path, 'pending');
    readAt.set(path, this.head);
    track(1);
    work
      .then(
        (value) => lookups.set(path, value),
        (error: unknown) => lookups.set(path, toFailure(error)),
      )
      .finally(() => {
        track(-1);
        wake(id);
      });
  }

  catchReplaces(): boolean {
    return true;
  }

  isUnderWay(path: string): boolean {
    return this.#actor.immediate.has(path) || this.#actor.calls.has(path);
  }

  callNow(path: string, contract: CapabilityContract, input: Labelled<Json>): boolean {
    this.#actor.lookups.delete(path);
    return this.#shared.calls.beginNow(this.#actor, this.run, path, contract, input);
  }

  call(path: string, attempt: number, contract: CapabilityContract, input: Labelled<Json>): void {
    this.#actor.lookups.delete(path);
    const act = actLabel(this.run, path);
    this.batch.acts.push(() =>
      this.#shared.calls.begin(this.#actor, path, attempt, contract, input, act),
    );
  }
}
