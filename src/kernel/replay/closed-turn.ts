import type { Id, Json } from '../../base/index.ts';
import {
  type CapabilityContract,
  Failure,
  type Labelled,
  type NewEvent,
} from '../../contract/index.ts';
import type { Registry as PlanRegistry } from '../../plan/index.ts';
import { newBatch } from '../run/batch.ts';
import type { LockAnswer } from '../run/locks.ts';
import type { PlanLookup, RunState } from '../run/run-state.ts';
import { startReady } from '../run/start-steps.ts';
import type { Delay, Turn } from '../run/turn.ts';

/** A call that the plan has begun and that nobody executes. */
export interface BegunCall {
  readonly contract: CapabilityContract;
  readonly input: Labelled<Json>;
}

/** The deciding half of a runner, cut off from everything that acts. */
export interface ClosedTurn {
  readonly turn: Turn;
  /** calls begun and not ended, by step */
  readonly calls: Map<string, BegunCall>;
  /** steps whose input needs a record: they go on once `bring` has it */
  readonly lookups: ReadonlySet<string>;
  readonly bring: (path: string, found: Labelled<Json> | Failure) => void;
  /** Decides as the runner would now, and gives what it would have appended to the run. */
  readonly decide: () => readonly NewEvent[];
  /** What was said by hand since the last look. */
  readonly taken: () => readonly NewEvent[];
}

export interface ClosedTurnPorts {
  readonly run: RunState;
  readonly lookup: PlanLookup;
  readonly contract: (ref: string) => CapabilityContract;
  readonly parts: PlanRegistry;
  /** UTC ms of the moment that is decided again */
  readonly now: () => number;
  /** what became of a wish for keys */
  readonly lockOf: (path: string) => LockAnswer;
  /** what the log says about rates and windows; undefined: it could start */
  readonly delayOf: (path: string) => Delay | undefined;
  /** as of which event the log says that a step's records were read */
  readonly readAt: (path: string) => number | undefined;
  /** what a `catch` leaves stands for its step; older logs looked at the plan again */
  readonly catchReplaces: (path: string) => boolean;
  /** the result was there at once, so no start was noted */
  readonly isImmediate: (path: string) => boolean;
}

export function createClosedTurn(ports: ClosedTurnPorts): ClosedTurn {
  const { run, lookup, contract, parts } = ports;
  const batch = newBatch(run);
  const calls = new Map<string, BegunCall>();
  const lookups = new Set<string>();
  const brought = new Map<string, Labelled<Json> | Failure>();
  let ids = 0;
  const turn: Turn = {
    run,
    batch,
    lookup,
    contract,
    parts,
    outside: new Set(),
    get now() {
      return ports.now();
    },
    head: 0,
    readAt: ports.readAt,
    catchReplaces: ports.catchReplaces,
    newId: (): Id => `replay-${++ids}`,
    // the template is resolved when its turn has come, see `bring`
    ref: () => new Promise(() => undefined),
    takeLocks: (_keys, path) => ports.lockOf(path),
    asksLocks: () => true,
    dropLocks: () => undefined,
    takeSlot: (_contract, _step, path) => ports.delayOf(path),
    isUnderWay: (path) => calls.has(path) || (lookups.has(path) && !brought.has(path)),
    callNow: (path, callee, input) => {
      brought.delete(path);
      calls.set(path, { contract: callee, input });
      return ports.isImmediate(path);
    },
    call: (path, _attempt, callee, input) => {
      brought.delete(path);
      calls.set(path, { contract: callee, input });
    },
    later: (path) => {
      lookups.add(path);
    },
    brought: (path) => {
      const found = brought.get(path);
      if (found instanceof Failure) brought.delete(path);
      return found;
    },
  };

  function taken(): readonly NewEvent[] {
    batch.others.length = 0;
    batch.acts.length = 0;
    return batch.events.splice(0);
  }

  return {
    turn,
    calls,
    lookups,
    bring: (path, found) => {
      lookups.delete(path);
      brought.set(path, found);
    },
    decide: () => {
      turn.outside.clear();
      startReady(turn);
      return taken();
    },
    taken,
  };
}
