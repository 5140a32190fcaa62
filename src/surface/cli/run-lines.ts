import type { Json, JsonObject } from '../../base/index.ts';
import { RUNS_SHOWN } from '../operations/runs.ts';
import type { InboxRow } from '../views/item-view.ts';
import type { StepPage } from '../views/step-view.ts';
import type { StepsAhead } from '../views/steps-ahead.ts';
import { heldWords, plain, time, withTimes } from './format.ts';
import { itemLines } from './item-lines.ts';
import { type Screen, table } from './screen.ts';
import { wrap } from './text-table.ts';

export interface DoAnswer {
  readonly run: string;
  readonly status: string;
  readonly joined: boolean;
  readonly words: string | null;
  readonly failure: JsonObject | null;
  readonly items: readonly InboxRow[];
}

const STATUS_WORDS: { readonly [status: string]: string } = {
  planned: 'begins',
  running: 'is under way',
  waiting: 'waits',
  parked: 'stands still and needs a look',
  cancelling: 'is being stopped',
  compensating: 'is being taken back',
  done: 'is done',
  failed: 'failed',
  cancelled: 'was cancelled',
};

export function doLines(data: DoAnswer, screen: Screen): readonly string[] {
  const state = STATUS_WORDS[data.status] ?? data.status;
  return [
    `Run ${data.run} ${state}.${data.joined ? ' It was under way already; you joined it.' : ''}`,
    ...(data.items.length === 0 && data.words !== null
      ? wrap(plain(data.words), screen.width)
      : []),
    ...(data.items.length > 0 ? ['', ...itemLines(data.items, screen)] : []),
  ];
}

export interface Decided {
  readonly run: string | null;
  readonly status: string | null;
  readonly effects: readonly {
    readonly step: string;
    readonly status: string;
    readonly heldUntil: string | null;
    readonly receipt: JsonObject | null;
    readonly failure: JsonObject | null;
  }[];
}

export function decidedLines(data: Decided, screen: Screen): readonly string[] {
  const lines = data.effects.flatMap(({ step, status, heldUntil, receipt, failure }) => {
    const said = receipt?.said ?? failure?.message ?? '';
    const paint = status === 'committed' ? screen.ok : status === 'failed' ? screen.stop : plain;
    return [
      `${paint(status.padEnd(10))} ${plain(step)}${said === '' ? '' : `: ${plain(said)}`}`,
      ...heldLines(heldUntil, data.run, screen),
    ];
  });
  const state =
    data.status === null ? [] : [`The run ${STATUS_WORDS[data.status] ?? data.status}.`];
  return [...lines, ...state, ...(lines.length + state.length === 0 ? ['Noted.'] : [])];
}

function heldLines(until: string | null, run: string | null, screen: Screen): readonly string[] {
  const words = heldWords(until, run, screen.zone);
  return words === '' ? [] : wrap(words, screen.width, '  ');
}

export interface RunLine {
  readonly id: string;
  readonly goal: string;
  readonly title: string | null;
  readonly status: string;
  readonly waitingFor: string | null;
  readonly startedAt: string;
}

export function runsLines(rows: readonly RunLine[], screen: Screen): readonly string[] {
  if (rows.length === 0) return ['Nothing was asked for yet.'];
  const lines = rows.flatMap((row) => [
    ...wrap(plain(row.goal), screen.width).map(screen.bold),
    `  ${row.id}  ${row.status}${row.waitingFor ? ` (${row.waitingFor})` : ''}  ${time(row.startedAt, screen.zone)}`,
  ]);
  if (rows.length < RUNS_SHOWN) return lines;
  return [...lines, `Those before: steward runs --before ${rows.at(-1)?.id}`];
}

export interface RunAnswer extends RunLine {
  readonly playbook: string | null;
  readonly words: string | null;
  readonly why: { readonly words: string } | null;
  readonly failure: JsonObject | null;
  readonly steps: readonly {
    readonly id: string;
    readonly title: string | null;
    readonly status: string;
    readonly attempts: number;
    readonly error: JsonObject | null;
    readonly waiting: { readonly words: string } | null;
    readonly because: string | null;
    readonly unmet: JsonObject | null;
  }[];
  readonly ahead: StepsAhead;
  readonly effects: readonly {
    readonly hash: string;
    readonly status: string;
    readonly heldUntil: string | null;
    readonly summary: string;
  }[];
}

