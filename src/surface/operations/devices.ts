import { z } from 'zod';
import { type JsonObject, toTimestamp } from '../../base/index.ts';
import { type Device, failure } from '../../contract/index.ts';
import { devicesFold, enrolDevice, INVITE_MS } from '../../kernel/index.ts';
import { controlOf, deviceView } from '../views/session-view.ts';
import { performedView, proposal, RECOVERING, SIGNING } from './acts.ts';
import { flagField, idField, isEd25519Key, signedField } from './inputs.ts';
import { defineOperation, type Services } from './operation.ts';

export const devicesOperation = defineOperation({
  name: 'devices',
  title: 'The devices whose keys speak for you',
  method: 'GET',
  path: '/api/devices',
  access: 'look',
  body: 'none',
  input: z.strictObject({}),
  cli: { words: ['devices'], examples: ['steward devices'] },
  handle: async (_, { services }) =>
    Array.fromAsync(services.log.fold(devicesFold).every(), ({ row }) => deviceView(row)),
});

export const deviceInviteOperation = defineOperation({
  name: 'device-invite',
  title: 'A link, for ten minutes and one use, whose browser becomes a device of yours',
  method: 'POST',
  path: '/api/devices/invite',
  access: 'operate',
  body: 'json',
  /** of the code in the link, which whoever signs makes and keeps */
  input: z.strictObject({ hash: z.string().regex(/^[0-9a-f]{64}$/, 'a SHA-256 in hex') }),
  cli: {
    words: ['devices', 'invite'],
    options: [RECOVERING, ...SIGNING],
    examples: ['steward devices invite'],
  },
  handle: async ({ hash }, { services }) => {
    signInAddress(services);
    const until = toTimestamp(services.clock.now() + INVITE_MS);
    return proposal(services, 'device', { invite: hash, until });
  },
});

export const deviceRevokeOperation = defineOperation({
  name: 'device-revoke',
  title: 'From now on nothing that this device signs is accepted',
  method: 'POST',
  path: '/api/devices/:id/revoke',
  access: 'operate',
  body: 'json',
  input: z.strictObject({
    id: idField,
    because: z.string().max(500).optional(),
    /** without it: what to sign */
    signed: signedField.optional(),
  }),
  cli: {
    words: ['devices', 'revoke'],
    arguments: [{ field: 'id', name: 'DEVICE', help: 'id of the device' }],
    options: [
      { field: 'because', flags: '--because <text>', help: 'why', kind: 'text' },
      RECOVERING,
      ...SIGNING,
    ],
    examples: ['steward devices revoke 0198c2...'],
  },
  handle: async ({ id, because = '', signed }, { services }) => {
    const body = { device: id, because: because.trim() || 'You removed it.' };
    if (signed === undefined) return proposal(services, 'revoke', body);
    performedView(services, await services.kernel.trust.perform('revoke', body, signed));
    const row = await services.log.fold(devicesFold).get(id);
    if (row) return deviceView(row);
    throw failure('not_found', `There is no device ${id}.`, { device: id });
  },
});

export const deviceAddOperation = defineOperation({
  name: 'device-add',
  title: 'Let another key sign for you: a second machine, or a key kept apart',
  method: 'POST',
  path: '/api/devices/propose',
  access: 'operate',
  body: 'json',
  input: z.strictObject({
    name: z.string().trim().min(1).max(100),
    key: z.string().refine(isEd25519Key, 'a raw Ed25519 key as base64url'),
    id: z.uuid().optional(),
    unlocked: flagField.optional(),
  }),
  cli: {
    words: ['devices', 'add'],
    arguments: [{ field: 'name', name: 'NAME', help: 'how you call it' }],
    options: [
      {
        field: 'key',
        flags: '--key <key>',
        help: 'its public key, as its device.key file names it',
        kind: 'text',
        required: true,
      },
      { field: 'id', flags: '--id <id>', help: 'its id in that file', kind: 'text' },
      {
        field: 'unlocked',
        flags: '--unlocked',
        help: 'its key is guarded by a passphrase',
        kind: 'flag',
      },
      RECOVERING,
      ...SIGNING,
    ],
    examples: [
      'steward devices add laptop --key 11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo --unlocked',
    ],
  },
  handle: async ({ name, key, id, unlocked = false }, { services }) => {
    const device: JsonObject = {
      ...{ id: id ?? services.newId(), name, kind: 'cli', publicKey: key },
      assurance: unlocked ? 'unlocked' : 'unattended',
      enrolledAt: toTimestamp(services.clock.now()),
    };
    return proposal(services, 'device', { device });
  },
});

export const deviceEnrolOperation = defineOperation({
  name: 'device-enrol',
  title: "Make this machine's key one of your devices",
  method: 'POST',
  path: '/api/devices/local',
  access: 'local',
  body: 'json',
  input: z.strictObject({
    device: z.strictObject({
      id: z.uuid(),
      name: z.string().trim().min(1).max(100),
      publicKey: z.string().refine(isEd25519Key, 'a raw Ed25519 key as base64url'),
      assurance: z.enum(['unattended', 'unlocked']),
    }),
  }),
  cli: {
    words: ['devices', 'enrol'],
    options: [
      {
        field: 'passphrase',
        flags: '--passphrase',
        help: 'with a new key, guarded by a passphrase (asked for): it may sign more',
        kind: 'flag',
      },
      RECOVERING,
    ],
    examples: ['steward devices enrol --recovery', 'steward devices enrol --passphrase --recovery'],
  },
  handle: async ({ device: offered }, { services }) => {
    const control = await controlOf(services);
    // in an example anybody at the machine may; in a real company a signed act says so
    if (!control?.example || control.mode !== 'sandbox') throw unsigned(offered.id);
    const device: Device = {
      ...offered,
      kind: 'cli',
      enrolledAt: toTimestamp(services.clock.now()),
    };
    await enrolDevice(services.log, device, `operator:${offered.id}`);
    return deviceView(device);
  },
});

function unsigned(device: string) {
  return failure(
    'not_authorised',
    "This machine's key is not one of your devices yet.",
    { device },
    'Make it one with the recovery key from your paper: steward devices enrol --recovery',
  );
}

export const signInLinkOperation = defineOperation({
  name: 'sign-in-link',
  title: 'A fresh link to open Steward in a browser; works once, for ten minutes',
  method: 'POST',
  path: '/api/sign-in/link',
  access: 'local',
  body: 'json',
  input: z.strictObject({}),
  cli: { words: ['sign-in'], examples: ['steward sign-in'] },
  handle: async (_, { services }) => ({
    url: `${signInAddress(services)}#${services.sessions.newCode('link')}`,
  }),
});

/** Where codes of links are typed in. Fails with `not_ready` while there is no page to open. */
export function signInAddress(services: Services): string {
  const [origin] = services.origins();
  if (origin === undefined) {
    throw failure(
      'not_ready',
      'Steward is not being served, so there is no page to open.',
      {},
      'Start it in another window with: steward up',
    );
  }
  return `${origin}/sign-in`;
}
