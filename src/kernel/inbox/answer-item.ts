import { type Id, isJsonObject, type Json, type JsonObject } from '../../base/index.ts';
import { failure, joinLabels, PUBLIC } from '../../contract/index.ts';
import type { StreamAppend } from '../../log/index.ts';
import { readEffect } from '../effects/commit.ts';
import { fact } from '../events.ts';
import type { ItemRow } from '../folds.ts';
import { answerLabels, readAnswer } from '../form-answer.ts';
import type { Playbooks } from '../playbooks.ts';
import type { KernelPorts } from '../ports.ts';
import { cancelRun, letCommitsEnd } from '../run/cancel.ts';
import { isStepSettled } from '../run/lifecycle.ts';
import { stepOf } from '../run/run-places.ts';
import type { Runner } from '../run/runner.ts';
import { withEveryWay } from '../run/task-form.ts';
import { say, type Turn } from '../run/turn.ts';
import { GOAL_STEP, planDecided } from '../submit.ts';
import type { Speaker } from '../typed-labels.ts';
import { readGoalAnswer } from '../words/index.ts';
import { giveInput, requireFresh } from './fixed-input.ts';
import type { ItemReads } from './item-reads.ts';
import { refuseEnded } from './refuse-ended.ts';
import { standInOf } from './stand-in.ts';

/** The answer is that the run shall end: the same as cancelling it, with what it did taken back. */
function endsRun({ kind, step }: ItemRow, { action }: JsonObject): boolean {
  return action === 'cancel' && (kind === 'task' || step === null || step === '');
}

/** The fields of a task take JSON as text; a program may give it as it is. */
function asTexts(values: { readonly [name: string]: Json }): { readonly [name: string]: Json } {
  const texts = Object.entries(values).map(([name, value]) => {
    const isPlain = typeof value === 'string' || value === null;
    return [name, isPlain ? value : JSON.stringify(value)] as const;
  });
  return Object.fromEntries(texts);
}

export type AnswerItem = (
  id: Id,
  values: { readonly [name: string]: Json },
  who: Speaker,
) => Promise<{ readonly run: Id | null }>;

export interface AnswerPorts extends KernelPorts {
  readonly runner: Runner;
  readonly playbooks: Playbooks;
  /** what an answer brings about by itself: one append with it */
  readonly settle?: (
    item: ItemRow,
    answer: JsonObject,
    by: string,
  ) => Promise<readonly StreamAppend[]>;
  /** told of answers to questions that belong to no run */
  readonly onAnswer?: (item: ItemRow, answer: JsonObject) => Promise<void>;
}

