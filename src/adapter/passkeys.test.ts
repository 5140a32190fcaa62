import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { sha256 } from '../base/index.ts';
import type { DecisionStatement, Device } from '../contract/index.ts';
import { statementBytes, statementChallenge } from '../contract/portable.ts';
import { createAuthenticator, PRESENT, TEST_SITE, VERIFIED } from './authenticator-for-tests.ts';
import { passkeyOptions, passkeySite, verifyAssertion, verifyPasskey } from './passkeys.ts';

const SITE = TEST_SITE;
const ORIGINS = [SITE.origin];
const CHALLENGE = randomBytes(32).toString('base64url');
const STATEMENT: DecisionStatement = {
  company: '0199a000-0000-7000-8000-000000000001',
  incarnation: 1,
  effects: ['a'.repeat(64)],
  decision: 'approve',
  policy: 'p1',
  exp: '2026-11-03T12:00:00.000Z',
  nonce: 'n1',
  device: '0199a000-0000-7000-8000-000000000002',
};
const HASH = sha256(statementBytes(STATEMENT));

const refused = { status: 'refused', failure: { code: 'bad_signature' } };

describe.each(['ES256', 'EdDSA', 'RS256'] as const)('a passkey with %s', (algorithm) => {
  test('is registered, and then signs a statement', async () => {
    const authenticator = createAuthenticator(algorithm);
    const device = await enrol(authenticator);
    expect(await verifyAssertion(device, HASH, authenticator.sign(HASH), ORIGINS)).toEqual({
      status: 'ok',
    });
  });

  test('does not verify for a single changed bit of signature or signed data', async () => {
    const authenticator = createAuthenticator(algorithm);
    const device = await enrol(authenticator);
    for (const member of ['signature', 'authenticatorData', 'clientDataJSON'] as const) {
      const assertion = authenticator.sign(HASH);
      const bytes = Buffer.from(assertion.response[member], 'base64url');
      bytes[bytes.length - 2] = (bytes.at(-2) ?? 0) ^ 1;
      const response = { ...assertion.response, [member]: bytes.toString('base64url') };
      expect(
        await verifyAssertion(device, HASH, { ...assertion, response }, ORIGINS),
        member,
      ).toMatchObject(refused);
    }
  });
});

describe('a passkey assertion', () => {
  test("has the statement's own hash as challenge, as the signing module computes it", async () => {
    expect(Buffer.from(HASH, 'hex').toString('base64url')).toBe(
      await statementChallenge(STATEMENT),
    );
  });

  test('for another statement is refused', async () => {
    const authenticator = createAuthenticator();
    const device = await enrol(authenticator);
    const other = sha256(statementBytes({ ...STATEMENT, nonce: 'n2' }));
    expect(await verifyAssertion(device, other, authenticator.sign(HASH), ORIGINS)).toMatchObject(
      refused,
    );
  });

  test('of another passkey is refused, also under the id of ours', async () => {
    const authenticator = createAuthenticator();
    const device = await enrol(authenticator);
    const stranger = createAuthenticator();
    expect(await verifyAssertion(device, HASH, stranger.sign(HASH), ORIGINS)).toMatchObject({
      ...refused,
      failure: { facts: { reason: 'another_device' } },
    });
    const { id, rawId } = authenticator.sign(HASH);
    expect(
      await verifyAssertion(device, HASH, { ...stranger.sign(HASH), id, rawId }, ORIGINS),
    ).toMatchObject(refused);
  });

  test('is refused for a device that is no passkey', async () => {
    const authenticator = createAuthenticator();
    const device: Device = { ...(await enrol(authenticator)), kind: 'browser' };
    expect(await verifyAssertion(device, HASH, authenticator.sign(HASH), ORIGINS)).toMatchObject(
      refused,
    );
  });

  test('without a verified user, or without any user, is refused', async () => {
    const authenticator = createAuthenticator();
    const device = await enrol(authenticator);
    for (const flags of [PRESENT, VERIFIED, 0]) {
      const assertion = authenticator.sign(HASH, { flags });
      expect(await verifyAssertion(device, HASH, assertion, ORIGINS), `${flags}`).toMatchObject(
        refused,
      );
    }
  });

  test.each([
    ['another origin', { origin: 'https://evil.example' }],
    ['the origin on another port', { origin: 'http://localhost:4748' }],
    ['the origin over https', { origin: 'https://localhost:4747' }],
    ['the origin with a tail', { origin: 'http://localhost:4747.evil.example' }],
    ['another rpId', { rpId: 'evil.example' }],
    ['a registration', { type: 'webauthn.create' }],
    ['a frame', { crossOrigin: true }],
    ['a frame that names its top', { crossOrigin: true, topOrigin: 'https://evil.example' }],
    ['no challenge', { challenge: '' }],
    ['the challenge as hex', { challenge: HASH }],
  ])('from %s is refused', async (_what, change) => {
    const authenticator = createAuthenticator();
    const device = await enrol(authenticator);
    expect(
      await verifyAssertion(device, HASH, authenticator.sign(HASH, change), ORIGINS),
    ).toMatchObject(refused);
  });

  test('whose counter stays 0 verifies again: the nonce, not this check, makes it single use', async () => {
    const authenticator = createAuthenticator();
    const device = await enrol(authenticator);
    const assertion = authenticator.sign(HASH, { counter: 0 });
    expect(await verifyAssertion(device, HASH, assertion, ORIGINS)).toEqual({ status: 'ok' });
    expect(await verifyAssertion(device, HASH, assertion, ORIGINS)).toEqual({ status: 'ok' });
  });

  test.each([
    undefined,
    null,
    'text',
    [],
    {},
    { id: 'AAAA', rawId: 'AAAA', type: 'public-key' },
    { id: 'AAAA', rawId: 'AAAA', type: 'public-key', response: {} },
    {
      id: 'AAAA',
      rawId: 'AAAA',
      type: 'public-key',
      response: { clientDataJSON: 'not base64!', authenticatorData: 'AAAA', signature: 'AAAA' },
    },
    {
      id: 'AAAA',
      rawId: 'AAAA',
      type: 'public-key',
      response: {
        clientDataJSON: 'A'.repeat(65_540),
        authenticatorData: 'AAAA',
        signature: 'AAAA',
      },
    },
  ])('of the shape %j is refused as malformed', async (assertion) => {
    const device = await enrol(createAuthenticator());
    expect(await verifyAssertion(device, HASH, assertion, ORIGINS)).toMatchObject({
      ...refused,
      failure: { facts: { reason: 'malformed' } },
    });
  });

  test('with a stored key that is no key is refused, not thrown', async () => {
    const authenticator = createAuthenticator();
    const device = await enrol(authenticator);
    for (const publicKey of ['', 'AAAA', Buffer.from('{}').toString('base64url')]) {
      const broken = { ...device, publicKey };
      expect(await verifyAssertion(broken, HASH, authenticator.sign(HASH), ORIGINS)).toMatchObject(
        refused,
      );
    }
  });
});

