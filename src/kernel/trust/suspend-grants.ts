import type { Effect } from '../../contract/index.ts';
import type { Log, StreamAppend } from '../../log/index.ts';
import { normaliseAddress } from '../../policy/index.ts';
import { contractHash } from '../effects/contract-hash.ts';
import { fact } from '../events.ts';
import type { KernelPorts } from '../ports.ts';
import { grantsFold } from './grant-folds.ts';

/**
 * Appends that suspend every grant which could cover an effect of this shape: same capability, same
 * connector, one destination in common. An edit, a rejection and an undo say that such an effect was
 * not right as it was proposed; only the operator's signature brings a grant back.
 */
export async function suspendGrantsLike(
  log: Log,
  effect: Effect,
  because: string,
): Promise<readonly StreamAppend[]> {
  const rows = await Array.fromAsync(
    log.fold(grantsFold).every({ index: 'live', equals: effect.capability }),
  );
  const to = new Set(effect.to.map(normaliseAddress));
  return rows
    .filter(
      ({ row: { grant } }) =>
        grant.scope.connector === effect.connector &&
        grant.scope.destinations.some((address) => to.has(normaliseAddress(address))),
    )
    .map(({ key }) => suspension(key, because));
}

/** Suspends grants whose capability promises something else than when they were signed. */
export async function suspendChangedGrants(
  ports: Pick<KernelPorts, 'log' | 'registry'>,
): Promise<number> {
  const { log, registry } = ports;
  const rows = await Array.fromAsync(log.fold(grantsFold).every({ index: 'live' }));
  const changed = rows.filter(({ row }) => {
    const entry = registry.find(row.grant.scope.capability);
    return !entry || contractHash(entry.contract) !== row.contract;
  });
  const because = 'What its capability promises has changed.';
  if (changed.length > 0) await log.append(changed.map(({ key }) => suspension(key, because)));
  return changed.length;
}

/** Suspending never loses a race: whatever else happens to the grant, it is off afterwards. */
function suspension(grant: string, because: string): StreamAppend {
  const events = [fact('grant.suspended', { because })];
  return { stream: `grant/${grant}`, expectedVersion: 'any', events };
}