/** What a person answered: the step goes on with it, tries again, is skipped, or the run ends. */
export function createAnswerItem(ports: AnswerPorts, { openItem, rowsOf }: ItemReads): AnswerItem {
  const { log, runner } = ports;

  async function answer(
    id: Id,
    values: { readonly [name: string]: Json },
    who: Speaker,
  ): Promise<{ readonly run: Id | null }> {
    const item = await openItem(id);
    if (item.kind === 'approval') {
      throw failure(
        'not_possible',
        'This needs a signature, not an answer.',
        {},
        'Approve or reject it.',
      );
    }
    const values_ =
      item.kind === 'task'
        ? readAnswer(withEveryWay(item.form), asTexts(values))
        : readAnswer(item.form, values);
    const { by } = who;
    const closed = fact('item.closed', { how: 'answered', by, answer: values_ }, who);
    const close = async () => ({
      stream: `item/${item.id}`,
      expectedVersion: await log.streamVersion(`item/${item.id}`),
      events: [closed],
    });
    if (item.run === null) {
      const closing = await close();
      const settled = (await ports.settle?.(item, values_, by)) ?? [];
      await log.append([closing, ...settled], { barrier: true });
      await ports.onAnswer?.(item, values_);
      return { run: null };
    }
    const { run } = item;
    if (endsRun(item, values_)) {
      await cancelRun(ports, run, 'You cancelled it.', by, async (turn) => {
        refuseEnded(turn, item);
        await openItem(item.id);
        return [await close()];
      });
      return { run };
    }
    const closing = await close();
    // whether there is something left to skip shows when it has ended
    if (item.kind === 'task') await letCommitsEnd(ports, run);
    await runner.within(run, async (turn) => {
      refuseEnded(turn, item);
      turn.batch.others.push(closing);
      turn.batch.barrier = true;
      await takeAnswer(turn, item, values_, who);
    });
    return { run };
  }

  async function takeAnswer(
    turn: Turn,
    item: ItemRow,
    values: JsonObject,
    who: Speaker,
  ): Promise<void> {
    const { run } = turn;
    if (item.step === GOAL_STEP) {
      await answerGoal(turn, item, values, who);
      return;
    }
    if (item.step === null || item.step === '') {
      say(turn, 'run.resumed', { because: 'You let it go on.' });
      return;
    }
    const step = stepOf(run, item.step);
    if (step.waiting) say(turn, 'wait.ended', { step: item.step, how: 'answer' });
    if (run.status === 'waiting') say(turn, 'run.resumed', { because: 'You answered.' });
    if (item.kind === 'task') {
      if (isStepSettled(step.status) && step.status !== 'failed') {
        const what = { step: item.step, status: step.status };
        throw failure('already_decided', 'This step is over already.', what);
      }
      await answerTask(turn, item.step, values, who);
    } else if ('happened' in values) {
      await answerUnknown(turn, item, values.happened === 'yes');
    } else {
      const labels = answerLabels(item.form, values, who.label);
      say(turn, 'step.completed', { step: item.step, output: values, labels }, who);
    }
  }

  async function answerGoal(
    turn: Turn,
    item: ItemRow,
    values: JsonObject,
    who: Speaker,
  ): Promise<void> {
    const body = isJsonObject(item.body) ? item.body : {};
    const answer = readGoalAnswer(values);
    if (answer.status === 'stop') {
      say(turn, 'run.finished', {
        status: 'cancelled',
        failure: failure('cancelled', 'You stopped it.').toData(),
      });
      return;
    }
    const ref = answer.playbook ?? String(body.playbook ?? '');
    const playbook =
      ports.playbooks.find(ref) ?? ports.playbooks.active().find((active) => active.name === ref);
    if (!playbook) {
      say(turn, 'run.finished', {
        status: 'failed',
        failure: failure(
          'not_possible',
          'There is no plan for this yet.',
          {},
          'Say it in other words, or name a playbook.',
        ).toData(),
      });
      return;
    }
    const known = isJsonObject(body.input) ? body.input : {};
    // a yes says that it is meant, not that what was asked for came from the operator
    const [asked] = await log.readStream(turn.run.stream, { limit: 1 });
    const label = joinLabels(asked?.label ?? PUBLIC, who.label);
    const decided = await planDecided(ports, playbook, { ...known, ...answer.input }, label, [
      'You answered the question.',
    ]);
    say(turn, 'plan.decided', decided);
    say(turn, 'run.resumed', { because: 'You answered.' });
  }

  async function answerTask(
    turn: Turn,
    path: string,
    values: JsonObject,
    who: Speaker,
  ): Promise<void> {
    const step = stepOf(turn.run, path);
    const given = (name: string): Json | undefined => {
      const text = values[name];
      if (typeof text !== 'string' || text === '') return undefined;
      try {
        return JSON.parse(text);
      } catch {
        throw failure(
          'invalid_input',
          `The ${name} is not JSON.`,
          { path: name, expected: 'JSON', found: text.slice(0, 80) },
          'Write a text in quotation marks, a list such as ["a", "b"], an object such as {"name": "a"}.',
        );
      }
    };
    switch (values.action) {
      case 'retry':
        requireFresh(turn, path);
        say(turn, 'step.failed', {
          step: path,
          attempt: 0,
          failure: step.failure ?? failure('capability_failed', '').toData(),
          retryAt: turn.now,
        });
        return;
      case 'fix':
        await giveInput(turn, path, given('input'), who);
        say(turn, 'step.failed', {
          step: path,
          attempt: 0,
          failure: step.failure ?? failure('capability_failed', '').toData(),
          retryAt: turn.now,
        });
        return;
      case 'skip':
      case 'done': {
        const value = given('value');
        if (values.action === 'skip' && value === undefined) {
          say(turn, 'step.skipped', { step: path, because: 'You skipped it.' });
        } else {
          say(turn, 'step.completed', {
            step: path,
            output: standInOf(turn, path, value),
            labels: { base: who.label },
          });
        }
        return;
      }
      default:
        throw failure('invalid_input', 'There is no such way out.', {
          ...{ path: 'action', expected: 'retry, fix, skip, done or cancel' },
        });
    }
  }

  /** The operator looked on the other side: it happened, or it did not and may be tried again. */
  async function answerUnknown(turn: Turn, item: ItemRow, happened: boolean): Promise<void> {
    const [row] = await rowsOf(item);
    if (!row || item.step === null) return;
    const { effect, output, inputLabels } = await readEffect(ports, row);
    const version = await log.streamVersion(`effect/${row.key}`);
    const receipt = {
      key: row.key,
      hash: row.hash,
      simulated: effect.mode === 'sandbox',
      said: 'You looked and said that it happened.',
      provider: {},
      at: new Date(turn.now).toISOString(),
    };
    const event = happened
      ? fact('effect.committed', { receipt, to: effect.to }, { run: turn.run.id })
      : fact(
          'effect.failed',
          {
            failure: failure(
              'remote_refused',
              'You looked and said that it did not happen.',
            ).toData(),
          },
          { run: turn.run.id },
        );
    turn.batch.others.push({
      stream: `effect/${row.key}`,
      expectedVersion: version,
      events: [event],
    });
    if (happened) {
      const value = isJsonObject(output) ? { ...output, receipt } : output;
      say(turn, 'step.completed', { step: item.step, output: value, labels: inputLabels });
    } else {
      say(turn, 'step.failed', {
        step: item.step,
        attempt: stepOf(turn.run, item.step).attempt,
        failure: failure('remote_refused', 'It did not happen.').toData(),
        retryAt: turn.now,
      });
    }
  }

  return answer;
}
