import { z } from 'zod';
import type { Id, Json } from '../base/index.ts';
import {
  ASSURANCES,
  type DecisionStatement,
  type Device,
  type EffectClass,
  type Failure,
  failure,
  isAssured,
  type SignedDecision,
  strongerAssurance,
} from '../contract/index.ts';
import { type ActKind, statementBytes } from '../contract/portable.ts';
import { isUnreadable, type Policy, requiredAssurance, type UnreadablePolicy } from './policy.ts';

/** Longest time ahead for which a signature may be valid. */
export const MAX_SIGNATURE_MS = 86_400_000;
/** Effects in one statement: a plan card that a person can still read. */
const MAX_EFFECTS = 1_000;

const hash = z.string().regex(/^[0-9a-f]{64}$/);
const statementSchema = z.strictObject({
  company: z.string().min(1).max(100),
  incarnation: z.int().min(0),
  effects: z.array(hash).min(1).max(MAX_EFFECTS),
  decision: z.enum(['approve', 'reject', 'authorise']),
  policy: z.string().min(1).max(100),
  exp: z.iso.datetime(),
  nonce: z.string().regex(/^[A-Za-z0-9_-]{22,100}$/),
  device: z.string().min(1).max(100),
});
const signedSchema = z.strictObject({
  statement: statementSchema,
  signature: z.string().max(1_000),
  passkey: z.record(z.string(), z.unknown()).optional(),
});

/** What a signed hash stands for right now. */
export type Subject =
  | { readonly status: 'pending'; readonly kind: 'effect'; readonly class: EffectClass }
  | { readonly status: 'pending'; readonly kind: 'act'; readonly act: ActKind }
  | { readonly status: 'decided' }
  /** `now` is the hash that took its place, if any */
  | { readonly status: 'stale'; readonly now?: string };

export interface ApprovalFacts {
  readonly company: Id;
  readonly incarnation: number;
  readonly policy: Policy | UnreadablePolicy;
  readonly nowMs: number;
  readonly deviceOf: (id: Id) => Device | undefined;
  readonly isNonceUsed: (nonce: string) => boolean;
  readonly subjectOf: (hash: string) => Subject | undefined;
  /**
   * True if this device signed exactly these bytes. For a passkey: the assertion in `signed.passkey`
   * verifies with user verification, and its challenge is the SHA-256 of the bytes.
   */
  readonly verify: (device: Device, bytes: Uint8Array, signed: SignedDecision) => boolean;
}

/** A decision that was checked in full. Only `checkDecision` makes one. */
export interface AcceptedDecision {
  readonly status: 'accepted';
  readonly statement: DecisionStatement;
  readonly device: Device;
}

export type CheckedDecision =
  | AcceptedDecision
  | { readonly status: 'refused'; readonly failure: Failure };

/**
 * Is this signature worth something, here and now? Pure and total. Refuses with `invalid_input` (not a
 * statement), `not_authorised` (device unknown or revoked, other company), `bad_signature`, `stale`
 * (incarnation, policy, expiry or effect are no longer those that were shown), `already_decided`
 * (nonce or effect used before) or `step_up_required` (the device is not strong enough).
 */
export function checkDecision(json: unknown, facts: ApprovalFacts): CheckedDecision {
  try {
    const found = check(json, facts);
    return 'code' in found ? { status: 'refused', failure: found } : found;
  } catch {
    const refused = failure('bad_signature', 'The signature could not be checked.');
    return { status: 'refused', failure: refused };
  }
}

function check(json: unknown, facts: ApprovalFacts): AcceptedDecision | Failure {
  const read = signedSchema.safeParse(json);
  if (!read.success) return unreadable(read.error.issues[0]);
  const { passkey, statement, signature } = read.data;
  const signed = passkey ? { statement, signature, passkey } : { statement, signature };
  const orderFault = findOrderFault(statement.effects);
  if (orderFault !== undefined) return malformed('statement.effects', orderFault);

  const device = facts.deviceOf(statement.device);
  if (device?.id !== statement.device) {
    return failure('not_authorised', 'This device is not enrolled.', { device: statement.device });
  }
  if (device.revokedAt !== undefined) {
    return failure('not_authorised', 'This device was revoked.', { device: device.id });
  }
  if ((device.kind === 'passkey') !== (passkey !== undefined)) {
    return failure('bad_signature', 'The signature is not of the kind this device makes.');
  }
  if (facts.verify(device, statementBytes(statement), signed) !== true) {
    return failure('bad_signature', 'The signature does not fit what was signed.');
  }
  return (
    circumstanceFailure(statement, facts) ??
    subjectFailure(statement, facts) ??
    assuranceFailure(statement, device, facts) ?? { status: 'accepted', statement, device }
  );
}

