import type { Json } from '../../../src/base/portable.ts';
import type { ActKind, Assurance } from '../../../src/contract/portable.ts';
import { call } from '../api/call.ts';
import { signAct, toJson } from './decide.ts';
import { lookOnly, session, signer } from './session.ts';

/** Weakest first (DESIGN section 8). */
const STRENGTH: readonly Assurance[] = ['unattended', 'unlocked', 'present'];

/** Why this browser cannot sign what needs a device of this assurance; undefined when it can. */
export function tooWeakFor(needed: Assurance): string | undefined {
  if (lookOnly.value !== undefined) return lookOnly.value;
  const own = session.value?.device?.assurance ?? 'unattended';
  if (STRENGTH.indexOf(own) >= STRENGTH.indexOf(needed)) return undefined;
  return 'The key of this browser lies open, so it may not sign for this. Sign it where your key has a passphrase.';
}

/** Signs an act with this browser's key and has it done. Fails with `Problem`. */
export async function performAct(kind: ActKind, body: Json): Promise<void> {
  const key = signer.value;
  if (!key) return;
  const signed = toJson(await signAct(key, kind, body));
  await call('POST', '/api/acts', { kind, body, signed });
}
