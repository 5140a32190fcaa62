import type { Json, JsonObject } from '../../base/index.ts';
import type { Money } from '../../contract/index.ts';
import { formatValue } from '../../records/index.ts';
import { DECISIONS_SHOWN } from '../operations/decisions.ts';
import { ERASURE_LINES } from './erasure-lines.ts';
import { heldWords, money, plain, time } from './format.ts';
import { HOOK_LINES, type KeptHook, keptHookLines } from './hook-lines.ts';
import { type Screen, table } from './screen.ts';
import { wrap } from './text-table.ts';

/** Words and columns for grants, policy, modes, secrets and what was decided by them. */
export const TRUST_LINES = {
  grants: (rows: readonly GrantLine[], screen: Screen) =>
    rows.length === 0
      ? ['You delegated nothing: everything that goes out is asked first.']
      : rows.flatMap((row) => grantLines(row, screen)),
  ...Object.fromEntries(
    [
      ...['grant', 'grant-resume', 'revoke', 'policy-set', 'policy-rollback', 'mode', 'connect'],
      ...[
        'resume',
        'device-add',
        'passkey-add',
        'secret-set',
        'secret-rotate',
        'secret-remove',
        'token-revoke',
        'hook-set',
        'hook-end',
      ],
    ].map((name) => [name, doneLines]),
  ),
  stop: (_: Json, { stop }: Screen) => [stop('Stopped: nothing goes out until you say so.')],
  tokens: (rows: readonly TokenLine[], screen: Screen) =>
    rows.length === 0 ? ['Nobody holds one.'] : rows.flatMap((row) => tokenLines(row, screen)),
  'token-create': (data: Done & { readonly token: string }, screen: Screen) => [
    ...doneLines(data, screen),
    '',
    'The token, which is shown this once and kept nowhere:',
    data.token,
  ],
  'hook-add': (data: Done & KeptHook, screen: Screen) => [
    ...doneLines(data, screen),
    ...keptHookLines(data),
  ],
  'hook-rotate': (data: Done & KeptHook, screen: Screen) => [
    ...doneLines(data, screen),
    ...keptHookLines(data),
  ],
  ...HOOK_LINES,
  ...ERASURE_LINES,
  policy: policyLines,
  'policy-history': (rows: readonly PolicyLine[], screen: Screen) =>
    rows.length === 0
      ? ['It is as on a fresh install.']
      : table(
          [{ title: 'VERSION' }, { title: 'SINCE' }, { title: 'WHY', flexible: true }],
          rows.map((row) => [
            row.version.slice(0, VERSION_LETTERS),
            time(row.at, screen.zone),
            row.because,
          ]),
          screen,
        ),
  'policy-diff': (
    { changes }: { readonly changes: readonly { sentence: string }[] },
    screen: Screen,
  ) =>
    changes.length === 0
      ? ['It means the same as the one in force.']
      : changes.flatMap(({ sentence }) => wrap(plain(sentence), screen.width)),
  'policy-back-test': backTestLines,
  decisions: (rows: readonly DecisionLine[], screen: Screen) =>
    rows.length === 0
      ? ['Nothing was decided yet.']
      : [
          ...rows.flatMap((row) => decisionLines(row, screen)),
          ...(rows.length < DECISIONS_SHOWN
            ? []
            : [`Those of earlier runs: steward decisions --before ${rows.at(-1)?.run}`]),
        ],
  secrets: (rows: readonly SecretLine[], screen: Screen) =>
    rows.length === 0
      ? ['There is none.']
      : table(
          [{ title: 'NAME' }, { title: 'SINCE' }, { title: 'SENT TO', flexible: true }],
          rows.map((row) => [row.name, time(row.changedAt, screen.zone), row.hosts.join(', ')]),
          screen,
        ),
};

/** letters of a policy's version that a person reads and types */
const VERSION_LETTERS = 12;

interface Done {
  readonly sentences: readonly string[];
}

function doneLines({ sentences }: Done, { width, ok }: Screen): readonly string[] {
  return [ok('Signed and done.'), ...sentences.flatMap((line) => wrap(plain(line), width))];
}

