import type { Id, Json, JsonObject } from '../../base/index.ts';
import {
  type FailureData,
  type Label,
  type Labelled,
  type Labels,
  OPERATOR,
  OWN,
  type StoredEvent,
} from '../../contract/index.ts';
import {
  type Advance,
  type Branch,
  type CompiledPlan,
  createFrontier,
  type Frontier,
  type InputPart,
  labelsUnder,
} from '../../plan/index.ts';
import {
  asKernelEvent,
  type KernelEvent,
  type Queue,
  type Unmet,
  type WaitReason,
} from '../events.ts';
import {
  isStepSettled,
  nextRunStatus,
  nextStepStatus,
  type RunStatus,
  type StepStatus,
} from './lifecycle.ts';
import { localId, scopeOf, stepOf } from './run-places.ts';

/** One step as it stands; `path` is its id, behind those of the steps it is nested in. */
export interface StepState {
  readonly path: string;
  status: StepStatus;
  /** tries that were started */
  attempt: number;
  output?: Labelled<Json>;
  startedAt?: number;
  endedAt?: number;
  failure?: FailureData;
  retryAt?: number;
  waiting?: Extract<KernelEvent, { type: 'step.waiting' }>['data'];
  because?: string;
  /** given by the operator after a failure; taken instead of what the plan says */
  fixedInput?: Labelled<Json> & { readonly of?: InputPart };
  /** items of an `each`, rounds of a `repeat` so far */
  rounds?: number;
  /** what the steps of its `catch` leave stands for it */
  isReplaced?: true;
  /** a `repeat` stopped at its bound, and its condition was never true */
  unmet?: Unmet;
}

/** A plan at work: the run's own, or the inside of an `each`, `repeat`, `play`, `expand`, `catch`. */
export interface PlanScope {
  /** '' for the run's plan, else the path of the step it belongs to and a slash */
  readonly prefix: string;
  readonly compiled: CompiledPlan;
  /** whose names it sees too; a played playbook sees only its own */
  readonly parent?: PlanScope;
  readonly input: Labelled<Json>;
  /** item, index and the like */
  readonly names: ReadonlyMap<string, Labelled<Json>>;
  /** what the plan itself is worth: literals carry this label */
  readonly worth: Label;
}

/**
 * A run in memory: nothing but a fold of its stream, so it can be thrown away at any moment. Mutable,
 * because a run of 100,000 events would otherwise copy its maps as often.
 */
export interface RunState {
  readonly id: Id;
  /** `run/<id>` */
  readonly stream: string;
  status: RunStatus;
  version: number;
  epoch: number;
  worker: string;
  /** claims since the last step moved */
  idleClaims: number;
  words: string;
  queue: Queue;
  startSeq: number;
  playbook?: string;
  title: string;
  /** its steps take back what another run did */
  takesBack: boolean;
  input: Labelled<JsonObject>;
  frontier?: Frontier;
  /** steps whose inner steps are all over, with those that came to a bad end */
  readonly completable: Map<string, readonly string[]>;
  /** steps that fell with another one, not yet told to the log */
  readonly fallen: Map<string, string>;
  /** steps that wait, and those whose next try is due later */
  readonly waitingSteps: Set<string>;
  /** steps that run right now; after a restart, those that were interrupted */
  readonly runningSteps: Set<string>;
  readonly scopes: Map<string, PlanScope>;
  readonly steps: Map<string, StepState>;
  waiting?: { readonly for: WaitReason; readonly words: string };
  /** the run that takes this one back */
  compensatedBy?: Id;
  output?: Json;
  failure?: FailureData;
  /** steps in the order they completed, for compensation */
  readonly completed: string[];
  readonly compensations: Map<
    string,
    Extract<KernelEvent, { type: 'compensation.registered' }>['data']
  >;
}

/** What folding needs to know of plans; all of it is recorded or immutable. */
export interface PlanLookup {
  readonly compilePlaybook: (ref: string) => CompiledPlan;
  readonly compileInline: (plan: JsonObject) => CompiledPlan;
}

const NO_LABELS: Labels = { base: OWN };

export function newRunState(id: Id): RunState {
  return {
    id,
    stream: `run/${id}`,
    status: 'planned',
    version: 0,
    epoch: 0,
    worker: '',
    idleClaims: 0,
    words: '',
    queue: 'now',
    startSeq: 0,
    title: '',
    takesBack: false,
    input: { value: {}, labels: NO_LABELS },
    completable: new Map(),
    fallen: new Map(),
    waitingSteps: new Set(),
    runningSteps: new Set(),
    scopes: new Map(),
    steps: new Map(),
    completed: [],
    compensations: new Map(),
  };
}

