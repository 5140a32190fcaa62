import { type Id, isJsonObject, type Json, type JsonObject, withPath } from '../base/index.ts';
import {
  type Device,
  type Effect,
  type EffectHash,
  type EffectPreview,
  failure,
  type Labels,
  OPERATOR,
  type SignedDecision,
  toFailure,
} from '../contract/index.ts';
import { acceptDecision, approvalAppends, approvalId, staleReason } from './effects/approve.ts';
import { riskOf, titleOfCard } from './effects/card.ts';
import { readEffect } from './effects/commit.ts';
import { finaliseEffect } from './effects/finalise.ts';
import { isUndecided } from './effects/lifecycle.ts';
import { hasLapsed } from './effects/series.ts';
import { fact } from './events.ts';
import { type EffectRow, effectsFold, type ItemRow, itemsFold, seriesFold } from './folds.ts';
import { readAnswer } from './form-answer.ts';
import type { Playbooks } from './playbooks.ts';
import type { KernelPorts } from './ports.ts';
import type { RecordStore } from './record-reads.ts';
import { compiledStep, stepOf } from './run/run-state.ts';
import type { Runner } from './run/runner.ts';
import { say, type Turn } from './run/turn.ts';
import { GOAL_STEP, planDecided } from './submit.ts';
import { suspendGrantsLike } from './trust/suspend-grants.ts';
import { readGoalAnswer } from './words/index.ts';

/** One effect as a card shows it. */
export interface CardEffect {
  readonly hash: EffectHash;
  readonly status: EffectRow['status'];
  readonly effect: Effect;
  readonly preview: EffectPreview;
  readonly reasons: readonly string[];
  readonly inputLabels: Labels;
  /** true when its number is held for nobody any more and may still change */
  readonly provisional: boolean;
  readonly receipt: Json;
}

export interface Card {
  readonly item: ItemRow;
  readonly effects: readonly CardEffect[];
}

export interface Items {
  readonly list: (options?: { readonly snoozed?: boolean }) => Promise<readonly ItemRow[]>;
  /** The full card. Effects that lapsed or went stale are finalised anew first. */
  readonly open: (id: Id) => Promise<Card>;
  readonly effectsOf: (item: ItemRow) => Promise<readonly CardEffect[]>;
  readonly decide: (
    id: Id,
    signed: SignedDecision,
    reason?: string,
  ) => Promise<{ readonly run: Id | null }>;
  readonly edit: (id: Id, set: { readonly [path: string]: Json }, by: string) => Promise<Card>;
  readonly answer: (
    id: Id,
    values: { readonly [name: string]: Json },
    by: string,
  ) => Promise<{ readonly run: Id | null }>;
  readonly snooze: (id: Id, until: number, by: string) => Promise<void>;
}

export interface ItemPorts extends KernelPorts {
  readonly onAnswer?: (item: ItemRow, answer: JsonObject) => Promise<void>;
  readonly records: RecordStore;
  readonly runner: Runner;
  readonly playbooks: Playbooks;
}

