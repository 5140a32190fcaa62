import { z } from 'zod';
import { openSqliteStore } from '../src/adapter/sqlite-store.ts';
import { type Agent, defineAgent } from '../src/agent/index.ts';
import type { Id, JsonObject } from '../src/base/index.ts';
import type { CapabilityContract } from '../src/contract/index.ts';
import type { Store } from '../src/log/index.ts';
import { type Composed, composeKernel } from '../test/support/compose-kernel.ts';

/** A whole kernel over a home on disk whose commits are counted. */
export interface BenchCompany extends Composed {
  /** commits so far, and how many of them were synced to disk */
  readonly commits: () => { readonly all: number; readonly synced: number };
}

export interface BenchOptions {
  readonly home: string;
  readonly agents?: readonly Agent[];
  readonly playbooks?: readonly JsonObject[];
  /** every append is a barrier, so that every step is on disk before the next begins */
  readonly alwaysSync?: boolean;
  readonly recover?: boolean;
}

export async function openBenchCompany(options: BenchOptions): Promise<BenchCompany> {
  const { home, alwaysSync = false, agents = [], playbooks = [], recover = true } = options;
  const counted = countCommits(openSqliteStore({ file: `${home}/steward.db`, company: COMPANY }));
  const composed = await composeKernel({
    ...{ home, agents, playbooks, recover, store: counted.store },
    wrapLog: (log) =>
      alwaysSync ? { ...log, append: (batch) => log.append(batch, { barrier: true }) } : log,
  });
  return { ...composed, commits: counted.commits };
}

/** The same in every process that works on a bench's home. */
const COMPANY = 'bench';

function countCommits(store: Store): Pick<BenchCompany, 'commits'> & { readonly store: Store } {
  let all = 0;
  let synced = 0;
  return {
    store: {
      ...store,
      transact: (sync, work) => {
        all += 1;
        if (sync === 'full') synced += 1;
        return store.transact(sync, work);
      },
    },
    commits: () => ({ all, synced }),
  };
}

/** The trivial step, so that only the engine costs time; `totals` has the last total of every run. */
export function createAddAgent(totals: Map<Id, number>): Agent {
  return defineAgent(
    {
      ...contractOf('bench.add', 'Add'),
      input: z.strictObject({ total: z.int(), add: z.int() }),
      output: z.strictObject({ total: z.int() }),
    },
    (input, { run }) => {
      const total = input.total + input.add;
      totals.set(run, total);
      return { output: { total } };
    },
  );
}

/** So many steps, each of which adds its number to the total of the one before. */
export function chainPlaybook(steps: number): JsonObject {
  return {
    name: `chain-${steps}`,
    version: 1,
    title: `${steps} steps`,
    autonomy: 'auto',
    input: { fields: [] },
    plan: {
      steps: Array.from({ length: steps }, (_, index) => ({
        id: `s${index}`,
        call: 'bench.add@1',
        with: { total: index === 0 ? 0 : { $expr: `s${index - 1}.total` }, add: index },
      })),
    },
  };
}

/** A step that asks nothing of the world and may be repeated. */
export function contractOf(
  name: string,
  title: string,
): Omit<CapabilityContract, 'input' | 'output'> {
  return {
    name,
    version: 1,
    title,
    effect: 'pure',
    roles: {},
    idempotency: 'idempotent',
    failures: {},
    reads: {},
    timeoutMs: 600_000,
    cost: { microUsd: 0, latencyMs: 0 },
    placement: 'anywhere',
  };
}