/** Applies one event of the run's stream. Total: an event that does not fit changes nothing. */
export function evolveRun(run: RunState, stored: StoredEvent, lookup: PlanLookup): void {
  const event = asKernelEvent(stored);
  run.version = stored.version;
  switch (event.type) {
    case 'intent.recorded':
      run.words = event.data.words;
      run.queue = event.data.queue;
      run.startSeq = stored.seq;
      run.takesBack = event.data.compensates !== undefined;
      return;
    case 'plan.decided':
      decidePlan(run, event.data, lookup);
      return;
    case 'run.claimed':
      // a run that waits for somebody may be looked at as often as one likes
      if (run.status === 'running') run.idleClaims += 1;
      run.status = nextRunStatus(run.status, 'claim');
      run.epoch = event.data.epoch;
      run.worker = event.data.worker;
      return;
    case 'run.waiting':
      run.status = nextRunStatus(run.status, 'wait');
      run.waiting = event.data;
      return;
    case 'run.resumed':
      run.status = nextRunStatus(run.status, 'resume');
      run.idleClaims = 0;
      delete run.waiting;
      return;
    case 'run.parked':
      run.status = nextRunStatus(run.status, 'park');
      return;
    case 'run.cancelling':
      run.status = nextRunStatus(run.status, 'cancel');
      return;
    case 'run.compensating':
      run.status = nextRunStatus(run.status, 'compensate');
      run.compensatedBy = event.data.by;
      return;
    case 'run.finished':
      run.status = nextRunStatus(run.status, `finish-${event.data.status}`);
      if (event.data.output !== undefined) run.output = event.data.output;
      if (event.data.failure !== undefined) run.failure = event.data.failure;
      return;
    default:
      evolveStep(run, event, stored.at, lookup);
  }
}

function decidePlan(
  run: RunState,
  data: Extract<KernelEvent, { type: 'plan.decided' }>['data'],
  lookup: PlanLookup,
): void {
  const compiled =
    data.plan === undefined
      ? lookup.compilePlaybook(data.playbook ?? '')
      : lookup.compileInline(data.plan);
  run.title = data.title;
  if (data.playbook !== undefined) run.playbook = data.playbook;
  run.input = { value: data.input, labels: data.inputLabels };
  run.frontier = createFrontier(compiled);
  addScope(run, '', { compiled, input: run.input, names: new Map() });
}

function evolveStep(run: RunState, event: KernelEvent, at: number, lookup: PlanLookup): void {
  if (!('step' in event.data) || typeof event.data.step !== 'string') return;
  const step = stepOf(run, event.data.step);
  switch (event.type) {
    case 'step.started':
      leaveReady(run, step);
      step.status = nextStepStatus(step.status, 'start');
      step.attempt = event.data.attempt;
      step.startedAt ??= at;
      delete step.retryAt;
      delete step.waiting;
      run.waitingSteps.delete(step.path);
      run.runningSteps.add(step.path);
      return;
    case 'step.completed':
      step.output = { value: event.data.output, labels: event.data.labels ?? NO_LABELS };
      if (event.data.unmet !== undefined) step.unmet = event.data.unmet;
      settle(run, step, 'done', at);
      run.completed.push(step.path);
      run.idleClaims = 0;
      return;
    case 'step.failed':
      leaveReady(run, step); // it may have failed before it began
      run.completable.delete(step.path); // its trouble is told; a fold of the log must not tell it again
      step.failure = event.data.failure;
      step.attempt = event.data.attempt;
      run.idleClaims = 0;
      run.runningSteps.delete(step.path);
      if (event.data.retryAt === undefined) {
        step.status = nextStepStatus(step.status, 'fail');
      } else {
        step.status = nextStepStatus(step.status, 'retry');
        step.retryAt = event.data.retryAt;
        run.waitingSteps.add(step.path);
      }
      return;
    case 'step.waiting':
      leaveReady(run, step);
      step.status = nextStepStatus(step.status, 'wait');
      step.waiting = event.data;
      run.waitingSteps.add(step.path);
      run.runningSteps.delete(step.path);
      step.startedAt ??= at;
      return;
    case 'wait.ended':
      delete step.waiting;
      run.waitingSteps.delete(step.path);
      return;
    case 'step.expanded':
      expandScopes(run, step, event.data, at, lookup);
      return;
    case 'step.skipped':
      step.because = event.data.because;
      settle(run, step, 'skipped', at);
      return;
    case 'step.denied':
      step.because = event.data.because;
      settle(run, step, 'denied', at);
      return;
    case 'step.fixed':
      step.fixedInput = {
        value: event.data.input,
        labels: event.data.labels ?? { base: OPERATOR },
        ...(event.data.of === undefined ? {} : { of: event.data.of }),
      };
      return;
    case 'step.cancelled':
      settle(run, step, 'cancelled', at);
      return;
    case 'step.compensated':
      step.status = nextStepStatus(step.status, 'compensate');
      return;
    case 'compensation.registered':
      run.compensations.set(step.path, event.data);
      return;
    default:
  }
}

