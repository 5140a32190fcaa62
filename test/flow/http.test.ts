import { existsSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  composeStatement,
  createDeviceKey,
  type Effect,
  effectHash,
  exportPublicKey,
  signStatement,
  toBase64Url,
} from '../../src/contract/portable.ts';
import { OPERATIONS } from '../../src/surface/index.ts';
import { ask, createWorkshop, type Served, type Workshop } from '../support/steward-process.ts';

let shop: Workshop;
let server: Served;
let cookie = '';
let device = { id: '', name: '' };
let key: Awaited<ReturnType<typeof createDeviceKey>>;

const host = (): string => new URL(server.url).host;
const post = (path: string, body: unknown, headers: Record<string, string> = {}) =>
  ask(server.url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: server.url, cookie, ...headers },
    body: JSON.stringify(body),
  });
const get = (path: string, headers: Record<string, string> = {}) =>
  ask(server.url + path, { headers: { cookie, ...headers } });
const codeOf = (link: string): string => link.slice(link.indexOf('#') + 1);
const newKey = () => createDeviceKey({ extractable: false });
const named = async (pair: Awaited<ReturnType<typeof newKey>>, name = 'Test browser') => ({
  ...{ name, kind: 'browser' },
  publicKey: await exportPublicKey(pair.publicKey),
});

beforeAll(async () => {
  shop = await createWorkshop('http');
  server = await shop.serve(['start']);
  key = await newKey();
});
afterAll(() => shop[Symbol.asyncDispose]());

describe('at the door', () => {
  test('one line says where it serves, and health needs no session', async () => {
    expect(server.line).toMatch(/^ready http:\/\/localhost:\d+ home=\S+ sign-in=http\S+#\S+$/);
    const health = await ask(`${server.url}/healthz`);
    expect(health.json()).toEqual({ status: 'ok', seq: expect.any(Number) });
  });

  test('another Host is refused on every path, whatever else fits', async () => {
    for (const path of ['/', '/healthz', '/api/session', '/api/events', '/assets/x.js']) {
      for (const other of [
        'evil.example',
        `evil.example:${new URL(server.url).port}`,
        'localhost',
      ]) {
        const answer = await ask(server.url + path, { headers: { host: other } });
        expect(answer.status, `${other}${path}`).toBe(403);
      }
    }
  });

  test('a request from another page is refused, reads and event streams too', async () => {
    for (const path of ['/api/session', '/api/events', '/api/inbox']) {
      expect((await get(path, { origin: 'https://evil.example' })).status, path).toBe(403);
      expect((await get(path, { origin: 'null' })).status, path).toBe(403);
      expect((await get(path, { 'sec-fetch-site': 'cross-site' })).status, path).toBe(403);
      expect((await get(path, { 'sec-fetch-site': 'same-site' })).status, path).toBe(403);
    }
    const sneaky = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' };
    expect((await get('/api/inbox', sneaky)).status).toBe(403);
  });

  test('a change without an Origin, or not as JSON, is refused', async () => {
    const body = JSON.stringify({ code: 'x' });
    const url = `${server.url}/api/sign-in`;
    const json = { 'content-type': 'application/json' };
    expect((await ask(url, { method: 'POST', headers: json, body })).status).toBe(403);
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data']) {
      const headers = { 'content-type': type, origin: server.url };
      expect((await ask(url, { method: 'POST', headers, body })).status, type).toBe(400);
    }
  });

  test('every operation of the table is a route, and the API names exactly them and the door for hooks', async () => {
    for (const { name, method, path, access } of OPERATIONS) {
      const filled = path.replaceAll(/:\w+/g, 'x');
      const headers = { origin: server.url, 'content-type': 'application/json' };
      const body = method === 'GET' ? {} : { body: '{}' };
      const answer = await ask(server.url + filled, { method, headers, ...body });
      const expected = access === 'open' ? [200, 422] : access === 'local' ? [403] : [401];
      expect(expected, `${name}: ${answer.status}`).toContain(answer.status);
    }
    const described = (await ask(`${server.url}/api/openapi.json`)).json();
    const routes = described.paths as {
      [path: string]: { [method: string]: { operationId: string } };
    };
    const paths = Object.values(routes).flatMap((each) => Object.values(each));
    expect(paths.map(({ operationId }) => operationId).sort()).toEqual(
      [...OPERATIONS.map(({ name }) => name), 'hook-delivery'].sort(),
    );
  });

  test('no operation that reads with GET can change anything', () => {
    const changing = OPERATIONS.filter(({ access }) => access === 'operate' || access === 'local');
    expect(changing.length).toBeGreaterThan(10);
    expect(changing.filter(({ method }) => method === 'GET')).toEqual([]);
  });

  test('every answer carries the strict headers', async () => {
    for (const path of ['/', '/api/session', '/nothing.txt', '/api/nothing']) {
      const { headers } = await get(path);
      const policy = String(headers['content-security-policy']);
      expect(policy, path).toContain("default-src 'none'");
      expect(policy, path).toContain("frame-ancestors 'none'");
      expect(policy, path).not.toMatch(/unsafe|https?:|\*/);
      expect(headers['x-content-type-options']).toBe('nosniff');
      expect(headers['referrer-policy']).toBe('no-referrer');
      expect(headers['cross-origin-opener-policy']).toBe('same-origin');
      expect(headers['access-control-allow-origin']).toBeUndefined();
    }
  });

  test('no path leads to a file that is not part of the page', async () => {
    const port = Number(new URL(server.url).port);
    for (const path of [
      '/../package.json',
      '/..%2f..%2fpackage.json',
      '/%2e%2e/%2e%2e/package.json',
      '/assets/../../package.json',
      '/....//package.json',
      '/steward.db',
    ]) {
      const text = await new Promise<string>((resolve, reject) => {
        // the path as it stands: URL would tidy it
        request({ host: '127.0.0.1', port, path, headers: { host: host() } }, (incoming) => {
          let body = '';
          incoming.on('data', (part) => {
            body += part;
          });
          incoming.on('end', () => resolve(body));
        })
          .once('error', reject)
          .end();
      });
      expect(text, path).not.toContain('"dependencies"');
      expect(text, path).not.toContain('SQLite format');
    }
  });

  test('a body above the limit of its route is refused', async () => {
    const answer = await post('/api/sign-in', { code: 'x'.repeat(10_000) });
    expect(answer.status).toBe(413);
    expect(answer.json()).toMatchObject({ code: 'too_large' });
  });

  test('problems say code and remedy, and never a stack', async () => {
    const answer = await get('/api/nothing');
    expect(answer.headers['content-type']).toBe('application/problem+json');
    expect(answer.json()).toMatchObject({
      status: 404,
      code: 'not_found',
      remedy: expect.any(String),
    });
    expect(answer.text).not.toMatch(/at .*\.ts:\d+/);
  });
});

