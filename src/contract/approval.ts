import type { Id } from '../base/index.ts';
import type { EffectHash } from './effect.ts';

/** How sure we are that a person stood behind a signature. */
export const ASSURANCES = ['unattended', 'unlocked', 'present'] as const;
export type Assurance = (typeof ASSURANCES)[number];

/** The stronger of two assurances. */
export function strongerAssurance(a: Assurance, b: Assurance): Assurance {
  return ASSURANCES.indexOf(a) >= ASSURANCES.indexOf(b) ? a : b;
}

/** True if `given` is at least `needed`; false for a name nobody knows. */
export function isAssured(given: Assurance, needed: Assurance): boolean {
  const have = ASSURANCES.indexOf(given);
  return have >= 0 && have >= ASSURANCES.indexOf(needed);
}

/** What a device signs: Ed25519 over "steward/decision/v1\0" || canonical statement. */
export interface DecisionStatement {
  readonly company: Id;
  readonly incarnation: number;
  /** exactly the effects that were shown, sorted; for other acts, hashes of the act */
  readonly effects: readonly EffectHash[];
  readonly decision: 'approve' | 'reject' | 'authorise';
  /** version of the policy that was shown */
  readonly policy: string;
  /** UTC timestamp after which the signature is not accepted */
  readonly exp: string;
  /** random; each is accepted once */
  readonly nonce: string;
  readonly device: Id;
}

export interface SignedDecision {
  readonly statement: DecisionStatement;
  /** base64url; for a passkey the assertion travels in `passkey` instead */
  readonly signature: string;
  /** WebAuthn assertion (JSON form) whose challenge is the statement's hash */
  readonly passkey?: { readonly [member: string]: unknown };
}

/** A key that belongs to the operator. The server holds the public half only. */
export interface Device {
  readonly id: Id;
  readonly name: string;
  readonly kind: 'cli' | 'browser' | 'passkey';
  /** base64url raw Ed25519 key; for a passkey, the COSE key */
  readonly publicKey: string;
  readonly credentialId?: string;
  /** for a passkey, the name of the address it was made at; browsers use it nowhere else */
  readonly rpId?: string;
  readonly assurance: Assurance;
  readonly enrolledAt: string;
  readonly revokedAt?: string;
}
