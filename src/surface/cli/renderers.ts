import { isJsonObject, type Json, type JsonObject } from '../../base/index.ts';
import type { Money } from '../../contract/index.ts';
import type { CardView, InboxRow } from '../views/item-view.ts';
import { money, plain, time } from './format.ts';
import { type Column, textTable, wrap } from './text-table.ts';

/** How an answer looks on a terminal. */
export interface Screen {
  readonly width: number;
  /** the company's zone */
  readonly zone: string;
  readonly bold: (text: string) => string;
  readonly warn: (text: string) => string;
  readonly stop: (text: string) => string;
  readonly ok: (text: string) => string;
}

export type Renderer = (data: never, screen: Screen) => readonly string[];

/** By operation; what is not here is shown as fields. */
export const RENDERERS: { readonly [operation: string]: Renderer } = {
  inbox: ({ items }: { items: readonly InboxRow[] }, screen) => inboxLines(items, screen),
  show: (card: CardView, screen) => cardLines(card, screen),
  edit: (card: CardView, screen) => cardLines(card, screen),
  do: (data: DoAnswer, screen) => doLines(data, screen),
  approve: (data: Decided, screen) => decidedLines(data, screen),
  reject: (data: Decided, screen) => decidedLines(data, screen),
  answer: (data: Decided, screen) => decidedLines(data, screen),
  snooze: (row: InboxRow, { zone }) => [
    `Put off until ${time(row.snoozedUntil, zone)}: ${plain(row.title)}`,
  ],
  runs: (rows: readonly RunLine[], screen) => runsLines(rows, screen),
  run: (run: RunAnswer, screen) => runLines(run, screen),
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
};

/** The answer in words and columns, each line safe on a terminal. */
export function render(operation: string, data: Json, screen: Screen): readonly string[] {
  const renderer = RENDERERS[operation];
  // each renderer reads what its own operation answers; the operation's handler made it
  return renderer ? renderer(data as never, screen) : fieldLines(data, screen);
}

function table(columns: readonly Column[], rows: readonly (readonly unknown[])[], screen: Screen) {
  const [head = '', ...lines] = textTable(columns, rows, screen.width);
  return [screen.bold(head), ...lines];
}

function inboxLines(items: readonly InboxRow[], screen: Screen): readonly string[] {
  if (items.length === 0) return ['Nothing waits for you.'];
  return items.flatMap((item) => {
    const amounts = item.effects.map(({ amount }) => money(amount)).filter((text) => text !== '');
    const to = [...new Set(item.effects.flatMap((effect) => effect.to))];
    const facts = [item.kind, ...amounts.slice(0, 1), ...to.slice(0, 2)].map(plain);
    return [
      ...wrap(plain(item.title), screen.width).map(screen.bold),
      ...wrap(`${item.id}  ${facts.join(' · ')}`, screen.width, '  '),
    ];
  });
}

const CLASS_WORDS: { readonly [effectClass: string]: string } = {
  reversible: 'can be taken back',
  final: 'cannot be undone once it is out',
  grave: 'grave: money, contracts or keys',
  record: 'our own books',
};

export function cardLines(card: CardView, screen: Screen): readonly string[] {
  const { item } = card;
  const lines = [
    ...wrap(plain(item.title), screen.width).map(screen.bold),
    `${item.id}  ${item.kind}${card.mode === 'sandbox' ? '  sandbox: nothing leaves' : ''}`,
  ];
  for (const [index, shown] of card.effects.entries()) {
    const { effect, preview, hash, status, provisional, reasons, destinations } = shown;
    const to = destinations.map(({ address, count }) =>
      count === 0 ? `${address} (new)` : `${address} (${count} before)`,
    );
    const note = CLASS_WORDS[effect.class] ?? effect.class;
    lines.push(
      '',
      screen.bold(`${index + 1}. ${plain(effect.summary)}`),
      ...wrap(plain(preview.text), screen.width, '   │ '),
      ...fact('to', to.join(', '), screen),
      ...fact('amount', money(effect.amount), screen),
      ...fact('state', `${status}${provisional ? ', its number may still change' : ''}`, screen),
      `   class    ${shown.irreversible ? screen.stop(note) : note}`,
      ...fact('undo', effect.undo.how, screen),
      ...fact('why', reasons.join(' '), screen),
      ...fact('files', effect.parts.map(({ name, blob }) => `${name} ${blob}`).join('\n'), screen),
      `   hash     ${hash}`,
    );
  }
  lines.push(...formLines(item.form, screen), '', ...wrap(card.doNothing, screen.width));
  return lines;
}

function fact(name: string, value: string, screen: Screen): readonly string[] {
  if (value === '') return [];
  const [first = '', ...rest] = wrap(plain(value), screen.width, '            ');
  return [`   ${name.padEnd(8)} ${first.trimStart()}`, ...rest];
}

/** The fields that an answer may set. */
function formLines(form: Json, screen: Screen): readonly string[] {
  if (!isJsonObject(form) || !Array.isArray(form.fields)) return [];
  const fields = (form.fields as readonly Json[]).filter(isJsonObject);
  return fields.flatMap((field) => {
    const choices = Array.isArray(field.choices)
      ? ` (${field.choices.map(plain).join(' | ')})`
      : '';
    const preset = field.default === undefined ? '' : ` [${plain(field.default)}]`;
    const label = `${plain(field.label ?? field.name)}${choices}${preset}`;
    const needed = field.required ? '' : ' (may stay empty)';
    return [
      '',
      ...wrap(`${label}${needed}`, screen.width),
      `  --set ${plain(field.name)}=...`,
      ...(field.help === undefined ? [] : wrap(plain(field.help), screen.width, '  ')),
    ];
  });
}

