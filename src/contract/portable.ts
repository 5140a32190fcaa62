// The part of contract/ that also runs in a browser: no `node:` import below it. Same floor, second door.
export {
  ASSURANCES,
  type Assurance,
  type DecisionStatement,
  type Device,
  isAssured,
  type SignedDecision,
  strongerAssurance,
} from './approval.ts';
export {
  ARGUMENT_ROLES,
  type ArgumentRole,
  type CapabilityRef,
  EFFECT_CLASSES,
  type EffectClass,
  isOutside,
} from './capability.ts';
export {
  type CarriedChange,
  type CarriedNumber,
  EFFECT_STATUSES,
  type Effect,
  type EffectArgument,
  type EffectHash,
  type EffectKey,
  type EffectKeyParts,
  type EffectPart,
  type EffectPreview,
  type EffectStatus,
  type Mode,
  type Precondition,
  type Receipt,
} from './effect.ts';
export {
  FAILURES,
  Failure,
  type FailureCode,
  type FailureData,
  failure,
  toFailure,
} from './failure.ts';
export type { Grant, GrantLimit, GrantPeriod } from './grant.ts';
export {
  COUNTERPARTY,
  INTEGRITIES,
  type Integrity,
  isTrusted,
  joinLabels,
  type Label,
  type Labelled,
  type Labels,
  labelAt,
  labelOfAll,
  labelWithin,
  OPERATOR,
  OWN,
  PLACEMENTS,
  type Placement,
  PUBLIC,
} from './label.ts';
export { minorDigits } from './minor-digits.ts';
export type { Money } from './money.ts';
export { SECRET_SALT_BYTES, secretCommitment } from './secret.ts';
export {
  ACT_KINDS,
  type ActKind,
  actHash,
  blobHash,
  type CheckedPart,
  checkParts,
  composeStatement,
  createDeviceKey,
  effectHash,
  effectKey,
  exportPublicKey,
  fromBase64Url,
  signStatement,
  statementBytes,
  statementChallenge,
  toBase64Url,
  verifyStatement,
} from './signing.ts';
export type { Snapshot } from './snapshot.ts';
export {
  composeInvite,
  composeToken,
  INVITE_BYTES,
  TOKEN_BYTES,
  TOKEN_PREFIX,
  tokenHash,
} from './token.ts';
export {
  composeHookSecret,
  HOOK_SECRET_BYTES,
  hookSecretHandle,
  hookSecretName,
  readHookSecret,
} from './webhook.ts';
