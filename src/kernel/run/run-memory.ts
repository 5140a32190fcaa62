import type { Id } from '../../base/index.ts';
import { type Actor, isIdle } from './actor.ts';
import { isRunEnded } from './lifecycle.ts';

/** runs whose folded state is kept; the others are folded again when something happens to them */
const RUNS_IN_MEMORY = 500;
/** events of all runs whose state is kept, about 1 KB each: a few long runs fill the memory as well */
const EVENTS_IN_MEMORY = 100_000;

/** Keeps the state of the runs that moved last, and of the others nothing that the log has too. */
export interface RunMemory {
  /** To be told after every turn; forgets others when this one makes it too much. */
  readonly keep: (actor: Actor) => void;
}

export function createRunMemory(
  actors: Map<Id, Actor>,
  { runs, events }: { readonly runs: number; readonly events: number } = {
    runs: RUNS_IN_MEMORY,
    events: EVENTS_IN_MEMORY,
  },
): RunMemory {
  /** those with a state, by the last time they moved, and how many events each holds */
  const sizes = new Map<Actor, number>();
  let total = 0;

  function drop(actor: Actor): void {
    total -= sizes.get(actor) ?? 0;
    sizes.delete(actor);
  }

  function forget(actor: Actor): void {
    drop(actor);
    if (actor.queued > 0) return; // its turn holds the state, and is told of here when it is over
    actor.state = undefined;
    // one that never was has no place, and another may have its id by now
    if (isIdle(actor) && actors.get(actor.id) === actor) actors.delete(actor.id);
  }

  return {
    keep: (actor) => {
      drop(actor);
      if (actor.state && isRunEnded(actor.state.status)) {
        actor.isOver = true;
        if (actor.queued === 0) actor.state = undefined; // nobody asks how a run stood that is over
      }
      const size = actor.state?.version ?? 0;
      sizes.set(actor, size);
      total += size;
      for (const oldest of sizes.keys()) {
        if ((sizes.size <= runs && total <= events) || oldest === actor) return;
        forget(oldest);
      }
    },
  };
}
