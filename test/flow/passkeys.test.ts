import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createAuthenticator, PRESENT } from '../../src/adapter/authenticator-for-tests.ts';
import { createRecoveryKey, readRecoveryKey } from '../../src/adapter/recovery-key.ts';
import { type Json, type JsonObject, sha256 } from '../../src/base/index.ts';
import { createCliPorts } from '../../src/command-line.ts';
import type { DecisionStatement, SignedDecision } from '../../src/contract/index.ts';
import {
  type ActKind,
  actHash,
  composeInvite,
  composeStatement,
  createDeviceKey,
  exportPublicKey,
  INVITE_BYTES,
  statementBytes,
} from '../../src/contract/portable.ts';
import { devicesFold, enrolDevice, policyName, policyNow } from '../../src/kernel/index.ts';
import { DEFAULT_POLICY, sealPolicy } from '../../src/policy/index.ts';
import { type CommandDesk, createCommandDesk } from '../support/command-desk.ts';
import { MINUTE_MS } from '../support/hand-clock.ts';
import { newNonce, signEffects } from '../support/operator.ts';
import { type ServedWorld, serveComposed } from '../support/serve-composed.ts';
import { ask as send } from '../support/steward-process.ts';
import { act, ask, cardOf, openTrustWorld, signAct, type TrustWorld } from './trust-kit.ts';

type Authenticator = ReturnType<typeof createAuthenticator>;

let home: string;
let served: ServedWorld<TrustWorld>;
let world: TrustWorld;
let paper: ReturnType<typeof createRecoveryKey>;
let cookie: string;
let authenticator: Authenticator;

beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'steward-passkeys-'));
  paper = createRecoveryKey();
  const { publicKey: recovery } = await readRecoveryKey(paper.printable);
  served = await serveComposed((verify) => openTrustWorld({ home, verify, recovery }));
  world = served.world;
  // a browser whose plain key is enrolled
  cookie = `steward_session=${served.services.sessions.start(world.operator.device.id).token}`;
  authenticator = createAuthenticator('ES256', { origin: served.url, rpId: 'localhost' });
});
afterEach(async () => {
  await served.close();
  rmSync(home, { recursive: true, force: true, maxRetries: 3 });
});