interface GrantLine {
  readonly id: string;
  readonly title: string;
  readonly status: string;
  readonly because: string | null;
  readonly scope: { readonly capability: string; readonly destinations: readonly string[] };
  readonly limits: readonly JsonObject[];
  readonly until: string;
  readonly uses: number;
}

function grantLines(grant: GrantLine, screen: Screen): readonly string[] {
  const { id, title, status, because, scope, limits, until, uses } = grant;
  const paint = status === 'active' ? screen.ok : screen.warn;
  return [
    ...wrap(plain(title), screen.width).map(screen.bold),
    `  ${id}  ${paint(status)}${because === null ? '' : ` (${plain(because)})`}`,
    ...wrap(
      `${scope.capability} to ${scope.destinations.map(plain).join(', ')}`,
      screen.width,
      '  ',
    ),
    ...wrap(
      `${limits.map(limitWords).join(', ')}; until ${time(until, screen.zone)}; used ${uses} times`,
      screen.width,
      '  ',
    ),
  ];
}

function limitWords({ type, max, per, minGapMs }: JsonObject): string {
  const period = per === 'all' ? 'in all' : `a ${String(per)}`;
  switch (type) {
    case 'count':
      return `${String(max)} times ${period}`;
    case 'distinct':
      return `${String(max)} destinations ${period}`;
    case 'sum':
      return `${formatValue(max)} ${period}`;
    default:
      return `${Number(minGapMs) / 1_000} s apart`;
  }
}

interface TokenLine {
  readonly id: string;
  readonly name: string;
  readonly holder: string;
  readonly status: string;
  readonly revoked: string | null;
  readonly until: string;
  readonly scope: {
    readonly capabilities: readonly string[];
    readonly reads: readonly string[];
    readonly run?: string;
  };
}

function tokenLines({ id, name, holder, status, until, scope, ...row }: TokenLine, screen: Screen) {
  const paint = status === 'active' ? screen.ok : screen.warn;
  const { capabilities, reads, run } = scope;
  const reach = [
    ...(capabilities.length > 0 ? [`asks for ${capabilities.join(', ')}`] : []),
    ...(reads.length > 0 ? [`reads ${reads.join(', ')}`] : []),
    ...(run === undefined ? [] : [`only run ${run}`]),
  ];
  return [
    ...wrap(plain(`${name} (${holder})`), screen.width).map(screen.bold),
    `  ${id}  ${paint(status)}${row.revoked === null ? '' : ` (${plain(row.revoked)})`}`,
    ...wrap(plain(`${reach.join('; ')}; until ${time(until, screen.zone)}`), screen.width, '  '),
  ];
}

interface PolicyLine {
  readonly version: string;
  readonly at: string;
  readonly because: string;
}

interface PolicyAnswer {
  readonly status: 'in-force' | 'unreadable';
  readonly faults: readonly string[];
  readonly version: string | null;
  readonly since: string | null;
  readonly policy: JsonObject | null;
}

/** As a file of the same content is written, so that it can be copied, changed and set. */
function policyLines({ status, faults, version, since, policy }: PolicyAnswer, screen: Screen) {
  if (status === 'unreadable' || policy === null) {
    return [
      screen.stop('The policy cannot be read, so everything is denied.'),
      ...faults.flatMap((fault) => wrap(plain(fault), screen.width, '  ')),
    ];
  }
  const when = since === null ? 'as on a fresh install' : `since ${time(since, screen.zone)}`;
  return [
    `# version ${version?.slice(0, VERSION_LETTERS) ?? ''}, ${when}`,
    ...Object.entries(policy).flatMap(([name, value]) => yamlLines(name, value, screen)),
  ];
}

/** A line that is broken at a space inside brackets or quotes is the same YAML. */
function yamlLines(name: string, value: Json, { width }: Screen): readonly string[] {
  if (!Array.isArray(value) || value.length === 0)
    return wrapped('', `${name}: ${flow(value)}`, width);
  return [`${name}:`, ...value.flatMap((each: Json) => wrapped('  - ', flow(each), width))];
}

