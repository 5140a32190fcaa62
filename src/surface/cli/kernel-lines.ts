import type { Json, JsonObject } from '../../base/index.ts';
import { plain, time } from './format.ts';
import { type Screen, table } from './screen.ts';
import { wrap } from './text-table.ts';

/** Words and columns for playbooks, schedules, what waits, and going through the past again. */
export const KERNEL_LINES = {
  'playbook-show': (playbook: PlaybookAnswer, screen: Screen) => [
    screen.bold(`${plain(playbook.title)} (${playbook.name}@${playbook.version})`),
    ...table(
      [{ title: 'STEP' }, { title: 'WHAT', flexible: true }],
      playbook.plan.steps.map((step) => [step.id, step.title ?? step.call ?? '']),
      screen,
    ),
    '',
    ...table(
      [{ title: 'VERSION', align: 'right' }, { title: '' }, { title: 'WHY', flexible: true }],
      playbook.versions.map((each) => [each.version, each.active ? 'active' : '', each.because]),
      screen,
    ),
  ],
  'playbook-diff': ({ changes }: Changes, screen: Screen) => changeLines(changes, screen),
  'playbook-check': ({ faults, more }: CheckedPlaybook, screen: Screen) =>
    faults.length === 0
      ? [screen.ok('It can be published.')]
      : [
          ...faults.flatMap(({ path, expected, found, remedy }) => [
            ...wrap(screen.stop(`${plain(path)}: expected ${plain(expected)}`), screen.width),
            ...wrap(`found ${plain(found)}. ${plain(remedy)}`, screen.width, '  '),
          ]),
          ...(more > 0 ? [`And ${more} more. Correct these first, then check again.`] : []),
        ],
  'playbook-publish': (
    data: Changes & { readonly playbook: string; readonly published: boolean },
    screen: Screen,
  ) => [
    data.published
      ? screen.ok(`Published: ${plain(data.playbook)}. New runs take it.`)
      : `${plain(data.playbook)} was published before, exactly so.`,
    ...(data.changes.length > 0 ? changeLines(data.changes, screen) : []),
  ],
  'playbook-rollback': ({ name, version }: PlaybookVersionLine) => [
    `New runs take ${plain(name)}@${version}; running ones keep theirs.`,
  ],
  'playbook-migrate': (data: {
    readonly run: string;
    readonly from: string;
    readonly to: string;
  }) => [`Run ${data.run} goes on under ${plain(data.to)} (before: ${plain(data.from)}).`],
  schedules: (rows: readonly ScheduleLine[], screen: Screen) =>
    rows.length === 0
      ? ['The clock starts nothing.']
      : rows.flatMap((row) => scheduleLines(row, screen)),
  'schedule-set': (row: ScheduleLine, screen: Screen) => scheduleLines(row, screen),
  'schedule-remove': ({ id }: { readonly id: string }) => [`Removed: ${plain(id)}`],
  why: whyLines,
  locks: (rows: readonly LockLine[], screen: Screen) =>
    rows.length === 0
      ? ['Nothing is locked.']
      : rows.flatMap(({ key, holder, queue }) => [
          screen.bold(plain(key)),
          `  held by ${holder.run} (${plain(holder.step)})`,
          ...queue.map((who, index) => `  ${index + 1}. ${who.run} (${plain(who.step)})`),
        ]),
  replay: replayLines,
  fork: (fork: ForkAnswer, { width }: Screen) => [
    `Run ${fork.run} is ${fork.status}.`,
    `Forked from ${fork.of}.`,
    ...(fork.taken.length === 0
      ? ['Everything is done anew.']
      : wrap(`Taken over: ${fork.taken.map(plain).join(', ')}`, width)),
  ],
  'what-if': whatIfLines,
} as const;

interface PlaybookVersionLine {
  readonly name: string;
  readonly version: number;
  readonly active: boolean;
  readonly because: string;
}

interface PlaybookAnswer {
  readonly name: string;
  readonly version: number;
  readonly title: string;
  readonly plan: {
    readonly steps: readonly {
      readonly id: string;
      readonly title?: string;
      readonly call?: string;
    }[];
  };
  readonly versions: readonly PlaybookVersionLine[];
}

interface Changes {
  readonly changes: readonly { readonly sentence: string }[];
}

interface CheckedPlaybook {
  readonly faults: readonly Fault[];
  readonly more: number;
}

interface Fault {
  readonly path: string;
  readonly expected: string;
  readonly found: string;
  readonly remedy: string;
}

function changeLines(changes: Changes['changes'], { width }: Screen): readonly string[] {
  if (changes.length === 0) return ['They mean the same.'];
  return changes.flatMap(({ sentence }) => hanging(sentence, width));
}

/** `- ` before the first line, the same room before the others. */
function hanging(text: string, width: number): readonly string[] {
  const [first = '', ...rest] = wrap(plain(text), width, '  ');
  return [`- ${first.trimStart()}`, ...rest];
}

interface ScheduleLine {
  readonly id: string;
  readonly playbook: string;
  readonly cron: string;
  readonly zone: string;
  readonly next: string | null;
  readonly last: {
    readonly intended: string;
    readonly run: string | null;
    readonly outcome: string;
  } | null;
}

