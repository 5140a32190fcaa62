import type { Json } from '../../../src/base/portable.ts';
import type { ActKind } from '../../../src/contract/portable.ts';
import { call } from '../api/call.ts';
import { signAct, toJson } from './decide.ts';
import { NotSigned } from './not-signed.ts';
import { lookOnly, type Signer, signer } from './session.ts';

/**
 * Signs an act, with this browser's key where nobody else is named, and has it done. Answers what the
 * server made of it. Fails with `Problem`, with `NotSigned` where there is no key, and as the signer does.
 */
export async function performAct<Answer = unknown>(
  kind: ActKind,
  body: Json,
  by: Signer | undefined = signer.value,
): Promise<Answer> {
  if (!by) throw new NotSigned('Nothing was signed.', lookOnly.value);
  const signed = toJson(await signAct(by, kind, body));
  return call<Answer>('POST', '/api/acts', { kind, body, signed });
}
