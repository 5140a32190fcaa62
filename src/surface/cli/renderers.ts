import type { Json } from '../../base/index.ts';
import type { CardView, InboxRow } from '../views/item-view.ts';
import type { StepPage } from '../views/step-view.ts';
import { plain, time } from './format.ts';
import { cardLines, type Inbox, inboxLines } from './item-lines.ts';
import { KERNEL_LINES } from './kernel-lines.ts';
import { type RecordLine, recordLines } from './record-lines.ts';
import {
  type Decided,
  type DoAnswer,
  decidedLines,
  doLines,
  type RunAnswer,
  type RunLine,
  runLines,
  runsLines,
  stepLines,
} from './run-lines.ts';
import { type Screen, table } from './screen.ts';
import { wrap } from './text-table.ts';
import { TRUST_LINES } from './trust-lines.ts';

export type Renderer = (data: never, screen: Screen) => readonly string[];

/** By operation; what is not here is shown as fields. */
export const RENDERERS: { readonly [operation: string]: Renderer } = {
  inbox: (inbox: Inbox, screen) => inboxLines(inbox, screen),
  show: (card: CardView, screen) => cardLines(card, screen),
  edit: (card: CardView, screen) => cardLines(card, screen),
  do: (data: DoAnswer, screen) => doLines(data, screen),
  approve: (data: Decided, screen) => decidedLines(data, screen),
  reject: (data: Decided, screen) => decidedLines(data, screen),
  answer: (data: Decided, screen) => decidedLines(data, screen),
  snooze: (row: InboxRow, { zone }) => [
    `Put off until ${[
      ...(row.snoozedUntil === null ? [] : [time(row.snoozedUntil, zone)]),
      ...(row.snoozedFor === null ? [] : [plain(row.snoozedFor)]),
    ].join(' or ')}: ${plain(row.title)}`,
  ],
  runs: (rows: readonly RunLine[], screen) => runsLines(rows, screen),
  run: (run: RunAnswer, screen) => runLines(run, screen),
  step: (step: StepPage, screen) => stepLines(step, screen),
  undo: (data: DoAnswer, screen) => doLines(data, screen),
  cancel: (run: RunAnswer, screen) => runLines(run, screen),
  records: (rows: readonly RecordLine[], screen) =>
    rows.length === 0
      ? ['There is none.']
      : table(
          [{ title: 'ID' }, { title: 'NAME', flexible: true }],
          rows.map((row) => [row.id, row.title]),
          screen,
        ),
  record: (record: RecordLine, screen) => recordLines(record, screen),
  create: (record: RecordLine, screen) => recordLines(record, screen),
  change: (record: RecordLine, screen) => recordLines(record, screen),
  archive: (record: RecordLine) => [`Archived: ${plain(record.title)}`],
  history: (rows: readonly HistoryLine[], screen) =>
    table(
      [{ title: 'SEQ', align: 'right' }, { title: 'WHEN' }, { title: 'WHAT', flexible: true }],
      rows.map((row) => [row.seq, time(row.at, screen.zone), row.words]),
      screen,
    ),
  'record-types': (rows: readonly TypeLine[], screen) =>
    table(
      [{ title: 'TYPE' }, { title: 'FIELDS', flexible: true }],
      rows.map((row) => [row.type, row.fields.map(({ path }) => path).join(', ')]),
      screen,
    ),
  'import-time': importLines,
  'import-parties': importLines,
  log: ({ events }: { events: readonly EventLine[] }, screen) =>
    table(
      [
        { title: 'SEQ', align: 'right' },
        { title: 'WHEN' },
        { title: 'WHAT' },
        { title: 'STREAM', flexible: true },
      ],
      events.map((event) => [event.seq, time(event.at, screen.zone), event.type, event.stream]),
      screen,
    ),
  'log-verify': (report: VerifyAnswer, { ok }) => [
    ok(`The log is whole: ${report.events} events, every link holds.`),
    report.checkpoints.length > 0
      ? `It still holds what checkpoints saw at ${report.checkpoints.join(', ')}.`
      : 'There is no checkpoint yet: a cut end would not show. Keep copies of checkpoints/latest.',
  ],
  capabilities: (rows: readonly CapabilityLine[], screen) =>
    table(
      [{ title: 'NAME' }, { title: 'CLASS' }, { title: 'WHAT IT DOES', flexible: true }],
      rows.map((row) => [row.ref, row.effect, row.title]),
      screen,
    ),
  playbooks: (rows: readonly PlaybookLine[], screen) =>
    table(
      [{ title: 'NAME' }, { title: 'STEPS', align: 'right' }, { title: 'TITLE', flexible: true }],
      rows.map((row) => [`${row.name}@${row.version}`, row.steps, row.title]),
      screen,
    ),
  connectors: (rows: readonly ConnectorLine[], screen) =>
    table(
      [{ title: 'NAME' }, { title: 'MODE' }, { title: 'DOES', flexible: true }],
      rows.map((row) => [row.name, row.mode, row.capabilities.join(', ')]),
      screen,
    ),
  devices: (rows: readonly DeviceLine[], screen) =>
    rows.length === 0
      ? ['No device is enrolled yet.']
      : table(
          [
            { title: 'ID' },
            { title: 'KIND' },
            { title: 'STRENGTH' },
            { title: 'NAME', flexible: true },
          ],
          rows.map((row) => [
            row.id,
            row.kind,
            row.revokedAt ? 'revoked' : row.assurance,
            row.name,
          ]),
          screen,
        ),
  init: ({ home, company, recovery }: InitAnswer, screen) => [
    screen.ok(`${plain(company)} is ready.`),
    `Home: ${home}`,
    '',
    screen.warn('Your recovery key. It is shown only now: write it on paper and put it away.'),
    `  ${recovery}`,
  ],
  'device-invite': ({ url }: { url: string }) => [
    'Open this within ten minutes in the browser that shall decide for you:',
    url,
  ],
  'device-enrol': (device: DeviceLine) => [`Enrolled: ${plain(device.name)} (${device.id})`],
  'device-revoke': (device: DeviceLine) => [`Revoked: ${plain(device.name)} (${device.id})`],
  'sign-in-link': ({ url }: { url: string }) => [url],
  health: checkLines,
  doctor: checkLines,
  ...KERNEL_LINES,
  ...TRUST_LINES,
};

