import { type Id, LIMITS } from '../../base/index.ts';
import { failure } from '../../contract/index.ts';
import { type RunRow, runsFold } from '../folds.ts';
import { createInTurn } from '../in-turn.ts';
import type { Playbooks } from '../playbooks.ts';
import { forkRun } from '../replay/index.ts';
import { isRunEnded } from '../run/lifecycle.ts';
import { loadRun } from '../run/load-run.ts';
import type { Runner } from '../run/runner.ts';
import { isLive } from './describe-hook.ts';
import { type DeliveryRow, deliveriesFold, type HookRow, hooksFold } from './hook-folds.ts';
import { createReceive, type Receive, schemeOf } from './receive.ts';
import { createRefusals } from './refusals.ts';
import { readDelivery, type StartPorts, startedAppend, startPlaybook } from './start-playbook.ts';

/** A hook as lists show it. */
export interface HookView extends Pick<HookRow, 'name' | 'settings' | 'since' | 'ended'> {
  /** UTC ms until which an older secret counts as well; null where there is one secret only */
  readonly oldUntil: number | null;
}

/** A delivery with what became of the run that it started. */
export interface DeliveryView extends Omit<DeliveryRow, 'about' | 'status'> {
  readonly status: DeliveryRow['status'] | RunRow['status'];
}

/** What others tell us: verified, kept once, and handled once. */
export interface Hooks {
  readonly receive: Receive;
  /** True for what can be the secret of a hook of this name. */
  readonly isSecret: (name: string, text: string) => boolean;
  /** Without those that ended. */
  readonly list: () => Promise<readonly HookView[]>;
  /** Newest first. `failed`: those that could not start, or whose run failed. */
  readonly deliveries: (options: {
    readonly failed: boolean;
    readonly limit: number;
  }) => Promise<readonly DeliveryView[]>;
  /**
   * Handles one again that did not come to a good end: what was done is not done twice. By its key or a
   * beginning of it. Fails with `not_found`, `already_decided`, `not_possible` (it could not start, again),
   * `erased`.
   */
  readonly again: (key: string, by: string) => Promise<DeliveryView>;
  /** Starts what a crash left between the answer to the sender and the start of its run. */
  readonly recover: () => Promise<void>;
  /** refused since the start of this process */
  readonly refused: () => number;
}

export interface HooksPorts extends StartPorts {
  readonly playbooks: Playbooks;
  readonly runner: Runner;
  /** work that nobody waits for: its failure is reported, and a kernel that closes waits for it */
  readonly beside: (work: Promise<unknown>) => void;
}