const GLYPHS: { readonly [status: string]: string } = {
  pending: '·',
  ready: '·',
  running: '▸',
  waiting: '…',
  retrying: '↻',
  done: '✓',
  skipped: '–',
  failed: '✗',
  denied: '✗',
  cancelled: '–',
  compensated: '↩',
};

export function runLines(run: RunAnswer, screen: Screen): readonly string[] {
  return [
    ...wrap(plain(run.goal), screen.width).map(screen.bold),
    `${run.id}  ${run.status}${run.playbook ? `  ${plain(run.playbook)}` : ''}`,
    ...(run.why ? wrap(plain(withTimes(run.why.words, screen.zone)), screen.width) : []),
    ...(run.failure ? wrap(plain(run.failure.message), screen.width).map(screen.stop) : []),
    '',
    ...table(
      [{ title: ' ' }, { title: 'STEP' }, { title: 'STATUS' }, { title: 'WHAT', flexible: true }],
      run.steps
        .map((step) => [
          GLYPHS[step.status] ?? ' ',
          step.id,
          step.status + (step.attempts > 1 ? ` (${step.attempts})` : ''),
          withTimes(whatOf(step), screen.zone),
        ])
        .concat(
          run.ahead.steps.map(({ id, title, words }) => [
            GLYPHS.pending ?? ' ',
            id,
            'pending',
            title === null ? words : `${title}: ${words}`,
          ]),
        ),
      screen,
    ),
    ...(run.ahead.more > 0 ? [`And ${run.ahead.more} more that have not begun.`] : []),
    ...run.effects.flatMap((effect) => [
      '',
      ...wrap(`${effect.status}: ${plain(effect.summary)}`, screen.width),
      `  ${effect.hash}`,
      ...heldLines(effect.heldUntil, run.id, screen),
    ]),
  ];
}

/** What a step is, and what is to be said of it. */
function whatOf(step: RunAnswer['steps'][number]): string {
  const what = step.title ?? '';
  const reason = reasonOf(step);
  if (what === '' || reason.includes(what)) return reason || what;
  return reason === '' ? what : `${what}: ${reason}`;
}

/** Where it does not run, why. What went wrong once is past when it is done; a bound that it reached is not. */
function reasonOf({ status, error, waiting, because, unmet }: RunAnswer['steps'][number]): string {
  if (unmet !== null) return because ?? '';
  if (status === 'done' || status === 'compensated') return '';
  const problem = typeof error?.message === 'string' ? error.message : undefined;
  return problem ?? waiting?.words ?? because ?? '';
}

/** What a step was given and gave, whole, and its tries where there were several. */
const NOT_AGAIN = 'What it was given cannot be worked out again:';

export function stepLines(step: StepPage, screen: Screen): readonly string[] {
  const { id = '', title, capability, status = '', waiting, because, tries, input, output } = step;
  const { inputFailure } = step;
  const why = waiting?.words ?? because;
  return [
    screen.bold(plain(title ?? id)),
    `${plain(id)}  ${status}${capability ? `  ${capability}` : ''}`,
    ...(why ? wrap(plain(why), screen.width) : []),
    ...valueLines('Given', input, screen),
    ...(inputFailure ? wrap(`${NOT_AGAIN} ${plain(inputFailure.message)}`, screen.width) : []),
    ...valueLines('Result', output ?? null, screen),
    ...(tries.length > 1 || tries.some(({ failure }) => failure) ? tryLines(tries, screen) : []),
  ];
}

function tryLines(tries: StepPage['tries'], screen: Screen): readonly string[] {
  return [
    '',
    ...table(
      [{ title: 'TRY', align: 'right' }, { title: 'BEGAN' }, { title: 'CAME TO', flexible: true }],
      tries.map(({ attempt, startedAt, endedAt, failure, retryAt }) => [
        attempt,
        startedAt ? time(startedAt, screen.zone) : '',
        failure
          ? `${plain(failure.message)}${retryAt ? ` Again at ${time(retryAt, screen.zone)}.` : ''}`
          : endedAt
            ? 'done'
            : 'is under way',
      ]),
      screen,
    ),
  ];
}

function valueLines(title: string, value: Json, screen: Screen): readonly string[] {
  if (value === null) return [];
  const lines = JSON.stringify(value, null, 2).split('\n');
  return ['', screen.bold(title), ...lines.map((line) => `  ${plain(line)}`)];
}