function scheduleLines(row: ScheduleLine, { bold, width, zone }: Screen): readonly string[] {
  const { last } = row;
  return [
    bold(plain(row.id)),
    `  ${plain(row.playbook)}, ${plain(row.cron)} (${plain(row.zone)})`,
    `  next ${row.next === null ? 'never' : time(row.next, zone)}`,
    ...(last ? wrap(`last ${time(last.intended, zone)}: ${plain(last.outcome)}`, width, '  ') : []),
    ...(last?.run ? [`  run ${last.run}`] : []),
  ];
}

interface WhyAnswer {
  readonly stopped: boolean;
  readonly mode: string;
  readonly reasons: readonly {
    readonly run: string;
    readonly goal: string;
    readonly step: string | null;
    readonly words: string;
    readonly until: string | null;
  }[];
  readonly unmet: readonly { readonly step: string; readonly words: string }[];
  readonly more: number;
}

function whyLines(
  { stopped, mode, reasons, unmet, more }: WhyAnswer,
  screen: Screen,
): readonly string[] {
  const { width, zone } = screen;
  return [
    ...(stopped ? [screen.stop('Everything that goes out is stopped: steward resume')] : []),
    ...(mode === 'off' ? [screen.stop('The company is off: steward mode live')] : []),
    ...(reasons.length === 0 ? ['Nothing waits.'] : []),
    ...unmet.flatMap(({ step, words }) => wrap(`${plain(step)}: ${plain(words)}`, width)),
    ...reasons.flatMap(({ run, goal, step, words, until }) => [
      ...wrap(plain(goal), width).map(screen.bold),
      `  ${run}${step === null ? '' : `  ${plain(step)}`}`,
      ...wrap(plain(words), width, '  '),
      ...(until === null ? [] : [`  until ${time(until, zone)}`]),
    ]),
    ...(more === 0 ? [] : [`And ${more} more. Of one run: steward why RUN`]),
  ];
}

interface LockLine {
  readonly key: string;
  readonly holder: { readonly run: string; readonly step: string };
  readonly queue: readonly { readonly run: string; readonly step: string }[];
}

interface ReplayAnswer {
  readonly status: 'identical' | 'diverged';
  readonly events: number;
  readonly decisions: number;
  readonly executed: number;
  readonly effects: number;
  readonly divergence?: {
    readonly step: string | null;
    readonly seq: number;
    readonly said: string;
    readonly expected: Json;
    readonly found: Json;
  };
}

function replayLines(replay: ReplayAnswer, screen: Screen): readonly string[] {
  const { events, decisions, executed, effects, divergence } = replay;
  const figures = `${events} events, ${decisions} decisions, ${executed} pure steps, ${effects} inputs of effects`;
  if (!divergence) return [screen.ok('It decides the same.'), ...wrap(`${figures}.`, screen.width)];
  const { step, seq, said, expected, found } = divergence;
  return [
    screen.stop(
      `It parts from the log at event ${seq}${step === null ? '' : ` (${plain(step)})`}.`,
    ),
    ...wrap(plain(said), screen.width),
    ...wrap(`the log: ${plain(expected)}`, screen.width, '  '),
    ...wrap(`now:     ${plain(found)}`, screen.width, '  '),
    ...wrap(`Gone through before: ${figures}.`, screen.width),
  ];
}

interface ForkAnswer {
  readonly run: string;
  readonly of: string;
  readonly status: string;
  readonly taken: readonly string[];
}

interface Pair<Figure> {
  readonly before: Figure;
  readonly after: Figure;
}

interface WhatIfAnswer {
  readonly runs: number;
  readonly left: readonly { readonly run: string; readonly because: string }[];
  readonly changed: readonly {
    readonly run: string;
    readonly goal: string;
    readonly decisions: readonly { readonly sentence: string }[];
  }[];
  readonly effects: Pair<number>;
  readonly approvals: Pair<number>;
  readonly money: Pair<JsonObject>;
}

function whatIfLines(answer: WhatIfAnswer, screen: Screen): readonly string[] {
  const { runs, left, changed, effects, approvals, money } = answer;
  const currencies = [...new Set([...Object.keys(money.before), ...Object.keys(money.after)])];
  return [
    `${runs} runs were decided again; ${changed.length} come out differently.`,
    ...table(
      [{ title: '' }, { title: 'BEFORE', align: 'right' }, { title: 'AFTER', align: 'right' }],
      [
        ['effects', effects.before, effects.after],
        ['cards for you', approvals.before, approvals.after],
        ...currencies.map((currency) => [
          `${currency}, minor units`,
          money.before[currency] ?? 0,
          money.after[currency] ?? 0,
        ]),
      ],
      screen,
    ),
    ...changed.flatMap(({ run, goal, decisions }) => [
      '',
      ...wrap(plain(goal), screen.width).map(screen.bold),
      `  ${run}`,
      ...decisions.flatMap(({ sentence }) => wrap(plain(sentence), screen.width, '  ')),
    ]),
    ...left.map(({ run, because }) => screen.warn(`${run} was left out: ${plain(because)}`)),
  ];
}
