import { isJsonObject, sha256 } from '../../base/index.ts';
import type { StoredEvent } from '../../contract/index.ts';
import type { Fold } from '../../log/index.ts';
import { normaliseAddress } from '../../policy/index.ts';
import { asKernelEvent } from '../events.ts';
import { UTC } from './rows.ts';

export type DestinationRow = { readonly count: number; readonly last: string };

/** Where something went before, by `destinationKey`: a card says "new" or "12th time". */
export const destinationsFold: Fold<DestinationRow> = {
  name: 'destinations',
  version: 2,
  reads: (type) => type === 'effect.committed' || type === 'subject.erased',
  keys: (stored) => [...leftAfter(stored).keys(), ...destinationsIn(stored)],
  apply: (rows, stored) => {
    if (stored.type === 'subject.erased') return leftAfter(stored);
    return new Map(
      destinationsIn(stored).map((key) => [
        key,
        { count: (rows.get(key)?.count ?? 0) + 1, last: UTC(stored) },
      ]),
    );
  },
};

/** What an erasure left of the rows that it touched, counted from the events that stay. */
function leftAfter({ type, data }: StoredEvent): ReadonlyMap<string, DestinationRow | null> {
  const left = type === 'subject.erased' ? data.destinations : undefined;
  if (!isJsonObject(left)) return new Map();
  // written by the erasure, which counted them by this very fold
  return new Map(Object.entries(left as { [key: string]: DestinationRow | null }));
}

/** Names an address without saying it: the list of destinations is no list of addresses. */
export function destinationKey(address: string): string {
  return sha256(`steward/destination/v1\0${normaliseAddress(address)}`);
}

/** Keys of the addresses that a committed effect went to. */
export function destinationsIn(stored: StoredEvent): readonly string[] {
  if (stored.type !== 'effect.committed' || stored.erased) return [];
  const event = asKernelEvent(stored);
  if (event.type !== 'effect.committed') return [];
  return [...new Set(event.data.to.map(destinationKey))];
}
