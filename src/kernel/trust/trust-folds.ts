import type { Id, Json, JsonObject } from '../../base/index.ts';
import type { Mode, StoredEvent } from '../../contract/index.ts';
import type { Fold } from '../../log/index.ts';
import { asKernelEvent } from '../events.ts';
import { erasable } from '../folds/erasable.ts';
import { idOf, NOTHING, one } from '../folds/rows.ts';
import { grantsFold, grantUseFold } from './grant-folds.ts';
import { secretsFold } from './secret-fold.ts';
import { tokensFold } from './token-folds.ts';
import { tokenRunsFold } from './token-runs.ts';

export type ApprovalRow = {
  readonly device: Id;
  readonly decision: string;
  readonly incarnation: number;
  readonly at: string;
  /** why it counts no more; null while it does */
  readonly revoked: string | null;
};

/** Every signature that was accepted, by the id of its stream. */
export const approvalsFold: Fold<ApprovalRow> = {
  name: 'approvals',
  version: 1,
  reads: (type) => type === 'approval.recorded' || type === 'approval.revoked',
  keys: (event) => [event.stream.slice('approval/'.length)],
  apply: (rows, stored) => {
    const event = asKernelEvent(stored);
    const id = stored.stream.slice('approval/'.length);
    if (event.type === 'approval.recorded') {
      const statement = member(event.data.signed, 'statement');
      return new Map([
        [
          id,
          {
            device: String(member(statement, 'device')),
            decision: String(member(statement, 'decision')),
            incarnation: Number(member(statement, 'incarnation')),
            at: new Date(stored.at).toISOString(),
            revoked: null,
          },
        ],
      ]);
    }
    const row = rows.get(id);
    if (!row || event.type !== 'approval.revoked') return new Map();
    return new Map([[id, { ...row, revoked: event.data.because }]]);
  },
};

function member(value: Json | undefined, name: string): Json | undefined {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isObject ? (value as JsonObject)[name] : undefined; // no array and not null: an object
}

export type ConnectorRow = { readonly mode: Mode; readonly incarnation: number };

/** How each connector was switched; `*` holds for those without a row of their own. */
export const connectorsFold: Fold<ConnectorRow> = {
  name: 'connectors',
  version: 1,
  reads: (type) => type === 'connector.switched',
  keys: (event) => [event.stream.slice('connector/'.length)],
  apply: (_rows, stored) => {
    const event = asKernelEvent(stored);
    if (event.type !== 'connector.switched') return new Map();
    const { connector, mode, incarnation } = event.data;
    return new Map([[connector, { mode, incarnation }]]);
  },
};

/** Starts kept per capability. A rate that allows more in its time cannot be counted and refuses. */
export const STARTS_KEPT = 500;

export type StartsRow = {
  /** UTC ms of the last starts, oldest first */
  readonly at: readonly number[];
};

/** When work of a capability was begun: what the policy's rates count. */
export const startsFold: Fold<StartsRow> = {
  name: 'starts',
  version: 2,
  reads: (type) => type === 'effect.committing' || type === 'rate.used',
  keys: (event) => [capabilityOf(event)],
  apply: (rows, stored) => {
    // an effect says itself that it begins; the uses of rates beside it only keep two from being the last
    if (stored.type === 'rate.used' && stored.data.counts !== true) return NOTHING;
    const capability = capabilityOf(stored);
    const before = rows.get(capability)?.at ?? [];
    return new Map([[capability, { at: [...before, stored.at].slice(-STARTS_KEPT) }]]);
  },
};

function capabilityOf(event: StoredEvent): string {
  return String(event.data.capability ?? '');
}

export type PolicyVersionRow = {
  readonly seq: number;
  readonly at: string;
  readonly by: string;
  readonly because: string;
  readonly version: string;
  readonly policy: JsonObject;
};

/** Every policy that was ever in force, oldest first. */
export const policyVersionsFold: Fold<PolicyVersionRow> = {
  name: 'policy-versions',
  version: 1,
  reads: (type) => type === 'policy.changed',
  keys: (event) => [seqKey(event.seq)],
  apply: (_rows, stored) => {
    const event = asKernelEvent(stored);
    if (event.type !== 'policy.changed') return new Map();
    const { policy, because } = event.data;
    return new Map([
      [
        seqKey(stored.seq),
        {
          seq: stored.seq,
          at: new Date(stored.at).toISOString(),
          by: stored.by,
          because,
          version: String(policy?.version ?? ''),
          policy: policy ?? {},
        },
      ],
    ]);
  },
};

export type OpenErasureRow = {
  /** of the `subject.erased` that is not finished yet */
  readonly seq: number;
};

/** Erasures whose keys, payloads and files are not all destroyed yet, by subject. */
export const openErasuresFold: Fold<OpenErasureRow> = {
  name: 'open-erasures',
  version: 1,
  reads: (type) => type === 'subject.erased' || type === 'erasure.finished',
  keys: (event) => [idOf(event.stream)],
  apply: (_rows, { type, stream, seq }) =>
    one(idOf(stream), type === 'subject.erased' ? { seq } : null),
};

/** digits of a seq in a key, so that keys sort as numbers do */
const SEQ_DIGITS = 16;

function seqKey(seq: number): string {
  return String(seq).padStart(SEQ_DIGITS, '0');
}

export const TRUST_FOLDS = [
  erasable(grantsFold),
  erasable(grantUseFold),
  approvalsFold,
  connectorsFold,
  erasable(tokensFold),
  tokenRunsFold,
  secretsFold,
  startsFold,
  policyVersionsFold,
  openErasuresFold,
] as const;
