import type { StoredEvent } from '../../contract/index.ts';
import type { Fold } from '../../log/index.ts';
import { normaliseAddress } from '../../policy/index.ts';
import { asKernelEvent } from '../events.ts';
import { UTC } from './rows.ts';

export type DestinationRow = { readonly count: number; readonly last: string };

/** Where something went before: a card says "new" or "12th time". */
export const destinationsFold: Fold<DestinationRow> = {
  name: 'destinations',
  version: 1,
  reads: (type) => type === 'effect.committed',
  keys: (stored) => destinationsIn(stored),
  apply: (rows, stored) =>
    new Map(
      destinationsIn(stored).map((address) => [
        address,
        { count: (rows.get(address)?.count ?? 0) + 1, last: UTC(stored) },
      ]),
    ),
};

function destinationsIn(stored: StoredEvent): readonly string[] {
  const event = asKernelEvent(stored);
  if (event.type !== 'effect.committed') return [];
  return [...new Set(event.data.to.map((address) => normaliseAddress(address) ?? address))];
}
