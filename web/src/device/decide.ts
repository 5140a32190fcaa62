import type { Json } from '../../../src/base/portable.ts';
import {
  type ActKind,
  actHash,
  composeStatement,
  type DecisionStatement,
  type EffectHash,
  type SignedDecision,
  toBase64Url,
} from '../../../src/contract/portable.ts';
import { nowMs } from '../clock.ts';
import { type Signer, session } from './session.ts';

/** A signature travels at once; this bounds what a copied one is worth. */
const SIGNATURE_LIFE_MS = 5 * 60_000;
const NONCE_BYTES = 16;

/** What a decision is about: the hashes that were computed here from what was shown. */
export interface Subject {
  readonly company: string;
  readonly incarnation: number;
  readonly policy: string;
  readonly hashes: readonly EffectHash[];
}

/** Signs a decision over exactly these hashes. Fails as `signer` does. */
export function signDecision(
  signer: Signer,
  decision: DecisionStatement['decision'],
  subject: Subject,
): Promise<SignedDecision> {
  const statement = composeStatement({
    company: subject.company,
    incarnation: subject.incarnation,
    effects: subject.hashes,
    decision,
    policy: subject.policy,
    exp: new Date(nowMs() + SIGNATURE_LIFE_MS).toISOString(),
    nonce: toBase64Url(crypto.getRandomValues(new Uint8Array(NONCE_BYTES))),
    device: signer.device,
  });
  return signer.sign(statement);
}

/** Signs an act of the operator that is no effect: inviting or revoking a device. */
export async function signAct(signer: Signer, kind: ActKind, body: Json): Promise<SignedDecision> {
  const { company, incarnation = 0, policy = '' } = session.value ?? {};
  return signDecision(signer, 'authorise', {
    company: company?.id ?? '',
    incarnation,
    policy,
    hashes: [await actHash(kind, body)],
  });
}

/** A signed decision as plain JSON for the wire. */
export function toJson(signed: SignedDecision): Json {
  return JSON.parse(JSON.stringify(signed));
}