/** Sorted, each once: one set of effects has one statement. */
function findOrderFault(effects: readonly string[]): string | undefined {
  for (let i = 1; i < effects.length; i++) {
    const [before = '', here = ''] = [effects[i - 1], effects[i]];
    if (before === here) return 'It names an effect twice.';
    if (before > here) return 'Its effects are not in order.';
  }
  return undefined;
}

function circumstanceFailure(
  statement: DecisionStatement,
  facts: ApprovalFacts,
): Failure | undefined {
  if (statement.company !== facts.company) {
    return failure('not_authorised', 'This was signed for another company.');
  }
  if (facts.isNonceUsed(statement.nonce) !== false) {
    return failure('already_decided', 'This signature was used before.');
  }
  const expiresMs = Date.parse(statement.exp);
  if (!(expiresMs > facts.nowMs))
    return stale('This signature has expired.', { exp: statement.exp });
  if (!(expiresMs <= facts.nowMs + MAX_SIGNATURE_MS)) {
    return malformed('statement.exp', 'A signature may be valid for one day at most.');
  }
  if (statement.incarnation !== facts.incarnation) {
    return stale('This was signed before the last restore.', {});
  }
  // While the policy is unreadable the operator must still be able to authorise a new one.
  if (isUnreadable(facts.policy)) {
    return statement.decision === 'approve'
      ? failure(
          'denied',
          'The policy is unreadable, so nothing is done.',
          {},
          'Restore a policy first.',
        )
      : undefined;
  }
  return statement.policy === facts.policy.version
    ? undefined
    : stale('The policy has changed since.', { policy: facts.policy.version });
}

function subjectFailure(statement: DecisionStatement, facts: ApprovalFacts): Failure | undefined {
  const decided: string[] = [];
  const outdated: { hash: string; now: string | null }[] = [];
  for (const hash of statement.effects) {
    const subject = facts.subjectOf(hash);
    if (subject?.status === 'decided') decided.push(hash);
    else if (subject?.status !== 'pending') outdated.push({ hash, now: subject?.now ?? null });
    else if (!fitsDecision(subject.kind, statement.decision)) {
      return malformed('statement.decision', 'Effects are approved, acts are authorised.');
    }
  }
  if (decided.length > 0) {
    return failure('already_decided', 'This was decided before.', { effects: decided });
  }
  return outdated.length > 0
    ? stale('Something changed since you looked.', { effects: outdated })
    : undefined;
}

function fitsDecision(kind: 'effect' | 'act', decision: DecisionStatement['decision']): boolean {
  return decision === 'reject' || (kind === 'act') === (decision === 'authorise');
}

/** A rejection takes nothing but a valid key: saying no is never made hard. */
function assuranceFailure(
  statement: DecisionStatement,
  device: Device,
  facts: ApprovalFacts,
): Failure | undefined {
  if (statement.decision === 'reject') return undefined;
  const { policy } = facts;
  const needed = statement.effects
    .map((hash) => facts.subjectOf(hash))
    .map((subject) => {
      if (subject?.status !== 'pending') return 'present';
      const what = subject.kind === 'act' ? subject.act : subject.class;
      if (isUnreadable(policy)) return 'unlocked'; // only acts come this far
      return requiredAssurance(policy, what);
    })
    .reduce(strongerAssurance, ASSURANCES[0]);
  // Only a passkey shows that a person was there, whatever was recorded at enrolment.
  const given =
    device.assurance === 'present' && device.kind !== 'passkey' ? 'unlocked' : device.assurance;
  return isAssured(given, needed)
    ? undefined
    : failure('step_up_required', 'This device is not enough for what you sign.', {
        needed,
        device: given,
      });
}

function stale(message: string, facts: { readonly [fact: string]: Json }): Failure {
  return failure('stale', message, facts);
}

function unreadable(issue: z.core.$ZodIssue | undefined): Failure {
  const path = issue?.path.map(String).join('.') ?? '';
  if (path !== 'statement.effects' || issue?.code !== 'too_big') return malformed(path);
  return failure(
    'too_large',
    `One signature covers at most ${MAX_EFFECTS} effects.`,
    { limit: MAX_EFFECTS },
    'Decide about some of them first (steward approve ITEM --effect HASH), then about the others.',
  );
}

function malformed(path: string, message = 'This is not a signed decision.'): Failure {
  const remedy = 'Open the card again and sign what it shows now.';
  return failure('invalid_input', message, { path }, remedy);
}
