import { type Id, isJsonObject, type Json, LIMITS } from '../../base/index.ts';
import {
  type CapabilityContract,
  capabilityRef,
  type Failure,
  failure,
  isOutside,
  type Labelled,
  OPERATOR,
  OWN,
  type Receipt,
  toFailure,
} from '../../contract/index.ts';
import { carriedCommands } from '../effects/approve.ts';
import { type CommitResult, commitEffect, readEffect } from '../effects/commit.ts';
import type { EffectGate } from '../effects/gate.ts';
import { isInFlight } from '../effects/lifecycle.ts';
import { currentRows, prepareEffects, referenceReader } from '../effects/prepare.ts';
import { fact, type WaitReason } from '../events.ts';
import { type EffectRow, effectsFold, itemsFold } from '../folds.ts';
import type { KernelPorts } from '../ports.ts';
import { limitReads, type RecordStore } from '../record-reads.ts';
import { decideCommands } from '../record-writes.ts';
import { appendsOf, type Batch, newBatch } from './batch.ts';
import { executeAgent, type StepOutcome } from './execute.ts';
import { isRunEnded } from './lifecycle.ts';
import { loadRun } from './load-run.ts';
import type { Locks } from './locks.ts';
import { compiledStep, type PlanLookup, type RunState, stepOf } from './run-state.ts';
import type { Slots } from './slots.ts';
import { nextTryAt } from './step-rules.ts';
import { failStep, open, resolveIn, say, startReady, type Turn } from './turn.ts';

export interface RunnerPorts extends KernelPorts {
  readonly records: RecordStore;
  readonly lookup: PlanLookup;
  readonly gate: EffectGate;
  readonly locks: Locks;
  readonly slots: Slots;
  /** today in the company's zone */
  readonly today: () => string;
  /** drop a run's memory after every turn: for tests of everything that folds */
  readonly evictAlways?: boolean;
}

export interface Runner {
  /** Goes on with a run, now or as soon as its current turn is over. */
  readonly wake: (run: Id) => void;
  /** Exclusive access between two turns; what `work` adds to the batch is appended with its others. */
  readonly within: <T>(run: Id, work: (turn: Turn) => Promise<T>) => Promise<T>;
  /** Fulfilled when nothing moves any more by itself. */
  readonly atRest: (run: Id) => Promise<void>;
  readonly stepEnded: (run: Id, outcome: StepOutcome) => void;
  /** Calls that are under way, for those who wait for a quiet moment. */
  readonly busy: () => number;
  readonly abort: (run: Id) => void;
  readonly close: () => Promise<void>;
}

/** A lease holds this long; only another process asks, and only where one could be. */
const LEASE_MS = 60_000;
/** claims without one step that moved: then the run is parked, not tried for ever */
const IDLE_CLAIMS = 5;
/** runs whose memory is kept while they wait; the others are folded again */
const RUNS_IN_MEMORY = 500;

/** What one run is busy with in this process. */
interface Actor {
  readonly id: Id;
  state: RunState | undefined;
  /** calls under way, by step: they outlive the memory of the run */
  readonly calls: Map<string, { readonly attempt: number; readonly abort: AbortController }>;
  readonly outcomes: StepOutcome[];
  readonly commits: {
    readonly step: string;
    readonly row: EffectRow;
    readonly result: CommitResult;
  }[];
  /** records that templates asked for: being looked up, or there */
  readonly lookups: Map<string, Labelled<Json> | Failure | 'pending'>;
  queue: Promise<void>;
  scheduled: boolean;
  claimed: boolean;
  readonly resting: (() => void)[];
}

