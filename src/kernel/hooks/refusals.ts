import { WEBHOOK_FAULTS, type WebhookFault } from '../../connect/index.ts';
import type { KernelPorts } from '../ports.ts';
import { settledId } from '../settled-id.ts';
import { finding } from './finding.ts';
import type { HooksPorts } from './hooks.ts';

/** Counts what was refused. A forged delivery is never an event: a flood must not grow the log. */
export interface Refusals {
  /**
   * Takes note of one. Undefined, or how long its sender should wait: too many from one address or for
   * one name within a minute.
   */
  readonly count: (refused: {
    /** as it stood in the address; of a hook that is, or of none */
    readonly name: string;
    readonly known: boolean;
    readonly address: string;
    readonly because: WebhookFault;
  }) => number | undefined;
  /** since the start of this process */
  readonly total: () => number;
}

const WINDOW_MS = 60_000;
/** refused in a window, from one address or for one name, before the answer is to wait */
const REFUSED_MAX = 60;
/** names and addresses told apart in a window: a flood of new ones counts as one */
const KEYS_MAX = 1_000;
/** refused deliveries to one hook in a day that are worth the operator's eyes */
const SAID_AT = 5;
const DAY_MS = 86_400_000;

export function createRefusals({
  log,
  clock,
  beside,
}: Pick<KernelPorts, 'log' | 'clock'> & Pick<HooksPorts, 'beside'>): Refusals {
  let total = 0;
  let window = { endsAt: 0, counts: new Map<string, number>() };
  let today = { day: -1, hooks: new Map<string, Partial<Record<WebhookFault, number>>>() };

  function countIn(key: string): number {
    const { counts } = window;
    const own = counts.has(key) || counts.size < KEYS_MAX ? key : '';
    const next = (counts.get(own) ?? 0) + 1;
    counts.set(own, next);
    return next;
  }

  function countToday(hook: string, because: WebhookFault): void {
    const day = Math.floor(clock.now() / DAY_MS);
    if (today.day !== day) today = { day, hooks: new Map() };
    const faults = today.hooks.get(hook) ?? {};
    today.hooks.set(hook, { ...faults, [because]: (faults[because] ?? 0) + 1 });
    const sum = Object.values(faults).reduce((all, each) => all + each, 1);
    if (sum === SAID_AT) beside(sayOnce(hook, day));
  }

  /** One finding for a hook and a day, whatever comes, and after a restart too. */
  async function sayOnce(hook: string, day: number): Promise<void> {
    const id = settledId(`steward/hook-refused/v1\0${log.company}\0${hook}\0${day}`, day * DAY_MS);
    if ((await log.streamVersion(`item/${id}`)) > 0) return;
    const because = Object.keys(today.hooks.get(hook) ?? {}).map(
      (fault) => WEBHOOK_FAULTS[fault as WebhookFault], // keys of a record of faults
    );
    const recommendation = `If it is your sender: compare the address and the secret there, or make a new one with steward hook rotate ${hook}. If it is not: nothing came in, and nothing has to be done.`;
    const title = `Somebody sends to your hook "${hook}" what it does not take.`;
    await log.append([finding(id, title, { hook, because, recommendation })]);
  }

  return {
    count: ({ name, known, address, because }) => {
      total += 1;
      const now = clock.now();
      // a clock that was set back begins a new one: nobody waits for the old end
      if (now >= window.endsAt || now < window.endsAt - WINDOW_MS) {
        window = { endsAt: now + WINDOW_MS, counts: new Map() };
      }
      if (known) countToday(name, because);
      const most = Math.max(countIn(`to ${name}`), countIn(`from ${address}`));
      return most > REFUSED_MAX ? Math.max(1_000, window.endsAt - now) : undefined;
    },
    total: () => total,
  };
}