interface DoAnswer {
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

function doLines(data: DoAnswer, screen: Screen): readonly string[] {
  const state = STATUS_WORDS[data.status] ?? data.status;
  return [
    `Run ${data.run} ${state}.${data.joined ? ' It was under way already; you joined it.' : ''}`,
    ...(data.items.length === 0 && data.words !== null
      ? wrap(plain(data.words), screen.width)
      : []),
    ...(data.items.length > 0 ? ['', ...inboxLines(data.items, screen)] : []),
  ];
}

interface Decided {
  readonly run: string | null;
  readonly status: string | null;
  readonly effects: readonly {
    readonly step: string;
    readonly status: string;
    readonly receipt: JsonObject | null;
    readonly failure: JsonObject | null;
  }[];
}

function decidedLines(data: Decided, screen: Screen): readonly string[] {
  const lines = data.effects.map(({ step, status, receipt, failure }) => {
    const said = receipt?.said ?? failure?.message ?? '';
    const paint = status === 'committed' ? screen.ok : status === 'failed' ? screen.stop : plain;
    return `${paint(status.padEnd(10))} ${plain(step)}${said === '' ? '' : `: ${plain(said)}`}`;
  });
  const state =
    data.status === null ? [] : [`The run ${STATUS_WORDS[data.status] ?? data.status}.`];
  return [...lines, ...state, ...(lines.length + state.length === 0 ? ['Noted.'] : [])];
}

interface RunLine {
  readonly id: string;
  readonly goal: string;
  readonly title: string | null;
  readonly status: string;
  readonly waitingFor: string | null;
  readonly startedAt: string;
}

function runsLines(rows: readonly RunLine[], screen: Screen): readonly string[] {
  if (rows.length === 0) return ['Nothing was asked for yet.'];
  return rows.flatMap((row) => [
    ...wrap(plain(row.goal), screen.width).map(screen.bold),
    `  ${row.id}  ${row.status}${row.waitingFor ? ` (${row.waitingFor})` : ''}  ${time(row.startedAt, screen.zone)}`,
  ]);
}

interface RunAnswer extends RunLine {
  readonly playbook: string | null;
  readonly words: string | null;
  readonly failure: JsonObject | null;
  readonly steps: readonly {
    readonly id: string;
    readonly title: string | null;
    readonly status: string;
    readonly attempts: number;
    readonly error: JsonObject | null;
  }[];
  readonly effects: readonly {
    readonly hash: string;
    readonly status: string;
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

function runLines(run: RunAnswer, screen: Screen): readonly string[] {
  return [
    ...wrap(plain(run.goal), screen.width).map(screen.bold),
    `${run.id}  ${run.status}${run.playbook ? `  ${plain(run.playbook)}` : ''}`,
    ...(run.words === null ? [] : wrap(plain(run.words), screen.width)),
    ...(run.failure ? wrap(plain(run.failure.message), screen.width).map(screen.stop) : []),
    '',
    ...table(
      [{ title: ' ' }, { title: 'STEP' }, { title: 'STATUS' }, { title: 'WHAT', flexible: true }],
      run.steps.map((step) => [
        GLYPHS[step.status] ?? ' ',
        step.id,
        step.status + (step.attempts > 1 ? ` (${step.attempts})` : ''),
        step.error ? `${step.error.message ?? ''}` : step.title,
      ]),
      screen,
    ),
    ...run.effects.flatMap((effect) => [
      '',
      ...wrap(`${effect.status}: ${plain(effect.summary)}`, screen.width),
      `  ${effect.hash}`,
    ]),
  ];
}

interface RecordLine {
  readonly id: string;
  readonly type: string;
  readonly title: string;
  readonly version: number;
  readonly archived: boolean;
  readonly fields: JsonObject;
}

function recordLines(record: RecordLine, screen: Screen): readonly string[] {
  return [
    screen.bold(plain(record.title)),
    `${record.type}/${record.id}  version ${record.version}${record.archived ? '  archived' : ''}`,
    '',
    ...table(
      [{ title: 'FIELD' }, { title: 'VALUE', flexible: true }],
      leaves(record.fields).map(([path, value]) => [path, shown(value)]),
      screen,
    ),
  ];
}

function leaves(value: JsonObject, above = ''): readonly (readonly [string, Json])[] {
  return Object.entries(value).flatMap(([name, inner]) => {
    const path = above === '' ? name : `${above}.${name}`;
    return isJsonObject(inner) && !isMoney(inner) ? leaves(inner, path) : [[path, inner] as const];
  });
}

function shown(value: Json): string {
  return isJsonObject(value) && isMoney(value) ? money(value) : plain(value);
}

function isMoney(value: JsonObject): value is JsonObject & Money {
  return typeof value.minor === 'number' && typeof value.currency === 'string';
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
  if (!isJsonObject(data)) return [plain(data)];
  return Object.entries(data).flatMap(([name, value]) => wrap(`${name}: ${plain(value)}`, width));
}
