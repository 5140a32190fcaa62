import { toFailure } from '../../contract/index.ts';
import { referenceReader } from '../effects/prepare.ts';
import { actLabel } from '../trust/act-label.ts';
import type { Actor } from './actor.ts';
import { newBatch } from './batch.ts';
import type { Calls } from './calls.ts';
import type { RunState } from './run-state.ts';
import type { RunnerContext } from './runner.ts';
import type { Turn } from './turn.ts';

/** Makes the turns of a live runner: what deciding may ask is answered by its ports and actors. */
export function createTurnOf(
  { ports, wake, track }: RunnerContext,
  calls: Calls,
): (actor: Actor, run: RunState) => Turn {
  const { clock, lookup, registry } = ports;

  return (actor, run) => {
    const batch = newBatch(run);
    const head = ports.log.head().seq;
    return {
      run,
      batch,
      outside: new Set(),
      now: clock.now(),
      newId: ports.newId,
      lookup,
      contract: (ref) => registry.get(ref).contract,
      parts: ports.parts,
      head,
      ref: referenceReader(() => ports.records.at(head)),
      readAt: (path) => actor.readAt.get(path),
      takeLocks: (keys, step) => ports.locks.take(keys, { run: actor.id, step }),
      asksLocks: (keys, step) => ports.locks.ask(keys, { run: actor.id, step }),
      dropLocks: (step) => ports.locks.release({ run: actor.id, step }),
      takeSlot: (contract, { step }, path) => {
        const queue = step.queue ?? run.queue;
        return ports.slots.take(contract, { run: actor.id, step: path, queue }, clock.now());
      },
      brought: (path) => {
        const found = actor.lookups.get(path);
        return found === 'pending' ? undefined : found;
      },
      later: (path, work) => {
        if (actor.lookups.has(path)) return;
        actor.lookups.set(path, 'pending');
        actor.readAt.set(path, head);
        track(1);
        work
          .then(
            (value) => actor.lookups.set(path, value),
            (error: unknown) => actor.lookups.set(path, toFailure(error)),
          )
          .finally(() => {
            track(-1);
            wake(actor.id);
          });
      },
      isUnderWay: (path) => actor.immediate.has(path) || actor.calls.has(path),
      callNow: (path, contract, input) => {
        actor.lookups.delete(path);
        return calls.beginNow(actor, run, path, contract, input);
      },
      call: (path, attempt, contract, input) => {
        actor.lookups.delete(path);
        const act = actLabel(run, path);
        batch.acts.push(() => calls.begin(actor, path, attempt, contract, input, act));
      },
    };
  };
}
