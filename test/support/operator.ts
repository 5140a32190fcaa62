import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { createIds } from '../../src/base/index.ts';
import {
  type Device,
  type EffectHash,
  OPERATOR,
  type SignedDecision,
} from '../../src/contract/index.ts';
import {
  composeStatement,
  createDeviceKey,
  exportPublicKey,
  signStatement,
  toBase64Url,
} from '../../src/contract/portable.ts';
import { type Kernel, policyName, policyNow, type Speaker } from '../../src/kernel/index.ts';
import type { Log } from '../../src/log/index.ts';

/** The person in a test: one enrolled device that signs what it is shown. */
export interface Operator {
  readonly device: Device;
  readonly privateKey: CryptoKey;
}

/** Somebody at an enrolled device: what they type is the operator's word. */
export function typedBy(by: string): Speaker {
  return { by, label: OPERATOR };
}

/** A decision takes five minutes at most, as at the real doors. */
const DECISION_LIFE_MS = 300_000;

const savedSchema = z.object({
  device: z.object({
    id: z.string(),
    name: z.string(),
    kind: z.literal('cli'),
    publicKey: z.string(),
    assurance: z.literal('unattended'),
    enrolledAt: z.string(),
  }),
  // z.json() is what importKey reads; it checks the members itself
  jwk: z.record(z.string(), z.json()),
});

export async function createOperator(): Promise<Operator> {
  const pair = await createDeviceKey({ extractable: true });
  const device: Device = {
    id: createIds(Date.now)(),
    name: 'test device',
    kind: 'cli',
    publicKey: await exportPublicKey(pair.publicKey),
    assurance: 'unattended',
    enrolledAt: new Date().toISOString(),
  };
  return { device, privateKey: pair.privateKey };
}

/** The same operator in every process that works on this home. */
export async function obtainOperator(home: string): Promise<Operator> {
  const file = join(home, 'operator.json');
  if (!existsSync(file)) {
    const operator = await createOperator();
    const jwk = await crypto.subtle.exportKey('jwk', operator.privateKey);
    writeFileSync(file, JSON.stringify({ device: operator.device, jwk }), { mode: 0o600 });
    return operator;
  }
  const { device, jwk } = savedSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  const privateKey = await crypto.subtle.importKey('jwk', jwk, { name: 'Ed25519' }, true, ['sign']);
  return { device, privateKey };
}

export interface DecisionOptions {
  readonly decision?: 'approve' | 'reject' | 'authorise';
  readonly incarnation?: number;
  readonly nonce?: string;
}

export function newNonce(): string {
  return toBase64Url(Uint8Array.from(randomBytes(16)));
}

/** Signs exactly these effects; every call makes another nonce. */
export async function signEffects(
  { log, clock }: { readonly log: Log; readonly clock: { readonly now: () => number } },
  operator: Operator,
  effects: readonly EffectHash[],
  { decision = 'approve', incarnation = 1, nonce = newNonce() }: DecisionOptions = {},
): Promise<SignedDecision> {
  const statement = composeStatement({
    company: log.company,
    incarnation,
    effects,
    decision,
    policy: policyName(await policyNow(log)),
    exp: new Date(clock.now() + DECISION_LIFE_MS).toISOString(),
    nonce,
    device: operator.device.id,
  });
  return signStatement(statement, operator.privateKey);
}

/** Opens a card, signs every undecided effect that it shows, and decides it. */
export async function decideCard(
  parts: {
    readonly kernel: Kernel;
    readonly log: Log;
    readonly clock: { readonly now: () => number };
    readonly operator: Operator;
  },
  item: string,
  options: DecisionOptions = {},
): Promise<readonly EffectHash[]> {
  const card = await parts.kernel.items.open(item);
  const hashes = card.effects
    .filter(({ status }) => status === 'finalised')
    .map(({ hash }) => hash);
  await parts.kernel.items.decide(
    item,
    await signEffects(parts, parts.operator, hashes, options),
    'no longer needed',
  );
  return hashes;
}
