import type { Registry } from '../agent/index.ts';
import type { JsonObject } from '../base/index.ts';
import { capabilityRef, failure } from '../contract/index.ts';
import type { Fold, FoldReader, Log } from '../log/index.ts';
import {
  type CompiledPlan,
  compilePlan,
  type Registry as PlanRegistry,
  type Playbook,
  parsePlan,
  parsePlaybook,
} from '../plan/index.ts';
import { asKernelEvent } from './events.ts';

/** A version of a playbook as it was published. */
export type PlaybookRow = {
  readonly name: string;
  readonly version: number;
  readonly playbook: JsonObject;
  /** the version that new runs take; on the row of the name itself */
  readonly active: number;
  readonly because: string;
};

/** Every version of every playbook, by `name@version`, and by `name` which one is active. */
export const playbooksFold: Fold<PlaybookRow> = {
  name: 'playbooks',
  version: 1,
  reads: (type) => type.startsWith('playbook.'),
  keys: (stored) => {
    const event = asKernelEvent(stored);
    const name = stored.stream.slice(stored.stream.indexOf('/') + 1);
    if (event.type === 'playbook.published')
      return [name, `${name}@${Number(event.data.playbook.version)}`];
    return event.type === 'playbook.rolled-back' ? [name, `${name}@${event.data.to}`] : [];
  },
  apply: (rows, stored) => {
    const event = asKernelEvent(stored);
    const name = stored.stream.slice(stored.stream.indexOf('/') + 1);
    if (event.type === 'playbook.published') {
      const { playbook, because } = event.data;
      const version = Number(playbook.version);
      const row: PlaybookRow = { name, version, playbook, active: version, because };
      return new Map([
        [name, row],
        [`${name}@${version}`, row],
      ]);
    }
    const target =
      event.type === 'playbook.rolled-back' ? rows.get(`${name}@${event.data.to}`) : undefined;
    return target
      ? new Map([[name, { ...target, active: target.version }]])
      : new Map<string, PlaybookRow>();
  },
};

export interface Playbooks {
  /** `name@version`. Fails with `not_found`. */
  readonly get: (ref: string) => Playbook;
  readonly find: (ref: string) => Playbook | undefined;
  readonly active: () => readonly Playbook[];
  readonly compiled: (ref: string) => CompiledPlan;
  readonly compileInline: (plan: JsonObject) => CompiledPlan;
  /** what a plan may refer to, as of now */
  readonly parts: PlanRegistry;
  /** Reads what was published since; called after every append that publishes. */
  readonly refresh: () => Promise<void>;
}

/** Inline plans that stay compiled; beyond that they are compiled again. */
const INLINE_PLANS = 1_000;

/** Versions are immutable, so they stay in memory once read: runs look them up all the time. */
export async function createPlaybooks(log: Log, registry: Registry): Promise<Playbooks> {
  const reader: FoldReader<PlaybookRow> = log.fold(playbooksFold);
  const byRef = new Map<string, Playbook>();
  let activeNow: readonly Playbook[] = [];
  const compiledByRef = new Map<string, CompiledPlan>();
  const inline = new Map<string, CompiledPlan>();
  const parts: PlanRegistry = {
    capability: (ref) => registry.find(ref)?.contract,
    playbook: (ref) => byRef.get(ref),
    get names() {
      return {
        capabilities: registry.all().map(({ contract }) => capabilityRef(contract)),
        playbooks: activeNow.map(({ name, version }) => `${name}@${version}`),
      };
    },
  };

  async function refresh(): Promise<void> {
    const active: Playbook[] = [];
    for await (const { key, row } of reader.every()) {
      const playbook = byRef.get(`${row.name}@${row.version}`) ?? parsePlaybook(row.playbook);
      byRef.set(`${row.name}@${row.version}`, playbook);
      if (key === row.name) active.push(playbook);
    }
    activeNow = active;
  }

  function get(ref: string): Playbook {
    const playbook = byRef.get(ref);
    if (playbook) return playbook;
    throw failure(
      'not_found',
      `There is no playbook ${ref}.`,
      { playbook: ref },
      'List them with: steward playbooks',
    );
  }

  await refresh();
  return {
    get,
    find: (ref) => byRef.get(ref),
    active: () => activeNow,
    compiled: (ref) => {
      let compiled = compiledByRef.get(ref);
      if (!compiled) {
        compiled = compilePlan(get(ref).plan, parts);
        compiledByRef.set(ref, compiled);
      }
      return compiled;
    },
    compileInline: (plan) => {
      const text = JSON.stringify(plan);
      let compiled = inline.get(text);
      if (!compiled) {
        if (inline.size >= INLINE_PLANS) inline.clear();
        compiled = compilePlan(parsePlan(plan), parts);
        inline.set(text, compiled);
      }
      return compiled;
    },
    parts,
    refresh,
  };
}