function wrapped(lead: string, text: string, width: number): readonly string[] {
  const [first = '', ...rest] = wrap(text, width, '    ');
  return [lead + first.trimStart(), ...rest];
}

/** JSON is YAML; what is invisible in it is shown. */
function flow(value: Json): string {
  return plain(JSON.stringify(value));
}

interface Figures {
  readonly asks: number;
  readonly verdicts: { readonly allow: number; readonly ask: number; readonly deny: number };
  /** minor units by verdict and currency */
  readonly money: {
    readonly [verdict in 'allow' | 'ask' | 'deny']: { readonly [currency: string]: number };
  };
}

interface BackTestAnswer {
  readonly deeds: number;
  readonly earlier: number;
  readonly before: Figures;
  readonly after: Figures;
  readonly differs: readonly {
    readonly summary: string | null;
    readonly amount: Money | null;
    readonly run: string | null;
    readonly before: { readonly verdict: string };
    readonly after: { readonly verdict: string; readonly reasons: readonly string[] };
  }[];
}

function sums(byCurrency: { readonly [currency: string]: number }): string {
  return Object.entries(byCurrency)
    .map(([currency, minor]) => money({ currency, minor }))
    .join(', ');
}

function backTestLines({ deeds, earlier, before, after, differs }: BackTestAnswer, screen: Screen) {
  return [
    `${deeds} effects were judged again; ${differs.length} would have been decided otherwise.`,
    ...(earlier > 0
      ? [`Not judged: ${earlier} from before those. One trial takes the newest only.`]
      : []),
    ...table(
      [
        { title: '' },
        { title: 'NOW', align: 'right' },
        { title: 'THEN', align: 'right' },
        { title: 'MONEY NOW', align: 'right' },
        { title: 'MONEY THEN', align: 'right' },
      ],
      (['allow', 'ask', 'deny'] as const).map((verdict) => [
        verdict,
        before.verdicts[verdict],
        after.verdicts[verdict],
        sums(before.money[verdict]),
        sums(after.money[verdict]),
      ]),
      screen,
    ),
    ...differs.flatMap((each) => [
      '',
      ...wrap(plain(each.summary ?? ''), screen.width).map(screen.bold),
      `  ${each.before.verdict} -> ${each.after.verdict}${each.amount ? `  ${money(each.amount)}` : ''}${each.run === null ? '' : `  run ${each.run}`}`,
      ...each.after.reasons.flatMap((reason) => wrap(plain(reason), screen.width, '  ')),
    ]),
  ];
}

interface DecisionLine {
  readonly run: string;
  readonly step: string;
  readonly summary: string;
  readonly verdict: 'allow' | 'ask' | 'deny';
  readonly status: string;
  readonly heldUntil: string | null;
  readonly reasons: readonly string[];
  readonly on:
    | { readonly type: 'grant'; readonly id: string; readonly title: string }
    | { readonly type: 'approval'; readonly id: string; readonly at: string }
    | null;
}

function decisionLines(row: DecisionLine, screen: Screen): readonly string[] {
  const paint = { allow: screen.ok, ask: screen.warn, deny: screen.stop }[row.verdict];
  const on =
    row.on === null
      ? []
      : row.on.type === 'grant'
        ? [`on your grant "${plain(row.on.title)}"`]
        : [`you signed it ${time(row.on.at, screen.zone)}`];
  const words = heldWords(row.heldUntil, row.run, screen.zone);
  const held = words === '' ? [] : [words];
  return [
    ...wrap(plain(row.summary), screen.width).map(screen.bold),
    `  ${paint(row.verdict)}, now ${row.status}  ${row.run}  ${plain(row.step)}`,
    ...[...row.reasons, ...on, ...held].flatMap((line) => wrap(plain(line), screen.width, '  ')),
  ];
}

interface SecretLine {
  readonly name: string;
  readonly hosts: readonly string[];
  readonly changedAt: string;
}
