import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { sha256 } from '../base/index.ts';
import type { DecisionStatement, Device } from '../contract/index.ts';
import { statementBytes, statementChallenge } from '../contract/portable.ts';
import { passkeyOptions, verifyAssertion, verifyPasskey } from './passkeys.ts';

const SITE = { origin: 'http://localhost:4747', rpId: 'localhost' };
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

// Flags of authenticator data (WebAuthn section 6.1)
const PRESENT = 0x01;
const VERIFIED = 0x04;
const ATTESTED = 0x40;

const refused = { status: 'refused', failure: { code: 'bad_signature' } };

describe.each(['ES256', 'EdDSA', 'RS256'] as const)('a passkey with %s', (algorithm) => {
  test('is registered, and then signs a statement', async () => {
    const authenticator = createAuthenticator(algorithm);
    const device = await enrol(authenticator);
    expect(await verifyAssertion(device, HASH, authenticator.sign(HASH), SITE)).toEqual({
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
        await verifyAssertion(device, HASH, { ...assertion, response }, SITE),
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
    expect(await verifyAssertion(device, other, authenticator.sign(HASH), SITE)).toMatchObject(
      refused,
    );
  });

  test('of another passkey is refused, also under the id of ours', async () => {
    const authenticator = createAuthenticator();
    const device = await enrol(authenticator);
    const stranger = createAuthenticator();
    expect(await verifyAssertion(device, HASH, stranger.sign(HASH), SITE)).toMatchObject({
      ...refused,
      failure: { facts: { reason: 'another_device' } },
    });
    const { id, rawId } = authenticator.sign(HASH);
    expect(
      await verifyAssertion(device, HASH, { ...stranger.sign(HASH), id, rawId }, SITE),
    ).toMatchObject(refused);
  });

  test('is refused for a device that is no passkey', async () => {
    const authenticator = createAuthenticator();
    const device: Device = { ...(await enrol(authenticator)), kind: 'browser' };
    expect(await verifyAssertion(device, HASH, authenticator.sign(HASH), SITE)).toMatchObject(
      refused,
    );
  });

  test('without a verified user, or without any user, is refused', async () => {
    const authenticator = createAuthenticator();
    const device = await enrol(authenticator);
    for (const flags of [PRESENT, VERIFIED, 0]) {
      const assertion = authenticator.sign(HASH, { flags });
      expect(await verifyAssertion(device, HASH, assertion, SITE), `${flags}`).toMatchObject(
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
      await verifyAssertion(device, HASH, authenticator.sign(HASH, change), SITE),
    ).toMatchObject(refused);
  });

  test('whose counter stays 0 verifies again: the nonce, not this check, makes it single use', async () => {
    const authenticator = createAuthenticator();
    const device = await enrol(authenticator);
    const assertion = authenticator.sign(HASH, { counter: 0 });
    expect(await verifyAssertion(device, HASH, assertion, SITE)).toEqual({ status: 'ok' });
    expect(await verifyAssertion(device, HASH, assertion, SITE)).toEqual({ status: 'ok' });
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
    expect(await verifyAssertion(device, HASH, assertion, SITE)).toMatchObject({
      ...refused,
      failure: { facts: { reason: 'malformed' } },
    });
  });

  test('with a stored key that is no key is refused, not thrown', async () => {
    const authenticator = createAuthenticator();
    const device = await enrol(authenticator);
    for (const publicKey of ['', 'AAAA', Buffer.from('{}').toString('base64url')]) {
      const broken = { ...device, publicKey };
      expect(await verifyAssertion(broken, HASH, authenticator.sign(HASH), SITE)).toMatchObject(
        refused,
      );
    }
  });
});

describe('registering a passkey', () => {
  test('asks for a verified user, no attestation, and leaves out what is enrolled', async () => {
    const device = await enrol(createAuthenticator());
    const options = await passkeyOptions(SITE, { company: 'Acme', name: 'Ada', devices: [device] });
    expect(options).toMatchObject({
      rp: { id: 'localhost', name: 'Acme' },
      user: { name: 'Ada' },
      attestation: 'none',
      authenticatorSelection: { userVerification: 'required' },
      excludeCredentials: [{ id: device.credentialId }],
    });
    expect(Buffer.from(options.challenge, 'base64url').byteLength).toBeGreaterThanOrEqual(32);
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
  const { challenge } = await passkeyOptions(SITE, { company: 'Acme', name: 'Ada', devices: [] });
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

interface Change {
  readonly origin?: string;
  readonly rpId?: string;
  readonly type?: string;
  readonly challenge?: string;
  readonly crossOrigin?: boolean;
  readonly topOrigin?: string;
  readonly flags?: number;
  readonly counter?: number;
}

/** An authenticator and the browser in front of it, as WebAuthn level 3 describes them. */
function createAuthenticator(algorithm: 'ES256' | 'EdDSA' | 'RS256' = 'ES256') {
  const { privateKey, cose } = keyFor(algorithm);
  const id = randomBytes(16);
  const names = { id: id.toString('base64url'), rawId: id.toString('base64url') };

  const clientData = (type: string, challenge: string, change: Change) => {
    const { origin = SITE.origin, crossOrigin = false, topOrigin } = change;
    const data = { type: change.type ?? type, challenge: change.challenge ?? challenge, origin };
    return Buffer.from(
      JSON.stringify({ ...data, crossOrigin, ...(topOrigin ? { topOrigin } : {}) }),
    );
  };
  const authenticatorData = (change: Change, attested: Uint8Array = Buffer.alloc(0)) => {
    const flags = change.flags ?? PRESENT | VERIFIED;
    const counter = Buffer.alloc(4);
    counter.writeUInt32BE(change.counter ?? 0);
    return Buffer.concat([
      createHash('sha256')
        .update(change.rpId ?? SITE.rpId)
        .digest(),
      Buffer.from([attested.length > 0 ? flags | ATTESTED : flags]),
      counter,
      attested,
    ]);
  };

  return {
    register(challenge: string, change: Change = {}) {
      const length = Buffer.from([0, id.length]);
      const attested = Buffer.concat([Buffer.alloc(16), length, id, cborMap(cose)]);
      const attestation = cborMap([
        ['fmt', 'none'],
        ['attStmt', new Map()],
        ['authData', authenticatorData(change, attested)],
      ]);
      return {
        ...names,
        type: 'public-key',
        clientExtensionResults: {},
        response: {
          clientDataJSON: clientData('webauthn.create', challenge, change).toString('base64url'),
          attestationObject: attestation.toString('base64url'),
        },
      };
    },

    sign(statementHash: string, change: Change = {}) {
      const challenge = Buffer.from(statementHash, 'hex').toString('base64url');
      const client = clientData('webauthn.get', challenge, change);
      const data = authenticatorData(change);
      const signed = Buffer.concat([data, createHash('sha256').update(client).digest()]);
      const digest = algorithm === 'EdDSA' ? null : 'sha256';
      return {
        ...names,
        type: 'public-key',
        clientExtensionResults: {},
        response: {
          clientDataJSON: client.toString('base64url'),
          authenticatorData: data.toString('base64url'),
          signature: sign(digest, signed, privateKey).toString('base64url'),
        },
      };
    },
  };
}

type CborValue = number | string | Uint8Array | ReadonlyMap<string, string>;
type CborEntries = readonly (readonly [number | string, CborValue])[];

/** COSE keys (RFC 9053, RFC 8230): kty, alg, then what belongs to the kind. */
function keyFor(algorithm: 'ES256' | 'EdDSA' | 'RS256'): {
  privateKey: KeyObject;
  cose: CborEntries;
} {
  const part = (text: string | undefined) => Buffer.from(text ?? '', 'base64url');
  if (algorithm === 'EdDSA') {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    const { x } = publicKey.export({ format: 'jwk' });
    return {
      privateKey,
      cose: [
        [1, 1],
        [3, -8],
        [-1, 6],
        [-2, part(x)],
      ],
    };
  }
  if (algorithm === 'RS256') {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const { n, e } = publicKey.export({ format: 'jwk' });
    return {
      privateKey,
      cose: [
        [1, 3],
        [3, -257],
        [-1, part(n)],
        [-2, part(e)],
      ],
    };
  }
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const { x, y } = publicKey.export({ format: 'jwk' });
  return {
    privateKey,
    cose: [
      [1, 2],
      [3, -7],
      [-1, 1],
      [-2, part(x)],
      [-3, part(y)],
    ],
  };
}

/** Just the CBOR (RFC 8949) that the above needs. */
function cborMap(entries: CborEntries): Buffer {
  return Buffer.concat([
    head(5, entries.length),
    ...entries.flatMap(([key, value]) => [cbor(key), cbor(value)]),
  ]);
}

function cbor(value: CborValue): Buffer {
  if (typeof value === 'number') return value < 0 ? head(1, -1 - value) : head(0, value);
  if (typeof value === 'string') return Buffer.concat([head(3, value.length), Buffer.from(value)]);
  if (value instanceof Uint8Array) return Buffer.concat([head(2, value.length), value]);
  return head(5, 0);
}

function head(major: number, size: number): Buffer {
  if (size < 24) return Buffer.from([(major << 5) | size]);
  if (size < 256) return Buffer.from([(major << 5) | 24, size]);
  return Buffer.from([(major << 5) | 25, size >> 8, size & 0xff]);
}
