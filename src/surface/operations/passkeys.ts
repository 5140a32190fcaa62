import { z } from 'zod';
import { type JsonObject, toTimestamp } from '../../base/index.ts';
import { failure } from '../../contract/index.ts';
import { proposal, RECOVERING, SIGNING } from './acts.ts';
import { defineOperation, type OperationRequest } from './operation.ts';

export const passkeyOptionsOperation = defineOperation({
  name: 'passkey-options',
  title: 'What a browser needs to make a passkey; the answer counts once, within two minutes',
  method: 'POST',
  path: '/api/devices/passkeys/options',
  access: 'operate',
  body: 'json',
  input: z.strictObject({}),
  webOnly: 'browsers make passkeys',
  handle: async (_, request) => {
    const { services } = request;
    const { origin, session } = pageOf(request);
    const company = await services.kernel.records.find('company', services.log.company);
    const operator = {
      company: textOf(company?.fields.name) ?? 'Steward',
      name: textOf(company?.fields.owner) ?? textOf(company?.fields.email) ?? 'You',
      devices: await services.kernel.trust.devices(),
    };
    const challenge = services.sessions.newChallenge(session);
    return services.passkeys.options(origin, operator, challenge);
  },
});

export const passkeyOfferOperation = defineOperation({
  name: 'passkey-offer',
  title: 'A passkey that was just made, and what to sign so that it speaks for you',
  method: 'POST',
  path: '/api/devices/passkeys',
  access: 'operate',
  body: 'json',
  input: z.strictObject({
    name: z.string().trim().min(1).max(100),
    /** the browser's answer, as JSON (WebAuthn RegistrationResponseJSON) */
    answer: z.record(z.string(), z.json()),
  }),
  webOnly: 'browsers make passkeys',
  handle: async ({ name, answer }, request) => {
    const { services } = request;
    const { origin, session } = pageOf(request);
    const challenge = services.sessions.takeChallenge(session);
    if (challenge === undefined) {
      throw failure(
        'stale',
        'It took longer than two minutes, or was answered before.',
        {},
        'Add the passkey again.',
      );
    }
    const key = await services.passkeys.check(origin, challenge, answer);
    const device: JsonObject = {
      ...{ id: services.newId(), name, kind: 'passkey', ...key, assurance: 'present' },
      enrolledAt: toTimestamp(services.clock.now()),
    };
    const proposed = await proposal(services, 'device', { device });
    services.passkeyOffers.add(proposed.hash, proposed.body);
    return proposed;
  },
});

export const passkeyAddOperation = defineOperation({
  name: 'passkey-add',
  title: 'Let a passkey sign for you that was made on the page within the last ten minutes',
  method: 'GET',
  path: '/api/devices/passkeys/:code',
  access: 'look',
  body: 'none',
  input: z.strictObject({ code: z.string().regex(/^[0-9a-f]{1,64}$/, 'the code from the page') }),
  cli: {
    words: ['devices', 'passkey'],
    arguments: [{ field: 'code', name: 'CODE', help: 'as the page shows it' }],
    options: [RECOVERING, ...SIGNING],
    examples: ['steward devices passkey 4f2a91c7d0b1e2f3 --recovery'],
  },
  handle: ({ code }, { services }) =>
    proposal(services, 'device', services.passkeyOffers.find(code)),
});

/** The page that asks; its origin was compared at the door. */
function pageOf({ origin, caller }: OperationRequest) {
  if (origin !== undefined && caller.session !== undefined) {
    return { origin, session: caller.session };
  }
  throw failure(
    'not_possible',
    'Only a browser makes a passkey.',
    {},
    'Open the page: steward sign-in, then Settings, Add a passkey.',
  );
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