async function call(method: 'GET' | 'POST', path: string, body?: unknown) {
  const answer = await send(served.url + path, {
    method,
    headers: { cookie, origin: served.url, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  // what the routes of these tests answer; each test says what it expects of it
  return { status: answer.status, data: answer.json() as unknown as Said };
}

/** Members of the answers that are looked at here. */
interface Said {
  readonly challenge: string;
  readonly body: { readonly device: { readonly id: string; readonly credentialId: string } };
  readonly hash: string;
  readonly sentences: readonly string[];
  readonly assurance: string;
  readonly effects: readonly JsonObject[];
  readonly url: string;
  readonly origins: readonly string[];
}

const post = (path: string, body: unknown = {}) => call('POST', path, body);

/** The page's part in making a passkey, up to the proposal. */
async function offer(change: Parameters<Authenticator['register']>[1] = {}) {
  const { data } = await post('/api/devices/passkeys/options');
  const answer = authenticator.register(data.challenge, change);
  return post('/api/devices/passkeys', { name: 'Key ring', answer });
}

/** Lets the passkey in, with the signature of a device that may do so. */
async function enrol(): Promise<string> {
  const { data } = await offer();
  await act(world, 'device', data.body);
  return data.body.device.id;
}

async function statementOf(
  device: string,
  effects: readonly string[],
  decision: DecisionStatement['decision'] = 'approve',
): Promise<DecisionStatement> {
  return composeStatement({
    ...{ company: world.log.company, incarnation: 1, effects, decision, device },
    policy: policyName(await policyNow(world.log)),
    exp: new Date(world.clock.now() + 5 * MINUTE_MS).toISOString(),
    nonce: newNonce(),
  });
}

function assert(
  statement: DecisionStatement,
  change: Parameters<Authenticator['sign']>[1] = {},
): SignedDecision {
  const passkey = authenticator.sign(sha256(statementBytes(statement)), change);
  return { statement, signature: '', passkey };
}

async function authorise(device: string, kind: ActKind, body: Json): Promise<SignedDecision> {
  return assert(await statementOf(device, [await actHash(kind, body)], 'authorise'));
}

/** A card that pays: its effect is grave. */
async function paying(text = 'Rent') {
  const { id } = await ask(world, 'pay', { to: ['zoe@example.org'], text });
  const { item, effects } = await cardOf(world, id);
  return { item: item.id, hashes: effects.map(({ hash }) => hash) };
}

const approve = (item: string, signed: SignedDecision) =>
  post(`/api/items/${item}/approve`, { signed });
const codes = { status: 403, data: { code: 'step_up_required' } };
const forged = { data: { code: 'bad_signature' } };
const enrolled = async () =>
  (await world.log.fold(devicesFold).list()).filter(({ row }) => row.kind === 'passkey');

describe('a new passkey', () => {
  test('speaks for nobody until an enrolled device that is strong enough has signed it', async () => {
    const { status, data } = await offer();
    expect(status).toBe(200);
    const { body, hash, sentences, assurance } = data;
    expect(hash).toBe(await actHash('device', body));
    expect(body.device).toMatchObject({ kind: 'passkey', assurance: 'present', rpId: 'localhost' });
    expect(sentences[0]).toContain('"Key ring" sign for you at localhost');
    expect(assurance).toBe('unlocked');
    expect(await enrolled()).toEqual([]);

    const plain = await signAct(world, 'device', body, { by: world.operator });
    expect(await post('/api/acts', { kind: 'device', body, signed: plain })).toMatchObject(codes);
    const itself = await authorise(body.device.id, 'device', body);
    expect(await post('/api/acts', { kind: 'device', body, signed: itself })).toMatchObject({
      data: { code: 'not_authorised' },
    });
    expect(await enrolled()).toEqual([]);

    const signed = await signAct(world, 'device', body);
    expect((await post('/api/acts', { kind: 'device', body, signed })).status).toBe(200);
    expect(await enrolled()).toHaveLength(1);
    expect((await call('GET', '/api/devices')).data).toContainEqual(
      expect.objectContaining({ credentialId: body.device.credentialId, rpId: 'localhost' }),
    );
  });

  test.each([
    ['without a verified user', { flags: PRESENT }],
    ['at another origin', { origin: 'http://localhost:1' }],
    ['under another name', { rpId: 'steward.example' }],
    ['for another challenge', { challenge: Buffer.alloc(32).toString('base64url') }],
    ['in a frame', { crossOrigin: true }],
  ])('made %s is refused', async (_, change) => {
    expect(await offer(change)).toMatchObject(forged);
  });

  test('is refused a second time, too late, and without having been asked for', async () => {
    const { data } = await post('/api/devices/passkeys/options');
    const answer = authenticator.register(data.challenge);
    expect((await post('/api/devices/passkeys', { name: 'One', answer })).status).toBe(200);
    const stale = { data: { code: 'stale' } };
    expect(await post('/api/devices/passkeys', { name: 'Two', answer })).toMatchObject(stale);

    const late = await post('/api/devices/passkeys/options');
    world.clock.advance(2 * MINUTE_MS + 1);
    const slow = authenticator.register(late.data.challenge);
    expect(await post('/api/devices/passkeys', { name: 'Slow', answer: slow })).toMatchObject(
      stale,
    );
  });

  test('waits ten minutes under a code that only its own hash begins with', async () => {
    const { data } = await offer();
    const code = data.hash.slice(0, 16);
    const at = (path: string) => call('GET', `/api/devices/passkeys/${path}`);
    expect(await at(code)).toMatchObject({ status: 200, data: { hash: data.hash } });
    expect(await at(code.slice(0, 15))).toMatchObject({ data: { code: 'invalid_input' } });
    expect(await at('0'.repeat(16))).toMatchObject({ status: 404 });
    world.clock.advance(10 * MINUTE_MS + 1);
    expect(await at(code)).toMatchObject({ status: 404 });
  });

  test('can be signed in by a passkey that is enrolled already', async () => {
    const first = await enrol();
    const before = authenticator;
    authenticator = createAuthenticator('ES256', { origin: served.url, rpId: 'localhost' });
    const { body } = (await offer()).data;
    authenticator = before;
    const signed = await authorise(first, 'device', body);
    expect((await post('/api/acts', { kind: 'device', body, signed })).status).toBe(200);
    expect(await enrolled()).toHaveLength(2);
  });
});

describe('what is grave', () => {
  test('is committed with a passkey, and with nothing less', async () => {
    const device = await enrol();
    const { item, hashes } = await paying();
    const { data } = await call('GET', `/api/items/${item}`);
    expect(data.effects).toMatchObject([{ assurance: 'present' }]);
    for (const operator of [world.operator, world.unlocked]) {
      const signed = await signEffects(world, operator, hashes);
      expect(await approve(item, signed)).toMatchObject(codes);
    }
    expect(world.sent).toEqual([]);
    const decided = await approve(item, assert(await statementOf(device, hashes)));
    expect(decided).toMatchObject({ status: 200, data: { effects: [{ status: 'committed' }] } });
    expect(world.sent).toMatchObject([{ capability: 'post.pay@1', text: 'Rent' }]);
    const [recorded] = (
      await world.log.read({ after: 0, limit: 1_000, types: ['approval.recorded'] })
    ).slice(-1);
    expect(recorded?.data).toMatchObject({ assurance: 'present', signed: { signature: '' } });
  });

  test('counts an assertion once, although its counter stays 0', async () => {
    const device = await enrol();
    const [first, second] = [await paying('Rent'), await paying('Wages')];
    const signed = assert(await statementOf(device, first.hashes), { counter: 0 });
    expect((await approve(first.item, signed)).status).toBe(200);
    expect(await approve(first.item, signed)).toMatchObject({ data: { code: 'already_decided' } });

    // the same touch, carried over to what it was not given for
    const carried = { ...signed.statement, effects: second.hashes };
    const others = [carried, { ...carried, nonce: newNonce() }];
    for (const statement of [...others, await statementOf(device, second.hashes)]) {
      expect(await approve(second.item, { ...signed, statement })).toMatchObject(forged);
    }
    expect(world.sent).toHaveLength(1);
  });

  test('counts an assertion once among many at the same time', async () => {
    const device = await enrol();
    const { item, hashes } = await paying();
    const signed = assert(await statementOf(device, hashes));
    const answers = await Promise.all(Array.from({ length: 8 }, () => approve(item, signed)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(world.sent).toHaveLength(1);
  });

  test.each([
    ['without a verified user', { flags: PRESENT }],
    ['at another origin', { origin: 'https://evil.example' }],
    ['at our name on another port', { origin: 'http://localhost:1' }],
    ['under another name', { rpId: 'evil.example' }],
    ['in a frame', { crossOrigin: true }],
    ['while a passkey was made', { type: 'webauthn.create' }],
  ])('is refused when it was signed %s', async (_, change) => {
    const device = await enrol();
    const { item, hashes } = await paying();
    const signed = assert(await statementOf(device, hashes), change);
    expect(await approve(item, signed)).toMatchObject(forged);
    expect(world.sent).toEqual([]);
  });

  test('is refused when a passkey is named that another one signed for', async () => {
    const device = await enrol();
    const { item, hashes } = await paying();
    authenticator = createAuthenticator('ES256', { origin: served.url, rpId: 'localhost' });
    expect(await approve(item, assert(await statementOf(device, hashes)))).toMatchObject(forged);
  });

  test('is refused once the passkey was removed', async () => {
    const device = await enrol();
    const { item, hashes } = await paying();
    const signed = assert(await statementOf(device, hashes));
    // taking authority away needs no more than the plain key
    await act(world, 'revoke', { device, because: 'Lost.' }, world.operator);
    expect(await approve(item, signed)).toMatchObject({ data: { code: 'not_authorised' } });
    expect(world.sent).toEqual([]);
  });

  test('can be rejected without a passkey', async () => {
    const { item, hashes } = await paying();
    const signed = await signEffects(world, world.operator, hashes, { decision: 'reject' });
    const answer = await post(`/api/items/${item}/reject`, { signed, reason: 'No.' });
    expect(answer.status).toBe(200);
  });
});

describe('an act that a plain key may not sign', () => {
  test('is done with a passkey: inviting a browser, putting the company into another mode', async () => {
    const device = await enrol();
    const { code, hash } = await composeInvite(randomBytes(INVITE_BYTES));
    const { body: invite } = (await post('/api/devices/invite', { hash })).data;
    expect(invite).toMatchObject({ invite: hash });
    const perform = (signed: SignedDecision) =>
      post('/api/acts', { kind: 'device', body: invite, signed });
    const weak = await signAct(world, 'device', invite, { by: world.operator });
    expect(await perform(weak)).toMatchObject(codes);
    const publicKey = await exportPublicKey(
      (await createDeviceKey({ extractable: false })).publicKey,
    );
    const opened = { code, device: { name: 'Phone', kind: 'browser', publicKey } };
    expect((await post('/api/sign-in', opened)).status).toBe(401);
    const signed = await authorise(device, 'device', invite);
    expect((await perform(signed)).status).toBe(200);
    expect(await perform(signed)).toMatchObject({ data: { code: 'already_decided' } });
    expect(await post('/api/sign-in', opened)).toMatchObject({ data: { enrolled: true } });
    expect((await post('/api/sign-in', opened)).status).toBe(401);

    const body = { company: 'sandbox' };
    const act = await authorise(device, 'connector', body);
    expect((await post('/api/acts', { kind: 'connector', body, signed: act })).status).toBe(200);
  });
});

describe('at the command line', () => {
  let desk: CommandDesk;

  beforeEach(async () => {
    desk = await createCommandDesk('passkeys', {
      fetch: (request) => served.app.fetch(request, { door: 'local' }),
      close: async () => undefined,
    });
  });
  afterEach(() => desk.close());

  async function keyOfDesk(passphrase?: string): Promise<void> {
    const { deviceKey } = createCliPorts({
      ...{ env: {}, places: desk.places, version: 'test' },
      serve: async () => undefined,
    });
    const { id, name, publicKey, assurance } = await deviceKey.loadOrCreate(passphrase);
    const enrolledAt = new Date(world.clock.now()).toISOString();
    const device = { id, name, publicKey, assurance, kind: 'cli', enrolledAt } as const;
    await enrolDevice(world.log, device, 'operator:test');
  }

  test.each([
    ['lies open', undefined],
    ['has a passphrase', 'four plain words here'],
  ])('what is grave ends with exit 5 and the link to open, when the key %s', async (_, words) => {
    await keyOfDesk(words);
    const { item, hashes } = await paying();
    const before = world.log.head().seq;
    const refused = await desk.refusal(['approve', item, ...['--effect', hashes[0] ?? '']]);
    expect(refused).toMatchObject({ exit: 5, code: 'step_up_required' });
    expect(refused.remedy).toContain(`Open ${served.url}/items/${item}`);
    expect(refused.remedy).toContain('passkey');

    // a person is told before they are asked, and never types a passphrase for nothing
    const person = await desk.run(['approve', item], {});
    expect(person).toMatchObject({ code: 5, asked: [] });
    expect(person.err).toContain('Rent');
    expect(person.err).toContain('on the page');
    expect(world.log.head().seq).toBe(before);
    expect(world.sent).toEqual([]);
  });

  test('a key with a passphrase approves what is grave only where the policy lets it', async () => {
    await keyOfDesk('four plain words here');
    const policy = sealPolicy({ ...DEFAULT_POLICY, unlockedMax: 'grave' });
    await act(world, 'policy', { policy, because: 'For this test.' });
    const { item, hashes } = await paying();
    const { data } = await call('GET', `/api/items/${item}`);
    expect(data.effects).toMatchObject([{ assurance: 'unlocked' }]);
    const unlock = { 'Passphrase of your device key': 'four plain words here' };
    await desk.data(['approve', item, ...['--effect', hashes[0] ?? '']], unlock);
    expect(world.sent).toHaveLength(1);
  });

  test('a passkey that the page made is signed by its code, and shown before', async () => {
    await keyOfDesk('four plain words here');
    const { hash } = (await offer()).data;
    const line = ['devices', 'passkey', hash.slice(0, 16)];
    const unlock = { 'Passphrase of your device key': 'four plain words here' };
    expect(await desk.refusal(line)).toMatchObject({ exit: 2 });
    expect((await desk.run(line, { ...unlock, 'Sign this?': 'n' })).code).not.toBe(0);
    expect(await enrolled()).toEqual([]);
    const { code, err, out } = await desk.run(line, { ...unlock, 'Sign this?': 'y' });
    expect(err).toContain('"Key ring" sign for you at localhost');
    expect({ code, out }).toMatchObject({ code: 0, out: expect.stringContaining('Signed') });
    expect(await enrolled()).toHaveLength(1);
  });

  test('a plain key does not sign it; the way out that is named, the key on paper, does', async () => {
    await keyOfDesk();
    const { hash } = (await offer()).data;
    const refused = await desk.refusal(['devices', 'passkey', hash.slice(0, 16), '--yes']);
    expect(refused).toMatchObject({ exit: 5, code: 'step_up_required' });
    expect(refused.remedy).toContain('--recovery');
    expect(await enrolled()).toEqual([]);
    const line = ['devices', 'passkey', hash.slice(0, 16), '--yes', '--recovery'];
    await desk.data(line, { 'Recovery key': paper.printable });
    expect(await enrolled()).toHaveLength(1);
  });

  test('a server that answers with another passkey gets no signature', async () => {
    await keyOfDesk('four plain words here');
    const [wanted, other] = [(await offer()).data, (await offer()).data];
    const line = ['devices', 'passkey', wanted.hash.slice(0, 16), '--yes'];
    const { app } = served;
    served = {
      ...served,
      app: {
        fetch: (request, door) =>
          new URL(request.url).pathname.includes('/passkeys/')
            ? Promise.resolve(Response.json(other))
            : app.fetch(request, door),
      },
    };
    expect(await desk.refusal(line)).toMatchObject({ code: 'bad_signature' });
    expect(await enrolled()).toEqual([]);
  });
});

describe('the address', () => {
  test('that is a number is refused, and the answer names the one to open', async () => {
    const { port } = new URL(served.url);
    const answer = await send(`http://127.0.0.1:${port}/settings`);
    expect(answer.status).toBe(403);
    expect(answer.text).toContain(served.url);
    const { data } = await call('GET', '/api/session');
    expect(data.origins).toEqual([served.url]);
    await expect(
      served.services.passkeys.options(
        'https://192.168.1.5',
        { company: 'Acme', name: 'Ada', devices: [] },
        'AAAA',
      ),
    ).rejects.toMatchObject({
      code: 'not_possible',
      remedy: `Open Steward at ${served.url}, and add it there.`,
    });
  });
});
