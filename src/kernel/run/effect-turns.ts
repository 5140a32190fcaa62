import {
  canonicalJson,
  type Id,
  isJsonObject,
  type Json,
  type JsonObject,
} from '../../base/index.ts';
import type { Effect } from '../../contract/index.ts';
import {
  failure,
  isOutside,
  joinLabels,
  type Labelled,
  labelOfAll,
  OWN,
  type Receipt,
  toFailure,
} from '../../contract/index.ts';
import type { StreamAppend } from '../../log/index.ts';
import { carriedCommands } from '../effects/approve.ts';
import { type CommitResult, commitEffect, readEffect } from '../effects/commit.ts';
import { withEdits } from '../effects/edits.ts';
import { effectsOfRun } from '../effects/effects-of-run.ts';
import { isInFlight, isLapsed } from '../effects/lifecycle.ts';
import { currentRows, inputWith, prepareEffects } from '../effects/prepare.ts';
import { fact } from '../events.ts';
import type { EffectRow } from '../folds.ts';
import { decideCommands } from '../record-writes.ts';
import type { Actor } from './actor.ts';
import { contextFor } from './calls.ts';
import { makeStale, putLapsedAside } from './lapsed-effects.ts';
import { LazyAbort } from './lazy-abort.ts';
import { isRunEnded } from './lifecycle.ts';
import { complete, retryTime } from './outcomes.ts';
import { compiledStep, stepOf } from './run-places.ts';
import type { RunnerContext } from './runner.ts';
import { mayStart } from './start-steps.ts';
import { failStep } from './step-failures.ts';
import { undoneBy } from './take-back.ts';
import { open, say, type Turn } from './turn.ts';

/** The part of a turn that deals with what leaves: preparing, asking, committing, taking in. */
export interface EffectTurns {
  /** True while a step with an effect is ready, waits or runs: it may have to move before a rest. */
  readonly concerns: (turn: Turn) => boolean;
  /** Prepares what can be reached, asks for what needs a signature, does what was approved. */
  readonly consider: (actor: Actor, turn: Turn) => Promise<void>;
  /** What became of a commit becomes facts. */
  readonly takeCommit: (turn: Turn, done: Actor['commits'][number]) => Promise<void>;
}

