import { type Clock, dayIn, type Id, type JsonObject } from '../base/index.ts';
import { failure, type Label, OPERATOR, type StoredEvent, toFailure } from '../contract/index.ts';
import type { RecordCommand } from '../records/index.ts';
import {
  type ChangeResult,
  type Conflict,
  type ConflictRule,
  changeWithConflicts,
  readConflict,
  settleConflict,
  type Writer,
} from './conflicts/index.ts';
import { createDueWork, dueTimeOf, setsTime } from './due-work.ts';
import { probeEnded } from './effects/commit.ts';
import { createGate } from './effects/gate.ts';
import { isInFlight } from './effects/lifecycle.ts';
import { effectsFold, type ItemRow, locksFold, type RunRow, runsFold, waitsFold } from './folds.ts';
import { createHooks, type Hooks } from './hooks/index.ts';
import { closeOrphans } from './inbox/close-orphans.ts';
import { createItems, type Items } from './inbox/items.ts';
import { createItemWaker } from './inbox/snooze.ts';
import { createPlanner } from './planner.ts';
import { createPlaybooks, type Playbooks } from './playbooks.ts';
import type { KernelPorts } from './ports.ts';
import { createRecordStore, type RecordStore } from './record-reads.ts';
import { decideCommands } from './record-writes.ts';
import { createPlaybookRegistry, type PlaybookRegistry } from './registry-ops/index.ts';
import { createPast, type Past } from './replay/index.ts';
import { cancelRun, finishCompensated, resumeCompensation } from './run/cancel.ts';
import { isRunEnded } from './run/lifecycle.ts';
import { createLocks, type LockView } from './run/locks.ts';
import { type Reason, reasonsOf } from './run/reasons.ts';
import type { PlanLookup } from './run/run-state.ts';
import { createRunner, type Runner } from './run/runner.ts';
import { deliverEvent, deliverMissed, mayEndWait } from './run/signals.ts';
import { createSlots, type LowCostWindow } from './run/slots.ts';
import { undoEffect } from './run/take-back.ts';
import { createTurnsByWords } from './same-words.ts';
import { createSchedules, type Schedules } from './schedules/index.ts';
import { type Goal, type Matcher, type Submitted, submitGoal } from './submit.ts';
import { createTimers } from './timers.ts';
import { createTrust, type Trust } from './trust/index.ts';
import { createInsideWatch } from './trust/judge-call.ts';

/** The one way in, and what the doors may ask. */
export interface Kernel {
  readonly records: RecordStore;
  readonly playbooks: Playbooks;
  readonly items: Items;
  readonly runner: Runner;
  /** signed acts that are no effects, grants, devices, policies */
  readonly trust: Trust;
  readonly schedules: Schedules;
  /** what others tell us, by webhook */
  readonly hooks: Hooks;
  /** versions of playbooks, and what can be done with them */
  readonly versions: PlaybookRegistry;
  readonly past: Past;
  readonly submit: (goal: Goal) => Promise<Submitted>;
  /** Fulfilled at the first rest: done, failed, or waiting for somebody. */
  readonly rest: (run: Id) => Promise<RunRow>;
  /** Changes of our own records by hand, import or sync; all or nothing. */
  readonly change: (
    commands: readonly RecordCommand[],
    who: { readonly by: string; readonly label?: Label },
  ) => Promise<readonly StoredEvent[]>;
  /** A change made on a version that the writer saw; what others did since is merged, or asked. */
  readonly changeFrom: (
    command: RecordCommand,
    version: number,
    who: Writer,
  ) => Promise<ChangeResult>;
  /** Both sides of a conflict item. */
  readonly conflict: (item: Id) => Promise<Conflict>;
  readonly cancel: (run: Id, because: string, by: string) => Promise<void>;
  /** Takes back one effect that was done, in a run that asks first. Fails as `undoEffect` does. */
  readonly undo: (hash: string, by: string) => Promise<{ readonly run: Id }>;
  readonly locks: () => readonly LockView[];
  /** Why what is not running is not running. */
  readonly reasons: (run?: Id) => Promise<readonly Reason[]>;
  /** Goes on with everything that was under way when the last process ended. */
  readonly recover: () => Promise<{ readonly runs: number }>;
  readonly close: () => Promise<void>;
}

