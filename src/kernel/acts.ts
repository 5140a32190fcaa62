import { isJsonObject, type Json } from '../base/index.ts';
import { type Device, failure, OPERATOR, type SignedDecision } from '../contract/index.ts';
import { type ActKind, actHash, verifyStatement } from '../contract/portable.ts';
import { checkDecision } from '../policy/index.ts';
import { fact } from './events.ts';
import { controlFold, devicesFold, noncesFold } from './folds.ts';
import { policyNow } from './policy-now.ts';
import type { KernelPorts } from './ports.ts';

/** The id that a statement names when the recovery key signs it. */
export const RECOVERY_DEVICE = 'recovery';

/**
 * Accepts a signature over an act that is no effect (a device, a policy) and records it, so that it
 * works once. The recovery key may speak for devices only. Fails as `checkDecision` refuses.
 */
export async function authoriseAct(
  ports: KernelPorts,
  signed: SignedDecision,
  kind: ActKind,
  body: Json,
): Promise<Device> {
  const { log, clock } = ports;
  const hash = await actHash(kind, body);
  const id = String(signed.statement?.device);
  const [control, device, policy, nonce] = await Promise.all([
    log.fold(controlFold).get('control'),
    deviceFor(ports, id, kind),
    policyNow(log),
    log.fold(noncesFold).get(String(signed.statement?.nonce)),
  ]);
  const verified = device !== undefined && (await isSignedBy(ports, signed, device));
  const checked = checkDecision(signed, {
    company: log.company,
    incarnation: control?.incarnation ?? 0,
    policy,
    nowMs: clock.now(),
    deviceOf: () => device,
    isNonceUsed: () => nonce !== undefined,
    subjectOf: (wanted) =>
      wanted === hash ? { status: 'pending', kind: 'act', act: kind } : undefined,
    verify: () => verified,
  });
  if (checked.status === 'refused') throw checked.failure;
  if (signed.statement.effects.length !== 1) {
    throw failure('invalid_input', 'One signature stands for one such act.');
  }
  const data: unknown = JSON.parse(JSON.stringify(signed));
  await log.append(
    [
      {
        stream: `approval/${ports.newId()}`,
        expectedVersion: 0,
        events: [
          fact(
            'approval.recorded',
            { signed: isJsonObject(data) ? data : {}, assurance: checked.device.assurance },
            { by: `operator:${checked.device.id}`, label: OPERATOR },
          ),
        ],
      },
    ],
    { barrier: true },
  );
  return checked.device;
}

async function deviceFor(
  { log }: KernelPorts,
  id: string,
  kind: ActKind,
): Promise<Device | undefined> {
  if (id !== RECOVERY_DEVICE) return log.fold(devicesFold).get(id);
  const control = await log.fold(controlFold).get('control');
  if (kind !== 'device' || !control?.recovery) return undefined;
  return {
    id: RECOVERY_DEVICE,
    name: 'Recovery key',
    kind: 'cli',
    publicKey: control.recovery,
    assurance: 'unlocked', // it lies on paper, apart from every machine
    enrolledAt: control.founded,
  };
}

async function isSignedBy(ports: KernelPorts, signed: SignedDecision, device: Device) {
  if (device.kind !== 'passkey')
    return verifyStatement(signed.statement, signed.signature, device.publicKey);
  return ports.verify(signed, device).then(
    () => true,
    () => false,
  );
}
