import { plain, time } from './format.ts';
import { type Screen, table } from './screen.ts';
import { wrap } from './text-table.ts';

interface HookLine {
  readonly name: string;
  readonly address: string;
  readonly playbook: string | null;
  readonly facts: readonly string[];
  readonly about: string | null;
  readonly oldUntil: string | null;
}

interface DeliveryLine {
  readonly key: string;
  readonly id: string;
  readonly receivedAt: string;
  readonly status: string;
  readonly run: string | null;
  readonly because: string | null;
}

export interface KeptHook {
  readonly address?: string;
  readonly whsec?: string;
}

/** Words and columns for hooks and what came in through them. */
export const HOOK_LINES = {
  hooks: (rows: readonly HookLine[], screen: Screen) =>
    rows.length === 0
      ? ['Nobody can tell you anything here yet: steward hook add NAME']
      : rows.flatMap((row) => hookLines(row, screen)),
  deliveries: (rows: readonly DeliveryLine[], screen: Screen) =>
    rows.length === 0 ? ['Nothing came in.'] : deliveryLines(rows, screen),
  'hook-again': (row: DeliveryLine, screen: Screen) => deliveryLines([row], screen),
};

function hookLines(hook: HookLine, screen: Screen): readonly string[] {
  const { name, address, playbook, facts, about, oldUntil } = hook;
  const does = [
    playbook === null ? 'starts nothing' : `starts ${playbook}`,
    ...(facts.length > 0 ? [`our own: ${facts.join(', ')}`] : []),
    ...(about === null ? [] : [`only the newest about ${about}`]),
    ...(oldUntil === null ? [] : [`old secret until ${time(oldUntil, screen.zone)}`]),
  ];
  return [
    screen.bold(name),
    `  ${plain(address)}`,
    ...wrap(plain(does.join('; ')), screen.width, '  '),
  ];
}

/** What is needed on the other side; the secret is in no later answer. */
export function keptHookLines({ address, whsec }: KeptHook): readonly string[] {
  return [
    ...(address === undefined ? [] : ['', addressWords(address), plain(address)]),
    ...(whsec === undefined ? [] : ['', 'Its secret, which is shown this once:', plain(whsec)]),
  ];
}

/** Where nothing is served right now, nobody knows the beginning of it. */
function addressWords(address: string): string {
  return address.startsWith('/')
    ? 'The address to enter there is that of your server, and behind it:'
    : 'The address to enter there:';
}

function deliveryLines(rows: readonly DeliveryLine[], screen: Screen): readonly string[] {
  const lines = table(
    [{ title: 'DELIVERY' }, { title: 'WHEN' }, { title: 'STATE' }, { title: 'ID', flexible: true }],
    rows.map((row) => [row.key, time(row.receivedAt, screen.zone), row.status, plain(row.id)]),
    screen,
  );
  const why = rows.flatMap(({ key, run, because }) => [
    ...(because === null ? [] : wrap(plain(`${key}: ${because}`), screen.width, '  ')),
    ...(run === null ? [] : [`  ${key}: run ${run}`]),
  ]);
  return [...lines, ...why];
}
