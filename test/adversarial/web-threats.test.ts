import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createDeviceKey, exportPublicKey } from '../../src/contract/portable.ts';
import { OPERATIONS } from '../../src/surface/index.ts';
import { ask, createWorkshop, type Served, type Workshop } from '../support/steward-process.ts';

/** What a page that the operator opens elsewhere, or anybody on this machine, may try at the door. */

let shop: Workshop;
let server: Served;
let cookie = '';

beforeAll(async () => {
  shop = await createWorkshop('web-threats');
  server = await shop.serve(['start']);
  const pair = await createDeviceKey({ extractable: false });
  const publicKey = await exportPublicKey(pair.publicKey);
  const code = server.signIn.slice(server.signIn.indexOf('#') + 1);
  const answer = await ask(`${server.url}/api/sign-in`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: server.url },
    body: JSON.stringify({ code, device: { name: 'Test', kind: 'browser', publicKey } }),
  });
  [cookie = ''] = String(answer.headers['set-cookie']).split(';');
});
afterAll(() => shop[Symbol.asyncDispose]());

describe('the event stream', () => {
  const opened = (headers: Record<string, string>) =>
    firstAnswer(`${server.url}/api/events`, headers);

  test('opens for a session on our own page, and says that it must not be kept', async () => {
    const { status, headers } = await opened({ cookie });
    expect(status).toBe(200);
    expect(headers['content-type']).toContain('text/event-stream');
    expect(headers['cache-control']).toBe('no-store');
    expect(headers['access-control-allow-origin']).toBeUndefined();
  });

  test.each<[string, () => Record<string, string>, number]>([
    ['without a session', () => ({}), 401],
    ['with a session that is none', () => ({ cookie: `steward_session=${'a'.repeat(43)}` }), 401],
    ['under a name that was bound to this machine', () => ({ cookie, host: 'evil.example' }), 403],
    ['under our name at another port', () => ({ cookie, host: 'localhost:1' }), 403],
    ['by the script of another page', () => ({ cookie, origin: 'https://evil.example' }), 403],
    ['by a page without a name', () => ({ cookie, origin: 'null' }), 403],
    ['by another site, as browsers say', () => ({ cookie, 'sec-fetch-site': 'cross-site' }), 403],
    ['by another port of this machine', () => ({ cookie, 'sec-fetch-site': 'same-site' }), 403],
    [
      'as a link that another page follows',
      () => ({ cookie, 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' }),
      403,
    ],
  ])('does not open %s', async (_, headers, status) => {
    expect((await opened(headers())).status).toBe(status);
  });

  test('from the first event on tells nothing that a session may not read', async () => {
    const { status } = await opened({ 'last-event-id': '0' });
    expect(status).toBe(401);
  });
});

describe('a session', () => {
  test('is a cookie that no script reads and no other site sends', async () => {
    const { data } = (await shop.run(['sign-in', '--json'])).json();
    const { url } = data as { url: string };
    const answer = await ask(`${server.url}/api/sign-in`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: server.url },
      body: JSON.stringify({ code: url.slice(url.indexOf('#') + 1) }),
    });
    const set = String(answer.headers['set-cookie']);
    for (const word of ['HttpOnly', 'SameSite=Strict', 'Path=/']) expect(set).toContain(word);
    expect(set).not.toContain('Domain=');
    const [, value = ''] = /steward_session=([^;]+)/.exec(set) ?? [];
    expect(value.length).toBeGreaterThanOrEqual(43);
  });
});

describe('an event stream that is open', () => {
  test('ends with its session: who was signed out hears no more', async () => {
    const { data } = (await shop.run(['sign-in', '--json'])).json();
    const { url } = data as { url: string };
    const json = { 'content-type': 'application/json', origin: server.url };
    const answer = await ask(`${server.url}/api/sign-in`, {
      ...{ method: 'POST', headers: json },
      body: JSON.stringify({ code: url.slice(url.indexOf('#') + 1) }),
    });
    const [own = ''] = String(answer.headers['set-cookie']).split(';');
    let text = '';
    const ended = Promise.withResolvers<void>();
    const opened = Promise.withResolvers<void>();
    const outgoing = request(
      `${server.url}/api/events`,
      { headers: { cookie: own }, agent: false },
      (incoming) => {
        opened.resolve();
        incoming.on('data', (part) => {
          text += String(part);
        });
        incoming.once('end', ended.resolve);
      },
    );
    outgoing.end();
    await opened.promise;
    const out = await ask(`${server.url}/api/sign-out`, {
      ...{ method: 'POST', headers: { ...json, cookie: own }, body: '{}' },
    });
    expect(out.status).toBe(200);
    await shop.run(['do', 'paint the fence', '--json']);
    await ended.promise;
    expect(text).not.toContain('paint the fence');
  });
});

describe('a body that is too large', () => {
  const taking = OPERATIONS.filter(
    ({ body, path }) => body !== 'none' && !path.includes('sign-out'),
  );

  test('there are routes that take one', () => {
    expect(taking.length).toBeGreaterThan(20);
  });

  test.each(taking.map((operation) => [operation.name, operation] as const))(
    'is refused by %s before it is read, and in pieces without a length',
    async (_, { method, path, body, access, bodyBytes = 256 * 1024 }) => {
      // what only this machine's own socket may ask is refused for that before
      const refused = access === 'local' ? 403 : 413;
      const url = server.url + path.replaceAll(/:\w+/g, 'x');
      const headers = {
        ...{ origin: server.url, cookie },
        'content-type': body === 'json' ? 'application/json' : 'text/csv',
      };
      const announced = await firstAnswer(
        url,
        { ...headers, 'content-length': String(bodyBytes + 1) },
        method,
      );
      expect(announced.status).toBe(refused);
      if (bodyBytes > 1024 * 1024) return; // the pieces of a whole file are tested with the imports
      const pieces = await ask(url, {
        method,
        headers: { ...headers, 'transfer-encoding': 'chunked' },
        body: `{"x":"${'y'.repeat(bodyBytes)}"}`,
      });
      expect(pieces.status).toBe(refused);
    },
  );
});

interface FirstAnswer {
  readonly status: number;
  readonly headers: { readonly [name: string]: string | string[] | undefined };
}

/** Status and headers, without waiting for an end that a stream does not have. */
function firstAnswer(
  url: string,
  headers: Record<string, string>,
  method = 'GET',
): Promise<FirstAnswer> {
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { method, headers, agent: false }, (incoming) => {
      resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers });
      incoming.destroy();
    });
    outgoing.once('error', reject);
    if (method === 'GET') outgoing.end();
    else outgoing.write('{');
  });
}
