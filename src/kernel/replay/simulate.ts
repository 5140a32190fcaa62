import type { Registry } from '../../agent/index.ts';
import { canonicalJson, isJsonObject, type Json, type JsonObject } from '../../base/index.ts';
import {
  capabilityRef,
  failure,
  type Labelled,
  type Labels,
  type Money,
  toFailure,
} from '../../contract/index.ts';
import type { Registry as PlanRegistry } from '../../plan/index.ts';
import { executeAgent, type StepOutcome } from '../run/execute.ts';
import { compiledStep, stepOf } from '../run/run-places.ts';
import {
  evolveRun,
  newRunState,
  type PlanLookup,
  type RunState,
  type StepState,
} from '../run/run-state.ts';
import { failStep } from '../run/step-failures.ts';
import { say } from '../run/turn.ts';
import { actLabel } from '../trust/act-label.ts';
import { closedContext } from './closed-ports.ts';
import { type ClosedTurn, createClosedTurn } from './closed-turn.ts';
import { giveCorrected } from './give-corrected.ts';
import type { Oracle, PastEnd } from './oracle.ts';
import type { JudgePast } from './past-verdicts.ts';
import { type ReferenceAt, stepInput } from './step-input.ts';

/** How a step would come out. `asks`, `calls` and `waits`: nothing recorded says what would follow. */
export type Outcome = 'done' | 'skipped' | 'denied' | 'fails' | 'asks' | 'calls' | 'waits';

export interface SimulatedStep {
  readonly step: string;
  readonly outcome: Outcome;
  /** why, or what would be asked */
  readonly words?: string;
  /** what it would be given; absent where nothing is given */
  readonly input?: Json;
  readonly output?: Json;
}

/** The fields of an effect that a person compares. */
export interface EffectFacts {
  readonly step: string;
  readonly capability: string;
  readonly to: readonly string[];
  readonly amount: Money | null;
  readonly input: JsonObject;
}

export interface Simulated {
  readonly steps: ReadonlyMap<string, SimulatedStep>;
  readonly effects: readonly EffectFacts[];
  /** cards, by the policy and the grants of that time */
  readonly cards: number;
}

export interface SimulationPorts {
  readonly registry: Pick<Registry, 'find' | 'get'>;
  readonly lookup: PlanLookup;
  readonly parts: PlanRegistry;
  readonly zone: () => string;
  readonly reference: ReferenceAt;
}

export interface Simulation {
  readonly plan: JsonObject;
  readonly title: string;
  readonly input: Labelled<JsonObject>;
  /** UTC ms at which the run began */
  readonly startedAt: number;
  readonly oracle: Oracle;
  readonly judge: JudgePast;
}

/** steps that one simulation may go through: a plan that was changed may loop in other ways */
const STEPS = 20_000;

/**
 * Decides a plan from beginning to end with the results of the past. Pure steps are executed, since they
 * depend on nothing else; whatever else has no recorded result for the same request stays open, and so
 * does everything that needs it. Nothing is appended, and no port that acts is there.
 */
