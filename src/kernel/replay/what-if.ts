import { canonicalJson, type Id, type Json, type JsonObject } from '../../base/index.ts';
import { failure, type Money, toFailure } from '../../contract/index.ts';
import { type Playbook, parsePlaybook } from '../../plan/index.ts';
import { type RunRow, runsFold } from '../folds.ts';
import { loadRun } from '../run/load-run.ts';
import { checkPlaybookInput } from '../submit.ts';
import { referencesAt } from './closed-ports.ts';
import { createOracle } from './oracle.ts';
import { pastVerdicts, type VerdictPorts } from './past-verdicts.ts';
import { readRecording } from './recording.ts';
import type { ReplayPorts } from './replay-run.ts';
import {
  type EffectFacts,
  type Simulated,
  type SimulatedStep,
  type SimulationPorts,
  simulate,
} from './simulate.ts';

export interface WhatIfRequest {
  /** the changed playbook; runs of any of its versions are decided again */
  readonly playbook: JsonObject;
  /** UTC ms, inclusive: runs that were started from here on */
  readonly from: number;
  /** UTC ms, exclusive */
  readonly to: number;
}

export interface WhatIf {
  /** runs that were decided again */
  readonly runs: number;
  /** runs that could not be, with the reason */
  readonly left: readonly { readonly run: Id; readonly because: string }[];
  /** runs that come out differently, newest first */
  readonly changed: readonly ChangedRun[];
  readonly effects: { readonly before: number; readonly after: number };
  /** sums of what effects are about, in minor units by currency */
  readonly money: { readonly before: Sums; readonly after: Sums };
  /** cards for the operator, by the policy and the grants of the moment each run began */
  readonly approvals: { readonly before: number; readonly after: number };
}

export type Sums = { readonly [currency: string]: number };

export interface ChangedRun {
  readonly run: Id;
  readonly goal: string;
  readonly decisions: readonly ChangedDecision[];
  readonly effects: readonly ChangedEffect[];
  readonly approvals: { readonly before: number; readonly after: number };
}

export interface ChangedDecision {
  readonly step: string;
  /** absent: the step does not exist, or is not reached */
  readonly before?: SimulatedStep;
  readonly after?: SimulatedStep;
  readonly sentence: string;
}

export interface ChangedEffect {
  readonly step: string;
  readonly before?: EffectFacts;
  readonly after?: EffectFacts;
}

export type WhatIfPorts = ReplayPorts & VerdictPorts;

/** runs that one question may go through */
const RUNS = 1_000;

/**
 * What would have been different if this playbook had been in force: every run of the period is decided
 * twice from the same recorded results, under the version it had and under the changed one, and the two
 * are compared. Where nothing was recorded a step would ask, call or wait, and that is what is said.
 * Appends nothing, calls nothing outside. Fails with `invalid_plan`, `invalid_input`, `too_large`.
 *
 * @example
 * const { money, changed } = await whatIf(ports, { playbook, from, to });
 */
export async function whatIf(ports: WhatIfPorts, request: WhatIfRequest): Promise<WhatIf> {
  const playbook = parsePlaybook(request.playbook);
  ports.playbooks.compileInline(planOf(playbook)); // faults are told once, not for every run
  const rows = await runsOf(ports, playbook.name, request);
  const judgeOf = await pastVerdicts(ports, rows);
  const changed: ChangedRun[] = [];
  const left: { run: Id; because: string }[] = [];
  const before = createFigures();
  const after = createFigures();
  for (const row of rows) {
    try {
      const pair = await decideTwice(ports, row, playbook, judgeOf);
      before.add(pair.before);
      after.add(pair.after);
      const change = compare(row, pair.before, pair.after);
      if (change) changed.push(change);
    } catch (error) {
      left.push({ run: row.id, because: toFailure(error).message });
    }
  }
  return {
    ...{ runs: rows.length - left.length, left, changed },
    effects: { before: before.effects(), after: after.effects() },
    money: { before: before.money(), after: after.money() },
    approvals: { before: before.cards(), after: after.cards() },
  };
}

/** Runs of a playbook that began in the period, newest first. */
async function runsOf(
  { log }: ReplayPorts,
  name: string,
  { from, to }: WhatIfRequest,
): Promise<readonly RunRow[]> {
  if (!(from < to)) {
    throw failure('invalid_input', 'The period ends before it begins.', { path: 'to' });
  }
  const found: RunRow[] = [];
  for await (const { row } of log.fold(runsFold).every({ index: 'started', descending: true })) {
    const startedAt = Date.parse(row.startedAt);
    if (startedAt < from) break;
    if (startedAt < to && row.playbook?.startsWith(`${name}@`)) found.push(row);
    if (found.length > RUNS) {
      throw failure(
        'too_large',
        `More than ${RUNS} runs of ${name} began in this period.`,
        { runs: found.length, limit: RUNS },
        'Name a shorter period.',
      );
    }
  }
  return found;
}

