import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';

/** Where the authenticator of the tests is used, unless a test says otherwise. */
export const TEST_SITE = { origin: 'http://localhost:4747', rpId: 'localhost' };

// Flags of authenticator data (WebAuthn section 6.1)
export const PRESENT = 0x01;
export const VERIFIED = 0x04;
const ATTESTED = 0x40;

/** What an authenticator or its browser does other than it should. */
export interface Change {
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
export function createAuthenticator(
  algorithm: 'ES256' | 'EdDSA' | 'RS256' = 'ES256',
  site = TEST_SITE,
) {
  const { privateKey, cose } = keyFor(algorithm);
  const id = randomBytes(16);
  const names = { id: id.toString('base64url'), rawId: id.toString('base64url') };

  const clientData = (type: string, challenge: string, change: Change) => {
    const { origin = site.origin, crossOrigin = false, topOrigin } = change;
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
        .update(change.rpId ?? site.rpId)
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
