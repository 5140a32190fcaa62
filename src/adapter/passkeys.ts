import { isIP } from 'node:net';
import {
  generateRegistrationOptions,
  type PublicKeyCredentialCreationOptionsJSON,
  verifyAuthenticationResponse,
  verifyRegistrationResponse,
} from '@simplewebauthn/server';
import { decodeClientDataJSON } from '@simplewebauthn/server/helpers';
import { z } from 'zod';
import type { Sha256 } from '../base/index.ts';
import { type Device, type Failure, failure } from '../contract/index.ts';

/** Where the page is served. Both are compared exactly. */
export interface PasskeySite {
  /** `https://steward.example:8443` */
  readonly origin: string;
  /** the host's name, without port */
  readonly rpId: string;
}

/** What a new passkey is known by: the members of `Device` that come from it. */
export type PasskeyCredential = Required<Pick<Device, 'credentialId' | 'publicKey' | 'rpId'>>;

export type PasskeyCheck =
  | { readonly status: 'ok' }
  | { readonly status: 'refused'; readonly failure: Failure };

export type PasskeyRegistration =
  | { readonly status: 'ok'; readonly credential: PasskeyCredential }
  | { readonly status: 'refused'; readonly failure: Failure };

/**
 * Where a passkey can be made and used: a name, over https or on this machine itself (WebAuthn 13.4.9
 * knows no IP address). Undefined for any other address.
 */
export function passkeySite(origin: string): PasskeySite | undefined {
  const { protocol, hostname: rpId } = new URL(origin);
  const isAddress = isIP(rpId.replace(/^\[|\]$/g, '')) !== 0;
  return !isAddress && (protocol === 'https:' || rpId === 'localhost')
    ? { origin, rpId }
    : undefined;
}

/**
 * What the browser needs to make a passkey for `operator`. Keep `challenge` until the answer comes,
 * accept it once, and have the new device signed in by an enrolled one: a registration alone proves
 * nothing about who made it.
 */
export function passkeyOptions(
  site: PasskeySite,
  operator: {
    readonly company: string;
    readonly name: string;
    readonly devices: readonly Device[];
  },
  /** base64url */
  challenge: string,
): Promise<PublicKeyCredentialCreationOptionsJSON> {
  return generateRegistrationOptions({
    rpName: operator.company,
    rpID: site.rpId,
    userName: operator.name,
    challenge: new Uint8Array(Buffer.from(challenge, 'base64url')),
    timeout: PATIENCE_MS,
    attestationType: 'none', // which brand of key it is does not matter to us, and is nobody's business
    authenticatorSelection: { residentKey: 'preferred', userVerification: 'required' },
    supportedAlgorithmIDs: [...ALGORITHMS],
    excludeCredentials: operator.devices.flatMap(({ credentialId, revokedAt }) =>
      credentialId === undefined || revokedAt !== undefined ? [] : [{ id: credentialId }],
    ),
  });
}

/** for a person to find their key; less than the two minutes for which a challenge is kept */
const PATIENCE_MS = 110_000;

/** Checks a browser's answer to `passkeyOptions`. Refuses with `bad_signature`. */
export async function verifyPasskey(
  response: unknown,
  challenge: string,
  site: PasskeySite,
): Promise<PasskeyRegistration> {
  const parsed = registrationSchema.safeParse(response);
  if (!parsed.success) return { status: 'refused', failure: notAPasskey('malformed') };
  try {
    assertTopLevel(parsed.data.response.clientDataJSON);
    const { verified, registrationInfo } = await verifyRegistrationResponse({
      response: parsed.data,
      expectedChallenge: challenge,
      expectedOrigin: site.origin,
      expectedRPID: site.rpId,
      requireUserVerification: true,
      supportedAlgorithmIDs: [...ALGORITHMS],
    });
    if (!verified) return { status: 'refused', failure: notAPasskey('not_verified') };
    const { id, publicKey } = registrationInfo.credential;
    return {
      status: 'ok',
      credential: {
        credentialId: id,
        publicKey: Buffer.from(publicKey).toString('base64url'),
        rpId: site.rpId,
      },
    };
  } catch (error) {
    return { status: 'refused', failure: notAPasskey(reasonOf(error)) };
  }
}