export async function simulate(ports: SimulationPorts, simulation: Simulation): Promise<Simulated> {
  const { oracle } = simulation;
  const run = begin(ports, simulation);
  const inputs = new Map<string, Json>();
  const effects = new Map<string, EffectFacts>();
  const stuck = new Set<string>();
  const unfit = new Map<string, string | undefined>();
  let cards = 0;
  let isCardOpen = false;
  const closed = createClosedTurn({
    run,
    lookup: ports.lookup,
    contract: (ref) => ports.registry.get(ref).contract,
    parts: ports.parts,
    now: () => simulation.startedAt,
    lockOf: () => ({ status: 'kept' }),
    delayOf: () => undefined,
    readAt: () => undefined,
    catchReplaces: () => true,
    isImmediate: () => true,
  });
  const { turn } = closed;

  async function advance(): Promise<boolean> {
    closed.decide();
    if (run.steps.size > STEPS) {
      throw failure('too_large', `More than ${STEPS} steps come out of this plan.`, {
        limit: STEPS,
      });
    }
    if (await bringLookups(ports, closed, oracle)) return true;
    if (await endCalls((effect) => effect === 'pure' || effect === 'read')) return true;
    if (isCardOpen && (await endEffects())) return true;
    const others =
      (await endCalls(() => true)) || giveCorrected(closed, oracle, unfit) || endQuestions();
    if (others) {
      isCardOpen = false;
      return true;
    }
    return endEffects();
  }

  async function endCalls(isWanted: (effect: string) => boolean): Promise<boolean> {
    for (const [path, { contract, input }] of closed.calls) {
      if (stuck.has(path) || !isWanted(contract.effect)) continue;
      inputs.set(path, input.value);
      const ref = capabilityRef(contract);
      const end = oracle.call(path, ref, input.value)?.end ?? (await executed(path, ref, input));
      if (!end) {
        stuck.add(path);
        continue;
      }
      closed.calls.delete(path);
      endStep(closed, path, end);
      return true;
    }
    return false;
  }

  /** What is pure needs nothing recorded. */
  async function executed(
    path: string,
    ref: string,
    input: Labelled<Json>,
  ): Promise<PastEnd | undefined> {
    const entry = ports.registry.get(ref);
    if (entry.kind !== 'agent' || entry.contract.effect !== 'pure') return undefined;
    const outcome: StepOutcome = await executeAgent({
      ...{ run: run.id, step: path, attempt: 1, agent: entry.agent, input },
      context: closedContext(simulation.startedAt, ports.zone()),
    });
    return outcome.status === 'done'
      ? { status: 'done', output: outcome.output }
      : { status: 'failed', failure: outcome.failure.toData() };
  }

  /** Questions and waits end as they did, if the same was asked. */
  function endQuestions(): boolean {
    for (const path of run.waitingSteps) {
      if (stuck.has(path)) continue;
      const step = stepOf(run, path);
      const kind = compiledStep(run, path).kind;
      const end = kind === 'ask' || kind === 'wait' ? oracle.endOf(path) : undefined;
      if (!end || step.failure || !isSameRequest(simulation, run, path)) {
        stuck.add(path);
        continue;
      }
      say(turn, 'wait.ended', { step: path, how: kind === 'ask' ? 'answer' : 'time' });
      endStep(closed, path, end);
      return true;
    }
    return false;
  }

  /** Effects that the plan has come to: one card for all that can be shown together. */
  async function endEffects(): Promise<boolean> {
    const reached = [...turn.outside].filter((path) => !stuck.has(path));
    for (const path of reached) {
      const { step } = compiledStep(run, path);
      if (!('call' in step)) continue;
      const input = await stepInput(run, path, oracle.seqOf(path), ports.reference).catch(
        (error: unknown) => failStep(turn, path, 1, toFailure(error)),
      );
      if (!input) return true;
      inputs.set(path, input.value);
      const past = oracle.call(path, step.call, input.value);
      const facts = factsOf(ports, path, step.call, input, past?.effect?.data.effect);
      effects.set(path, facts);
      const verdict = simulation.judge(facts, input, actLabel(run, path), past?.effect?.data);
      if (verdict === 'deny') {
        endStep(closed, path, { status: 'denied', because: 'Policy of that time refuses it.' });
        return true;
      }
      if (verdict === 'ask' && !isCardOpen) cards += 1;
      isCardOpen ||= verdict === 'ask';
      const end = past?.end ?? provisional(past?.effect?.data);
      if (!end) {
        stuck.add(path);
        continue;
      }
      endStep(closed, path, end);
      return true;
    }
    return false;
  }

  while (await advance());
  const steps = new Map(
    [...run.steps.values()].flatMap((step) => {
      const described = describe(run, step, inputs.get(step.path), unfit.get(step.path));
      return described ? [[step.path, described] as const] : [];
    }),
  );
  for (const path of [...closed.calls.keys(), ...turn.outside]) {
    if (steps.has(path)) continue;
    const input = inputs.get(path);
    steps.set(path, { step: path, outcome: 'calls', ...(input === undefined ? {} : { input }) });
  }
  return { steps, effects: [...effects.values()], cards };
}

function begin({ lookup }: SimulationPorts, simulation: Simulation): RunState {
  const { plan, title, input, startedAt } = simulation;
  const run = newRunState('simulated');
  const decided = {
    ...{ plan, title, input: input.value, inputLabels: input.labels, because: [] },
    snapshot: { seq: 0, hash: '', policy: '', space: '' },
  };
  // only what folding looks at; this event is never stored
  const event = { type: 'plan.decided', data: decided, version: 1, at: startedAt, seq: 0 };
  evolveRun(run, event as unknown as Parameters<typeof evolveRun>[1], lookup);
  return run;
}

