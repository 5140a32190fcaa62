import type { Log } from '../log/index.ts';
import { normaliseAddress } from '../policy/index.ts';
import { destinationKey, destinationsFold } from './folds.ts';
import type { RecordStore } from './record-reads.ts';

/** Those of `addresses` that we wrote to before, or that stand in our own parties and contacts. */
export async function isKnownDestination(
  log: Log,
  records: RecordStore,
  addresses: readonly string[],
): Promise<ReadonlySet<string>> {
  const wanted = addresses.map((address) => normaliseAddress(address) ?? address);
  const known = new Set<string>();
  const byKey = new Map(wanted.map((address) => [destinationKey(address), address]));
  for (const [key] of await log.fold(destinationsFold).getMany([...byKey.keys()])) {
    known.add(byKey.get(key) ?? '');
  }
  if (wanted.every((address) => known.has(address))) return known;
  for (const type of ['party', 'contact']) {
    for (const { fields, labels } of await records.list(type)) {
      // an address that somebody else wrote into our records is not one that we know
      if (labels?.email) continue;
      const email = typeof fields.email === 'string' ? normaliseAddress(fields.email) : undefined;
      if (email !== undefined && wanted.includes(email)) known.add(email);
    }
  }
  return known;
}
