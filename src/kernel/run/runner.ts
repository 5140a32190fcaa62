import type { Id } from '../../base/index.ts';
import { type Failure, type FailureCode, failure, toFailure } from '../../contract/index.ts';
import type { Registry as PlanRegistry } from '../../plan/index.ts';
import type { CommitResult } from '../effects/commit.ts';
import type { EffectGate } from '../effects/gate.ts';
import type { Queue } from '../events.ts';
import type { EffectRow } from '../folds.ts';
import type { KernelPorts } from '../ports.ts';
import type { RecordStore } from '../record-reads.ts';
import type { InsideWatch } from '../trust/judge-call.ts';
import { type Actor, createActor } from './actor.ts';
import { createBacklog } from './backlog.ts';
import { appendsOf, isEmpty } from './batch.ts';
import { createCalls } from './calls.ts';
import { claimRun } from './claim-run.ts';
import { createEffectTurns } from './effect-turns.ts';
import type { StepOutcome } from './execute.ts';
import { mayHoldLarge, storeLargeOutputs } from './large-outputs.ts';
import { isRunEnded, type RunStatus } from './lifecycle.ts';
import { loadRun } from './load-run.ts';
import type { Locks } from './locks.ts';
import { createTurnOf } from './open-turn.ts';
import { takeOutcomes } from './outcomes.ts';
import { parkRun } from './park.ts';
import { releaseLocks, undoLocks } from './release-locks.ts';
import { createRunMemory } from './run-memory.ts';
import { newRunState, type PlanLookup, type RunState } from './run-state.ts';
import { settleRun } from './settle-run.ts';
import type { Slots } from './slots.ts';
import { startReady } from './start-steps.ts';
import { mayLeaveOpen, tidyEnded } from './tidy-ended.ts';
import { say, type Turn } from './turn.ts';
import { createWaits } from './waits.ts';

export interface RunnerPorts extends KernelPorts {
  readonly records: RecordStore;
  readonly lookup: PlanLookup;
  readonly parts: PlanRegistry;
  readonly gate: EffectGate;
  readonly locks: Locks;
  readonly slots: Slots;
  readonly isUnjudged: InsideWatch['isUnjudged'];
  /** today in the company's zone */
  readonly today: () => string;
  /** drop a run's memory after every turn: for tests of everything that folds */
  readonly evictAlways?: boolean;
}

export interface Runner {
  /**
   * A new run: its first facts and its first steps are one append; with `apart` the steps come in one of
   * their own, for what begins by itself and would begin again after a step that ended the process.
   */
  readonly create: (
    run: Id,
    begin: (turn: Turn) => void,
    how?: { readonly apart: boolean },
  ) => Promise<void>;
  /** Goes on with a run, now or as soon as its current turn is over. */
  readonly wake: (run: Id, queue?: Queue) => void;
  /** Exclusive access between two turns; what `work` adds to the batch is appended with its others. */
  readonly within: <T>(run: Id, work: (turn: Turn) => Promise<T>) => Promise<T>;
  /** Fulfilled when nothing moves any more by itself. */
  readonly atRest: (run: Id) => Promise<void>;
  readonly stepEnded: (run: Id, outcome: StepOutcome) => void;
  /** Takes in what became of a commit that this process did not begin. */
  readonly commitEnded: (row: EffectRow, result: CommitResult) => void;
  /** Calls that are under way, for those who wait for a quiet moment. */
  readonly busy: () => number;
  readonly abort: (run: Id) => void;
  /** Folds it again at its next turn: for those who appended to its stream themselves. */
  readonly forget: (run: Id) => Promise<void>;
  readonly close: () => Promise<void>;
}

/** What the parts of the runner share. */
export interface RunnerContext {
  readonly ports: RunnerPorts;
  readonly wake: (run: Id) => void;
  /** one more call under way, or one less */
  readonly track: (difference: 1 | -1) => void;
}

/** runs that move at the same time; the others queue, those that somebody waits for first */
const RUNS_MOVING = 128;
/** after which a run looks whether the disk takes anything again, or another process lets go of it */
const STORE_RETRY_MS = 5_000;
const NONE: readonly never[] = [];
/** statuses in which a run may begin something */
const MOVES: ReadonlySet<RunStatus> = new Set(['running', 'planned', 'waiting']);
const STORE_FAULTS: ReadonlySet<FailureCode> = new Set([
  'disk_full',
  'store_read_only',
  'home_busy',
]);

