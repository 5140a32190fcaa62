import { type Json, LIMITS } from '../../base/index.ts';
import {
  failure,
  joinLabels,
  type Label,
  type Labelled,
  type Labels,
  labelOfAll,
  OWN,
  toFailure,
} from '../../contract/index.ts';
import {
  type CompiledStep,
  checkMadePlan,
  type EachStep,
  evaluateCondition,
  resolveTemplate,
} from '../../plan/index.ts';
import type { Unmet } from '../events.ts';
import { compiledStep, namesIn, stepOf } from './run-places.ts';
import type { PlanScope, RunState } from './run-state.ts';
import { failStep } from './step-failures.ts';
import { isObject, readAtOf, resolveNowIn, say, type Turn } from './turn.ts';

export function beginGroup(
  turn: Turn,
  path: string,
  compiled: CompiledStep,
  input: Labelled<Json>,
): void {
  const { step } = compiled;
  const { labels } = input;
  const read = readAtOf(turn, path);
  if ('each' in step) {
    if (!Array.isArray(input.value)) {
      throw failure('invalid_input', `${step.id} goes through a list, and this is none.`, {
        path: 'each.over',
        expected: 'a list',
        found: typeof input.value,
      });
    }
    checkSize(step, input.value);
    say(turn, 'step.expanded', { step: path, items: input.value, labels, ...read });
  } else if ('repeat' in step) {
    say(turn, 'step.expanded', { step: path, round: 1 });
  } else if ('play' in step) {
    say(turn, 'step.expanded', {
      step: path,
      playbook: step.play,
      input: isObject(input.value) ? input.value : {},
      labels,
      ...read,
    });
  } else if ('expand' in step) {
    checkMadePlan(step, input.value, turn.parts);
    say(turn, 'step.expanded', {
      step: path,
      plan: isObject(input.value) ? input.value : {}, // it was a plan a moment ago
      labels: { base: labelOfAll(labels) },
      ...read,
    });
  }
}

/** Fails with `too_large` where an `each` cannot go through so much. */
export function checkSize(step: EachStep, list: readonly Json[]): void {
  const limit = step.each.limit ?? 1_000;
  if (list.length > limit) {
    throw failure(
      'too_large',
      `${step.id} has ${list.length} items; at most ${limit} are allowed.`,
      { items: list.length, limit },
    );
  }
  const characters = JSON.stringify(list).length;
  if (characters > LIMITS.eventDataBytes / 2) {
    throw failure(
      'too_large',
      `${step.id} goes through a list of ${characters} characters; at most ${LIMITS.eventDataBytes / 2} are allowed.`,
      { characters, limit: LIMITS.eventDataBytes / 2 },
      'Go through a list of ids, and read each one inside.',
    );
  }
}

/** labels of single members that are kept apart; with more, the list is worth as much as its worst */
const MEMBER_LABELS = 1_000;

/** What a list is worth, and where a member differs from it. */
function labelsOfList(members: readonly Label[]): Labels {
  const base = OWN;
  const apart = [...members.entries()].filter(([, { integrity, placement, selected }]) => {
    return integrity !== base.integrity || placement !== base.placement || selected;
  });
  if (apart.length === 0) return { base };
  if (apart.length > MEMBER_LABELS) return { base: members.reduce(joinLabels, base) };
  return { base, at: Object.fromEntries(apart.map(([index, own]) => [String(index), own])) };
}

/** All inner steps of a step are over: another round, or its output. */
export function finishGroup(turn: Turn, path: string, troubled: readonly string[]): void {
  const { run } = turn;
  const compiled = compiledStep(run, path);
  const state = stepOf(run, path);
  try {
    if (troubled.length > 0) {
      const [first = ''] = troubled;
      const reason = stepOf(run, first);
      throw failure(
        'capability_failed',
        reason.failure?.message ?? reason.because ?? `${first} did not happen.`,
        { step: first },
      );
    }
    if (state.isReplaced) {
      const { value, labels } = caughtOutput(turn, path, compiled);
      say(turn, 'step.completed', { step: path, output: value, labels });
      return;
    }
    const { step } = compiled;
    let unmet: Unmet | undefined;
    if ('repeat' in step && compiled.expressions.until) {
      const rounds = state.rounds ?? 1;
      const inner = run.scopes.get(`${path}/${rounds}/`);
      const over = inner && evaluateCondition(compiled.expressions.until, namesIn(run, inner));
      if (!over && rounds < step.repeat.max) {
        say(turn, 'step.expanded', { step: path, round: rounds + 1 });
        return;
      }
      // an older log, where a catch does not end the step: what it did is another matter
      const isCaught = run.scopes.has(`${path}/catch/`);
      if (!over && !isCaught) unmet = { rounds, until: compiled.expressions.until.text };
    }
    say(turn, 'step.completed', {
      step: path,
      ...groupOutput(turn, path, compiled, state.rounds ?? 0),
      ...(unmet && { unmet }),
    });
  } catch (error) {
    failStep(turn, path, Math.max(1, state.attempt), toFailure(error));
  }
}

/** What the steps of a `catch` leave: its `value`, which sees them, else the output of the last one. */
function caughtOutput(turn: Turn, path: string, { templates }: CompiledStep): Labelled<Json> {
  const prefix = `${path}/catch/`;
  if (templates.value) return resolveNowIn(turn, prefix, templates.value);
  const scope = turn.run.scopes.get(prefix);
  return scope ? lastOutput(turn.run, scope) : NOTHING;
}

function lastOutput({ steps }: RunState, { prefix, compiled }: PlanScope): Labelled<Json> {
  const last = compiled.steps.findLast((step) => steps.get(prefix + step.id)?.output);
  return steps.get(prefix + (last?.id ?? ''))?.output ?? NOTHING;
}

const NOTHING: Labelled<Json> = { value: null, labels: { base: OWN } };

function groupOutput(
  turn: Turn,
  path: string,
  compiled: CompiledStep,
  rounds: number,
): { readonly output: Json; readonly labels: Labelled<Json>['labels'] } {
  const { run } = turn;
  const template = compiled.templates.output;
  const outputIn = (prefix: string): Labelled<Json> => {
    const scope = run.scopes.get(prefix);
    if (!scope) return NOTHING;
    if (template) {
      const resolved = resolveTemplate(template, namesIn(run, scope), {
        ref: turn.ref,
        own: scope.worth,
      });
      if (!(resolved instanceof Promise)) return resolved;
      throw failure(
        'invalid_plan',
        'A record cannot be looked up in an output.',
        { step: path },
        'Read it in a step of its own.',
      );
    }
    return lastOutput(run, scope);
  };
  const { step } = compiled;
  if ('each' in step) {
    const outputs = Array.from({ length: rounds }, (_, index) => outputIn(`${path}/${index}/`));
    return {
      output: outputs.map(({ value }) => value),
      labels: labelsOfList(outputs.map(({ labels: own }) => labelOfAll(own))),
    };
  }
  const prefix = run.scopes.has(`${path}/catch/`)
    ? `${path}/catch/`
    : 'repeat' in step
      ? `${path}/${rounds}/`
      : `${path}/`;
  const { value, labels } = outputIn(prefix);
  return { output: value, labels };
}
