import { isJsonObject, type Json, type JsonObject } from '../../base/index.ts';
import { failure, toFailure } from '../../contract/index.ts';
import {
  composeHookSecret,
  composeInvite,
  composeToken,
  HOOK_SECRET_BYTES,
  hookSecretName,
  INVITE_BYTES,
  SECRET_SALT_BYTES,
  secretCommitment,
  TOKEN_BYTES,
  toBase64Url,
} from '../../contract/portable.ts';
import { actPerformOperation, type Proposal } from '../operations/acts.ts';
import { deviceRevokeOperation, devicesOperation } from '../operations/devices.ts';
import type { Operation } from '../operations/operation.ts';
import type { CliDevice } from './cli-ports.ts';
import { textOf, withDocument } from './file-flows.ts';
import type { Flow, FlowPorts, Outcome } from './flow.ts';
import { signAct } from './sign.ts';
import {
  addressesOf,
  asJson,
  refuseWeak,
  type SigningWish,
  signingFacts,
  signProposal,
  signWith,
  splitWish,
} from './sign-proposal.ts';

/** Commands that need the operator's signature: shown first, then signed, then done. */
export const TRUST_FLOWS: { readonly [operation: string]: Flow } = {
  grant: signed,
  'grant-resume': signed,
  revoke: signed,
  'policy-set': async (ports, operation, input) =>
    signed(ports, operation, await withDocument(ports.cli, 'policy', input)),
  'policy-rollback': signed,
  mode: signed,
  connect: signed,
  resume: signed,
  'device-add': signed,
  'passkey-add': addPasskey,
  'token-create': createToken,
  'token-revoke': signed,
  erase: signed,
  'hook-add': giveSecret,
  'hook-rotate': giveSecret,
  'hook-set': signed,
  'hook-end': signed,
  'secret-set': setSecret,
  'secret-rotate': setSecret,
  'secret-remove': signedTwice,
  'device-revoke': revokeDevice,
  'device-invite': invite,
  'device-enrol': enrolDevice,
};

/** Proposes, shows, signs, and hands kind, body and signature to the one place where acts are done. */
async function signed(ports: FlowPorts, operation: Operation, input: JsonObject): Promise<Outcome> {
  const { wish, rest } = splitWish(input);
  const proposed = await propose(ports, operation, rest);
  const statement = await signProposal(ports, proposed, wish);
  const { kind, body } = proposed;
  return { data: await ports.client.ask(actPerformOperation, { kind, body, signed: statement }) };
}

/** The same for an operation that does more than the act: it is asked again, with the signature. */
async function signedTwice(
  ports: FlowPorts,
  operation: Operation,
  input: JsonObject,
): Promise<Outcome> {
  const { wish, rest } = splitWish(input);
  const statement = await signProposal(ports, await propose(ports, operation, rest), wish);
  return { data: await ports.client.ask(operation, { ...rest, signed: statement }) };
}

async function propose(
  { client }: FlowPorts,
  operation: Operation,
  input: JsonObject,
): Promise<Proposal> {
  // the answer of an operation that proposes, whose shape its handler's type gives
  return (await client.ask(operation, input)) as unknown as Proposal;
}

/** The code is the beginning of what the page hashed, so only that very passkey can be signed. */
async function addPasskey(
  ports: FlowPorts,
  operation: Operation,
  input: JsonObject,
): Promise<Outcome> {
  const { wish, rest } = splitWish(input);
  const { kind, body, ...proposed } = await propose(ports, operation, rest);
  if (!proposed.hash.startsWith(String(rest.code))) {
    throw failure('bad_signature', 'This is not the passkey that the page named.', {
      hash: proposed.hash,
    });
  }
  const statement = await signProposal(ports, { kind, body, ...proposed }, wish);
  return { data: await ports.client.ask(actPerformOperation, { kind, body, signed: statement }) };
}

/** The text of a token is made here and shown here: Steward itself gets to know its hash only. */
async function createToken(
  ports: FlowPorts,
  operation: Operation,
  input: JsonObject,
): Promise<Outcome> {
  const { token, hash } = await composeToken(ports.cli.random(TOKEN_BYTES));
  const { data } = await signed(ports, operation, { ...input, hash });
  return { data: isJsonObject(data) ? { ...data, token } : data };
}

/** The code of the link is made here and shown here: Steward itself gets to know its hash only. */
async function invite(ports: FlowPorts, operation: Operation, input: JsonObject): Promise<Outcome> {
  const { code, hash } = await composeInvite(ports.cli.random(INVITE_BYTES));
  const { wish, rest } = splitWish(input);
  const { body, ...proposed } = await propose(ports, operation, { ...rest, hash });
  const until = isJsonObject(body) ? String(body.until) : '';
  // the code that is signed is ours; there is nothing else to look at, so who runs the command means it
  const own = { ...proposed, body: { invite: hash, until } };
  const signed = await signProposal(ports, own, { ...wish, yes: true });
  const { kind } = own;
  await ports.client.ask(actPerformOperation, { kind, body: own.body, signed });
  const [origin = ''] = await addressesOf(ports.client);
  return { data: { url: `${origin}/sign-in#${code}`, until } };
}

async function revokeDevice(
  ports: FlowPorts,
  operation: Operation,
  input: JsonObject,
): Promise<Outcome> {
  // taking authority away is never made hard: who names the device has said yes
  const isSeen = ports.json || !ports.cli.terminal.input;
  return signedTwice(ports, operation, isSeen ? { ...input, yes: true } : input);
}