export function createHooks(ports: HooksPorts): Hooks {
  const { log, clock } = ports;
  const hooks = log.fold(hooksFold);
  const deliveries = log.fold(deliveriesFold);
  const runs = log.fold(runsFold);
  const refusals = createRefusals(ports);
  const take = createReceive({ ...ports, refusals });
  const inTurn = createInTurn();

  /** In turn with everything else about this delivery. */
  function start(key: string): Promise<void> {
    return inTurn(key, async () => {
      const row = await deliveries.get(key);
      if (row?.status === 'due') await startPlaybook(ports, row);
    });
  }

  async function viewsOf(rows: readonly DeliveryRow[]): Promise<readonly DeliveryView[]> {
    const known = await runs.getMany(rows.flatMap(({ run }) => run ?? []));
    return rows.map(({ about: _, status, ...row }) => ({
      ...row,
      status: known.get(row.run ?? '')?.status ?? status,
    }));
  }

  async function find(given: string): Promise<DeliveryRow> {
    const found = (await deliveries.list({ equals: given, limit: 2 })).map(({ row }) => row);
    const [only, another] = found;
    if (only && (!another || only.key === given)) return only;
    throw failure(
      'not_found',
      another ? `More than one delivery begins with ${given}.` : `There is no delivery ${given}.`,
      { delivery: given },
      'See them with: steward hooks',
    );
  }

  async function requirePlaybook(name: string): Promise<void> {
    const hook = await hooks.get(name);
    if (hook?.ended === null && hook.settings.playbook !== null) return;
    throw failure(
      'not_possible',
      `The hook "${name}" starts nothing.`,
      { hook: name },
      `Let it start a playbook first: steward hook set ${name} --playbook NAME`,
    );
  }

  async function handleAgain(row: DeliveryRow, by: string): Promise<void> {
    const run = row.run === null ? undefined : await runs.get(row.run);
    if (!run) {
      await requirePlaybook(row.hook);
      await readDelivery(ports, row);
      return startPlaybook(ports, row);
    }
    if (run.status === 'done') {
      throw failure('already_decided', 'This was handled, and came to a good end.', {
        run: run.id,
      });
    }
    if (!isRunEnded(run.status)) return; // it is being handled
    if (run.status === 'cancelled') {
      throw failure(
        'not_possible',
        'You cancelled what it had started.',
        { run: run.id },
        'Start its playbook by hand, if you want it after all: steward do',
      );
    }
    const from = await firstFailed(ports, run.id);
    const version = await log.streamVersion(`hook/${row.key}`);
    // results and committed effects are taken over: the fork begins where the run failed
    const fork = await forkRun(ports, run.id, from, by, (next) => [
      startedAppend(row.key, version, next, run.playbook ?? ''),
    ]);
    ports.runner.wake(fork.run);
  }

  return {
    receive: async (knock) => {
      const received = await take(knock);
      if (received.status === 'taken' && !received.repeat) {
        // the sender has its answer by now; a crash before the run is made good at the next start
        ports.beside(start(received.delivery));
      }
      return received;
    },
    isSecret: (name, text) => schemeOf(ports, name)?.isSecret(text) ?? false,
    list: async () => {
      const found = (await hooks.list({ limit: LIMITS.pageRows })).map(({ row }) => row);
      return found
        .filter(({ ended }) => ended === null)
        .map(({ name, settings, since, ended, secrets }) => {
          const old = secrets.filter((one) => one.until !== null && isLive(one, clock.now()));
          const oldUntil =
            old.length === 0 ? null : Math.max(...old.map(({ until }) => until ?? 0));
          return { name, settings, since, ended, oldUntil };
        });
    },
    deliveries: async ({ failed, limit }) => {
      const newest = { index: 'received', descending: true } as const;
      if (!failed)
        return viewsOf((await deliveries.list({ ...newest, limit })).map(({ row }) => row));
      const found: DeliveryView[] = [];
      for await (const { row } of deliveries.every(newest)) {
        if (row.run === null && row.status !== 'failed') continue;
        found.push(...(await viewsOf([row])).filter(({ status }) => status === 'failed'));
        if (found.length >= limit) break;
      }
      return found;
    },
    again: async (given, by) => {
      const { key } = await find(given);
      await inTurn(key, async () => handleAgain(await find(key), by));
      const row = await find(key);
      const [view] = await viewsOf([row]);
      if (view && row.status !== 'failed') return view;
      throw failure(
        'not_possible',
        `It could not start again: ${row.because ?? ''}`,
        { delivery: key },
        `Change what the hook starts with steward hook set ${row.hook}, then try again.`,
      );
    },
    recover: async () => {
      for await (const { row } of deliveries.every({ index: 'due' })) await start(row.key);
    },
    refused: refusals.total,
  };
}

/** The step that the run failed at. */
async function firstFailed(ports: HooksPorts, run: Id): Promise<string> {
  const { compiled: compilePlaybook, compileInline } = ports.playbooks;
  const state = await loadRun(ports.log, ports.blobs, { compilePlaybook, compileInline }, run);
  const own = [...(state?.steps.values() ?? [])].filter(({ path }) => !path.includes('/'));
  const bad = own.find(({ status }) => status === 'failed' || status === 'denied');
  if (bad) return bad.path;
  throw failure('not_possible', 'No step of its run failed.', { run }, `steward run ${run}`);
}