describe('signing in', () => {
  test('without a session nothing is told', async () => {
    expect((await ask(`${server.url}/api/session`)).json()).toEqual({
      ...{ signedIn: false, onboarding: false },
    });
    for (const path of ['/api/inbox', '/api/records/party', '/api/log', '/api/devices']) {
      const answer = await ask(server.url + path);
      expect(answer.status, path).toBe(401);
      expect(answer.json()).toMatchObject({ code: 'not_signed_in' });
    }
    const forged = await ask(`${server.url}/api/inbox`, {
      headers: { cookie: `steward_session=${'a'.repeat(43)}`, 'steward-device': 'anything' },
    });
    expect(forged.status).toBe(401);
  });

  test("the first browser of an example becomes a device, and the link's code works once", async () => {
    const code = codeOf(server.signIn);
    const answer = await post('/api/sign-in', { code, device: await named(key) });
    expect(answer.status, answer.text).toBe(200);
    expect(answer.json()).toMatchObject({ enrolled: true });
    device = answer.json().device as typeof device;
    const [set = ''] = [answer.headers['set-cookie'] ?? []].flat();
    expect(set).toMatch(/^steward_session=\S+; Path=\/; HttpOnly; SameSite=Strict; Max-Age=\d+$/);
    const again = await post('/api/sign-in', { code });
    expect(again.status).toBe(401);
    cookie = set.split(';')[0] ?? '';
    expect((await get('/api/session')).json()).toMatchObject({
      ...{ signedIn: true, canSign: true, example: true, mode: 'sandbox' },
    });
  });

  test('a second browser can look and not decide', async () => {
    const { url } = (await shop.run(['sign-in', '--json'])).json().data as { url: string };
    const second = await newKey();
    const answer = await post('/api/sign-in', { code: codeOf(url), device: await named(second) });
    expect(answer.json()).toEqual({ enrolled: false, device: null });
    const other = String([answer.headers['set-cookie'] ?? []].flat()[0]).split(';')[0] ?? '';
    expect((await get('/api/inbox', { cookie: other })).status).toBe(200);
    const refused = await post('/api/do', { words: 'invoice Acme' }, { cookie: other });
    expect(refused.status).toBe(403);
    expect(refused.json()).toMatchObject({ code: 'not_authorised' });
    const link = await post('/api/sign-in/link', {});
    expect(link.status).toBe(403);
  });

  test('an enrolled key ties itself to a new session by signing a challenge, once', async () => {
    const { url } = (await shop.run(['sign-in', '--json'])).json().data as { url: string };
    const fresh = await post('/api/sign-in', { code: codeOf(url) });
    const other = String([fresh.headers['set-cookie'] ?? []].flat()[0]).split(';')[0] ?? '';
    const prove = async (text: string) => {
      const bytes = new TextEncoder().encode(`steward/session/v1\0${text}`);
      return toBase64Url(
        new Uint8Array(await crypto.subtle.sign('Ed25519', key.privateKey, bytes)),
      );
    };
    const challenge = async () =>
      String((await get('/api/session/challenge', { cookie: other })).json().challenge);
    const attach = (proof: string) =>
      post('/api/session/device', { device: device.id, proof }, { cookie: other });
    await challenge();
    expect((await attach(await prove('another text'))).status).toBe(403);
    const text = await challenge();
    expect((await attach(await prove(text))).status).toBe(200);
    expect((await attach(await prove(text))).status).toBe(403);
    expect((await get('/api/session', { cookie: other })).json()).toMatchObject({ canSign: true });
  });

  test('after ten wrong codes everybody waits, and the answer says how long', async () => {
    const statuses: number[] = [];
    for (let guess = 0; guess < 12; guess++) {
      statuses.push((await post('/api/sign-in', { code: `guess-${guess}` })).status);
    }
    expect(statuses).toContain(401);
    expect(statuses.at(-1)).toBe(429);
    const last = await post('/api/sign-in', { code: 'again' });
    expect(Number(last.headers['retry-after'])).toBeGreaterThan(0);
  });
});

