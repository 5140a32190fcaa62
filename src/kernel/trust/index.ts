// kernel/trust: who may let what happen, and the last look before it does.
// Owns: signed acts, grants and their use, modes, policies as facts. Never: commits an effect.
export { RECOVERY_DEVICE } from './accept-act.ts';
export type { ActBodies } from './act-bodies.ts';
export { actLabel } from './act-label.ts';
export { mayPlay, requireNamed, requirePlaybook, scopedView } from './bearer-scope.ts';
export { createTrust, type Trust, type TrustPorts } from './create-trust.ts';
export type { Erasure, ErasureReceipt } from './erase/erase-subject.ts';
export type { ErasurePreview } from './erase/erasure-preview.ts';
export type { JudgedOn, TrustEvents } from './events.ts';
export { type GrantRow, type GrantUseRow, grantsFold, grantUseFold } from './grant-folds.ts';
export { type JudgePorts, judgeEffect, liveGrants } from './judge.ts';
export { type GrantView, listDevices, listGrants } from './list-trust.ts';
export { type ModeNow, modeNow } from './modes.ts';
export { type Performed, performAct } from './perform-act.ts';
export {
  backTestPolicy,
  type PolicyBackTest,
  policyChanges,
  policyHistory,
  policyOfVersion,
} from './policies.ts';
export { type ActPorts, INVITE_MS, type ProposedAct, proposeAct } from './propose-act.ts';
export { raiseIncarnation, stopCommits } from './raise-incarnation.ts';
export { type Recheck, recheckEffect } from './recheck.ts';
export { createRedactingBlobs, createRedactingLog } from './redacting-log.ts';
export { type SecretRow, secretsFold } from './secret-fold.ts';
export { suspendChangedGrants, suspendGrantsLike } from './suspend-grants.ts';
export { type TokenRow, tokensFold } from './token-folds.ts';
export {
  type Bearer,
  createTokens,
  mayAskFor,
  refuseBearer,
  requireScope,
  TOKEN_MAX_MS,
  type TokenScope,
  type Tokens,
  type TokenView,
} from './tokens.ts';
export {
  type ApprovalRow,
  approvalsFold,
  type ConnectorRow,
  connectorsFold,
  type PolicyVersionRow,
  policyVersionsFold,
  TRUST_FOLDS,
} from './trust-folds.ts';
