import { atPath, type Id, type Json, type JsonObject } from '../../base/index.ts';
import { failure, joinLabels, OPERATOR } from '../../contract/index.ts';
import type { Decision } from '../../policy/index.ts';
import { readEffect } from '../effects/commit.ts';
import { withEdits } from '../effects/edits.ts';
import { finaliseEffect } from '../effects/finalise.ts';
import { isUndecided } from '../effects/lifecycle.ts';
import { fact } from '../events.ts';
import type { EffectRow } from '../folds.ts';
import type { KernelPorts } from '../ports.ts';
import type { RecordStore } from '../record-reads.ts';
import { checkInput } from '../run/execute.ts';
import { compiledStep } from '../run/run-places.ts';
import type { Runner } from '../run/runner.ts';
import { judgeEffect } from '../trust/judge.ts';
import { suspendGrantsLike } from '../trust/suspend-grants.ts';
import type { Speaker } from '../typed-labels.ts';
import type { FreshCards } from './fresh-cards.ts';
import type { Card, ItemReads } from './item-reads.ts';

/** What stands in the way for a while only: a card may wait for its end. */
const PASSING: ReadonlySet<string> = new Set(['stopped', 'mode.off']);

/** What no signature could make happen is not put on a card. */
function refuseDenied({ reasons, waitMs }: Decision): void {
  const denying = reasons.filter(({ verdict, rule }) => verdict === 'deny' && !PASSING.has(rule));
  if (denying.length === 0 || waitMs !== undefined) return;
  throw failure(
    'denied',
    `Your policy forbids this. ${denying.map(({ because }) => because).join(' ')}`,
    { rules: denying.map(({ rule }) => rule) },
    'Nothing was changed. Edit it otherwise, or change the policy first.',
  );
}

/** One address typed where a list of them stood means a list of one. */
function asListWhereOneWas(input: JsonObject) {
  return ([path, value]: readonly [string, Json]): readonly [string, Json] =>
    typeof value === 'string' && Array.isArray(atPath(input, path))
      ? [path, [value]]
      : [path, value];
}

export type EditEffect = (
  id: Id,
  set: { readonly [path: string]: Json },
  who: Speaker,
) => Promise<Card>;

/** A changed effect is a new one: prepared from the edited input, shown again, decided again. */
export function createEditEffect(
  ports: KernelPorts & { readonly records: RecordStore; readonly runner: Runner },
  { openItem, rowsOf }: ItemReads,
  { open }: FreshCards,
): EditEffect {
  const { log, runner, records } = ports;

  /** A changed effect is a new one: prepared from the edited input, shown again, decided again. */
  async function edit(id: Id, set: { readonly [path: string]: Json }, who: Speaker): Promise<Card> {
    const item = await openItem(id);
    if (item.run === null || item.kind !== 'approval') {
      throw failure('not_possible', 'Only what waits for a signature can be edited.', {
        kind: item.kind,
      });
    }
    await runner.within(item.run, async (turn) => {
      const rows = await rowsOf(item);
      const target = await editTarget(rows, set);
      const {
        input,
        inputLabels,
        effect,
        on,
        edits: before,
        editsLabel,
      } = await readEffect(ports, target.row);
      const { step } = compiledStep(turn.run, target.row.step);
      if (!('call' in step)) throw failure('not_possible', 'This cannot be edited.', {});
      const entry = ports.registry.get(step.call);
      if (entry.kind !== 'connector') throw failure('not_possible', 'This cannot be edited.', {});
      const edits = { ...before, ...target.set };
      const edited = withEdits({ value: input, labels: inputLabels }, target.set, who.label);
      checkInput(entry.contract, edited.value);
      const typed = joinLabels(editsLabel ?? OPERATOR, who.label);
      const finalised = await finaliseEffect(ports, records, {
        run: turn.run.id,
        step: target.row.step,
        contract: entry.contract,
        connector: entry.connector,
        input: edited,
        revision: effect.revision + 1,
      });
      const run = turn.run.id;
      const decision = await judgeEffect(
        { ...ports, records },
        finalised.effect,
        edited.labels,
        on,
      );
      refuseDenied(decision);
      turn.batch.others.push(
        ...(await suspendGrantsLike(log, effect, 'You changed an effect of this kind.')),
        {
          stream: `effect/${target.row.key}`,
          expectedVersion: await log.streamVersion(`effect/${target.row.key}`),
          events: [fact('effect.superseded', { by: finalised.key }, { ...who, run })],
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
                input: edited.value,
                inputLabels: edited.labels,
                edits,
                ...(typed.integrity === 'operator' ? {} : { editsLabel: typed }),
                item: item.id,
                reasons: ['You edited it.', ...decision.reasons.map(({ because }) => because)],
                on,
                ...(finalised.snapshot ? { snapshot: finalised.snapshot } : {}),
              },
              { ...who, run },
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
            { ...who, run },
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
      if (known) return { row, set: Object.fromEntries(own.map(asListWhereOneWas(input))) };
    }
    const fields = await Promise.all(
      open_.map(async (row) =>
        Object.keys((await readEffect(ports, row)).input).map((name) => `${row.step}.${name}`),
      ),
    );
    const can = fields.flat();
    throw failure(
      'invalid_input',
      'Nothing on this card has such a field.',
      { path: Object.keys(set)[0] ?? '', expected: can, found: Object.keys(set) },
      can.length === 0 ? undefined : `These can be changed: ${can.join(', ')}.`,
    );
  }

  return edit;
}