async function decideTwice(
  ports: ReplayPorts,
  row: RunRow,
  playbook: Playbook,
  judgeOf: Awaited<ReturnType<typeof pastVerdicts>>,
): Promise<{ readonly before: Simulated; readonly after: Simulated }> {
  const { compiled, compileInline, get } = ports.playbooks;
  const lookup = { compilePlaybook: compiled, compileInline };
  const recording = await readRecording(ports, row.id);
  const run = await loadRun(ports.log, ports.blobs, lookup, row.id);
  if (!recording || !run) throw failure('not_found', 'Its events are not there.', { run: row.id });
  const erased = recording.events.some((event) => event.erased || event.damaged);
  if (erased) throw failure('erased', 'Part of it was erased.', { run: row.id });
  checkPlaybookInput(playbook, run.input.value);
  const reference = referencesAt(ports.log);
  const simulation: SimulationPorts = {
    ...{ registry: ports.registry, lookup, zone: ports.zone, reference },
    parts: ports.playbooks.parts,
  };
  const oracle = await createOracle(recording, run, reference);
  const judge = judgeOf(row, recording);
  const again = ({ plan, title }: Playbook): Promise<Simulated> =>
    simulate(simulation, {
      ...{ plan: asJson(plan), title, input: run.input, oracle, judge },
      startedAt: Date.parse(row.startedAt),
    });
  return { before: await again(get(run.playbook ?? '')), after: await again(playbook) };
}

function compare(row: RunRow, before: Simulated, after: Simulated): ChangedRun | undefined {
  const decisions = [...new Set([...before.steps.keys(), ...after.steps.keys()])].flatMap(
    (step) => {
      const was = before.steps.get(step);
      const is = after.steps.get(step);
      if (isSame(was, is)) return [];
      return [
        {
          ...{ step, sentence: sentenceOf(step, was, is) },
          ...(was ? { before: was } : {}),
          ...(is ? { after: is } : {}),
        },
      ];
    },
  );
  const effects = compareEffects(before.effects, after.effects);
  if (decisions.length === 0 && effects.length === 0 && before.cards === after.cards)
    return undefined;
  return {
    ...{ run: row.id, goal: row.goal, decisions, effects },
    approvals: { before: before.cards, after: after.cards },
  };
}

function compareEffects(
  before: readonly EffectFacts[],
  after: readonly EffectFacts[],
): readonly ChangedEffect[] {
  const was = new Map(before.map((effect) => [effect.step, effect]));
  const is = new Map(after.map((effect) => [effect.step, effect]));
  return [...new Set([...was.keys(), ...is.keys()])].flatMap((step) => {
    const old = was.get(step);
    const now = is.get(step);
    if (isSame(old, now)) return [];
    return [{ step, ...(old ? { before: old } : {}), ...(now ? { after: now } : {}) }];
  });
}

const OUTCOME_WORDS: { readonly [Each in SimulatedStep['outcome']]: string } = {
  ...{ done: 'is done', skipped: 'is skipped', denied: 'is not allowed', fails: 'fails' },
  ...{ asks: 'would ask you', calls: 'would be called', waits: 'would wait' },
};

function sentenceOf(
  step: string,
  was: SimulatedStep | undefined,
  is: SimulatedStep | undefined,
): string {
  const words = (side: SimulatedStep | undefined): string =>
    side ? OUTCOME_WORDS[side.outcome] + (side.words ? ` (${side.words})` : '') : 'is not there';
  if (was?.outcome !== is?.outcome) return `${step} ${words(is)}; before, it ${words(was)}.`;
  const same = canonicalJson(was?.input ?? null) === canonicalJson(is?.input ?? null);
  return same ? `${step} comes out differently.` : `${step} is given something else.`;
}

function createFigures() {
  let effects = 0;
  let cards = 0;
  const money = new Map<string, number>();
  const count = ({ currency, minor }: Money): void => {
    money.set(currency, (money.get(currency) ?? 0) + minor);
  };
  return {
    add: (simulated: Simulated): void => {
      effects += simulated.effects.length;
      cards += simulated.cards;
      for (const { amount } of simulated.effects) if (amount) count(amount);
    },
    effects: () => effects,
    cards: () => cards,
    money: (): Sums => Object.fromEntries(money),
  };
}

function isSame(a: unknown, b: unknown): boolean {
  if (a === undefined || b === undefined) return a === b;
  return canonicalJson(asJson(a)) === canonicalJson(asJson(b));
}

function planOf({ plan }: Playbook): JsonObject {
  return asJson(plan);
}

/** Plans and findings are plain JSON; only their types say more. */
function asJson<T extends Json>(value: unknown): T {
  return JSON.parse(JSON.stringify(value));
}