export function createRunner(ports: RunnerPorts): Runner {
  const { log, clock, records, lookup, registry } = ports;
  const actors = new Map<Id, Actor>();
  const effects = log.fold(effectsFold);
  const _items = log.fold(itemsFold);
  const readReference = referenceReader(records);
  let closing = false;
  let underWay = 0;

  function actorOf(id: Id): Actor {
    let actor = actors.get(id);
    if (!actor) {
      actor = {
        id,
        state: undefined,
        calls: new Map(),
        outcomes: [],
        commits: [],
        lookups: new Map(),
        queue: Promise.resolve(),
        scheduled: false,
        claimed: false,
        resting: [],
      };
      actors.set(id, actor);
      if (actors.size > RUNS_IN_MEMORY) forgetIdle();
    }
    return actor;
  }

  /** Waiting runs cost no memory: they are folded again when something happens to them. */
  function forgetIdle(): void {
    for (const [id, actor] of actors) {
      if (actors.size <= RUNS_IN_MEMORY / 2) return;
      const idle = !actor.scheduled && actor.calls.size === 0 && actor.resting.length === 0;
      if (idle && actor.outcomes.length === 0 && actor.commits.length === 0) actors.delete(id);
    }
  }

  function exclusively<T>(actor: Actor, work: () => Promise<T>): Promise<T> {
    const result = actor.queue.then(work);
    actor.queue = result.then(
      () => undefined,
      () => undefined,
    );
    return result;
  }

  function wake(id: Id): void {
    const actor = actorOf(id);
    if (actor.scheduled || closing) return;
    actor.scheduled = true;
    exclusively(actor, () => drive(actor)).catch((error: unknown) => {
      ports.report(toFailure(error), { run: id });
      rest(actor);
    });
  }

  async function drive(actor: Actor): Promise<void> {
    actor.scheduled = false;
    for (;;) {
      const state = await memoryOf(actor);
      if (!state || closing) return rest(actor);
      const moved = await oneTurn(actor, state);
      if (ports.evictAlways) actor.state = undefined;
      if (!moved) break;
    }
    if (actor.calls.size === 0) rest(actor);
  }

  function rest(actor: Actor): void {
    for (const tell of actor.resting.splice(0)) tell();
  }

  async function memoryOf(actor: Actor): Promise<RunState | undefined> {
    actor.state ??= await loadRun(log, ports.blobs, lookup, actor.id);
    return actor.state;
  }

  /** Decides, appends, acts. True when there is more to do at once. */
  async function oneTurn(actor: Actor, run: RunState): Promise<boolean> {
    if (isRunEnded(run.status) || run.status === 'parked') return false;
    const versionBefore = run.version;
    const turn = turnOf(actor, run);
    try {
      await takeIn(actor, turn);
      if (!actor.claimed) claim(actor, turn);
      if (run.status === 'running' || run.status === 'planned') {
        endWaits(turn);
        startReady(turn);
        resumeInterrupted(actor, turn);
        // effects look at what is in the log: whatever this turn decided is appended first
        const settled = isEmpty(turn.batch);
        if (settled && isQuiet(actor, turn)) await considerEffects(actor, turn);
        if ((settled || turn.outside.size === 0) && isQuiet(actor, turn)) settleRun(actor, turn);
      }
      return await append(actor, turn, versionBefore);
    } catch (error) {
      // Memory may hold what the log does not: it is thrown away, and the log is asked again.
      actor.state = undefined;
      const problem = toFailure(error);
      if (problem.code === 'version_conflict') return true;
      throw error;
    }
  }

  async function append(actor: Actor, turn: Turn, versionBefore: number): Promise<boolean> {
    const { batch } = turn;
    if (isEmpty(batch)) return false;
    await log.append(appendsOf(batch, versionBefore), { barrier: batch.barrier });
    for (const act of batch.acts) act();
    return actor.outcomes.length > 0 || actor.commits.length > 0 || batch.acts.length === 0;
  }

  function turnOf(actor: Actor, run: RunState): Turn {
    const batch = newBatch(run);
    return {
      run,
      batch,
      outside: new Set(),
      now: clock.now(),
      newId: ports.newId,
      lookup,
      contract: (ref) => registry.get(ref).contract,
      ref: readReference,
      takeLocks: (keys, step) => ports.locks.take(keys, actor.id, step),
      takeSlot: (contract, step) => ports.slots.take(contract, step, clock.now()),
      brought: (path) => {
        const found = actor.lookups.get(path);
        return found === 'pending' ? undefined : found;
      },
      later: (path, work) => {
        if (actor.lookups.has(path)) return;
        actor.lookups.set(path, 'pending');
        underWay += 1;
        work
          .then(
            (value) => actor.lookups.set(path, value),
            (error: unknown) => actor.lookups.set(path, toFailure(error)),
          )
          .finally(() => {
            underWay -= 1;
            wake(actor.id);
          });
      },
      call: (path, attempt, contract, input) => {
        actor.lookups.delete(path);
        batch.acts.push(() => begin(actor, path, attempt, contract, input));
      },
    };
  }

  /** Runs a call once its start is in the log. */
  function begin(
    actor: Actor,
    step: string,
    attempt: number,
    contract: CapabilityContract,
    input: Labelled<Json>,
  ): void {
    const entry = registry.find(capabilityRef(contract));
    if (entry?.kind !== 'agent') return;
    const abort = new AbortController();
    const outcome = executeAgent({
      run: actor.id,
      step,
      attempt,
      agent: entry.agent,
      input,
      context: contextFor(contract),
      cancelled: abort.signal,
    });
    if (!(outcome instanceof Promise)) {
      actor.outcomes.push(outcome);
      return;
    }
    actor.calls.set(step, { attempt, abort });
    underWay += 1;
    outcome.then((late) => {
      underWay -= 1;
      actor.calls.delete(step);
      actor.outcomes.push(late);
      wake(actor.id);
    });
  }

  function contextFor(contract: CapabilityContract) {
    return {
      records: limitReads(records, contract),
      now: clock.now(),
      today: ports.today(),
      newId: ports.newId,
    };
  }

  /** Takes in what calls and commits have brought since the last turn. */
  async function takeIn(actor: Actor, turn: Turn): Promise<void> {
    for (const outcome of actor.outcomes.splice(0)) await takeOutcome(turn, outcome);
    for (const done of actor.commits.splice(0))
      await takeCommit(turn, done.step, done.row, done.result);
  }

  async function takeOutcome(turn: Turn, outcome: StepOutcome): Promise<void> {
    const { run } = turn;
    const step = run.steps.get(outcome.step);
    // a late answer of a try that was given up, or that another worker has taken over
    if (step?.status !== 'running' || step.attempt !== outcome.attempt) return;
    ports.locks.release(run.id, outcome.step);
    if (outcome.status === 'failed') {
      retryOrFail(turn, outcome.step, outcome.attempt, outcome.failure);
      return;
    }
    try {
      const changes = await decideCommands(ports, records, outcome.commands, {
        by: `agent:${compiledCall(run, outcome.step)}`,
        label: OWN,
        run: run.id,
      });
      turn.batch.others.push(...changes);
    } catch (error) {
      retryOrFail(turn, outcome.step, outcome.attempt, toFailure(error));
      return;
    }
    await complete(turn, outcome.step, outcome.output);
  }

  async function complete(turn: Turn, step: string, output: Labelled<Json>): Promise<void> {
    const text = JSON.stringify(output.value);
    const stored: Json =
      text.length > LIMITS.inlineOutputBytes
        ? { $blob: await ports.blobs.put(new TextEncoder().encode(text)) }
        : output.value;
    say(turn, 'step.completed', { step, output: stored, labels: output.labels });
    if (stored !== output.value) stepOf(turn.run, step).output = output;
  }

  function retryOrFail(turn: Turn, step: string, attempt: number, problem: Failure): void {
    const compiled = compiledStep(turn.run, step);
    const contract =
      'call' in compiled.step ? registry.find(compiled.step.call)?.contract : undefined;
    const startedAt = stepOf(turn.run, step).startedAt ?? turn.now;
    const random = Number.parseInt(ports.random(4), 16) / 2 ** 32;
    const retryAt = nextTryAt(problem, attempt, compiled, contract, startedAt, turn.now, random);
    if (retryAt === undefined) failStep(turn, step, attempt, problem);
    else say(turn, 'step.failed', { step, attempt, failure: problem.toData(), retryAt });
  }

  function claim(actor: Actor, turn: Turn): void {
    const { run } = turn;
    actor.claimed = true;
    if (run.worker === ports.worker) return;
    say(turn, 'run.claimed', {
      epoch: run.epoch + 1,
      worker: ports.worker,
      until: turn.now + LEASE_MS,
    });
    if (run.idleClaims > IDLE_CLAIMS) {
      const because = `It was taken up ${run.idleClaims} times and never got further.`;
      say(turn, 'run.parked', { because });
      open(turn, ports.newId(), {
        kind: 'escalation',
        title: `${run.title || run.words} is parked. ${because}`,
        effects: [],
        risk: 'medium',
        body: { recommendation: 'Look at its last step, then let it go on or cancel it.' },
        form: {
          fields: [
            { name: 'action', kind: 'choice', required: true, choices: ['retry', 'cancel'] },
          ],
        },
      });
    }
  }

  /** Ends waits whose time has come and tries again what is due. */
  function endWaits(turn: Turn): void {
    const { run } = turn;
    for (const path of [...run.waitingSteps]) {
      const step = stepOf(run, path);
      if (step.status === 'retrying' && (step.retryAt ?? 0) <= turn.now) {
        say(turn, 'wait.ended', { step: path, how: 'time' });
        restart(turn, path);
        continue;
      }
      const waiting = step.waiting;
      if (!waiting) continue;
      if (waiting.for === 'lock' || waiting.for === 'rate' || waiting.for === 'window') {
        retryStart(turn, path, waiting.until);
      } else if (
        (waiting.for === 'time' || waiting.for === 'event') &&
        (waiting.until ?? Infinity) <= turn.now
      ) {
        say(turn, 'wait.ended', { step: path, how: 'time' });
        say(turn, 'step.completed', {
          step: path,
          output: { timedOut: true },
          labels: { base: OWN },
        });
      }
    }
  }

  /** A step that could not start for want of a lock or a slot: looks again. */
  function retryStart(turn: Turn, path: string, until: number | undefined): void {
    if (until !== undefined && until > turn.now) return;
    const compiled = compiledStep(turn.run, path);
    if (!('call' in compiled.step)) return;
    const contract = turn.contract(compiled.step.call);
    if (ports.slots.take(contract, compiled, turn.now)) return;
    say(turn, 'wait.ended', { step: path, how: 'lock' });
    restart(turn, path);
  }

  function restart(turn: Turn, path: string): void {
    const { run } = turn;
    const compiled = compiledStep(run, path);
    if (!('call' in compiled.step)) return;
    const contract = turn.contract(compiled.step.call);
    if (isOutside(contract.effect)) {
      turn.outside.add(path);
      return;
    }
    const attempt = stepOf(run, path).attempt + 1;
    say(turn, 'step.started', { step: path, attempt });
    callAgain(turn, path, attempt, contract);
  }

  function callAgain(
    turn: Turn,
    path: string,
    attempt: number,
    contract: CapabilityContract,
  ): void {
    const actor = actorOf(turn.run.id);
    const input = inputFor(turn, path);
    actor.calls.set(path, { attempt, abort: new AbortController() });
    turn.batch.acts.push(() => {
      input.then(
        (value) => {
          actor.calls.delete(path);
          begin(actor, path, attempt, contract, value);
          wake(actor.id);
        },
        (error: unknown) => {
          actor.calls.delete(path);
          actor.outcomes.push({ status: 'failed', step: path, attempt, failure: toFailure(error) });
          wake(actor.id);
        },
      );
    });
  }

  async function inputFor(turn: Turn, path: string): Promise<Labelled<Json>> {
    const { fixedInput } = stepOf(turn.run, path);
    if (fixedInput) return { value: fixedInput, labels: { base: OPERATOR } };
    const template = compiledStep(turn.run, path).templates.with;
    if (!template) return { value: {}, labels: { base: OWN } };
    return resolveIn(turn, path, template);
  }

  /** After a restart: steps that were running and have no call here are tried again by contract. */
  function resumeInterrupted(actor: Actor, turn: Turn): void {
    for (const path of [...turn.run.runningSteps]) {
      if (actor.calls.has(path) || actor.commits.some((done) => done.step === path)) continue;
      if (
        turn.batch.events.some((event) => event.type === 'step.started' && event.data.step === path)
      )
        continue;
      const compiled = compiledStep(turn.run, path);
      if (!('call' in compiled.step)) continue; // groups go on through their inner steps
      const contract = turn.contract(compiled.step.call);
      const { attempt } = stepOf(turn.run, path);
      if (isOutside(contract.effect)) {
        turn.outside.add(path);
      } else if (contract.idempotency === 'once') {
        const problem = failure(
          'outcome_unknown',
          'The process ended while this was running.',
          {},
          'Look whether it happened, then choose done or retry.',
        );
        failStep(turn, path, attempt, problem);
      } else {
        say(turn, 'step.started', { step: path, attempt: attempt + 1 });
        callAgain(turn, path, attempt + 1, contract);
      }
    }
  }

  function isQuiet(actor: Actor, turn: Turn): boolean {
    const pendingLookup = [...actor.lookups.values()].includes('pending');
    return (
      actor.calls.size === 0 &&
      turn.batch.acts.length === 0 &&
      !pendingLookup &&
      !isRunEnded(turn.run.status)
    );
  }

  /** Prepares what can be reached, asks for what needs a signature, and does what was approved. */
  async function considerEffects(actor: Actor, turn: Turn): Promise<void> {
    const { run } = turn;
    const rows = await rowsOf(run.id);
    const waiting = [...run.waitingSteps].filter((path) => isEffectStep(turn, path));
    const running = [...run.runningSteps].filter((path) => isEffectStep(turn, path));
    const candidates = new Set([...turn.outside, ...waiting, ...running]);
    if (candidates.size === 0) return;
    const byStep = currentRows(rows);
    let started = false;
    for (const path of candidates)
      started = startCommit(actor, turn, path, byStep.get(path)) || started;
    if (started) return;
    const preparation = await prepareEffects(ports, records, run, rows, turn.contract, contextFor);
    for (const { step, error } of preparation.failed) {
      if (run.steps.get(step)?.waiting || !turn.outside.has(step)) continue;
      failStep(turn, step, stepOf(run, step).attempt + 1, toFailure(error));
    }
    await ports.gate.present(turn, preparation, byStep);
  }

  /** Begins the commit of an approved effect whose turn has come. */
  function startCommit(
    actor: Actor,
    turn: Turn,
    path: string,
    row: EffectRow | undefined,
  ): boolean {
    const { run } = turn;
    if (!row || actor.calls.has(path)) return false;
    const ready = run.frontier?.stateOf(path) !== 'waiting';
    const mayRetry =
      row.status === 'failed' &&
      row.approval !== null &&
      run.steps.get(path)?.status === 'retrying';
    if (!ready || !(isInFlight(row.status) || mayRetry) || row.status === 'unknown') return false;
    const step = stepOf(run, path);
    if (step.status === 'retrying' && (step.retryAt ?? 0) > turn.now) return false;
    if (row.status === 'held' && (row.heldUntil ?? 0) > turn.now) {
      if (step.waiting?.for !== 'undo') {
        say(turn, 'step.waiting', {
          step: path,
          for: 'undo',
          words: 'You can still take it back.',
          until: row.heldUntil ?? turn.now,
        });
      }
      return false;
    }
    if (step.waiting || step.status === 'retrying')
      say(turn, 'wait.ended', { step: path, how: 'approval' });
    if (step.status !== 'running')
      say(turn, 'step.started', { step: path, attempt: step.attempt + 1 });
    if (run.status === 'waiting') say(turn, 'run.resumed', { because: 'It was approved.' });
    const abort = new AbortController();
    actor.calls.set(path, { attempt: step.attempt, abort });
    underWay += 1;
    turn.batch.acts.push(() => {
      commitEffect(ports, row)
        .catch((error: unknown): CommitResult => ({ status: 'failed', failure: toFailure(error) }))
        .then((result) => {
          underWay -= 1;
          actor.calls.delete(path);
          actor.commits.push({ step: path, row, result });
          wake(actor.id);
        });
    });
    return true;
  }

  async function takeCommit(
    turn: Turn,
    path: string,
    row: EffectRow,
    result: CommitResult,
  ): Promise<void> {
    const { run, batch } = turn;
    const stream = `effect/${row.key}`;
    const version = await log.streamVersion(stream);
    const onEffect = (...events: ReturnType<typeof fact>[]): void => {
      batch.others.push({ stream, expectedVersion: version, events });
      batch.barrier = true;
    };
    if (run.steps.get(path)?.status !== 'running') return;
    switch (result.status) {
      case 'committed': {
        const changes = await decideCommands(
          ports,
          records,
          carriedCommands(result.effect, 'committed'),
          {
            by: `connector:${result.effect.connector}`,
            label: OWN,
            run: run.id,
          },
        );
        batch.others.push(...changes);
        onEffect(
          fact(
            'effect.committed',
            { receipt: result.receipt, to: result.effect.to },
            { run: run.id },
          ),
        );
        await complete(turn, path, await outputOf(row, result.receipt));
        return;
      }
      case 'stale':
        onEffect(fact('effect.stale', { because: result.because }, { run: run.id }));
        say(turn, 'step.waiting', { step: path, for: 'approval', words: result.because });
        return;
      case 'unknown': {
        onEffect(fact('effect.unknown', { message: result.message }, { run: run.id }));
        const words = `Nobody can say whether this happened: ${result.message}`;
        open(turn, ports.newId(), {
          kind: 'question',
          title: words,
          step: path,
          effects: [row.key],
          risk: 'high',
          form: {
            fields: [
              {
                name: 'happened',
                kind: 'choice',
                label: 'Look on the other side: did it happen?',
                required: true,
                choices: ['yes', 'no'],
              },
            ],
          },
          body: {
            recommendation:
              'Look at the other side before you answer. Nothing is repeated until you do.',
          },
        });
        say(turn, 'step.waiting', { step: path, for: 'answer', words });
        return;
      }
      case 'failed': {
        const step = stepOf(run, path);
        const retryAt = retryOf(turn, path, step.attempt, result.failure);
        onEffect(
          fact(
            'effect.failed',
            { failure: result.failure.toData(), ...(retryAt === undefined ? {} : { retryAt }) },
            { run: run.id },
          ),
        );
        if (retryAt === undefined) failStep(turn, path, step.attempt, result.failure);
        else
          say(turn, 'step.failed', {
            step: path,
            attempt: step.attempt,
            failure: result.failure.toData(),
            retryAt,
          });
      }
    }
  }

  function retryOf(
    turn: Turn,
    path: string,
    attempt: number,
    problem: Failure,
  ): number | undefined {
    const compiled = compiledStep(turn.run, path);
    const contract =
      'call' in compiled.step ? registry.find(compiled.step.call)?.contract : undefined;
    const random = Number.parseInt(ports.random(4), 16) / 2 ** 32;
    return nextTryAt(
      problem,
      attempt,
      compiled,
      contract,
      stepOf(turn.run, path).startedAt ?? turn.now,
      turn.now,
      random,
    );
  }

  async function outputOf(row: EffectRow, receipt: Receipt): Promise<Labelled<Json>> {
    const { output, inputLabels } = await readEffect(ports, row);
    const value = isJsonObject(output)
      ? { ...output, receipt: JSON.parse(JSON.stringify(receipt)) }
      : output;
    return { value, labels: inputLabels };
  }

  async function rowsOf(run: Id): Promise<readonly EffectRow[]> {
    return (await effects.list({ index: 'run', equals: run })).map(({ row }) => row);
  }

  function isEffectStep(turn: Turn, path: string): boolean {
    const { step } = compiledStep(turn.run, path);
    return 'call' in step && isOutside(turn.contract(step.call).effect);
  }

  /** Nothing moves: the run is over, or it waits and says for what. */
  function settleRun(actor: Actor, turn: Turn): void {
    const { run } = turn;
    if (run.frontier?.isFinished()) {
      const denied = [...run.steps.values()].find((step) => step.status === 'denied');
      if (denied) {
        say(turn, 'run.finished', {
          status: 'cancelled',
          failure: failure('denied', denied.because ?? 'It was not allowed.').toData(),
        });
      } else {
        say(turn, 'run.finished', { status: 'done' });
      }
      turn.batch.barrier = true;
      ports.locks.releaseRun(actor.id);
      return;
    }
    const [first, ...others] = ORDER.flatMap((reason) =>
      [...run.waitingSteps]
        .map((path) => stepOf(run, path))
        .filter((step) => (step.status === 'retrying' ? 'retry' : step.waiting?.for) === reason)
        .map((step) => ({
          for: reason,
          words:
            step.waiting?.words ??
            `Tries again at ${new Date(step.retryAt ?? 0).toISOString()}: ${step.failure?.message ?? ''}`,
        })),
    );
    if (!first) return;
    const words = others.length === 0 ? first.words : `${first.words} (and ${others.length} more)`;
    if (run.waiting?.for === first.for && run.waiting.words === words) return;
    say(turn, 'run.waiting', { for: first.for, words });
  }

  return {
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
          throw error;
        } finally {
          if (ports.evictAlways) actor.state = undefined;
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
    busy: () => underWay,
    abort: (id) => {
      for (const call of actors.get(id)?.calls.values() ?? []) call.abort.abort();
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

function isEmpty({ events, others }: Batch): boolean {
  return events.length === 0 && others.length === 0;
}

const ORDER: readonly WaitReason[] = [
  'approval',
  'answer',
  'undo',
  'event',
  'time',
  'retry',
  'lock',
  'rate',
  'window',
];

function compiledCall(run: RunState, path: string): string {
  const { step } = compiledStep(run, path);
  return 'call' in step ? step.call : step.id;
}
