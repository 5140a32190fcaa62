import {
  isStepSettled,
  type PlanScope,
  type RunState,
  type RunStatus,
} from '../../kernel/index.ts';
import { type CompiledStep, kindOf, type StepKind } from '../../plan/index.ts';

/** A step of a run that has not begun, and why. */
export interface StepAhead {
  readonly id: string;
  readonly title: string | null;
  readonly kind: StepKind;
  readonly words: string;
  /** false when the run comes to no further step, whatever its plan says */
  readonly isComing: boolean;
  /** paths of the steps that have to end first; empty where something else is the reason */
  readonly waitsFor: readonly string[];
}

/** The steps of a run that have not begun: the first few, and how many there are beyond these. */
export interface StepsAhead {
  readonly steps: readonly StepAhead[];
  readonly more: number;
}

/** steps that are listed: more do not fit a screen, and the drawing shows them all */
const LISTED = 20;

/** steps that one of them is said to wait for */
const NAMED = 3;

/** What comes later in a run, also inside lists, repeats and playbooks that are under way. */
export function stepsAhead(run: RunState | undefined): StepsAhead {
  const steps: StepAhead[] = [];
  let more = 0;
  for (const scope of run?.scopes.values() ?? []) {
    if (!run) continue;
    for (const planned of scope.compiled.steps) {
      const id = scope.prefix + planned.id;
      if (run.steps.has(id)) continue;
      if (steps.length === LISTED) more += 1;
      else steps.push(aheadOf(run, scope, planned, id));
    }
  }
  return { steps, more };
}

/** A run that comes to no further step, whatever its plan says. */
export function hasStopped({ status }: RunState): boolean {
  return WORDS[status] !== undefined;
}

function aheadOf(run: RunState, scope: PlanScope, planned: CompiledStep, id: string): StepAhead {
  const { step, dependsOn } = planned;
  const stopped = WORDS[run.status];
  const open = dependsOn.map((one) => scope.prefix + one).filter((one) => !hasEnded(run, one));
  return {
    ...{ id, title: step.title ?? null, kind: kindOf(step) },
    words: stopped ?? wordsOf(run, open),
    isComing: stopped === undefined,
    waitsFor: stopped === undefined ? open : [],
  };
}

const WORDS: { readonly [Status in RunStatus]?: string } = {
  done: 'The run ended without it.',
  failed: 'The run ended before it.',
  cancelled: 'The run was stopped before it.',
  cancelling: 'The run is being stopped.',
  compensating: 'The run was stopped before it.',
};

function wordsOf(run: RunState, open: readonly string[]): string {
  if (open.length === 0) {
    if (run.status === 'planned') return 'The run is about to start.';
    return run.status === 'parked' ? 'The run was put aside.' : 'It is next.';
  }
  const named = open.slice(0, NAMED).join(', ');
  return `Waits for ${named}${open.length > NAMED ? ` (and ${open.length - NAMED} more)` : ''}.`;
}

function hasEnded(run: RunState, id: string): boolean {
  const step = run.steps.get(id);
  return step !== undefined && isStepSettled(step.status);
}
