import type { Id, JsonObject } from '../../base/index.ts';
import type { Effect } from '../../contract/index.ts';
import { type Decision, domainHints } from '../../policy/index.ts';
import { fact } from '../events.ts';
import { type EffectRow, itemsFold } from '../folds.ts';
import type { KernelPorts } from '../ports.ts';
import type { RecordStore } from '../record-reads.ts';
import { stepOf } from '../run/run-places.ts';
import { open, say, stepTitle, type Turn } from '../run/turn.ts';
import type { JudgedOn } from '../trust/events.ts';
import { judgeEffect } from '../trust/judge.ts';
import { approvalAppends } from './approve.ts';
import { riskOf, titleOfCard } from './card.ts';
import { isLapsed } from './lifecycle.ts';
import type { Preparation, Reached } from './prepare.ts';
import { whyOver } from './why-over.ts';

/** Decides what happens with prepared effects: one card for the operator, a grant, or a refusal. */
export interface EffectGate {
  readonly present: (
    turn: Turn,
    preparation: Preparation,
    rows: ReadonlyMap<string, EffectRow>,
  ) => Promise<void>;
}

/** What was judged to need a signature. */
interface Asked {
  readonly reached: Reached;
  readonly decision: Decision;
  /** why a signature that was there is not enough */
  readonly again: readonly string[];
}

export interface GatePorts extends KernelPorts {
  readonly records: RecordStore;
}

export function createGate(ports: GatePorts): EffectGate {
  const { log } = ports;
  const items = log.fold(itemsFold);

  function judge(turn: Turn, reached: Reached): Promise<Decision> {
    const { effect, input } = reached.finalised;
    return judgeEffect(ports, effect, input.labels, judgedOn(turn, reached));
  }

  async function present(
    turn: Turn,
    { reached, announced }: Preparation,
    rows: ReadonlyMap<string, EffectRow>,
  ): Promise<void> {
    const asked: Asked[] = [];
    for (const one of reached) {
      const { row } = one;
      if (row && row.status !== 'finalised' && !isLapsed(row.status)) continue;
      const decision = await judge(turn, one);
      if (decision.verdict === 'deny') denyStep(turn, one, decision);
      else if (decision.verdict === 'allow' && decision.grant !== undefined && !isEdited(one)) {
        await allow(turn, one, decision);
      } else asked.push({ reached: one, decision, again: await whyAgain(rows.get(one.step)) });
    }
    if (asked.length > 0) await ask(turn, asked, announced, rows);
  }

  /** It was approved once, and that is worth nothing any more: who signs it again wants to know why. */
  async function whyAgain(before: EffectRow | undefined): Promise<readonly string[]> {
    if (!before || !isLapsed(before.status)) return [];
    if (before.approval === null && before.grant === null) return [];
    const because = await whyOver(ports, before);
    return because === null ? [] : [`It is asked again. ${because}`];
  }

  function denyStep(turn: Turn, { step, row }: Reached, decision: Decision): void {
    const because = decision.reasons
      .filter((reason) => reason.verdict === 'deny')
      .map((reason) => reason.because)
      .join(' ');
    if (row) {
      turn.batch.others.push({
        stream: `effect/${row.key}`,
        expectedVersion: 'any',
        events: [
          fact(
            'effect.denied',
            { reasons: decision.reasons.map((r) => r.because) },
            { run: turn.run.id },
          ),
        ],
      });
    }
    say(turn, 'step.denied', { step, because });
  }

  /** A grant covers it: approved without asking, and the log says by which grant. */
  async function allow(turn: Turn, reached: Reached, decision: Decision): Promise<void> {
    const { finalised, row } = reached;
    if (
      row?.status === 'finalised' &&
      row.hash === finalised.hash &&
      decision.grant !== undefined
    ) {
      const { appends } = await approvalAppends(ports, ports.records, {
        grant: decision.grant,
        by: `grant:${decision.grant}`,
        rows: [row],
      });
      turn.batch.others.push(...appends);
      turn.batch.barrier = true;
      return;
    }
    const expectedVersion = await log.streamVersion(`effect/${finalised.key}`);
    const judged = { item: '', decision, again: [], expectedVersion };
    turn.batch.others.push(finalisedAppend(turn, reached, judged));
  }

  /**
   * One card for everything that waits for a signature. Effects that outside text steers, or that go
   * somewhere new, are on a card of their own, before those that may be signed at a glance.
   */
  async function ask(
    turn: Turn,
    asked: readonly Asked[],
    announced: Preparation['announced'],
    rows: ReadonlyMap<string, EffectRow>,
  ): Promise<void> {
    const apart = asked.filter(({ decision }) => decision.splitOut);
    const together = asked.filter(({ decision }) => !decision.splitOut);
    if (apart.length > 0) {
      await openCard(turn, apart, together.length > 0 ? [] : announced, rows);
    }
    if (together.length > 0) await openCard(turn, together, announced, rows);
  }

  async function openCard(
    turn: Turn,
    asked: readonly Asked[],
    announced: Preparation['announced'],
    rows: ReadonlyMap<string, EffectRow>,
  ): Promise<void> {
    const { run } = turn;
    const effects = asked.map(({ reached }) => reached.finalised.effect);
    const known = asked.map(({ reached }) => rows.get(reached.step)?.item).find((id) => id);
    const existing = known === undefined ? undefined : await items.get(known);
    const item = existing && existing.status !== 'closed' ? existing.id : ports.newId();
    const title = titleOfCard(effects, run.title);
    const risk = riskOf(effects);
    const keys = effects.map((effect) => effect.key);
    for (const { reached, decision, again } of asked) {
      const { key } = reached.finalised;
      if (
        reached.row?.status === 'finalised' &&
        reached.row.hash === reached.finalised.hash &&
        reached.row.item === item
      )
        continue;
      turn.batch.others.push(
        finalisedAppend(turn, reached, {
          ...{ item, decision, again },
          expectedVersion: await log.streamVersion(`effect/${key}`),
        }),
      );
      if (decision.stepUp) turn.batch.barrier = true;
    }
    const expiresAt = Math.min(...effects.map((effect) => Date.parse(effect.expires)));
    const body: JsonObject = {
      reasons: [
        ...new Set(
          asked.flatMap(({ decision, again }) => [
            ...again,
            ...decision.reasons.map((reason) => reason.because),
          ]),
        ),
      ],
      announced: announced.map(({ title: words }) => words),
      stepUp: asked.some(({ decision }) => decision.stepUp),
      apart: asked.some(({ decision }) => decision.splitOut),
    };
    if (item === existing?.id) {
      const before = existing.effects;
      const merged = [
        ...before.filter((key) => !keys.includes(key) && isOpenKey(key, rows)),
        ...keys,
      ];
      if (JSON.stringify(before) !== JSON.stringify(merged) || existing.title !== title) {
        turn.batch.others.push({
          stream: `item/${item}`,
          expectedVersion: 'any',
          events: [fact('item.changed', { effects: merged, title, risk }, { run: run.id })],
        });
      }
    } else {
      open(turn, item, {
        kind: 'approval',
        title,
        effects: keys,
        risk,
        body,
        expiresAt,
        step: asked[0]?.reached.step ?? '',
      });
    }
    for (const { reached } of asked) {
      if (!turn.outside.has(reached.step) && stepOf(run, reached.step).status !== 'waiting')
        continue;
      if (stepOf(run, reached.step).waiting?.for === 'approval') continue;
      say(turn, 'step.waiting', {
        step: reached.step,
        for: 'approval',
        words: `Waits for you: ${stepTitle(turn, reached.step)}.`,
      });
    }
  }

  return { present };
}