/** The value comes from a file or a hidden prompt: arguments stand in the shell's history. */
async function setSecret(
  ports: FlowPorts,
  operation: Operation,
  { file, ...input }: JsonObject,
): Promise<Outcome> {
  const { wish, rest } = splitWish(input);
  const { cli } = ports;
  if (file === undefined && !cli.terminal.input) {
    throw failure(
      'usage',
      'Nobody is here to type the secret.',
      {},
      'Hand it over in a file: --file, or --file - for standard input.',
    );
  }
  await refuseEarly(ports, operation, rest, wish);
  const typed =
    file === undefined
      ? await cli.prompt('Secret: ', true)
      : await textOf(cli.readFile(String(file)));
  const value = typed.replace(/\r?\n$/, '');
  return keepValue(ports, operation, rest, wish, { name: String(rest.name), value });
}

/** What stands in the way of a secret is said before anybody types or makes one. */
async function refuseEarly(
  ports: FlowPorts,
  operation: Operation,
  rest: JsonObject,
  { recovery }: ReturnType<typeof splitWish>['wish'],
): Promise<void> {
  const wanted = { ...rest, commitment: UNTYPED };
  const { kind, body, assurance } = await propose(ports, operation, wanted);
  if (!recovery) await refuseWeak(ports, kind, body, assurance);
}

/** The secret of a hook comes from a file, or is made here and shown here, once. */
async function giveSecret(
  ports: FlowPorts,
  operation: Operation,
  { file, ...input }: JsonObject,
): Promise<Outcome> {
  const { wish, rest } = splitWish(input);
  const { cli } = ports;
  await refuseEarly(ports, operation, rest, wish);
  const value =
    file === undefined
      ? composeHookSecret(cli.random(HOOK_SECRET_BYTES))
      : (await textOf(cli.readFile(String(file)))).trim();
  const name = hookSecretName(String(rest.name));
  const { data } = await keepValue(ports, operation, rest, wish, { name, value });
  if (file !== undefined || !isJsonObject(data)) return { data };
  return { data: { ...data, whsec: value } };
}

/** What is signed stands for this very value, and tells nobody what it is. */
async function keepValue(
  ports: FlowPorts,
  operation: Operation,
  rest: JsonObject,
  wish: SigningWish,
  { name, value }: { readonly name: string; readonly value: string },
): Promise<Outcome> {
  const salt = toBase64Url(ports.cli.random(SECRET_SALT_BYTES));
  const commitment = await secretCommitment({ name, salt, value });
  const wanted = { ...rest, commitment };
  const proposed = await propose(ports, operation, wanted);
  const secret = { value, salt, signed: await signProposal(ports, proposed, wish) };
  // a time that was counted from then is signed, so it is said again as it was
  const oldUntil = isJsonObject(proposed.body) ? proposed.body.oldUntil : undefined;
  const again = { ...wanted, ...(oldUntil === undefined ? {} : { oldUntil }), secret };
  return { data: await ports.client.ask(operation, again) };
}

/** stands for a value that was not typed yet: nothing has this hash */
const UNTYPED = '0'.repeat(64);

/** Enrols this machine's key; with a passphrase a new one, which takes its place once it counts. */
async function enrolDevice(
  ports: FlowPorts,
  operation: Operation,
  { recovery, passphrase }: JsonObject,
): Promise<Outcome> {
  const { deviceKey } = ports.cli;
  if (passphrase !== true) {
    return {
      data: await offer(ports, operation, await deviceKey.loadOrCreate(), recovery === true),
    };
  }
  const before = await deviceKey.load();
  const words = await newPassphrase(ports);
  const { device, keep } = await deviceKey.renew(words);
  const data = await offer(ports, operation, device, recovery === true);
  await keep();
  if (before !== undefined) await retire(ports, before.id, device.id, await device.unlock(words));
  return { data };
}

/** The key that lay open before may have been copied: it stops counting, where it ever did. */
async function retire(
  { cli, client }: FlowPorts,
  before: string,
  id: string,
  key: CryptoKey,
): Promise<void> {
  const because = 'A key with a passphrase took its place.';
  const act = { kind: 'revoke', body: { device: before, because } } as const;
  const statement = asJson(await signAct(cli, await signingFacts(client), act, { id, key }));
  try {
    await client.ask(deviceRevokeOperation, { id: before, because, signed: statement });
  } catch (error) {
    const { code } = toFailure(error);
    if (code !== 'not_found' && code !== 'already_decided') throw error;
  }
}

async function offer(
  ports: FlowPorts,
  operation: Operation,
  { id, name, publicKey, assurance }: CliDevice,
  recovery: boolean,
): Promise<Json> {
  const device = { id, name, publicKey, assurance };
  if (!recovery) return ports.client.ask(operation, { device });
  const { now: enrolledAt } = await signingFacts(ports.client);
  const kind = 'device';
  const body = { device: { ...device, kind: 'cli', enrolledAt } };
  const signed = await signWith(ports, { kind, body }, true);
  await ports.client.ask(actPerformOperation, { kind, body, signed });
  const devices = await ports.client.ask(devicesOperation, {});
  const own = Array.isArray(devices) ? devices : [];
  return own.find((row) => isJsonObject(row) && row.id === id) ?? body.device;
}

async function newPassphrase({ cli }: FlowPorts): Promise<string> {
  const first = await cli.prompt('New passphrase for your device key: ', true);
  if (first === (await cli.prompt('The same again: ', true))) return first;
  throw failure('invalid_input', 'These are two different passphrases.', { path: 'passphrase' });
}
