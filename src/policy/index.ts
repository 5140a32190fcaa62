// policy: decide(), grants, approvals, redaction, budgets, labels raised.
// Owns: whether something may happen, and why. Never: does it, reads a clock, keeps state. Floor 2.
export { hostOf, isListedHost, normaliseAddress, toAsciiDomain } from './address.ts';
export {
  type AcceptedDecision,
  type ApprovalFacts,
  type CheckedDecision,
  checkDecision,
  MAX_SIGNATURE_MS,
  type Subject,
} from './approval.ts';
export { type BackTest, backTest, type PastDeed, type PolicyFigures } from './back-test.ts';
export {
  type Budget,
  type Budgets,
  createBudget,
  leftMicroUsd,
  type Reservation,
  release,
  reserve,
  settle,
} from './budget.ts';
export {
  type Decision,
  type DecisionFacts,
  decide,
  mayReach,
} from './decide.ts';
export { argumentLabel, type Deed, steeringArguments, steeringLabel } from './deed.ts';
export { type GrantFault, type GrantValidation, validateGrant } from './grant-draft.ts';
export {
  applyDebit,
  GRANT_MAX_MS,
  type GrantDebit,
  type GrantFacts,
  type GrantMatch,
  type GrantUsage,
  matchGrant,
  type PeriodUsage,
} from './grants.ts';
export {
  coversCapability,
  DEFAULT_POLICY,
  isUnreadable,
  type Policy,
  type PolicyContent,
  type PolicyRate,
  type PolicyRule,
  policySchema,
  policyVersion,
  readPolicy,
  requiredAssurance,
  sealPolicy,
  type UnreadablePolicy,
  undoWindowMs,
} from './policy.ts';
export { diffPolicies, type PolicyChange } from './policy-diff.ts';
export { type Extraction, type Extractor, extract, raise, type SignedRaise } from './raise.ts';
export type { Reason, Verdict } from './reason.ts';
export { createRedactor, type Redactor } from './redact.ts';
export { redactFailure } from './redact-failure.ts';
export { removeSecrets, type SecretFinding, scanForSecrets } from './secret-scan.ts';
export type { Secret } from './spellings.ts';
export { domainHints, hasInvisible, makeVisible } from './visible-text.ts';