export function createEffectTurns(context: RunnerContext): EffectTurns {
  const { ports, wake, track } = context;
  const { log, records } = ports;

  /** Prepares what can be reached, asks for what needs a signature, and does what was approved. */
  async function consider(actor: Actor, turn: Turn): Promise<void> {
    const { run } = turn;
    const rows = await effectsOfRun(ports, run.id);
    const candidates = candidatesOf(turn);
    if (candidates.size === 0) return;
    const byStep = currentRows(rows);
    if (putLapsedAside(actor, turn, byStep)) return;
    for (const path of candidates) endUndoWindow(turn, path, byStep.get(path));
    let started = false;
    for (const path of candidates)
      started = (await startCommit(actor, turn, path, byStep.get(path))) || started;
    if (started) return;
    const preparation = await prepareEffects(ports, records, run, rows, turn.contract, (contract) =>
      contextFor(context, contract),
    );
    for (const { step, error } of preparation.failed) {
      const { waiting } = stepOf(run, step);
      // a card that cannot be prepared anew would leave its step waiting for nothing
      const without = waiting?.for === 'approval' && isLapsed(byStep.get(step)?.status);
      if (waiting ? !without : !turn.outside.has(step)) continue;
      failStep(turn, step, stepOf(run, step).attempt + 1, toFailure(error));
    }
    await ports.gate.present(turn, preparation, byStep);
  }

  function concerns(turn: Turn): boolean {
    const { outside, run } = turn;
    if (outside.size > 0) return true;
    for (const path of run.waitingSteps) if (isEffectStep(turn, path)) return true;
    for (const path of run.runningSteps) if (isEffectStep(turn, path)) return true;
    return false;
  }

  function candidatesOf(turn: Turn): ReadonlySet<string> {
    const { outside, run } = turn;
    const begun = [...run.waitingSteps, ...run.runningSteps];
    return new Set([...outside, ...begun.filter((path) => isEffectStep(turn, path))]);
  }

  /** The approval was taken away while it could still be undone: nothing is due at its end any more. */
  function endUndoWindow(turn: Turn, path: string, row: EffectRow | undefined): void {
    if (stepOf(turn.run, path).waiting?.for !== 'undo' || !isLapsed(row?.status)) return;
    const words = 'What you approved was taken back; it is asked anew.';
    say(turn, 'step.waiting', { step: path, for: 'approval', words });
  }

  /** Begins the commit of an approved effect whose turn has come. */
  async function startCommit(
    actor: Actor,
    turn: Turn,
    path: string,
    row: EffectRow | undefined,
  ): Promise<boolean> {
    const { run } = turn;
    if (!row || actor.calls.has(path)) return false;
    const ready = run.frontier?.stateOf(path) !== 'waiting';
    const mayRetry =
      row.status === 'failed' &&
      (row.approval !== null || row.grant !== null) &&
      // running: the process ended between the append of the new try and that of its commit
      ['retrying', 'running'].includes(run.steps.get(path)?.status ?? '');
    if (!ready || !(isInFlight(row.status) || mayRetry) || row.status === 'unknown') return false;
    const step = stepOf(run, path);
    if (step.waiting?.for === 'answer') return false; // somebody was asked whether it should go on
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
    const { effect, input, edits } = await readEffect(ports, row);
    if (row.status === 'approved' || row.status === 'failed') {
      const because = await staleInput(turn, path, edits, input);
      if (because !== undefined) {
        makeStale(turn, path, row, because);
        return true;
      }
    }
    // one that has begun is looked after whoever holds its keys now
    if (row.status !== 'committing' && !takesKeys(turn, path)) return false;
    if (step.waiting || step.status === 'retrying')
      say(turn, 'wait.ended', { step: path, how: 'approval' });
    if (step.status !== 'running')
      say(turn, 'step.started', { step: path, attempt: step.attempt + 1 });
    if (run.status === 'waiting') say(turn, 'run.resumed', { because: 'It was approved.' });
    if (!run.compensations.has(path)) registerCompensation(turn, path, effect);
    turn.batch.acts.push(() => {
      // noted once its start is in the log: an append that failed leaves nothing behind
      actor.calls.set(path, { attempt: step.attempt, abort: new LazyAbort() });
      track(1);
      commitEffect(ports, row)
        .catch((error: unknown): CommitResult => ({ status: 'failed', failure: toFailure(error) }))
        .then((result) => {
          track(-1);
          actor.calls.delete(path);
          actor.commits.push({ step: path, row, result });
          wake(actor.id);
        });
    });
    return true;
  }

  /** Why what was signed is not made from what is there now; undefined while it is. */
  async function staleInput(
    { run }: Turn,
    path: string,
    edits: Parameters<typeof withEdits>[1],
    signed: JsonObject,
  ): Promise<string | undefined> {
    try {
      const now = withEdits(await inputWith(records, run, path, new Map()), edits);
      if (canonicalJson(now.value) === canonicalJson(signed)) return undefined;
      return 'What an earlier step brought is not what was shown.';
    } catch (error) {
      return `It cannot be prepared as it was shown: ${toFailure(error).message}`;
    }
  }

  /**
   * Keys are held while it goes out, and not while it waits for a signature: a card that lies there for
   * weeks would hold up everything else. False when it has to wait, or cannot go on at all.
   */
  function takesKeys(turn: Turn, path: string): boolean {
    const { waiting, attempt } = stepOf(turn.run, path);
    try {
      const delay = mayStart(turn, path, compiledStep(turn.run, path), undefined);
      if (delay && waiting?.for !== 'lock')
        say(turn, 'step.waiting', { step: path, ...delay, lock: delay.words });
      return delay === undefined;
    } catch (error) {
      failStep(turn, path, attempt, toFailure(error));
      return false;
    }
  }

  async function takeCommit(
    turn: Turn,
    { step: path, row, result }: Actor['commits'][number],
  ): Promise<void> {
    const { run, batch } = turn;
    const stream = `effect/${row.key}`;
    const version = await log.streamVersion(stream);
    const onEffect = (...events: ReturnType<typeof fact>[]): void => {
      batch.others.push({ stream, expectedVersion: version, events });
      batch.barrier = true;
    };
    // the run may have ended while it was on its way: what became of it is kept all the same
    const isOpen = run.steps.get(path)?.status === 'running' && !isRunEnded(run.status);
    switch (result.status) {
      case 'committed': {
        const changes = await changesWith(run.id, row, result.effect);
        batch.others.push(...changes, ...undoneBy(run, path, row));
        onEffect(
          fact(
            'effect.committed',
            { receipt: result.receipt, to: result.effect.to },
            { run: run.id },
          ),
        );
        if (isOpen) await complete(context, turn, path, await outputOf(row, result.receipt));
        return;
      }
      case 'stale':
        onEffect(
          ...notBegun(row, result.because),
          fact('effect.stale', { because: result.because }, { run: run.id }),
        );
        if (isOpen)
          say(turn, 'step.waiting', { step: path, for: 'approval', words: result.because });
        return;
      case 'denied': {
        const because = result.reasons.join(' ');
        onEffect(
          ...notBegun(row, because),
          fact('effect.denied', { reasons: result.reasons }, { run: run.id }),
        );
        if (isOpen) say(turn, 'step.denied', { step: path, because });
        return;
      }
      case 'unknown': {
        onEffect(fact('effect.unknown', { message: result.message }, { run: run.id }));
        if (!isOpen) return;
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
        const retryAt = isOpen
          ? retryTime(context, turn, path, step.attempt, result.failure)
          : undefined;
        onEffect(
          fact(
            'effect.failed',
            { failure: result.failure.toData(), ...(retryAt === undefined ? {} : { retryAt }) },
            { run: run.id },
          ),
        );
        if (!isOpen) return;
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

  /**
   * What becomes true in our books now that it is done. Where they refuse it, such as for an invoice that
   * was voided meanwhile, it is done all the same: the receipt is kept, and the operator is told.
   */
  async function changesWith(
    run: Id,
    row: EffectRow,
    effect: Effect,
  ): Promise<readonly StreamAppend[]> {
    const who = {
      by: `connector:${effect.connector}`,
      // what was written by others stays theirs, also in the record of what we did with it
      label: joinLabels(OWN, labelOfAll((await readEffect(ports, row)).inputLabels)),
      run,
    };
    try {
      return await decideCommands(ports, records, carriedCommands(effect, 'committed'), who);
    } catch (error) {
      const problem = toFailure(error);
      if (problem.code === 'version_conflict') throw error;
      const told = fact(
        'item.opened',
        {
          kind: 'finding',
          title: `This was done, but your records do not say so: ${effect.summary}`,
          effects: [],
          risk: 'medium',
          form: { fields: [{ name: 'seen', kind: 'boolean', label: 'I have seen it' }] },
          body: {
            ...{ failure: problem.toData(), run, hash: row.hash },
            recommendation: 'Look at the record that it is about, and correct it by hand.',
          },
        },
        { label: who.label },
      );
      return [{ stream: `item/${ports.newId()}`, expectedVersion: 0, events: [told] }];
    }
  }

  /** Known before the effect begins, so that a crash in between cannot lose the way back. */
  function registerCompensation(turn: Turn, path: string, effect: Effect): void {
    const way = ports.registry.connector(effect.connector)?.undo?.(effect);
    say(
      turn,
      'compensation.registered',
      way
        ? { step: path, call: way.capability, with: way.input }
        : { step: path, impossible: effect.undo.how },
    );
  }

  /** One that was begun before a crash and provably did nothing is over before it is put aside. */
  function notBegun(row: EffectRow, because: string): ReturnType<typeof fact>[] {
    if (row.status !== 'committing') return [];
    return [
      fact('effect.failed', { failure: failure('stale', because).toData() }, { run: row.run }),
    ];
  }

  async function outputOf(row: EffectRow, receipt: Receipt): Promise<Labelled<Json>> {
    const { output, inputLabels } = await readEffect(ports, row);
    const value = isJsonObject(output)
      ? { ...output, receipt: JSON.parse(JSON.stringify(receipt)) }
      : output;
    return { value, labels: inputLabels };
  }

  function isEffectStep(turn: Turn, path: string): boolean {
    const { step } = compiledStep(turn.run, path);
    return 'call' in step && isOutside(turn.contract(step.call).effect);
  }

  return { concerns, consider, takeCommit };
}