async function bringLookups(
  ports: SimulationPorts,
  closed: ClosedTurn,
  oracle: Oracle,
): Promise<boolean> {
  const { turn, lookups } = closed;
  const wanted = [...lookups];
  for (const path of wanted) {
    closed.bring(
      path,
      await stepInput(turn.run, path, oracle.seqOf(path), ports.reference).catch(toFailure),
    );
  }
  return wanted.length > 0;
}

function endStep({ turn, taken }: ClosedTurn, path: string, end: PastEnd): void {
  switch (end.status) {
    case 'done': {
      const { value, labels } = end.output;
      say(turn, 'step.completed', { step: path, output: value, labels });
      break;
    }
    case 'skipped':
      say(turn, 'step.skipped', { step: path, because: end.because });
      break;
    case 'denied':
      say(turn, 'step.denied', { step: path, because: end.because });
      break;
    case 'failed': {
      const { code, message, remedy, ...facts } = end.failure;
      failStep(turn, path, 1, failure(code, message, facts, remedy));
    }
  }
  taken();
}

/** Prepared and never decided: later steps may count on what it would bring. */
function provisional(
  data: { readonly output: Json; readonly inputLabels: Labels } | undefined,
): PastEnd | undefined {
  return data && { status: 'done', output: { value: data.output, labels: data.inputLabels } };
}

/** The same words were asked, or the same thing was waited for. */
function isSameRequest({ oracle }: Simulation, run: RunState, path: string): boolean {
  const asked = oracle.requestAt(path);
  const { step } = compiledStep(run, path);
  if (!asked) return false;
  if ('ask' in step) return asked.words === stepOf(run, path).waiting?.words;
  return 'wait' in step && asked.wait === canonicalJson(asJson(step.wait));
}

function factsOf(
  { registry }: SimulationPorts,
  path: string,
  call: string,
  input: Labelled<Json>,
  effect: { readonly to: readonly string[]; readonly amount: Money | null } | undefined,
): EffectFacts {
  const value = isJsonObject(input.value) ? input.value : {};
  const { roles } = registry.get(call).contract;
  const at = (role: string): readonly Json[] =>
    Object.entries(roles).flatMap(([name, own]) => {
      const found = own === role ? value[name] : undefined;
      return found === undefined ? [] : Array.isArray(found) ? found : [found];
    });
  const to = at('destination').filter((each) => typeof each === 'string');
  const [amount] = at('amount').filter(isMoney);
  return {
    ...{ step: path, capability: call, input: value },
    to: effect?.to ?? to,
    amount: effect ? effect.amount : (amount ?? null),
  };
}

function isMoney(value: Json): value is JsonObject & Money {
  return (
    isJsonObject(value) && typeof value.minor === 'number' && typeof value.currency === 'string'
  );
}

function describe(
  run: RunState,
  state: StepState,
  input: Json | undefined,
  unfit: string | undefined,
): SimulatedStep | undefined {
  const { path, status, output, because, waiting, failure: problem } = state;
  const { kind } = compiledStep(run, path);
  const base = { step: path, ...(input === undefined ? {} : { input }) };
  switch (status) {
    case 'done':
      return { ...base, outcome: 'done', output: output?.value ?? null };
    case 'skipped':
    case 'denied':
      return { ...base, outcome: status, words: because ?? '' };
    case 'waiting':
    case 'failed':
    case 'retrying': {
      if (problem) {
        const words = [problem.message, unfit].filter((one) => one !== undefined).join(' ');
        return { ...base, outcome: 'fails', words };
      }
      const words = kind === 'ask' ? { words: waiting?.words ?? '' } : {};
      return { ...base, outcome: kind === 'ask' ? 'asks' : 'waits', ...words };
    }
    case 'running':
      return kind === 'call' ? { ...base, outcome: 'calls' } : undefined;
    default:
      return undefined;
  }
}

/** A step's parts are JSON by their schema. */
function asJson(value: unknown): Json {
  return JSON.parse(JSON.stringify(value));
}
