import { z } from 'zod';
import { toTimestamp } from '../../base/index.ts';
import { type Device, failure } from '../../contract/index.ts';
import { devicesFold, enrolDevice, enrolFirst } from '../../kernel/index.ts';
import { isSessionProof } from '../sessions/session-proof.ts';
import { controlOf, deviceView, sessionView } from '../views/session-view.ts';
import { idField, isEd25519Key } from './inputs.ts';
import { defineOperation, type Services } from './operation.ts';

export const sessionOperation = defineOperation({
  name: 'session',
  title: 'Who is signed in, and what may be done',
  method: 'GET',
  path: '/api/session',
  access: 'open',
  body: 'none',
  input: z.strictObject({}),
  webOnly: 'the command line has no session: it stands on the machine itself',
  handle: (_, { services, caller }) => sessionView(services, caller),
});

export const signInOperation = defineOperation({
  name: 'sign-in',
  title: 'Turn the code of a sign-in link into a session',
  method: 'POST',
  path: '/api/sign-in',
  access: 'open',
  body: 'json',
  bodyBytes: 4_096,
  input: z.strictObject({
    code: z.string().min(1).max(200),
    device: z
      .strictObject({
        name: z.string().trim().min(1).max(100),
        kind: z.literal('browser'),
        publicKey: z.string().refine(isEd25519Key, 'a raw Ed25519 key as base64url'),
      })
      .optional(),
  }),
  webOnly: 'it opens the session of a browser',
  handle: async ({ code, device: offered }, { services, cookie }) => {
    const kind = services.sessions.redeem(code);
    const device = offered && (await enrol(services, kind, offered));
    cookie(services.sessions.start(device?.id ?? null).token);
    return { enrolled: device !== undefined, device: device ? deviceView(device) : null };
  },
});

/**
 * The first browser of an example, or the first device of all, enrols by its link alone. Every other
 * one needs a link that an enrolled device signed; without it the session can look.
 */
async function mayBeFirst(services: Services): Promise<boolean> {
  const devices = await services.kernel.trust.devices();
  if (devices.some((device) => device.kind !== 'cli')) return false;
  return devices.length === 0 || ((await controlOf(services))?.example ?? false);
}

/** Undefined for a browser that gets a session to look with, and no more. */
async function enrol(
  services: Services,
  kind: 'link' | 'invite',
  offered: { readonly name: string; readonly publicKey: string },
): Promise<Device | undefined> {
  const { log, newId, clock } = services;
  const device: Device = {
    id: newId(),
    name: offered.name,
    kind: 'browser',
    publicKey: offered.publicKey,
    assurance: 'unattended',
    enrolledAt: toTimestamp(clock.now()),
  };
  if (kind === 'link') {
    return (await mayBeFirst(services)) && (await enrolFirst(log, device)) ? device : undefined;
  }
  await enrolDevice(log, device, `operator:${device.id}`);
  return device;
}

export const challengeOperation = defineOperation({
  name: 'challenge',
  title: 'A text for this session to sign with a key that is enrolled already',
  method: 'GET',
  path: '/api/session/challenge',
  access: 'look',
  body: 'none',
  input: z.strictObject({}),
  webOnly: 'it ties the key of a browser to its session',
  handle: async (_, { services, caller }) => {
    if (caller.session === undefined) throw noSession();
    return { challenge: services.sessions.newChallenge(caller.session) };
  },
});

export const attachDeviceOperation = defineOperation({
  name: 'attach-device',
  title: 'Tie an enrolled key of this browser to a new session',
  method: 'POST',
  path: '/api/session/device',
  access: 'look',
  body: 'json',
  bodyBytes: 4_096,
  input: z.strictObject({ device: idField, proof: z.string().min(1).max(200) }),
  webOnly: 'it ties the key of a browser to its session',
  handle: async ({ device: id, proof }, { services, caller }) => {
    if (caller.session === undefined) throw noSession();
    const challenge = services.sessions.takeChallenge(caller.session);
    const device = await services.log.fold(devicesFold).get(id);
    const enrolled = device !== undefined && device.revokedAt === undefined;
    if (!enrolled || device.kind === 'passkey' || challenge === undefined) throw notProven();
    if (!(await isSessionProof(challenge, proof, device.publicKey))) throw notProven();
    services.sessions.attach(caller.session, device.id);
    return { device: deviceView(device) };
  },
});

export const signOutOperation = defineOperation({
  name: 'sign-out',
  title: 'End this session',
  method: 'POST',
  path: '/api/sign-out',
  access: 'open',
  body: 'json',
  input: z.strictObject({}),
  webOnly: 'the command line has no session',
  handle: async (_, { services, caller, cookie }) => {
    if (caller.session !== undefined) services.sessions.end(caller.session);
    cookie(null);
    return {};
  },
});

function noSession() {
  return failure('not_signed_in', 'There is no session to tie a device to.');
}

function notProven() {
  return failure(
    'bad_signature',
    'This browser could not show that it holds the key of that device.',
    {},
    'Reload the page; if that does not help, enrol this browser with: steward devices invite',
  );
}
