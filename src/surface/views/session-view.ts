import { toTimestamp } from '../../base/index.ts';
import type { Device } from '../../contract/index.ts';
import { type ControlRow, controlFold, policyName, policyNow } from '../../kernel/index.ts';
import type { Caller, Services } from '../operations/operation.ts';

export function controlOf({ log }: Services): Promise<ControlRow | undefined> {
  return log.fold(controlFold).get('control');
}

/** The zone that times without one are read in. */
export async function companyZone({ kernel, log }: Services): Promise<string> {
  const zone = (await kernel.records.find('company', log.company))?.fields.zone;
  return typeof zone === 'string' ? zone : 'UTC';
}

/** What a page must know before it shows anything. */
export async function sessionView(services: Services, caller: Caller) {
  const { log, kernel, clock } = services;
  if (caller.access === 'none') return { signedIn: false, onboarding: false };
  const control = await controlOf(services);
  const company = await kernel.records.find('company', log.company);
  const { device } = caller;
  return {
    signedIn: true,
    onboarding: false,
    company: company
      ? {
          id: log.company,
          name: company.fields.name ?? '',
          language: company.fields.language ?? 'en',
          currency: company.fields.currency ?? '',
          zone: company.fields.zone ?? 'UTC',
        }
      : null,
    mode: control?.mode ?? 'off',
    incarnation: control?.incarnation ?? 0,
    policy: policyName(await policyNow(log)),
    device: device ? deviceView(device) : null,
    canSign: device !== undefined,
    example: control?.example ?? false,
    origins: services.origins(),
    now: toTimestamp(clock.now()),
  };
}

export function deviceView(device: Device) {
  const { id, name, kind, assurance, enrolledAt, revokedAt, credentialId, rpId } = device;
  return {
    ...{ id, name, kind, assurance, enrolledAt, revokedAt: revokedAt ?? null },
    // what a page hands to its browser to have this passkey sign
    ...(kind === 'passkey' ? { credentialId: credentialId ?? null, rpId: rpId ?? null } : {}),
  };
}