export function createRunner(ports: RunnerPorts): Runner {
  const { log, lookup } = ports;
  const actors = new Map<Id, Actor>();
  let closing = false;
  let underWay = 0;
  let moving = 0;
  const backlog = createBacklog();
  const memory = createRunMemory(actors);
  const track = (difference: 1 | -1): void => {
    underWay += difference;
  };
  const context: RunnerContext = { ports, wake, track };
  const calls = createCalls(context);
  const turnOf = createTurnOf(context, calls);
  const waits = createWaits(calls);
  const effectTurns = createEffectTurns(context);

  function actorOf(id: Id): Actor {
    let actor = actors.get(id);
    if (!actor) {
      actor = createActor(id);
      actors.set(id, actor);
    }
    return actor;
  }

  function exclusively<T>(actor: Actor, work: () => Promise<T>): Promise<T> {
    actor.queued += 1;
    const result = actor.queue.then(work).finally(() => {
      actor.queued -= 1;
      if (ports.evictAlways) actor.state = undefined;
      memory.keep(actor);
    });
    actor.queue = result.then(
      () => undefined,
      () => undefined,
    );
    return result;
  }

  function wake(id: Id, queue?: Queue): void {
    const known = actors.get(id);
    if (known?.scheduled || closing) return;
    if (known) known.scheduled = true;
    if (moving < RUNS_MOVING) move(actorOf(id));
    else backlog.add(id, queue ?? known?.state?.queue ?? 'now');
  }

  function move(actor: Actor): void {
    moving += 1;
    actor.scheduled = true;
    exclusively(actor, () => drive(actor))
      .catch((error: unknown) => {
        const problem = toFailure(error);
        ports.report(problem, { run: actor.id });
        rest(actor);
        // nothing was written and nothing is lost: it is tried again when there may be space
        if (STORE_FAULTS.has(problem.code))
          setTimeout(() => wake(actor.id), STORE_RETRY_MS).unref();
      })
      .finally(() => {
        moving -= 1;
        const next = backlog.take();
        if (next !== undefined) move(actorOf(next));
      });
  }

  async function drive(actor: Actor): Promise<void> {
    actor.scheduled = false;
    if (actor.isOver) actor.outcomes.length = 0; // of a call that was not over before its run was
    while (!actor.isOver || actor.commits.length > 0) {
      const state = actor.state ?? (await memoryOf(actor));
      if (!state || closing) return rest(actor);
      const moved = await oneTurn(actor, state);
      if (ports.evictAlways) actor.state = undefined;
      if (!moved) break;
    }
    // whoever woke it meanwhile may have brought something: then it rests after that
    if (actor.calls.size === 0 && !actor.scheduled) rest(actor);
  }

  function rest(actor: Actor): void {
    for (const tell of actor.resting.splice(0)) tell();
  }

  async function memoryOf(actor: Actor): Promise<RunState | undefined> {
    actor.state ??= await loadRun(log, ports.blobs, lookup, actor.id);
    return actor.state;
  }

  /** Decides, appends, acts. True when there is more to do at once. */
  async function oneTurn(
    actor: Actor,
    run: RunState,
    first?: (turn: Turn) => void,
    apart = first === undefined,
  ): Promise<boolean> {
    if (isRunEnded(run.status) || run.status === 'parked') {
      return actor.commits.length > 0 && (await keepReceipts(actor, run));
    }
    if (actor.claimed && run.worker !== ports.worker) return giveUp(actor);
    const versionBefore = run.version;
    const turn = turnOf(actor, run);
    const outcomes = actor.outcomes;
    actor.outcomes = [];
    const readAt = actor.readAt.size > 0 ? [...actor.readAt] : NONE;
    const commits = actor.commits.length > 0 ? actor.commits.splice(0) : NONE;
    try {
      first?.(turn);
      const late = takeOutcomes(context, actor, turn, outcomes);
      if (late) await late;
      for (const done of commits) await effectTurns.takeCommit(turn, done);
      // said before anything begins: a step that takes the process down with it counts as a claim
      const takesOver = apart && run.worker !== ports.worker;
      if (!actor.claimed) claimRun(turn, ports.worker);
      if (run.status === 'waiting' && waits.isDue(turn)) {
        say(turn, 'run.resumed', { because: 'What it waited for is there.' });
      }
      if (!takesOver && MOVES.has(run.status)) {
        waits.end(actor, turn);
        startReady(turn);
        // what the first steps work out at once belongs to the append that begins the run; later
        // every step ends in an append of its own, before the one after it ends
        if (first && actor.outcomes.length > 0) {
          await takeOutcomes(context, actor, turn, actor.outcomes.splice(0));
          startReady(turn);
        }
        waits.resume(actor, turn);
        // effects look at what is in the log: whatever this turn decided is appended first
        const settled = isEmpty(turn.batch);
        if (settled && isQuiet(actor, turn)) await effectTurns.consider(actor, turn);
        const mayRest = settled || !effectTurns.concerns(turn);
        if (mayRest && isQuiet(actor, turn)) settleRun(turn);
      }
      const more = await append(actor, turn, versionBefore);
      actor.claimed = run.worker === ports.worker;
      return more;
    } catch (error) {
      // Memory may hold what the log does not: it is thrown away, and the log is asked again.
      actor.state = undefined;
      undoLocks(ports.locks, turn);
      const problem = toFailure(error);
      const isConflict = problem.code === 'version_conflict';
      // done work is not done again, and a receipt not asked for again, because the log said no once
      if (isConflict || STORE_FAULTS.has(problem.code)) {
        actor.outcomes.unshift(...outcomes);
        const steps = new Set(outcomes.map(({ step }) => step));
        for (const [step, seq] of readAt) if (steps.has(step)) actor.readAt.set(step, seq);
        actor.commits.unshift(...commits);
      }
      if (isConflict && !first) return true;
      if (problem.code === 'too_large' && !first) return await setAside(actor, problem);
      throw error;
    }
  }

  /** The run ended, or was put aside, while something was on its way out: what became of that is kept. */
  async function keepReceipts(actor: Actor, run: RunState): Promise<boolean> {
    const versionBefore = run.version;
    const turn = turnOf(actor, run);
    const commits = actor.commits.splice(0);
    try {
      for (const done of commits) await effectTurns.takeCommit(turn, done);
      return await append(actor, turn, versionBefore);
    } catch (error) {
      actor.state = undefined;
      const isConflict = toFailure(error).code === 'version_conflict';
      actor.commits.unshift(...commits);
      if (isConflict) return true;
      throw error;
    }
  }

  /** What it decided does not fit into the log and never will: trying again is no way out. */
  async function setAside(actor: Actor, problem: Failure): Promise<false> {
    const run = await memoryOf(actor);
    if (!run) return false;
    const versionBefore = run.version;
    const turn = turnOf(actor, run);
    actor.state = undefined; // folded anew: put aside is what the log says, which may refuse this too
    parkRun(turn, problem.message);
    await append(actor, turn, versionBefore);
    return false;
  }

  async function append(actor: Actor, turn: Turn, versionBefore: number): Promise<boolean> {
    const { batch } = turn;
    if (mayHoldLarge(batch)) await storeLargeOutputs(ports.blobs, batch);
    if (mayLeaveOpen(ports, turn)) await tidyEnded(ports, turn);
    const giveBack = releaseLocks(ports.locks, turn);
    // an empty turn may still act: after a restart a commit goes on whose start is in the log already
    if (!isEmpty(batch)) {
      await log.append(appendsOf(batch, versionBefore), { barrier: batch.barrier });
    }
    giveBack();
    for (const act of batch.acts) act();
    if (isEmpty(batch)) return actor.outcomes.length > 0;
    return (
      batch.again ||
      actor.outcomes.length > 0 ||
      actor.commits.length > 0 ||
      batch.acts.length === 0
    );
  }

  /** Another worker has taken the run over: what this one brings is worth nothing any more. */
  function giveUp(actor: Actor): false {
    for (const call of actor.calls.values()) call.abort.abort();
    actor.outcomes.length = 0;
    actor.commits.length = 0;
    actor.immediate.clear();
    return false;
  }

  function isQuiet(actor: Actor, turn: Turn): boolean {
    return (
      actor.calls.size === 0 &&
      actor.outcomes.length === 0 &&
      turn.batch.acts.length === 0 &&
      !isRunEnded(turn.run.status) &&
      !actor.lookups.values().some((found) => found === 'pending')
    );
  }

  return {
    create: (id, begin, { apart } = { apart: false }) => {
      const actor = actorOf(id);
      return exclusively(actor, async () => {
        // two that begin the same run, such as one fire of a schedule: the second one changes nothing
        if (actor.state || actor.isOver) throw begunBefore(id);
        const state = newRunState(id);
        Object.assign(actor, { state, claimed: false });
        try {
          await oneTurn(actor, state, begin, apart);
        } catch (error) {
          // a run that never was would keep its place in every line for ever
          if ((await log.streamVersion(state.stream)) === 0) {
            ports.locks.releaseRun(id);
            actors.delete(id);
          }
          throw error;
        }
        if (!isRunEnded(state.status)) wake(id);
      });
    },
    wake,
    within: (id, work) => {
      const actor = actorOf(id);
      return exclusively(actor, async () => {
        const state = await memoryOf(actor);
        if (!state) throw failure('not_found', `There is no run ${id}.`, { run: id });
        const versionBefore = state.version;
        const turn = turnOf(actor, state);
        try {
          const result = await work(turn);
          await append(actor, turn, versionBefore);
          return result;
        } catch (error) {
          actor.state = undefined;
          undoLocks(ports.locks, turn);
          throw error;
        } finally {
          actor.scheduled = false;
          setImmediate(() => wake(id));
        }
      });
    },
    atRest: (id) =>
      new Promise((resolve) => {
        actorOf(id).resting.push(resolve);
        wake(id);
      }),
    stepEnded: (id, outcome) => {
      actorOf(id).outcomes.push(outcome);
      wake(id);
    },
    commitEnded: (row, result) => {
      actorOf(row.run).commits.push({ step: row.step, row, result });
      wake(row.run);
    },
    busy: () => underWay,
    abort: (id) => {
      for (const call of actors.get(id)?.calls.values() ?? []) call.abort.abort();
    },
    forget: (id) => {
      const actor = actorOf(id);
      return exclusively(actor, async () => {
        actor.state = undefined;
      });
    },
    close: async () => {
      closing = true;
      for (const actor of actors.values())
        for (const call of actor.calls.values()) call.abort.abort();
      await Promise.all([...actors.values()].map((actor) => actor.queue));
      for (const actor of actors.values()) rest(actor);
    },
  };
}

function begunBefore(run: Id): Failure {
  const facts = { stream: `run/${run}`, run };
  return failure('version_conflict', 'This run was begun in this very moment.', facts);
}