const SIGNAL = {
  done: 'complete',
  skipped: 'skip',
  denied: 'deny',
  cancelled: 'cancel',
  failed: 'fail',
} as const;

function leaveReady(run: RunState, step: StepState): void {
  if (run.frontier?.stateOf(step.path) === 'ready') run.frontier.start(step.path);
}

/** Ends a step and everything that falls with it. */
function settle(run: RunState, step: StepState, status: keyof typeof SIGNAL, at: number): void {
  run.fallen.delete(step.path); // the log knows of it now, also when another step took it along
  if (isStepSettled(step.status) && step.status !== 'failed') return;
  step.status = nextStepStatus(step.status, SIGNAL[status]);
  step.endedAt = at;
  delete step.waiting;
  run.waitingSteps.delete(step.path);
  run.runningSteps.delete(step.path);
  run.completable.delete(step.path);
  const advance = run.frontier?.settle(step.path, status);
  if (advance) take(run, advance, at);
}

function take(run: RunState, advance: Advance, at: number): void {
  for (const { step, because } of advance.skipped) {
    const other = stepOf(run, step);
    other.status = nextStepStatus(other.status, 'skip');
    other.because = because;
    other.endedAt = at;
    run.fallen.set(step, because);
  }
  for (const { step, troubled } of advance.complete) run.completable.set(step, troubled);
}

/** The inside of a step: one scope per item or round, or one for a whole sub-plan. */
function expandScopes(
  run: RunState,
  step: StepState,
  data: Extract<KernelEvent, { type: 'step.expanded' }>['data'],
  at: number,
  lookup: PlanLookup,
): void {
  const around = scopeOf(run, step.path);
  const compiled = around.compiled.byId.get(localId(step.path));
  if (!compiled || !run.frontier) return;
  leaveReady(run, step);
  run.completable.delete(step.path); // another round has begun, or its trouble is being dealt with
  step.status = 'running';
  step.startedAt ??= at;
  const labels = data.labels ?? NO_LABELS;
  const inside = { input: around.input, parent: around };
  const branches: Branch[] = [];
  const open = (prefix: string, scope: NewScope): void => {
    addScope(run, prefix, scope);
    branches.push({ prefix, plan: scope.compiled, variables: {} });
  };
  if (data.catches !== undefined && compiled.catchBody) {
    if (data.instead) step.isReplaced = true;
    const names = new Map([['error', { value: data.catches, labels }]]);
    open(`${step.path}/catch/`, { ...inside, compiled: compiled.catchBody, names });
  } else if (data.items !== undefined && compiled.body && 'each' in compiled.step) {
    const items = Array.isArray(data.items) ? data.items : [];
    for (const [index, value] of items.entries()) {
      const names = new Map<string, Labelled<Json>>([
        [compiled.step.each.as, { value, labels: labelsUnder(labels, String(index)) }],
        ['index', { value: index, labels: NO_LABELS }],
      ]);
      open(`${step.path}/${index}/`, { ...inside, compiled: compiled.body, names });
    }
    step.rounds = items.length;
  } else if (data.round !== undefined && compiled.body) {
    const names = new Map([['round', { value: data.round, labels: NO_LABELS }]]);
    open(`${step.path}/${data.round}/`, { ...inside, compiled: compiled.body, names });
    step.rounds = data.round;
  } else if (data.playbook !== undefined) {
    const input = { value: data.input ?? {}, labels };
    const compiledPlay = lookup.compilePlaybook(data.playbook);
    open(`${step.path}/`, { compiled: compiledPlay, input, names: new Map() });
  } else if (data.plan !== undefined) {
    const plan = lookup.compileInline(data.plan);
    open(`${step.path}/`, { ...inside, compiled: plan, names: new Map(), worth: labels.base });
  }
  const parallel = 'each' in compiled.step ? (compiled.step.each.parallel ?? 10) : 1;
  take(run, run.frontier.expand(step.path, branches, parallel), at);
}

type NewScope = Omit<PlanScope, 'prefix' | 'worth'> & { readonly worth?: Label };

function addScope(run: RunState, prefix: string, scope: NewScope): void {
  run.scopes.set(prefix, { worth: scope.parent?.worth ?? OPERATOR, ...scope, prefix });
}