export function createItems(ports: ItemPorts): Items {
  const { log, clock, runner, records } = ports;
  const items = log.fold(itemsFold);
  const effects = log.fold(effectsFold);

  /** By its id, or by as much of its beginning as is unique among what is open. */
  async function get(id: Id): Promise<ItemRow> {
    const exact = await items.get(id);
    if (exact) return exact;
    const matches = id.length >= 4 ? await items.list({ equals: id, limit: 2 }) : [];
    const [only] = matches;
    if (only && matches.length === 1) return only.row;
    throw failure(
      'not_found',
      `Nothing in the inbox has the id ${id}.`,
      { item: id },
      'See what waits: steward inbox',
    );
  }

  async function openItem(id: Id): Promise<ItemRow> {
    const item = await get(id);
    if (item.status !== 'closed') return item;
    throw failure('already_decided', `This was ${item.end ?? 'closed'} before.`, {
      item: item.id,
      end: item.end ?? '',
    });
  }

  async function rowsOf(item: ItemRow): Promise<readonly EffectRow[]> {
    const rows = await effects.getMany(item.effects);
    return item.effects.map((key) => rows.get(key)).filter((row) => row !== undefined);
  }

  async function effectsOf(item: ItemRow): Promise<readonly CardEffect[]> {
    return Promise.all(
      (await rowsOf(item)).map(async (row) => {
        const { effect, preview, reasons, inputLabels } = await readEffect(ports, row);
        return {
          hash: row.hash,
          status: row.status,
          effect,
          preview,
          reasons,
          inputLabels,
          provisional: isUndecided(row.status) && (await numbersLapsed(effect)),
          receipt: row.receipt,
        };
      }),
    );
  }

  async function numbersLapsed(effect: Effect): Promise<boolean> {
    for (const { series } of effect.numbers) {
      if (hasLapsed(await log.fold(seriesFold).get(series), effect.key, clock.now())) return true;
    }
    return false;
  }

  async function open(id: Id): Promise<Card> {
    const item = await get(id);
    if (item.kind === 'approval' && item.status !== 'closed' && item.run !== null)
      await freshen(item, true);
    const now = await get(item.id);
    return { item: now, effects: await effectsOf(now) };
  }

  /**
   * Finalises anew what is no longer what would happen. `lapsed` also renews reservations, as opening
   * a card does; a signature alone does not, as long as nobody else took the number.
   */
  async function freshen(item: ItemRow, lapsed: boolean): Promise<string | undefined> {
    const { run } = item;
    if (run === null) return undefined;
    let because: string | undefined;
    for (const row of await rowsOf(item)) {
      if (!isUndecided(row.status)) continue;
      const { effect } = await readEffect(ports, row);
      const reason =
        (await staleReason(ports, row, effect)) ??
        (lapsed && (await numbersLapsed(effect))
          ? 'Its number was only kept for ten minutes.'
          : undefined);
      if (reason) because ??= reason;
    }
    if (because === undefined) return undefined;
    const reason = because;
    await runner.within(run, async (turn) => {
      for (const row of await rowsOf(item)) {
        if (row.status !== 'finalised') continue;
        turn.batch.others.push({
          stream: `effect/${row.key}`,
          expectedVersion: await log.streamVersion(`effect/${row.key}`),
          events: [fact('effect.stale', { because: reason }, { run })],
        });
      }
    });
    await runner.atRest(run);
    return because;
  }

  async function decide(
    id: Id,
    signed: SignedDecision,
    reason?: string,
  ): Promise<{ readonly run: Id | null }> {
    const item = await openItem(id);
    if (item.kind !== 'approval' || item.run === null) {
      throw failure(
        'not_possible',
        'This is not waiting for a signature.',
        { kind: item.kind },
        'Answer it: steward answer',
      );
    }
    const { run } = item;
    const statement = signed.statement;
    const wanted = new Set(Array.isArray(statement?.effects) ? statement.effects : []);
    const before = await rowsOf(item);
    const changed = statement?.decision === 'approve' ? await freshen(item, false) : undefined;
    if (changed !== undefined) throw await staleCard(item, changed);
    try {
      await runner.within(run, async (turn) => {
        const rows = await rowsOf(item);
        const chosen = rows.filter((row) => wanted.has(row.hash));
        const { device } = await acceptDecision(ports, signed, rows);
        if (chosen.length === 0) throw failure('stale', 'What you signed is not on this card.', {});
        if (statement.decision === 'approve')
          await approve(turn, item, rows, chosen, signed, device);
        else await reject(turn, item, rows, chosen, signed, device, reason ?? '');
      });
    } catch (error) {
      const problem = toFailure(error);
      if (problem.code === 'version_conflict') {
        const now = await effects.getMany(before.map((row) => row.key));
        const decided = [...now.values()].some((row) => !isUndecided(row.status));
        if (decided)
          throw failure('already_decided', 'This was decided a moment ago.', { item: item.id });
        throw await staleCard(item, 'Something it relies on was changed a moment ago.');
      }
      if (problem.code === 'stale') throw await staleCard(item, problem.message);
      throw error;
    }
    return { run };
  }

  /** The refusal carries the card as it is now, so nobody has to ask for it. */
  async function staleCard(item: ItemRow, because: string) {
    const card = await open(item.id);
    return failure('stale', `${because} Nothing was done. This is how it looks now.`, {
      item: item.id,
      effects: card.effects.map(({ hash, effect }) => ({ hash, summary: effect.summary })),
    });
  }

  async function approve(
    turn: Turn,
    item: ItemRow,
    rows: readonly EffectRow[],
    chosen: readonly EffectRow[],
    signed: SignedDecision,
    device: Device,
  ): Promise<void> {
    const by = `operator:${device.id}`;
    const { appends } = await approvalAppends(ports, records, {
      approval: { id: approvalId(signed), signed, device, item: item.id },
      by,
      rows: chosen,
    });
    turn.batch.others.push(...appends);
    turn.batch.barrier = true;
    await closeOrShrink(turn, item, rows, chosen, 'approved', by);
    resume(turn, 'You approved it.');
  }

  async function reject(
    turn: Turn,
    item: ItemRow,
    rows: readonly EffectRow[],
    chosen: readonly EffectRow[],
    signed: SignedDecision,
    device: Device,
    reason: string,
  ): Promise<void> {
    const by = `operator:${device.id}`;
    const because = reason === '' ? 'You rejected it.' : `You rejected it: ${reason}`;
    const data: unknown = JSON.parse(JSON.stringify(signed));
    turn.batch.others.push({
      stream: `approval/${approvalId(signed)}`,
      expectedVersion: 0,
      events: [
        fact(
          'approval.recorded',
          {
            signed: isJsonObject(data as Json) ? (data as JsonObject) : {},
            assurance: device.assurance,
            item: item.id,
          },
          { by, label: OPERATOR, run: turn.run.id },
        ),
      ],
    });
    for (const row of chosen) {
      const { effect } = await readEffect(ports, row);
      turn.batch.others.push(
        {
          stream: `effect/${row.key}`,
          expectedVersion: await log.streamVersion(`effect/${row.key}`),
          events: [fact('effect.rejected', { reason }, { by, label: OPERATOR, run: turn.run.id })],
        },
        ...(await suspendGrantsLike(log, effect, 'You rejected an effect of this kind.')),
      );
      for (const { series, number } of effect.numbers) {
        turn.batch.others.push({
          stream: `series/${series}`,
          expectedVersion: await log.streamVersion(`series/${series}`),
          events: [fact('number.released', { number, key: effect.key }, { run: turn.run.id })],
        });
      }
      const step = turn.run.steps.get(row.step);
      if (step?.waiting) say(turn, 'wait.ended', { step: row.step, how: 'approval' });
      say(turn, 'step.denied', { step: row.step, because });
    }
    turn.batch.barrier = true;
    await closeOrShrink(turn, item, rows, chosen, 'rejected', by);
    resume(turn, because);
  }

  async function closeOrShrink(
    turn: Turn,
    item: ItemRow,
    rows: readonly EffectRow[],
    chosen: readonly EffectRow[],
    how: 'approved' | 'rejected',
    by: string,
  ): Promise<void> {
    const gone = how === 'rejected' ? rows.filter((row) => fallsWith(turn, row, chosen)) : [];
    for (const row of gone) {
      if (chosen.includes(row) || !isUndecided(row.status)) continue;
      turn.batch.others.push({
        stream: `effect/${row.key}`,
        expectedVersion: await log.streamVersion(`effect/${row.key}`),
        events: [
          fact(
            'effect.withdrawn',
            { because: 'What it depends on was rejected.' },
            { run: turn.run.id },
          ),
        ],
      });
    }
    const left = rows.filter(
      (row) => !chosen.includes(row) && !gone.includes(row) && isUndecided(row.status),
    );
    const event =
      left.length === 0
        ? fact('item.closed', { how, by }, { by, label: OPERATOR, run: turn.run.id })
        : fact(
            'item.changed',
            {
              effects: left.map((row) => row.key),
              title: titleOfCard(
                await Promise.all(left.map(async (row) => (await readEffect(ports, row)).effect)),
                item.title,
              ),
              risk: riskOf(
                await Promise.all(left.map(async (row) => (await readEffect(ports, row)).effect)),
              ),
            },
            { run: turn.run.id },
          );
    turn.batch.others.push({
      stream: `item/${item.id}`,
      expectedVersion: await log.streamVersion(`item/${item.id}`),
      events: [event],
    });
  }

  /** An effect whose step was skipped together with a rejected one. */
  function fallsWith(turn: Turn, row: EffectRow, chosen: readonly EffectRow[]): boolean {
    return !chosen.includes(row) && turn.run.steps.get(row.step)?.status === 'skipped';
  }

  function resume(turn: Turn, because: string): void {
    if (turn.run.status === 'waiting') say(turn, 'run.resumed', { because });
  }

  /** A changed effect is a new one: prepared from the edited input, shown again, decided again. */
  async function edit(id: Id, set: { readonly [path: string]: Json }, by: string): Promise<Card> {
    const item = await openItem(id);
    if (item.run === null || item.kind !== 'approval') {
      throw failure('not_possible', 'Only what waits for a signature can be edited.', {
        kind: item.kind,
      });
    }
    await runner.within(item.run, async (turn) => {
      const rows = await rowsOf(item);
      const target = await editTarget(rows, set);
      const { input, inputLabels, effect, on } = await readEffect(ports, target.row);
      const { step } = compiledStep(turn.run, target.row.step);
      if (!('call' in step)) throw failure('not_possible', 'This cannot be edited.', {});
      const entry = ports.registry.get(step.call);
      if (entry.kind !== 'connector') throw failure('not_possible', 'This cannot be edited.', {});
      let value = input;
      const at: Record<string, Labels['base']> = { ...inputLabels.at };
      for (const [path, field] of Object.entries(target.set)) {
        value = withPath(value, path, field);
        at[path] = OPERATOR;
      }
      const finalised = await finaliseEffect(ports, records, {
        run: turn.run.id,
        step: target.row.step,
        contract: entry.contract,
        connector: entry.connector,
        input: { value, labels: { base: inputLabels.base, at } },
        revision: effect.revision + 1,
      });
      const run = turn.run.id;
      turn.batch.others.push(
        ...(await suspendGrantsLike(log, effect, 'You changed an effect of this kind.')),
        {
          stream: `effect/${target.row.key}`,
          expectedVersion: await log.streamVersion(`effect/${target.row.key}`),
          events: [fact('effect.superseded', { by: finalised.key }, { by, label: OPERATOR, run })],
        },
        {
          stream: `effect/${finalised.key}`,
          expectedVersion: 0,
          events: [
            fact(
              'effect.finalised',
              {
                effect: finalised.effect,
                hash: finalised.hash,
                preview: finalised.preview,
                output: finalised.output,
                input: value,
                inputLabels: { base: inputLabels.base, at },
                item: item.id,
                reasons: ['You edited it.'],
                on,
              },
              { by, label: OPERATOR, run },
            ),
          ],
        },
      );
      const keys = item.effects.map((key) => (key === target.row.key ? finalised.key : key));
      turn.batch.others.push({
        stream: `item/${item.id}`,
        expectedVersion: await log.streamVersion(`item/${item.id}`),
        events: [
          fact(
            'item.changed',
            { effects: keys, title: item.title, risk: item.risk },
            { by, label: OPERATOR, run },
          ),
        ],
      });
    });
    await runner.atRest(item.run);
    return open(item.id);
  }

  /** `mail.subject` or plain `subject`: which effect, and the path in its input. */
  async function editTarget(rows: readonly EffectRow[], set: { readonly [path: string]: Json }) {
    const open_ = rows.filter((row) => isUndecided(row.status));
    for (const row of open_) {
      const { input } = await readEffect(ports, row);
      const own = Object.entries(set).map(([path, value]) => {
        const [head = '', ...rest] = path.split('.');
        return head === row.step && rest.length > 0
          ? ([rest.join('.'), value] as const)
          : ([path, value] as const);
      });
      const known = own.every(([path]) => Object.hasOwn(input, path.split('.')[0] ?? ''));
      if (known) return { row, set: Object.fromEntries(own) };
    }
    const fields = await Promise.all(
      open_.map(async (row) =>
        Object.keys((await readEffect(ports, row)).input).map((name) => `${row.step}.${name}`),
      ),
    );
    throw failure('invalid_input', 'Nothing on this card has such a field.', {
      path: Object.keys(set)[0] ?? '',
      expected: fields.flat(),
      found: Object.keys(set),
    });
  }

  async function answer(
    id: Id,
    values: { readonly [name: string]: Json },
    by: string,
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
    const values_ = readAnswer(item.form, values);
    const closed = fact(
      'item.closed',
      { how: 'answered', by, answer: values_ },
      { by, label: OPERATOR },
    );
    const close = {
      stream: `item/${item.id}`,
      expectedVersion: await log.streamVersion(`item/${item.id}`),
      events: [closed],
    };
    if (item.run === null) {
      await log.append([close], { barrier: true });
      await ports.onAnswer?.(item, values_);
      return { run: null };
    }
    const { run } = item;
    await runner.within(run, async (turn) => {
      turn.batch.others.push(close);
      turn.batch.barrier = true;
      await takeAnswer(turn, item, values_, by);
    });
    return { run };
  }

  async function takeAnswer(
    turn: Turn,
    item: ItemRow,
    values: JsonObject,
    by: string,
  ): Promise<void> {
    const { run } = turn;
    if (item.step === GOAL_STEP) {
      await answerGoal(turn, item, values);
      return;
    }
    if (item.step === null || item.step === '') {
      if (values.action === 'cancel') say(turn, 'run.finished', { status: 'cancelled' });
      else say(turn, 'run.resumed', { because: 'You let it go on.' });
      return;
    }
    const step = stepOf(run, item.step);
    if (step.waiting) say(turn, 'wait.ended', { step: item.step, how: 'answer' });
    if (run.status === 'waiting') say(turn, 'run.resumed', { because: 'You answered.' });
    const labels: Labels = { base: OPERATOR };
    if (item.kind === 'task') {
      answerTask(turn, item.step, values);
    } else if ('happened' in values) {
      await answerUnknown(turn, item, values.happened === 'yes');
    } else {
      say(
        turn,
        'step.completed',
        { step: item.step, output: values, labels },
        { by, label: OPERATOR },
      );
    }
  }

  async function answerGoal(turn: Turn, item: ItemRow, values: JsonObject): Promise<void> {
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
    const decided = await planDecided(ports, playbook, { ...known, ...answer.input }, OPERATOR, [
      'You answered the question.',
    ]);
    say(turn, 'plan.decided', decided);
    say(turn, 'run.resumed', { because: 'You answered.' });
  }

  function answerTask(turn: Turn, path: string, values: JsonObject): void {
    const step = stepOf(turn.run, path);
    const given = (name: string): Json | undefined => {
      const text = values[name];
      if (typeof text !== 'string' || text === '') return undefined;
      try {
        return JSON.parse(text);
      } catch {
        throw failure('invalid_input', `${name} is not JSON.`, {
          path: name,
          expected: 'JSON',
          found: text.slice(0, 80),
        });
      }
    };
    switch (values.action) {
      case 'retry':
        say(turn, 'step.failed', {
          step: path,
          attempt: 0,
          failure: step.failure ?? failure('capability_failed', '').toData(),
          retryAt: turn.now,
        });
        return;
      case 'fix': {
        const input = given('input');
        if (!isJsonObject(input)) {
          throw failure('invalid_input', 'Give the corrected input as a JSON object.', {
            path: 'input',
          });
        }
        say(turn, 'step.fixed', { step: path, input });
        say(turn, 'step.failed', {
          step: path,
          attempt: 0,
          failure: step.failure ?? failure('capability_failed', '').toData(),
          retryAt: turn.now,
        });
        return;
      }
      case 'skip':
      case 'done': {
        const value = given('value');
        if (values.action === 'skip' && value === undefined) {
          say(turn, 'step.skipped', { step: path, because: 'You skipped it.' });
        } else {
          say(turn, 'step.completed', {
            step: path,
            output: value ?? null,
            labels: { base: OPERATOR },
          });
        }
        return;
      }
      default:
        say(turn, 'run.finished', {
          status: 'cancelled',
          failure: failure('cancelled', 'You cancelled it.').toData(),
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

  return {
    list: async ({ snoozed = false } = {}) => {
      const rows = await items.list({ index: 'open', limit: 1_000 });
      return rows
        .map(({ row }) => row)
        .filter((row) => snoozed || row.status === 'open')
        .sort((a, b) => RANK[b.risk] - RANK[a.risk] || (a.createdAt < b.createdAt ? -1 : 1));
    },
    open,
    effectsOf,
    decide,
    edit,
    answer,
    snooze: async (id, until, by) => {
      const item = await openItem(id);
      if (!(until > clock.now())) {
        throw failure('invalid_input', 'Name a time that is still to come.', { path: 'until' });
      }
      await log.append([
        {
          stream: `item/${item.id}`,
          expectedVersion: await log.streamVersion(`item/${item.id}`),
          events: [fact('item.snoozed', { until }, { by, label: OPERATOR })],
        },
      ]);
    },
  };
}

const RANK = { high: 2, medium: 1, low: 0 } as const;
