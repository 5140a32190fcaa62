import type { Id, JsonObject } from '../../base/index.ts';
import type { EffectHash, EffectKey, EffectStatus } from '../../contract/index.ts';
import type { Fold } from '../../log/index.ts';
import {
  type EffectSignal,
  isApproved,
  isInFlight,
  nextEffectStatus,
} from '../effects/lifecycle.ts';
import { asKernelEvent, type KernelEvent } from '../events.ts';
import { idOf, NOTHING, one } from './rows.ts';

export type EffectRow = {
  readonly key: EffectKey;
  readonly hash: EffectHash;
  readonly status: EffectStatus;
  readonly run: Id;
  readonly step: string;
  readonly item: Id;
  readonly seq: number;
  readonly approval: Id | null;
  readonly grant: Id | null;
  readonly holds: readonly { readonly stream: string; readonly version: number }[];
  readonly heldUntil: number | null;
  /** UTC ms; a signature over it is worth nothing from then on */
  readonly expiresMs: number;
  readonly attempts: number;
  readonly receipt: JsonObject | null;
  readonly failure: JsonObject | null;
  /** stream version of the event that holds the effect itself */
  readonly finalisedVersion: number;
};

const SIGNALS: { readonly [type: string]: EffectSignal } = {
  'effect.approved': 'approve',
  'effect.held': 'hold',
  'effect.committing': 'commit',
  'effect.committed': 'committed',
  'effect.failed': 'fail',
  'effect.unknown': 'lose',
  'effect.rejected': 'reject',
  'effect.denied': 'deny',
  'effect.expired': 'expire',
  'effect.stale': 'stale',
  'effect.withdrawn': 'withdraw',
  'effect.superseded': 'supersede',
  'effect.undone': 'undo',
};

export const effectsFold: Fold<EffectRow> = {
  name: 'effects',
  version: 2,
  reads: (type) => type.startsWith('effect.'),
  keys: (event) => [idOf(event.stream)],
  apply: (rows, stored) => {
    const event = asKernelEvent(stored);
    const key = idOf(stored.stream);
    const row = rows.get(key);
    if (event.type === 'effect.finalised') {
      const { effect, hash, item } = event.data;
      return one(key, {
        key,
        hash,
        status: 'finalised',
        run: effect.run,
        step: effect.item === '' ? effect.step : `${effect.step}/${effect.item}`,
        item,
        seq: stored.seq,
        approval: null,
        grant: null,
        holds: [],
        heldUntil: null,
        expiresMs: Date.parse(effect.expires),
        attempts: 0,
        receipt: null,
        failure: null,
        finalisedVersion: stored.version,
      });
    }
    const signal = SIGNALS[event.type];
    if (!row || !signal) return NOTHING;
    const status = nextEffectStatus(row.status, signal);
    return one(key, { ...row, status, ...effectDetails(event) });
  },
  indexes: {
    run: (row) => row.run,
    hash: (row) => row.hash,
    /** approved and not begun, by when that is worth nothing any more */
    lapses: (row) => (isApproved(row.status) ? row.expiresMs : undefined),
    flight: (row) => (isInFlight(row.status) ? row.seq : undefined),
    committed: (row) => (row.status === 'committed' ? row.seq : undefined),
  },
};

/** UTC ms until which it is held back after the signature; null when it is not held now. */
export function heldUntilOf({ status, heldUntil }: EffectRow): number | null {
  return status === 'held' ? heldUntil : null;
}

function effectDetails(event: KernelEvent): Partial<EffectRow> {
  switch (event.type) {
    case 'effect.approved':
      return {
        approval: event.data.approval ?? null,
        grant: event.data.grant ?? null,
        holds: event.data.holds,
        failure: null,
      };
    case 'effect.held':
      return { heldUntil: event.data.until };
    case 'effect.committing':
      return { attempts: event.data.attempt };
    case 'effect.committed':
      // a Receipt is plain JSON; the interface lacks the index signature
      return { receipt: event.data.receipt as unknown as JsonObject, failure: null };
    case 'effect.failed':
      return { failure: event.data.failure };
    default:
      return {};
  }
}
