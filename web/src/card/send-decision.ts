import type { Json } from '../../../src/base/portable.ts';
import type { EffectHash } from '../../../src/contract/portable.ts';
import { call, LostAnswer, Problem } from '../api/call.ts';
import type { Card, Decided } from '../api/shapes.ts';
import { signDecision, toJson } from '../device/decide.ts';
import { NotSigned } from '../device/not-signed.ts';
import type { Signer } from '../device/session.ts';
import type { CheckedCard, CheckedEffect } from './check-card.ts';

/** What is known after a decision was sent. A lost answer is looked into, never guessed. */
export type Sent =
  | { readonly status: 'done'; readonly decided: Decided }
  /** it changed before the signature arrived; nothing was done */
  | { readonly status: 'stale'; readonly problem: Problem }
  | { readonly status: 'refused'; readonly problem: Problem }
  /** the browser's own question about a passkey was closed; nothing was sent */
  | { readonly status: 'unsigned'; readonly words: string }
  /** no answer came, but the server knows the decision */
  | { readonly status: 'arrived'; readonly end: string }
  /** no answer came, and it still waits as of this look */
  | { readonly status: 'open'; readonly card: Card }
  /** no answer came and the server cannot be asked */
  | { readonly status: 'unknown' };

export interface Decision {
  readonly decision: 'approve' | 'reject';
  readonly effects: readonly CheckedEffect[];
  readonly reason?: string;
}

/** Signs exactly the hashes that were computed from what is shown, and sends the signature. */
export async function sendDecision(
  signer: Signer,
  { card, effects }: CheckedCard,
  { decision, effects: chosen, reason = '' }: Decision,
): Promise<Sent> {
  const [first] = chosen;
  if (!first) throw new RangeError('a decision is about at least one effect');
  const { company, incarnation } = first.card.effect;
  const hashes: readonly EffectHash[] = effects
    .filter((effect) => chosen.includes(effect))
    .map(({ hash }) => hash);
  const subject = { company, incarnation, policy: card.policy, hashes };
  let signed: Json;
  try {
    signed = toJson(await signDecision(signer, decision, subject));
  } catch (error) {
    if (error instanceof NotSigned) {
      return { status: 'unsigned', words: `${error.message} ${error.remedy}` };
    }
    throw error;
  }
  const path = `/api/items/${encodeURIComponent(card.item.id)}/${decision}`;
  const body = decision === 'approve' ? { signed } : { signed, reason };
  try {
    return { status: 'done', decided: await call<Decided>('POST', path, body) };
  } catch (error) {
    if (error instanceof Problem) {
      return { status: error.code === 'stale' ? 'stale' : 'refused', problem: error };
    }
    if (error instanceof LostAnswer) return lookAgain(card.item.id);
    throw error;
  }
}

/** After a lost answer: what the server says now. */
export async function lookAgain(item: string): Promise<Sent> {
  try {
    const card = await call<Card>('GET', `/api/items/${encodeURIComponent(item)}`);
    return card.item.status === 'closed'
      ? { status: 'arrived', end: card.item.end ?? 'closed' }
      : { status: 'open', card };
  } catch (error) {
    if (error instanceof Problem) return { status: 'refused', problem: error };
    return { status: 'unknown' };
  }
}