describe('the address of a passkey', () => {
  test('is a name over https, or this machine itself; an IP address never', () => {
    expect(passkeySite('http://localhost:4747')).toEqual(SITE);
    expect(passkeySite('https://steward.example:8443')).toEqual({
      origin: 'https://steward.example:8443',
      rpId: 'steward.example',
    });
    for (const origin of [
      'http://127.0.0.1:4747',
      'http://[::1]:4747',
      'https://192.168.1.5',
      'http://steward.example',
    ]) {
      expect(passkeySite(origin), origin).toBeUndefined();
    }
  });

  test('is the only one it counts at, on every port where we serve that name', async () => {
    const authenticator = createAuthenticator();
    const device = await enrol(authenticator);
    const here = authenticator.sign(HASH);
    const both = ['https://steward.example', SITE.origin];
    expect(await verifyAssertion(device, HASH, here, both)).toEqual({ status: 'ok' });
    const elsewhere = { ...device, rpId: 'steward.example' };
    expect(await verifyAssertion(elsewhere, HASH, here, both)).toMatchObject(refused);
    const { rpId: _, ...nowhere } = device;
    for (const [who, origins] of [
      [device, []],
      [device, ['https://steward.example']],
      [nowhere, both],
    ] as const) {
      expect(await verifyAssertion(who, HASH, here, origins)).toMatchObject({
        ...refused,
        failure: { facts: { reason: 'another_address' } },
      });
    }
  });
});

describe('registering a passkey', () => {
  test('asks for a verified user, no attestation, and leaves out what is enrolled now', async () => {
    const device = await enrol(createAuthenticator());
    const gone = { ...device, credentialId: 'AAAA', revokedAt: '2026-11-04T00:00:00.000Z' };
    const operator = { company: 'Acme', name: 'Ada', devices: [device, gone] };
    const options = await passkeyOptions(SITE, operator, CHALLENGE);
    expect(options).toMatchObject({
      rp: { id: 'localhost', name: 'Acme' },
      user: { name: 'Ada' },
      attestation: 'none',
      authenticatorSelection: { userVerification: 'required' },
      excludeCredentials: [{ id: device.credentialId }],
    });
    expect(options.challenge).toBe(CHALLENGE);
    expect(options.excludeCredentials).toHaveLength(1);
    expect(options.pubKeyCredParams.map(({ alg }) => alg)).toEqual([-8, -7, -257]);
  });

  test.each([
    ['another challenge', { challenge: Buffer.from('another').toString('base64url') }],
    ['another origin', { origin: 'https://evil.example' }],
    ['another rpId', { rpId: 'evil.example' }],
    ['an assertion', { type: 'webauthn.get' }],
    ['a frame', { crossOrigin: true }],
    ['an unverified user', { flags: PRESENT }],
  ])('with %s is refused', async (_what, change) => {
    const challenge = randomBytes(32).toString('base64url');
    const response = createAuthenticator().register(challenge, change);
    expect(await verifyPasskey(response, challenge, SITE)).toMatchObject(refused);
  });

  test.each([
    undefined,
    {},
    'text',
    { id: 'AAAA', rawId: 'AAAA', type: 'public-key', response: {} },
  ])('with %j is refused', async (response) => {
    expect(await verifyPasskey(response, 'AAAA', SITE)).toMatchObject(refused);
  });
});

async function enrol(authenticator: ReturnType<typeof createAuthenticator>): Promise<Device> {
  const operator = { company: 'Acme', name: 'Ada', devices: [] };
  const { challenge } = await passkeyOptions(SITE, operator, CHALLENGE);
  const registration = await verifyPasskey(authenticator.register(challenge), challenge, SITE);
  if (registration.status !== 'ok') throw registration.failure;
  return {
    id: STATEMENT.device,
    name: 'Ada’s phone',
    kind: 'passkey',
    ...registration.credential,
    assurance: 'present',
    enrolledAt: '2026-11-03T00:00:00.000Z',
  };
}