/**
 * Checks that `device` signed exactly the statement with this hash, with its user verified (PIN,
 * finger, face), on our page at one of `origins`. Refuses with `bad_signature`.
 *
 * It is not a check against replay: most passkeys always report counter 0, so the same assertion
 * verifies every time. The statement's nonce, which is accepted once, is what makes it single use.
 */
export async function verifyAssertion(
  device: Device,
  statementHash: Sha256,
  assertion: unknown,
  origins: readonly string[],
): Promise<PasskeyCheck> {
  const parsed = assertionSchema.safeParse(assertion);
  if (!parsed.success) return { status: 'refused', failure: notSigned('malformed') };
  if (device.kind !== 'passkey' || parsed.data.id !== device.credentialId) {
    return { status: 'refused', failure: notSigned('another_device') };
  }
  // one name may be served at two ports; a passkey of one name counts for no other
  const own = origins.filter((origin) => passkeySite(origin)?.rpId === device.rpId);
  if (device.rpId === undefined || own.length === 0) {
    return { status: 'refused', failure: notSigned('another_address') };
  }
  try {
    assertTopLevel(parsed.data.response.clientDataJSON);
    const { verified } = await verifyAuthenticationResponse({
      response: parsed.data,
      expectedChallenge: Buffer.from(statementHash, 'hex').toString('base64url'),
      expectedOrigin: own,
      expectedRPID: device.rpId,
      requireUserVerification: true,
      credential: {
        id: device.credentialId,
        publicKey: new Uint8Array(Buffer.from(device.publicKey, 'base64url')),
        counter: 0, // see above: a remembered counter would add nothing the nonce does not give
      },
    });
    return verified ? { status: 'ok' } : { status: 'refused', failure: notSigned('signature') };
  } catch (error) {
    return { status: 'refused', failure: notSigned(reasonOf(error)) };
  }
}

/** COSE: EdDSA, ES256, and RS256 for Windows Hello (RFC 9053, RFC 8812). */
const ALGORITHMS = [-8, -7, -257] as const;

const MAX_MEMBER_CHARACTERS = 65_536; // an RSA attestation is a few kilobytes
const member = z.base64url().max(MAX_MEMBER_CHARACTERS);
const envelope = { id: member, rawId: member, type: z.literal('public-key') };
/** Others' members are dropped: authenticators and browsers add what they like. */
const assertionSchema = z
  .object({
    ...envelope,
    response: z.object({ clientDataJSON: member, authenticatorData: member, signature: member }),
  })
  .transform((parsed) => ({ ...parsed, clientExtensionResults: {} }));
const registrationSchema = z
  .object({
    ...envelope,
    response: z.object({ clientDataJSON: member, attestationObject: member }),
  })
  .transform((parsed) => ({ ...parsed, clientExtensionResults: {} }));

/** Our page is never framed; the library lets a frame pass where the browser does not name its top. */
function assertTopLevel(clientDataJSON: string): void {
  if (decodeClientDataJSON(clientDataJSON).crossOrigin) throw new Error('signed in a frame');
}

const REASON_CHARACTERS = 200; // it may quote an origin of any length

/** The library's words, for the log: they speak of challenges, origins and flags, never of keys. */
function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message.slice(0, REASON_CHARACTERS) : 'unknown';
}

function notSigned(reason: string) {
  return failure('bad_signature', 'This passkey did not sign what is shown now.', { reason });
}

function notAPasskey(reason: string) {
  return failure(
    'bad_signature',
    'The new passkey could not be checked.',
    { reason },
    'Start again, and confirm with PIN, finger or face when your device asks.',
  );
}
