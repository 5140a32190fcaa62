import type { Id, Sha256 } from '../../base/index.ts';
import type { Fold } from '../../log/index.ts';
import { asKernelEvent } from '../events.ts';
import { idOf, NOTHING, one, UTC } from '../folds/rows.ts';

/** A token as it was signed, and what became of it. Its text is nowhere. */
export type TokenRow = {
  readonly id: Id;
  /** SHA-256 of its text: 256 random bits, so nothing can be found out from it */
  readonly hash: Sha256;
  readonly name: string;
  readonly holder: 'worker' | 'agent';
  readonly scope: {
    readonly capabilities: readonly string[];
    readonly reads: readonly string[];
    readonly run?: Id;
  };
  readonly issuedAt: string;
  readonly until: string;
  /** a restore voids it */
  readonly incarnation: number;
  /** why it counts no more; null while it does */
  readonly revoked: string | null;
};

/** letters of the hash that name a token: enough to be unique, short enough to type */
const ID_LETTERS = 16;

export function tokenId(hash: Sha256): Id {
  return hash.slice(0, ID_LETTERS);
}

/** Every token ever issued, by id. */
export const tokensFold: Fold<TokenRow> = {
  name: 'tokens',
  version: 1,
  reads: (type) => type === 'token.issued' || type === 'token.revoked',
  keys: (event) => [idOf(event.stream)],
  apply: (rows, stored) => {
    const event = asKernelEvent(stored);
    const id = idOf(stored.stream);
    if (event.type === 'token.issued') {
      const { approval: _, ...issued } = event.data;
      return one(id, { id, ...issued, issuedAt: UTC(stored), revoked: null });
    }
    const row = rows.get(id);
    return row && event.type === 'token.revoked'
      ? one(id, { ...row, revoked: event.data.because })
      : NOTHING;
  },
  indexes: { issued: (row) => row.issuedAt },
};