export interface KernelOptions extends KernelPorts {
  /** how words become plans; without it, the words of the playbooks themselves */
  readonly matcher?: Matcher;
  /** told of answers to questions that belong to no run */
  readonly onAnswer?: (item: ItemRow, answer: JsonObject) => Promise<void>;
  /** what happens to clashing changes of one record, by risk; without it all are asked */
  readonly conflictRule?: ConflictRule;
  /** hours of the day in which cheap work runs; without them it runs at any time */
  readonly lowCost?: Pick<LowCostWindow, 'fromHour' | 'toHour'>;
  readonly evictAlways?: boolean;
}

/** how often, and how far apart, a run that moves on is looked at again before it is called at rest */
const RESTLESS_LOOKS = 20;
const RESTLESS_MS = 5;
const isRunEnd = (type: string): boolean => type === 'run.finished';
const isOfPlaybooks = (type: string): boolean => type.startsWith('playbook.');
const isOfCompany = (type: string): boolean => type.startsWith('company.');
const UNFINISHED = ['planned', 'running', 'cancelling', 'compensating'] as const;

/** Today's day in a zone that may change. Kept for a minute: every call asks, and zones are dear. */
function createToday(zone: () => string, clock: Clock): () => string {
  let known = { minute: -1, zone: '', day: '' };
  return () => {
    const now = clock.now();
    const minute = Math.floor(now / 60_000);
    if (known.minute !== minute || known.zone !== zone()) {
      known = { minute, zone: zone(), day: dayIn(zone(), now) };
    }
    return known.day;
  };
}

