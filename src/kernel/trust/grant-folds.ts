import type { Id, JsonObject } from '../../base/index.ts';
import type { Grant } from '../../contract/index.ts';
import type { Fold } from '../../log/index.ts';
import { applyDebit, type GrantUsage } from '../../policy/index.ts';
import { asKernelEvent, type KernelEvent } from '../events.ts';

/** A grant as it stands: what was signed, and what became of it since. */
export type GrantRow = {
  readonly grant: Grant & JsonObject;
  /** SHA-256 of the contract it was written for */
  readonly contract: string;
  readonly approval: Id;
  readonly writtenAt: string;
  /** why it is suspended or revoked; null while it is active */
  readonly because: string | null;
};

/** Every grant ever written, by id. */
export const grantsFold: Fold<GrantRow> = {
  name: 'grants',
  version: 1,
  reads: (type) => TYPES.has(type),
  keys: (event) => [event.stream.slice('grant/'.length)],
  apply: (rows, stored) => {
    const event = asKernelEvent(stored);
    const id = stored.stream.slice('grant/'.length);
    if (event.type === 'grant.written') {
      const { grant, contract, approval } = event.data;
      return new Map([
        [
          id,
          {
            // the act that wrote it was checked in full; a grant is plain JSON
            grant: { ...grant } as GrantRow['grant'],
            contract,
            approval,
            writtenAt: new Date(stored.at).toISOString(),
            because: null,
          },
        ],
      ]);
    }
    const row = rows.get(id);
    const after = row && change(row, event);
    return after ? new Map([[id, after]]) : new Map();
  },
  indexes: {
    /** those that may cover something of this capability now */
    live: (row) => (row.grant.status === 'active' ? row.grant.scope.capability : undefined),
    capability: (row) => (row.grant.status === 'revoked' ? undefined : row.grant.scope.capability),
    written: (row) => row.writtenAt,
  },
};

const TYPES: ReadonlySet<string> = new Set<KernelEvent['type']>([
  'grant.written',
  'grant.suspended',
  'grant.resumed',
  'grant.revoked',
]);

/** A revoked grant stays revoked; a suspended one comes back by a signed act only. */
function change(row: GrantRow, event: KernelEvent): GrantRow | undefined {
  const { status } = row.grant;
  if (status === 'revoked') return undefined;
  switch (event.type) {
    case 'grant.suspended':
      return status === 'active' ? withStatus(row, 'suspended', event.data.because) : undefined;
    case 'grant.resumed':
      return { ...withStatus(row, 'active', null), contract: event.data.contract };
    case 'grant.revoked':
      return withStatus(row, 'revoked', event.data.because);
    default:
      return undefined;
  }
}

function withStatus(row: GrantRow, status: Grant['status'], because: string | null): GrantRow {
  return { ...row, grant: { ...row.grant, status }, because };
}

export type GrantUseRow = {
  readonly usage: GrantUsage;
  /** uses since it was written */
  readonly uses: number;
};

/** What each grant was used for: the counters that its limits are checked against. */
export const grantUseFold: Fold<GrantUseRow> = {
  name: 'grant-use',
  version: 1,
  reads: (type) => type === 'grant.used',
  keys: (event) => [event.stream.slice('grant-use/'.length)],
  apply: (rows, stored) => {
    const event = asKernelEvent(stored);
    if (event.type !== 'grant.used') return new Map();
    const id = stored.stream.slice('grant-use/'.length);
    const before = rows.get(id);
    const usage = applyDebit(before?.usage, event.data.debit);
    return new Map([[id, { usage, uses: (before?.uses ?? 0) + 1 }]]);
  },
};
