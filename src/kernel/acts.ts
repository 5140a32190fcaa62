import type { Json } from '../base/index.ts';
import { type Device, failure, type SignedDecision, toFailure } from '../contract/index.ts';
import { type ActKind, actHash } from '../contract/portable.ts';
import type { KernelPorts } from './ports.ts';
import { acceptAct } from './trust/accept-act.ts';

/**
 * Accepts a signature over an act that the caller does itself, and records it, so that it works once.
 * The recovery key may speak for devices only. Fails as `checkDecision` refuses.
 */
export async function authoriseAct(
  ports: KernelPorts,
  signed: SignedDecision,
  kind: ActKind,
  body: Json,
): Promise<Device> {
  const hash = await actHash(kind, body);
  const { device, recorded, unrevoked } = await acceptAct(ports, signed, {
    kind,
    hash,
    byRecovery: kind === 'device',
  });
  try {
    await ports.log.append([recorded, unrevoked], { barrier: true });
  } catch (error) {
    if (toFailure(error).code !== 'version_conflict') throw error;
    throw failure('already_decided', 'This signature was used before.');
  }
  return device;
}