/** The answer in words and columns, each line safe on a terminal. */
export function render(operation: string, data: Json, screen: Screen): readonly string[] {
  const renderer = RENDERERS[operation];
  // each renderer reads what its own operation answers; the operation's handler made it
  return renderer ? renderer(data as never, screen) : fieldLines(data, screen);
}

interface ImportAnswer {
  readonly read: number;
  readonly added: number;
  readonly changed: number;
  readonly unchanged: number;
  readonly duplicates: number;
  readonly refused: readonly { line: number; column: string; reason: string }[];
  readonly notices: readonly { line: number; column: string; reason: string }[];
  readonly questions: readonly { readonly item: string; readonly question: string }[];
}

function importLines(data: ImportAnswer, screen: Screen): readonly string[] {
  const { read, added, changed, unchanged, duplicates, refused, notices, questions } = data;
  const remark = ({ line, column, reason }: { line: number; column: string; reason: string }) =>
    wrap(
      `line ${line}${column === '' ? '' : `, ${plain(column)}`}: ${plain(reason)}`,
      screen.width,
      '  ',
    );
  return [
    `${read} rows read: ${added} added, ${changed} changed, ${unchanged} as they were, ${duplicates} twice in the file.`,
    ...(refused.length > 0 ? [screen.warn(`${refused.length} refused:`)] : []),
    ...refused.flatMap(remark),
    ...(notices.length > 0 ? ['Worth knowing:'] : []),
    ...notices.flatMap(remark),
    ...(questions.length > 0 ? [screen.warn(`${questions.length} to be answered:`)] : []),
    ...questions.flatMap(({ item, question }) => [
      ...wrap(plain(question), screen.width, '  '),
      `  ${item}`,
    ]),
  ];
}

interface HistoryLine {
  readonly seq: number;
  readonly at: string;
  readonly words: string;
}
interface TypeLine {
  readonly type: string;
  readonly fields: readonly { readonly path: string }[];
}
interface EventLine {
  readonly seq: number;
  readonly at: string;
  readonly type: string;
  readonly stream: string;
}
interface VerifyAnswer {
  readonly events: number;
  readonly checkpoints: readonly number[];
}
interface CapabilityLine {
  readonly ref: string;
  readonly effect: string;
  readonly title: string;
}
interface PlaybookLine {
  readonly name: string;
  readonly version: number;
  readonly title: string;
  readonly steps: number;
}
interface ConnectorLine {
  readonly name: string;
  readonly mode: string;
  readonly capabilities: readonly string[];
}
interface InitAnswer {
  readonly home: string;
  readonly company: string;
  readonly recovery: string;
}
interface DeviceLine {
  readonly id: string;
  readonly name: string;
  readonly kind: string;
  readonly assurance: string;
  readonly revokedAt: string | null;
}

function checkLines(
  data: {
    readonly checks: readonly { name: string; status: string; words: string; remedy: string }[];
  },
  screen: Screen,
): readonly string[] {
  return data.checks.flatMap(({ name, status, words, remedy }) => {
    const paint = status === 'ok' ? screen.ok : status === 'warn' ? screen.warn : screen.stop;
    const [first = '', ...rest] = wrap(plain(words), screen.width, ' '.repeat(16));
    return [
      `${paint(status.padEnd(5))} ${name.padEnd(9)} ${first.trimStart()}`,
      ...rest,
      ...(remedy === '' ? [] : wrap(plain(remedy), screen.width, ' '.repeat(16))),
    ];
  });
}

function fieldLines(data: Json, { width }: Screen): readonly string[] {
  if (typeof data !== 'object' || data === null) return [plain(data)];
  return Object.entries(data).flatMap(([name, value]) => wrap(`${name}: ${plain(value)}`, width));
}
