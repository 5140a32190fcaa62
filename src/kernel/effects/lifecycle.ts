import type { EffectStatus } from '../../contract/index.ts';

/**
 * Life of an effect:
 *
 *   proposed -> finalised -> approved -> held -> committing -> committed -> undone
 *                                                committing -> failed | unknown
 *                                                failed -> committing (provably nothing happened)
 *                                                unknown -> committed | failed (after a probe or an answer)
 *   apart: rejected, denied, expired, stale, withdrawn, superseded
 *
 * Total: every status has an answer to every signal; `refuse` leaves things as they are.
 */
export type EffectSignal =
  | 'finalise'
  | 'approve'
  | 'hold'
  | 'commit'
  | 'committed'
  | 'fail'
  | 'lose'
  | 'reject'
  | 'deny'
  | 'expire'
  | 'stale'
  | 'withdraw'
  | 'supersede'
  | 'undo';

const NO = 'refuse';
const never: { readonly [S in EffectSignal]: EffectStatus | 'refuse' } = {
  finalise: NO,
  approve: NO,
  hold: NO,
  commit: NO,
  committed: NO,
  fail: NO,
  lose: NO,
  reject: NO,
  deny: NO,
  expire: NO,
  stale: NO,
  withdraw: NO,
  supersede: NO,
  undo: NO,
};

const beforeCommit = {
  ...never,
  reject: 'rejected',
  deny: 'denied',
  expire: 'expired',
  stale: 'stale',
  withdraw: 'withdrawn',
  supersede: 'superseded',
} as const;

export const EFFECT_TABLE: {
  readonly [S in EffectStatus]: { readonly [X in EffectSignal]: EffectStatus | 'refuse' };
} = {
  proposed: { ...beforeCommit, finalise: 'finalised' },
  finalised: { ...beforeCommit, finalise: 'finalised', approve: 'approved' },
  approved: { ...beforeCommit, hold: 'held', commit: 'committing' },
  held: { ...beforeCommit, commit: 'committing' },
  committing: { ...never, committed: 'committed', fail: 'failed', lose: 'unknown' },
  committed: { ...never, undo: 'undone' },
  failed: { ...beforeCommit, commit: 'committing', finalise: 'finalised' },
  unknown: { ...never, committed: 'committed', fail: 'failed', lose: 'unknown' },
  rejected: never,
  denied: never,
  expired: { ...beforeCommit, finalise: 'finalised' },
  stale: { ...beforeCommit, finalise: 'finalised' },
  withdrawn: never,
  superseded: never,
  undone: never,
};

export function nextEffectStatus(status: EffectStatus, signal: EffectSignal): EffectStatus {
  const next = EFFECT_TABLE[status][signal];
  return next === NO ? status : next;
}

/** It was put aside and must be prepared and asked anew. */
export function isLapsed(status: EffectStatus | undefined): boolean {
  return status === 'stale' || status === 'expired';
}

/** Still waiting for a signature. */
export function isUndecided(status: EffectStatus): boolean {
  return status === 'proposed' || status === 'finalised' || isLapsed(status);
}

/** It may go out, and has not begun to. */
export function isApproved(status: EffectStatus): boolean {
  return status === 'approved' || status === 'held';
}

/** On its way out: a restart must look after it. */
export function isInFlight(status: EffectStatus): boolean {
  return isApproved(status) || status === 'committing' || status === 'unknown';
}