describe('deciding', () => {
  type CardEffect = { hash: string; status: string; effect: Effect };
  type Card = {
    company: string;
    incarnation: number;
    policy: string;
    item: { id: string };
    effects: readonly CardEffect[];
  };
  let card: Card;

  const sign = async (effects: readonly string[], changes: object = {}) => {
    const { company, incarnation, policy } = card;
    const statement = composeStatement({
      ...{ company, incarnation, policy, effects, decision: 'approve', device: device.id },
      exp: new Date(Date.now() + 300_000).toISOString(),
      nonce: toBase64Url(crypto.getRandomValues(new Uint8Array(16))),
      ...changes,
    });
    return signStatement(statement, key.privateKey);
  };

  test('the card hashes to what is to be signed, blobs included', async () => {
    const { items } = (await get('/api/inbox')).json() as { items: readonly { id: string }[] };
    card = (await get(`/api/items/${items[0]?.id}`)).json() as unknown as Card;
    expect(card.effects).toHaveLength(2);
    for (const { hash, effect } of card.effects) {
      expect(await effectHash(effect)).toBe(hash);
      for (const part of effect.parts) {
        const blob = await get(`/api/blobs/${part.blob}`);
        expect(Number(blob.headers['content-length'] ?? part.bytes)).toBe(part.bytes);
        expect(blob.headers['content-disposition']).toContain('attachment');
        expect(blob.headers['content-security-policy']).toContain('sandbox');
      }
    }
  });

  test('a signature by another key, of another effect, or too old is refused', async () => {
    const hashes = card.effects.map(({ hash }) => hash);
    const path = `/api/items/${card.item.id}/approve`;
    const stranger = await newKey();
    const good = await sign(hashes);
    const forged = await signStatement(good.statement, stranger.privateKey);
    expect((await post(path, { signed: forged })).json()).toMatchObject({ code: 'bad_signature' });
    const other = await sign(['f'.repeat(64)]);
    expect((await post(path, { signed: other })).status).toBe(409);
    const old = await sign(hashes, { exp: '2020-01-01T00:00:00.000Z' });
    expect((await post(path, { signed: old })).json()).toMatchObject({ code: 'stale' });
    expect((await post(path, { signed: await sign(hashes, { decision: 'reject' }) })).status).toBe(
      422,
    );
    expect(existsSync(join(shop.home, 'sandbox/outbox/new'))).toBe(false);
  });

  test('the event stream tells of the approval, and goes on where a reader left off', async () => {
    const before = Number((await ask(`${server.url}/healthz`)).json().seq);
    const live = listen(before);
    await live.opened;
    const hashes = card.effects.map(({ hash }) => hash);
    const answer = await post(`/api/items/${card.item.id}/approve`, { signed: await sign(hashes) });
    expect(answer.status, answer.text).toBe(200);
    await live.until('effect.committed');
    const seen = live.close();
    expect(seen[0]?.id).toBe(before + 1);
    expect(seen.map(({ id }) => id)).toEqual(seen.map((_, index) => before + 1 + index));
    const middle = before + 3;
    const again = listen(middle);
    await again.until('effect.committed');
    expect(again.close()[0]?.id).toBe(middle + 1);
  });

  test('what was answered is on disk by then, also where nothing was decided', async () => {
    const { run } = (await post('/api/do', { words: 'paint the fence' })).json();
    const answer = (await get('/api/log?limit=50')).json(); // tells what is durable only
    const { events } = answer as { events: readonly { run?: string; type: string }[] };
    const kept = events.filter((event) => event.run === run);
    expect(kept.map(({ type }) => type)).toContain('intent.recorded');
  });

  test('the same decision twice is refused', async () => {
    const hashes = card.effects.map(({ hash }) => hash);
    const answer = await post(`/api/items/${card.item.id}/approve`, { signed: await sign(hashes) });
    expect(answer.status).toBe(409);
    expect(answer.json()).toMatchObject({ code: 'already_decided' });
  });

  /** Reads server-sent events until it is closed. */
  function listen(after: number) {
    const seen: { id: number; event: string }[] = [];
    let text = '';
    let told: () => void = () => undefined;
    const opened = Promise.withResolvers<void>();
    const outgoing = request(
      `${server.url}/api/events`,
      { headers: { cookie, 'last-event-id': String(after) }, agent: false },
      (incoming) => {
        opened.resolve();
        incoming.on('error', () => undefined);
        incoming.setEncoding('utf8').on('data', (part: string) => {
          text += part;
          for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
            const frame = text.slice(0, end);
            text = text.slice(end + 2);
            const [, id] = /^id: (\d+)$/m.exec(frame) ?? [];
            const [, event = ''] = /^event: (.+)$/m.exec(frame) ?? [];
            if (id !== undefined) seen.push({ id: Number(id), event });
          }
          told();
        });
      },
    );
    outgoing.on('error', () => undefined);
    outgoing.end();
    return {
      opened: opened.promise,
      until: async (event: string) => {
        while (!seen.some((each) => each.event === event)) {
          await new Promise<void>((resolve) => {
            told = resolve;
          });
        }
      },
      close: () => {
        outgoing.destroy();
        return seen;
      },
    };
  }
});

