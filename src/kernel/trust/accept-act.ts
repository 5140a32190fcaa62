import { type Id, isJsonObject, type JsonObject } from '../../base/index.ts';
import { type Device, failure, OPERATOR, type SignedDecision } from '../../contract/index.ts';
import type { ActKind } from '../../contract/portable.ts';
import type { StreamAppend } from '../../log/index.ts';
import { acceptDecision, approvalId } from '../effects/approve.ts';
import { fact } from '../events.ts';
import { controlFold } from '../folds.ts';
import type { KernelPorts } from '../ports.ts';

/** Names the recovery key in a statement; it signs devices in and out, and nothing else. */
export const RECOVERY_DEVICE = 'recovery';

/** A signature over an act that was checked in full. */
export interface AcceptedAct {
  readonly approval: Id;
  readonly device: Device;
  readonly by: string;
  /** the signature as a fact, for the same append as what it allows; a second use conflicts there */
  readonly recorded: StreamAppend;
  /** goes into the same append: it conflicts when the device was revoked after the signature was checked */
  readonly unrevoked: StreamAppend;
}

/** Checks who authorised an act, and does nothing yet. Fails as `checkDecision` refuses. */
export async function acceptAct(
  ports: KernelPorts,
  signed: SignedDecision,
  act: { readonly kind: ActKind; readonly hash: string; readonly byRecovery: boolean },
): Promise<AcceptedAct> {
  const { kind, hash, byRecovery } = act;
  const subject = { status: 'pending', kind: 'act', act: kind } as const;
  const guest = byRecovery ? await recoveryDevice(ports) : undefined;
  const acts = new Map([[hash, subject]]);
  const own = `device/${String(signed.statement?.device)}`;
  const unrevoked = {
    stream: own,
    expectedVersion: await ports.log.streamVersion(own),
    events: [],
  };
  const { statement, device } = await acceptDecision(ports, signed, [], acts, guest);
  if (statement.decision !== 'authorise') {
    throw failure('invalid_input', 'Acts are authorised, not approved or rejected.', {
      path: 'statement.decision',
    });
  }
  if (statement.effects.length !== 1) {
    throw failure('invalid_input', 'One signature stands for one such act.', {
      path: 'statement.effects',
    });
  }
  const approval = approvalId(signed);
  const by = `operator:${device.id}`;
  const data = { signed: plain(signed), assurance: device.assurance, act: kind };
  const events = [fact('approval.recorded', data, { by, label: OPERATOR })];
  return {
    approval,
    device,
    by,
    recorded: { stream: `approval/${approval}`, expectedVersion: 0, events },
    unrevoked,
  };
}

/** The paper key as a device: it brings back a company whose devices are all lost. */
async function recoveryDevice({ log }: KernelPorts): Promise<Device | undefined> {
  const control = await log.fold(controlFold).get('control');
  if (!control || control.recovery === null) return undefined;
  return {
    id: RECOVERY_DEVICE,
    name: 'Recovery key',
    kind: 'cli',
    publicKey: control.recovery,
    assurance: 'unlocked', // it lies on paper, apart from every machine
    enrolledAt: control.founded,
  };
}

function plain(signed: SignedDecision): JsonObject {
  const copy: unknown = JSON.parse(JSON.stringify(signed));
  return isJsonObject(copy) ? copy : {};
}
