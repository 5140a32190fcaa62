// contract: the shared nouns as types and schemas.
// Owns: shapes that more than one floor speaks of. Never: does anything with them. Floor 1.
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
  type CapabilityContract,
  type CapabilityRef,
  capabilityRef,
  EFFECT_CLASSES,
  type EffectClass,
  isOutside,
  type RetryRule,
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
export type { EventHeader, NewEvent, PersonalFields, StoredEvent } from './event.ts';
export {
  FAILURES,
  Failure,
  type FailureCode,
  type FailureData,
  failure,
  toFailure,
} from './failure.ts';
export type { Grant, GrantLimit, GrantPeriod } from './grant.ts';
export { issueWords, neededWords } from './issue-words.ts';
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
export { currencySchema, type Money, moneySchema } from './money.ts';
export type { Snapshot } from './snapshot.ts';
