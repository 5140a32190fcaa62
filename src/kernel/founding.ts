import type { Clock, Id, JsonObject, NewId } from '../base/index.ts';
import { type Device, failure, type Mode, OPERATOR, toFailure } from '../contract/index.ts';
import type { Log } from '../log/index.ts';
import { decideRecord } from '../records/index.ts';
import { fact } from './events.ts';
import { controlFold, devicesFold } from './folds.ts';

export interface Founding {
  /** fields of the company record */
  readonly company: JsonObject;
  readonly mode: Exclude<Mode, 'off'>;
  readonly example?: boolean;
  /** public half of the recovery key, base64url */
  readonly recovery?: string;
  /** public half of the key that signs checkpoints, base64url */
  readonly logKey: string;
  /** enrolled in the same append, so that no moment exists in which anybody could be first */
  readonly device?: Device;
}

export interface FoundingPorts {
  readonly log: Log;
  readonly clock: Clock;
  readonly newId: NewId;
}

/**
 * The first events of an empty log: control, the company's record and its first device, as one
 * barrier. Fails with `already_exists` when there is a company, `invalid_input` as the record does.
 */
export async function foundCompany(ports: FoundingPorts, founding: Founding): Promise<void> {
  const { log, clock, newId } = ports;
  if ((await log.fold(controlFold).get('control')) !== undefined) {
    throw failure('already_exists', 'There is a company in this home already.');
  }
  const { company, mode, example, recovery, logKey, device } = founding;
  const by = device === undefined ? 'kernel' : `operator:${device.id}`;
  const command = { type: 'create', record: 'company', id: log.company, set: company } as const;
  const created = decideRecord(undefined, command, {
    newId,
    now: clock.now(),
    references: () => undefined,
  });
  const opened = fact('company.opened', {
    mode,
    incarnation: 1,
    logKey,
    ...(recovery === undefined ? {} : { recovery }),
    ...(example ? { example } : {}),
  });
  await log.append(
    [
      { stream: 'control', expectedVersion: 0, events: [opened] },
      {
        stream: `company/${log.company}`,
        expectedVersion: 0,
        events: created.map((event) => ({ ...event, by, label: OPERATOR })),
      },
      ...(device === undefined ? [] : [enrolment(device, by)]),
    ],
    { barrier: true },
  );
}

/** From now on this key speaks for the operator. Fails with `already_exists` for a known id. */
export async function enrolDevice(log: Log, device: Device, by: string): Promise<void> {
  if ((await log.fold(devicesFold).get(device.id)) !== undefined) {
    throw failure('already_exists', 'This device is enrolled already.', { device: device.id });
  }
  await log.append([enrolment(device, by)], { barrier: true });
}

/**
 * Enrols a device that nobody vouches for. The claim has one place in the log, so of many at once, and
 * ever after, one gets in. False for all others.
 */
export async function enrolFirst(log: Log, device: Device): Promise<boolean> {
  const by = `operator:${device.id}`;
  const events = [fact('enrolment.claimed', { device: device.id }, { by, label: OPERATOR })];
  const claim = { stream: 'enrolment/first', expectedVersion: 0, events };
  try {
    await log.append([claim, enrolment(device, by)], { barrier: true });
    return true;
  } catch (error) {
    if (toFailure(error).code === 'version_conflict') return false;
    throw error;
  }
}

/** From now on nothing it signs is accepted. Fails with `not_found`, `already_decided`. */
export async function revokeDevice(log: Log, id: Id, by: string): Promise<void> {
  const device = await log.fold(devicesFold).get(id);
  if (!device) throw failure('not_found', `There is no device ${id}.`, { device: id });
  if (device.revokedAt !== undefined) {
    throw failure('already_decided', 'This device was revoked before.', { device: id });
  }
  const events = [fact('device.revoked', { by }, { by, label: OPERATOR })];
  await log.append([{ stream: `device/${id}`, expectedVersion: 1, events }], { barrier: true });
}

function enrolment(device: Device, by: string) {
  // Device is plain JSON; interfaces lack the index signature that JsonObject asks for
  const data = { device: device as unknown as JsonObject, by };
  const events = [fact('device.enrolled', data, { by, label: OPERATOR })];
  return { stream: `device/${device.id}`, expectedVersion: 0, events } as const;
}