describe('one server', () => {
  test('a second one for the same home is refused with exit code 6', async () => {
    const second = await shop.run(['up', '--json']);
    expect(second.code).toBe(6);
    expect(second.json().error?.code).toBe('home_busy');
  });

  test('stops cleanly with open streams, and starts again where it was', async () => {
    const { seq } = (await ask(`${server.url}/healthz`)).json();
    const stream = request(`${server.url}/api/events`, { headers: { cookie }, agent: false });
    stream.on('error', () => undefined);
    stream.on('response', (incoming) => incoming.on('error', () => undefined).resume());
    stream.end();
    expect(await server.stop('SIGINT')).toBe(0);
    expect(existsSync(join(shop.home, 'steward.sock'))).toBe(false);
    server = await shop.serve();
    expect(Number((await ask(`${server.url}/healthz`)).json().seq)).toBeGreaterThanOrEqual(
      Number(seq),
    );
    expect((await get('/api/session')).json()).toMatchObject({ signedIn: true, canSign: true });
  });

  test('after kill -9 the home opens again, by server and by command', async () => {
    await server.stop('SIGKILL');
    const end = await shop.run(['inbox', '--json']);
    expect(end.code, end.out + end.err).toBe(0);
    server = await shop.serve();
    expect((await shop.run(['log', 'verify', '--json'])).json()).toMatchObject({ ok: true });
  });
});
