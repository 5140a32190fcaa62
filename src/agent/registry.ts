import type { Connector } from '../connect/index.ts';
import {
  type CapabilityContract,
  type CapabilityRef,
  capabilityRef,
  failure,
} from '../contract/index.ts';
import type { Agent } from './agent.ts';

/** Everything that can be asked for, and who does it. */
export interface Registry {
  readonly find: (ref: CapabilityRef) => Registered | undefined;
  /** Fails with `unknown_capability`, naming the nearest ones. */
  readonly get: (ref: CapabilityRef) => Registered;
  readonly connector: (name: string) => Connector | undefined;
  readonly all: () => readonly Registered[];
  /** Best matches first; every word must occur in name or title. */
  readonly search: (words: string) => readonly Registered[];
}

export type Registered =
  | { readonly kind: 'agent'; readonly contract: CapabilityContract; readonly agent: Agent }
  | {
      readonly kind: 'connector';
      readonly contract: CapabilityContract;
      readonly connector: Connector;
    };

export function createRegistry(
  agents: readonly Agent[],
  connectors: readonly Connector[],
): Registry {
  const byRef = new Map<CapabilityRef, Registered>();
  const connectorsByName = new Map<string, Connector>();

  function add(entry: Registered): void {
    const ref = capabilityRef(entry.contract);
    if (byRef.has(ref)) throw new Error(`two parts offer ${ref}`);
    byRef.set(ref, entry);
  }

  for (const agent of agents) add({ kind: 'agent', contract: agent.contract, agent });
  for (const connector of connectors) {
    connectorsByName.set(connector.name, connector);
    for (const contract of connector.contracts) add({ kind: 'connector', contract, connector });
  }

  const all = [...byRef.values()];
  const texts = all.map(({ contract }) => `${contract.name} ${contract.title}`.toLowerCase());

  return {
    find: (ref) => byRef.get(ref),
    get: (ref) => {
      const found = byRef.get(ref);
      if (found) return found;
      const name = ref.split('@')[0] ?? ref;
      const near = [...byRef.keys()].filter((known) => known.startsWith(name.split('.')[0] ?? ''));
      throw failure('unknown_capability', `Nothing here does ${ref}.`, {
        capability: ref,
        near: near.slice(0, 5),
      });
    },
    connector: (name) => connectorsByName.get(name),
    all: () => all,
    search: (words) => {
      const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
      return all.filter((_, index) => wanted.every((word) => texts[index]?.includes(word)));
    },
  };
}