export async function createKernel(options: KernelOptions): Promise<Kernel> {
  const { log, clock, lowCost } = options;
  const records = createRecordStore(log);
  const playbooks = await createPlaybooks(log, options.registry);
  const lookup: PlanLookup = {
    compilePlaybook: playbooks.compiled,
    compileInline: playbooks.compileInline,
  };
  let zone = 'UTC';
  const today = createToday(() => zone, clock);
  async function readZone(): Promise<void> {
    const company = await records.find('company', log.company);
    if (typeof company?.fields.zone === 'string') zone = company.fields.zone;
  }
  await readZone();

  const inside = await createInsideWatch(log);
  const inTurn = createTurnsByWords();
  const gate = createGate({ ...options, records });
  /** what goes on beside the runs: nothing of it may come to a log that is closed by then */
  const beside = new Set<Promise<void>>();
  const locks = createLocks((run) => runner.wake(run));
  const runner = createRunner({
    ...options,
    records,
    lookup,
    parts: playbooks.parts,
    gate,
    locks,
    isUnjudged: inside.isUnjudged,
    slots: createSlots(() => lowCost && { ...lowCost, zone }),
    today,
  });
  const conflicts = { ...options, records };
  const itemWaker = createItemWaker(log, goOnBeside);
  const items = createItems({
    ...{ ...options, records, runner, playbooks, awaitEvent: itemWaker.awaitEvent },
    settle: (item, answer, by) => settleConflict(conflicts, item, answer, by),
  });
  const trust = createTrust({ ...options, records, wake: runner.wake });
  const schedules = createSchedules({ ...options, playbooks, runner });
  const hooks = createHooks({ ...options, playbooks, runner, beside: goOnBeside });
  const versions = createPlaybookRegistry({ ...options, playbooks, runner });
  const past = createPast({
    ...options,
    records,
    playbooks,
    runner,
    zone: () => zone,
    wake: runner.wake,
  });
  const runs = log.fold(runsFold);
  const waits = log.fold(waitsFold);
  const match = options.matcher ?? createPlanner({ playbooks, records, clock, zone: () => zone });

  const timers = createTimers(clock, createDueWork({ ...options, runner, schedules }));

  function goOnBeside(work: Promise<unknown>): void {
    const done = work
      .catch((error: unknown) => options.report(toFailure(error), {}))
      .then(() => void beside.delete(done));
    beside.add(done);
  }

  const following = [
    log.follow(setsTime, (events) => {
      const times = events.map(dueTimeOf).filter((time) => time !== undefined);
      if (times.length > 0) timers.plan(Math.min(...times));
    }),
    log.follow(isRunEnd, (events) => {
      for (const { stream } of events) goOnBeside(finishBelonging(stream.slice('run/'.length)));
    }),
    log.follow(isOfPlaybooks, () => goOnBeside(playbooks.refresh())),
    log.follow(isOfCompany, () => goOnBeside(readZone())),
    log.follow(mayEndWait, (events) => goOnBeside(deliverEvent({ ...options, runner }, events))),
  ];

  /** A run that took something back is over: so is the one it belongs to. */
  async function finishBelonging(run: Id): Promise<void> {
    const row = await runs.get(run);
    if (row?.compensates) await finishCompensated({ ...options, runner }, row);
  }

  async function rest(run: Id): Promise<RunRow> {
    for (let look = 1; ; look++) {
      await runner.atRest(run);
      const row = await runs.get(run);
      if (!row) throw failure('not_found', `There is no run ${run}.`, { run });
      const moves = row.status === 'running' || row.status === 'planned';
      if (!moves || look >= RESTLESS_LOOKS) return row;
      // it came to rest between two turns: whatever woke it again goes first
      await new Promise((resolve) => setTimeout(resolve, RESTLESS_MS));
    }
  }

  return {
    records,
    playbooks,
    items,
    runner,
    trust,
    schedules,
    hooks,
    versions,
    past,
    submit: async (goal) => {
      const submit = () => submitGoal(options, playbooks, match, runner.create, goal);
      const inOrder = () => (goal.again ? submit() : inTurn(goal.words, submit));
      // what a token has under way is counted before the next one begins
      const submitted = await (goal.bearer
        ? inTurn(`token/${goal.bearer.token}`, inOrder)
        : inOrder());
      // a new run was set going where it was made
      if (submitted.joined) runner.wake(submitted.run);
      return submitted;
    },
    rest,
    change: async (commands, { by, label = OPERATOR }) => {
      const appends = await decideCommands(options, records, commands, { by, label });
      if (appends.length === 0) return [];
      return (await log.append(appends, { barrier: true })).events;
    },
    changeFrom: (command, version, who) => changeWithConflicts(conflicts, command, version, who),
    conflict: (item) => readConflict(conflicts, item),
    cancel: async (run, because, by) => {
      await cancelRun({ ...options, runner }, run, because, by);
    },
    undo: (hash, by) => undoEffect({ ...options, runner }, hash, by),
    locks: locks.list,
    reasons: (run) => reasonsOf({ log, locks: locks.list }, run),
    recover: async () => {
      await trust.suspendChangedGrants();
      await trust.finishErasures();
      for await (const { row } of log.fold(locksFold).every()) {
        const { run, step, keys } = row;
        locks.restore(keys, { run, step });
      }
      let count = 0;
      for (const status of UNFINISHED) {
        for await (const { row } of runs.every({ index: 'status', equals: status })) {
          count += 1;
          if (row.status === 'compensating') {
            await resumeCompensation({ ...options, runner }, row.id);
          } else {
            runner.wake(row.id, row.queue);
          }
        }
      }
      for await (const { row } of log.fold(effectsFold).every({ index: 'flight' })) {
        const run = row.status === 'committing' ? await runs.get(row.run) : undefined;
        if (run && isRunEnded(run.status)) {
          probeEnded({ ...options, records }, row).then(
            (result) => runner.commitEnded(row, result),
            (error: unknown) => options.report(toFailure(error), { run: row.run }),
          );
        } else if (isInFlight(row.status)) runner.wake(row.run);
      }
      // the lines for keys and rates are in memory only: whoever stood in one asks again
      for await (const { row } of waits.every({ index: 'here' })) runner.wake(row.run);
      goOnBeside(closeOrphans(options));
      goOnBeside(itemWaker.catchUp());
      goOnBeside(deliverMissed({ ...options, runner }));
      await hooks.recover();
      timers.plan();
      return { runs: count };
    },
    close: async () => {
      for (const stop of following) stop();
      itemWaker.close();
      inside.close();
      timers.close();
      await runner.close();
      while (beside.size > 0) await Promise.all(beside);
    },
  };
}
