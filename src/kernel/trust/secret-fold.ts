import type { Fold } from '../../log/index.ts';
import { asKernelEvent } from '../events.ts';
import { idOf, NOTHING, one } from '../folds/rows.ts';

/** What was signed last about a secret: which value counts, and where it may be sent. */
export type SecretRow = {
  /** null once it was removed */
  readonly commitment: string | null;
  readonly hosts: readonly string[];
};

/** Every secret that was ever set, by name. Values are in the store of secrets alone. */
export const secretsFold: Fold<SecretRow> = {
  name: 'secrets',
  version: 1,
  reads: (type) => type === 'secret.changed',
  keys: (event) => [idOf(event.stream)],
  apply: (_rows, stored) => {
    const event = asKernelEvent(stored);
    if (event.type !== 'secret.changed') return NOTHING;
    const { change, hosts } = event.data;
    // events of before values were signed have none
    const commitment = change === 'set' ? (event.data.commitment ?? '') : null;
    return one(idOf(stored.stream), { commitment, hosts });
  },
};
