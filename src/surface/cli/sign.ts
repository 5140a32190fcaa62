import { canonicalJson, type Json } from '../../base/index.ts';
import { type DecisionStatement, failure, type SignedDecision } from '../../contract/index.ts';
import {
  type ActKind,
  actHash,
  checkParts,
  composeStatement,
  effectHash,
  signStatement,
  toBase64Url,
} from '../../contract/portable.ts';
import type { CardView } from '../views/item-view.ts';
import type { CliDevice, CliPorts } from './cli-ports.ts';

/** What a statement is made under; the server says it, the signature binds it. */
export interface SigningFacts {
  readonly company: string;
  readonly incarnation: number;
  readonly policy: string;
  /** the server's time, RFC 3339: a clock that is off here must not spoil the signature */
  readonly now: string;
}

/** A signature that waits on a slow line for longer is not sent by the person who made it. */
const SIGNATURE_MS = 5 * 60_000;
const NONCE_BYTES = 16;

/**
 * Hashes what was fetched and shown, attachments included, with the code that the kernel uses. Fails
 * with `bad_signature` when the server shows one thing and would have another signed.
 */
export async function checkCard(
  card: CardView,
  chosen: readonly string[],
  fetchBlob: (hash: string) => Promise<Uint8Array | undefined>,
): Promise<void> {
  for (const { hash, effect } of card.effects) {
    if (!chosen.includes(hash)) continue;
    const same = (await effectHash(effect)) === hash;
    const parts = same ? await checkParts(effect, fetchBlob) : undefined;
    if (parts?.intact) continue;
    const fault = parts?.parts.find(({ status }) => status !== 'intact');
    throw failure(
      'bad_signature',
      fault
        ? `"${fault.part.name}" is not what the card says. Nothing was signed.`
        : 'What the card shows is not what would be signed. Nothing was signed.',
      { hash },
    );
  }
}

/** Signs hashes with this machine's key, asking for its passphrase where it has one. */
export async function signHashes(
  ports: CliPorts,
  facts: SigningFacts,
  decision: DecisionStatement['decision'],
  hashes: readonly string[],
  device: CliDevice,
): Promise<SignedDecision> {
  const key = await unlock(ports, device);
  return signStatement(statementOf(ports, facts, decision, hashes, device.id), key);
}

/** Signs an act that is no effect, with this machine's key or the recovery key. */
export async function signAct(
  ports: CliPorts,
  facts: SigningFacts,
  act: { readonly kind: ActKind; readonly body: Json },
  signer: CliDevice | { readonly id: string; readonly key: CryptoKey },
): Promise<SignedDecision> {
  // what is signed is plain JSON; this throws for anything else
  canonicalJson(act.body);
  const hash = await actHash(act.kind, act.body);
  const key = 'key' in signer ? signer.key : await unlock(ports, signer);
  return signStatement(statementOf(ports, facts, 'authorise', [hash], signer.id), key);
}

function statementOf(
  ports: CliPorts,
  { company, incarnation, policy, now }: SigningFacts,
  decision: DecisionStatement['decision'],
  effects: readonly string[],
  device: string,
): DecisionStatement {
  const exp = new Date(Date.parse(now) + SIGNATURE_MS).toISOString();
  const nonce = toBase64Url(ports.random(NONCE_BYTES));
  return composeStatement({ company, incarnation, effects, decision, policy, exp, nonce, device });
}

async function unlock(ports: CliPorts, device: CliDevice): Promise<CryptoKey> {
  if (device.assurance === 'unattended') return device.unlock();
  if (!ports.terminal.input) return device.unlock(); // says that it needs its passphrase
  return device.unlock(await ports.prompt('Passphrase of your device key: ', true));
}