/** Who edits a card looks at it once more: no grant sends it off from under their hands. */
function isEdited({ finalised }: Reached): boolean {
  return finalised.edits !== undefined;
}

function isOpenKey(key: string, rows: ReadonlyMap<string, EffectRow>): boolean {
  return [...rows.values()].some((row) => row.key === key && row.status === 'finalised');
}

function finalisedAppend(
  turn: Turn,
  reached: Reached,
  {
    item,
    decision,
    again,
    expectedVersion,
  }: Omit<Asked, 'reached'> & { readonly item: Id; readonly expectedVersion: number },
) {
  const { effect, hash, preview, output, input, key, edits, editsLabel, snapshot } =
    reached.finalised;
  return {
    stream: `effect/${key}`,
    expectedVersion,
    events: [
      fact(
        'effect.finalised',
        {
          effect,
          hash,
          preview,
          output,
          input: input.value,
          inputLabels: input.labels,
          item,
          reasons: [
            ...again,
            ...decision.reasons.map((reason) => reason.because),
            ...oddities(effect),
          ],
          ...(edits ? { edits } : {}),
          ...(editsLabel ? { editsLabel } : {}),
          on: judgedOn(turn, reached),
          ...(snapshot ? { snapshot } : {}),
        },
        { run: turn.run.id },
      ),
    ],
  };
}

/** What is odd about where it goes: letters of two scripts, a name that only looks like another. */
function oddities(effect: Effect): readonly string[] {
  const mails = effect.to.filter((address) => address.includes('@'));
  return [...new Set(mails.flatMap((address) => domainHints(address)))];
}

function judgedOn({ run }: Turn, { act }: Reached): JudgedOn {
  return {
    act,
    agent: 'kernel',
    ...(run.playbook === undefined ? {} : { playbook: run.playbook }),
  };
}
