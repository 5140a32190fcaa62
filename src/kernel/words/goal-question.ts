import type { Id, JsonObject } from '../../base/index.ts';
import type { Form, FormField } from '../../plan/index.ts';
import { GOAL_LIMITS, type GoalContext } from './goal-words.ts';
import { monthTitle, recentMonths } from './months.ts';
import type { Reading } from './readings.ts';

/** One reading of a goal for one playbook. */
export interface Candidate {
  readonly playbook: GoalContext['playbooks'][number];
  readonly reading: Reading;
}

/** The field that asks about words nobody understood, and its choices. */
const UNCLEAR = 'unclear';
const STOP = 'do nothing';
const WITHOUT = 'go on without it';
/** The field that asks whether the same words are meant twice, and its choices. */
const BOTH = 'both';
const TOO = 'do this one too';
const ONLY_OTHER = 'leave it at the other one';
/** The field that asks which playbook is meant. */
const PLAYBOOK = 'playbook';

/** months offered: the same month of last year is among them, and of the year before */
const MONTHS_OFFERED = 25;

/** What a filled form means. */
export type GoalAnswer =
  | { readonly status: 'stop' }
  | { readonly status: 'go'; readonly playbook?: string; readonly input: JsonObject };

/** Splits the answer to a goal's question into the playbook's name, where it was asked, and its input. */
export function readGoalAnswer(values: JsonObject): GoalAnswer {
  const { [UNCLEAR]: unclear, [BOTH]: both, [PLAYBOOK]: playbook, ...input } = values;
  if (unclear !== undefined && unclear !== WITHOUT) return { status: 'stop' };
  if (both !== undefined && both !== TOO) return { status: 'stop' };
  return typeof playbook === 'string' ? { status: 'go', playbook, input } : { status: 'go', input };
}

/** Asked when the same words are under way with other input. */
export const doBothField: FormField = {
  name: BOTH,
  kind: 'choice',
  label: 'Both?',
  required: true,
  choices: [TOO, ONLY_OTHER],
};

/**
 * One question for all that a goal lacks or leaves open. The form has every slot; what is certain is
 * filled in, so that it is confirmed or corrected in the same answer.
 */
export function askAboutGoal(
  candidates: readonly Candidate[],
  unknown: readonly string[],
  context: GoalContext,
): { readonly question: string; readonly form: Form } {
  const playbooks = new Map(candidates.map(({ playbook }) => [playbook.name, playbook]));
  const readings = candidates.map(({ reading }) => reading);
  const slots = [...playbooks.values()].map(({ words }) => words.slots);
  const isOne = playbooks.size === 1;
  const asked = [
    ...(unknown.length > 0 ? [aboutUnknown(unknown)] : []),
    ...(isOne ? [] : [aboutPlaybook([...playbooks.keys()])]),
    ...named(slots, 'party').map((name) => aboutParty(name, isOne, readings, context)),
    ...named(slots, 'month').map((name) => aboutMonth(name, isOne, readings, context)),
    ...named(slots, 'days').flatMap((name) => aboutDays(name, readings)),
  ];
  const problems = asked.flatMap(({ problem }) => problem ?? []);
  const title = candidates[0]?.playbook.title ?? '';
  return {
    question: problems.length > 0 ? problems.join(' ') : `Shall I do this: ${title}?`,
    form: { fields: asked.map(({ field }) => field) },
  };
}

/** Months that have not begun, which nobody can invoice. */
export function isFuture(month: string, today: string): boolean {
  return month > today.slice(0, 7);
}

interface Asked {
  readonly field: FormField;
  /** a sentence, unless the value is certain */
  readonly problem?: string;
}

function aboutUnknown(unknown: readonly string[]): Asked {
  const said = unknown.map((text) => `"${text}"`).join(', ');
  return {
    problem: `I did not understand ${said}.`,
    field: {
      name: UNCLEAR,
      kind: 'choice',
      label: `What about ${said}?`,
      required: true,
      choices: [STOP, WITHOUT],
    },
  };
}

function aboutPlaybook(names: readonly string[]): Asked {
  return {
    problem: 'This can mean several things.',
    field: {
      name: PLAYBOOK,
      kind: 'choice',
      label: 'What shall be done?',
      required: true,
      choices: names,
    },
  };
}

function aboutParty(
  name: string,
  required: boolean,
  readings: readonly Reading[],
  context: GoalContext,
): Asked {
  const ids = distinct(readings.flatMap(({ parties }) => parties));
  const meant = context.parties.filter(({ id }) => ids.includes(id));
  const [only] = ids;
  const isSure = ids.length === 1 && readings.every(({ parties }) => parties.length === 1);
  const field: FormField = { name, kind: 'record', record: 'party', label: 'For whom?', required };
  if (isSure && only !== undefined) return { field: { ...field, default: only } };
  if (meant.length === 0) return { field, problem: 'Who is it for?' };
  const help = `Perhaps ${meant.slice(0, GOAL_LIMITS.options).map(describe).join(' or ')}.`;
  const names = meant.map((party) => party.name).join(' or ');
  const problem = meant.length === 1 ? `Is it for ${names}?` : `Who is it for: ${names}?`;
  return { field: { ...field, help }, problem };
}

function aboutMonth(
  name: string,
  required: boolean,
  readings: readonly Reading[],
  { today }: GoalContext,
): Asked {
  const months = distinct(readings.flatMap((reading) => reading.months));
  const begun = months.filter((month) => !isFuture(month, today));
  const future = months.filter((month) => isFuture(month, today));
  const choices = distinct([...begun, ...recentMonths(today, MONTHS_OFFERED)]);
  const field: FormField = { name, kind: 'choice', label: 'For which month?', required, choices };
  const [only] = months;
  const isSure = months.length === 1 && readings.every((reading) => reading.months.length === 1);
  if (future.length > 0) {
    return { field, problem: `${future.map(monthTitle).join(', ')} has not begun. Which month?` };
  }
  if (isSure && only !== undefined) return { field: { ...field, default: only } };
  if (months.length === 0) return { field, problem: 'Which month?' };
  const titles = months.map(monthTitle).join(' or ');
  return {
    field,
    problem: months.length === 1 ? `Is it for ${titles}?` : `Which month: ${titles}?`,
  };
}

/** Asked only where a term was named: without one the rules of party and company hold. */
function aboutDays(name: string, readings: readonly Reading[]): readonly Asked[] {
  const days = distinct(readings.flatMap((reading) => reading.days));
  const [only] = days;
  if (only === undefined) return [];
  const field: FormField = { name, kind: 'integer', label: 'Days to pay', min: 0, max: 365 };
  return days.length === 1
    ? [{ field: { ...field, default: only } }]
    : [{ field, problem: `How many days to pay: ${days.join(' or ')}?` }];
}

function named(
  slots: readonly GoalContext['playbooks'][number]['words']['slots'][],
  kind: 'party' | 'month' | 'days',
): readonly string[] {
  return distinct(slots.flatMap((slot) => slot[kind] ?? []));
}

function describe({ id, name }: { readonly id: Id; readonly name: string }): string {
  return `${name} (${id})`;
}

function distinct<Value>(values: readonly Value[]): readonly Value[] {
  return [...new Set(values)];
}
