import type { Id } from '../../base/index.ts';
import type { Effect, Grant, Labels } from '../../contract/index.ts';
import {
  coversCapability,
  type Decision,
  decide,
  type GrantUsage,
  isUnreadable,
  normaliseAddress,
  type Policy,
  type UnreadablePolicy,
} from '../../policy/index.ts';
import { isKnownDestination } from '../destinations.ts';
import { contractHash } from '../effects/contract-hash.ts';
import { controlFold } from '../folds.ts';
import { policyNow } from '../policy-now.ts';
import type { KernelPorts } from '../ports.ts';
import type { RecordStore } from '../record-reads.ts';
import type { JudgedOn } from './events.ts';
import { grantsFold, grantUseFold } from './grant-folds.ts';
import { STARTS_KEPT, startsFold } from './trust-folds.ts';

/** Live grants of one capability that are looked at: more than a person can keep in mind. */
const GRANTS_LOOKED_AT = 200;

export interface JudgePorts extends KernelPorts {
  readonly records: RecordStore;
}

/**
 * May this effect happen, by what holds right now? Loads every fact that `decide` needs. `known` says
 * whether to look up who is a known destination: only a card needs that.
 */
export async function judgeEffect(
  ports: JudgePorts,
  effect: Effect,
  labels: Labels,
  on: JudgedOn,
  options: { readonly known: boolean } = { known: true },
): Promise<Decision> {
  const { log, clock, registry, records } = ports;
  const [control, policy, grants, zone] = await Promise.all([
    log.fold(controlFold).get('control'),
    policyNow(log),
    liveGrants(ports, effect.capability),
    zoneOf(records, log.company),
  ]);
  const usage = await usageOf(ports, grants);
  const starts = await startsByRate(ports, policy);
  const known = options.known
    ? await isKnownDestination(log, records, effect.to)
    : new Set<string>();
  const reach = registry.find(effect.capability)?.contract.placement;
  return decide(effect, labels, grants, policy, {
    nowMs: clock.now(),
    zone,
    incarnation: control?.incarnation ?? 0,
    agent: on.agent,
    ...(on.playbook === undefined ? {} : { playbook: on.playbook }),
    act: on.act,
    isKnownDestination: (address) => known.has(normaliseAddress(address)),
    usageOf: (grant) => usage.get(grant),
    startsOf: (rate) => starts.get(rate.id) ?? Number.POSITIVE_INFINITY,
    stopped: (control?.stopped ?? true) || ports.stopped(),
    ...(reach === undefined ? {} : { reach }),
  });
}

/** The zone that hours of the policy are in. */
export async function zoneOf(records: RecordStore, company: Id): Promise<string> {
  const zone = (await records.find('company', company))?.fields.zone;
  return typeof zone === 'string' ? zone : 'UTC';
}

/** Grants that may cover something of this capability; one for a changed contract counts as suspended. */
export async function liveGrants(
  ports: Pick<KernelPorts, 'log' | 'registry'>,
  capability: string,
): Promise<readonly Grant[]> {
  const rows = await ports.log
    .fold(grantsFold)
    .list({ index: 'live', equals: capability, limit: GRANTS_LOOKED_AT });
  const entry = ports.registry.find(capability);
  const contract = entry && contractHash(entry.contract);
  return rows.map(({ row }) =>
    row.contract === contract ? row.grant : { ...row.grant, status: 'suspended' },
  );
}

async function usageOf(
  { log }: Pick<KernelPorts, 'log'>,
  grants: readonly Grant[],
): Promise<ReadonlyMap<Id, GrantUsage>> {
  if (grants.length === 0) return new Map();
  const rows = await log.fold(grantUseFold).getMany(grants.map(({ id }) => id));
  return new Map([...rows].map(([id, { usage }]) => [id, usage]));
}

/** Starts within each rate's time, by the id of the rate. */
export async function startsByRate(
  ports: Pick<KernelPorts, 'log' | 'clock'>,
  policy: Policy | UnreadablePolicy,
): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>();
  if (isUnreadable(policy) || policy.rates.length === 0) return counts;
  const rows = await Array.fromAsync(ports.log.fold(startsFold).every());
  const now = ports.clock.now();
  for (const rate of policy.rates) {
    let count = 0;
    for (const { key, row } of rows) {
      if (coversCapability(rate.capability, key)) count += startsWithin(row.at, now - rate.perMs);
    }
    counts.set(rate.id, count);
  }
  return counts;
}

/** Older starts than are kept may have been within the time too: then nobody knows, and it refuses. */
function startsWithin(at: readonly number[], since: number): number {
  const within = at.filter((start) => start > since).length;
  return within === STARTS_KEPT ? Number.POSITIVE_INFINITY : within;
}
