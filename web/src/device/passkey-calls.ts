import { isJsonObject, type Json, type JsonObject } from '../../../src/base/portable.ts';
import {
  type DecisionStatement,
  fromBase64Url,
  type SignedDecision,
  statementChallenge,
  toBase64Url,
} from '../../../src/contract/portable.ts';
import { NotSigned } from './not-signed.ts';
import type { Passkey } from './passkeys.ts';

/** What this browser just made, and what of it our server must say again. */
export interface MadePasskey {
  readonly credentialId: string;
  /** as the authenticator wrote it, the new public key included (WebAuthn 6.1) */
  readonly authenticatorData: Uint8Array;
  /** for the server */
  readonly answer: JsonObject;
}

/** Has this browser make a passkey. Fails with `NotSigned` when the person or the browser says no. */
export async function makePasskey(options: Json): Promise<MadePasskey> {
  const made = await asked(navigator.credentials.create({ publicKey: creationOptions(options) }));
  const { response } = made;
  if (!(response instanceof AuthenticatorAttestationResponse)) throw new NotSigned(UNUSABLE);
  return {
    credentialId: made.id,
    authenticatorData: new Uint8Array(response.getAuthenticatorData()),
    answer: {
      ...named(made),
      response: {
        clientDataJSON: text(response.clientDataJSON),
        attestationObject: text(response.attestationObject),
      },
    },
  };
}

/**
 * Signs a statement with a passkey, with the user verified; the challenge is the hash of its bytes.
 * Fails with `NotSigned` when the person or the browser says no.
 */
export async function signWithPasskey(
  passkey: Passkey,
  statement: DecisionStatement,
): Promise<SignedDecision> {
  const request: PublicKeyCredentialRequestOptions = {
    challenge: bytes(await statementChallenge(statement)),
    rpId: passkey.rpId,
    allowCredentials: [{ type: 'public-key', id: bytes(passkey.credentialId) }],
    userVerification: 'required',
    timeout: PATIENCE_MS,
  };
  const given = await asked(navigator.credentials.get({ publicKey: request }));
  const { response } = given;
  if (!(response instanceof AuthenticatorAssertionResponse)) throw new NotSigned(UNUSABLE);
  const assertion = {
    ...named(given),
    response: {
      clientDataJSON: text(response.clientDataJSON),
      authenticatorData: text(response.authenticatorData),
      signature: text(response.signature),
    },
  };
  return { statement, signature: '', passkey: assertion };
}

/** for a person to find their key; less than the five minutes for which a statement is valid */
const PATIENCE_MS = 110_000;
/** where the credential's id has its length, after hash, flags, counter and model (WebAuthn 6.5.2) */
const ID_LENGTH_AT = 53;

/** True if the authenticator wrote exactly this key (COSE, base64url) for this credential. */
export function isKeyOf(made: MadePasskey, credentialId: string, publicKey: string): boolean {
  const { authenticatorData: data } = made;
  const key = fromBase64Url(publicKey);
  const id = fromBase64Url(credentialId);
  if (!key?.length || !id?.length || credentialId !== made.credentialId) return false;
  const idAt = ID_LENGTH_AT + 2;
  const length = ((data[ID_LENGTH_AT] ?? 0) << 8) | (data[ID_LENGTH_AT + 1] ?? 0);
  const written = [data.subarray(idAt, idAt + length), data.subarray(idAt + length)] as const;
  return same(written[0], id) && same(written[1].subarray(0, key.length), key);
}

function same(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, index) => byte === other[index]);
}

const UNUSABLE = 'Your browser gave an answer that is no passkey. Nothing was signed.';

const SAID: { readonly [name: string]: string } = {
  NotAllowedError: "Your browser's question was closed, or took too long. Nothing was signed.",
  AbortError: "Your browser's question was closed. Nothing was signed.",
  InvalidStateError: 'This key or device holds a passkey of yours already. Nothing was added.',
  SecurityError: 'Your browser uses no passkeys at this address. Nothing was signed.',
  NotSupportedError: 'This key cannot check that it is you, or knows none of our signatures.',
};

const REMEDIES: { readonly [name: string]: string } = {
  InvalidStateError: 'Use the one you have, or another key or device.',
  SecurityError: 'Open Steward at an https address, or at localhost.',
  NotSupportedError: 'Take another key or device.',
};

async function asked(question: Promise<Credential | null>): Promise<PublicKeyCredential> {
  const answer = await question.catch((error: unknown) => {
    const name = error instanceof Error ? error.name : '';
    throw new NotSigned(SAID[name] ?? UNUSABLE, REMEDIES[name], { cause: error });
  });
  if (answer instanceof PublicKeyCredential) return answer;
  throw new NotSigned(UNUSABLE);
}

function named({ id, rawId, type }: PublicKeyCredential) {
  return { id, rawId: text(rawId), type };
}

/** The options of our server with their bytes as bytes (WebAuthn 5.1.8). */
function creationOptions(options: Json): PublicKeyCredentialCreationOptions {
  const { challenge, user, excludeCredentials, ...rest } = objectOf(options);
  const excluded = Array.isArray(excludeCredentials) ? excludeCredentials : [];
  const { id, ...names } = objectOf(user);
  return {
    // our own server of the same version wrote them in the shape of the standard
    ...(rest as unknown as PublicKeyCredentialCreationOptions),
    user: { ...(names as unknown as PublicKeyCredentialUserEntity), id: bytes(String(id)) },
    challenge: bytes(String(challenge)),
    excludeCredentials: excluded.map((one) => ({
      type: 'public-key',
      id: bytes(String(objectOf(one).id)),
    })),
  };
}

function objectOf(value: Json | undefined): JsonObject {
  return value !== undefined && isJsonObject(value) ? value : {};
}

function bytes(base64Url: string): Uint8Array<ArrayBuffer> {
  const found = fromBase64Url(base64Url);
  if (found) return found;
  throw new NotSigned(UNUSABLE);
}

function text(buffer: ArrayBuffer): string {
  return toBase64Url(new Uint8Array(buffer));
}
