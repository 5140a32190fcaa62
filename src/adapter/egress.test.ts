import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo, Server, Socket } from 'node:net';
import { createServer as createSocketServer } from 'node:net';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { afterEach, describe, expect, test } from 'vitest';
import type { EgressRequest } from '../connect/index.ts';
import { createEgress, type EgressOptions } from './egress.ts';

type Handler = (request: IncomingMessage, response: ServerResponse, body: string) => void;

const stops: (() => void)[] = [];
afterEach(() => {
  for (const stop of stops.splice(0)) stop();
});

/** A server on this machine's loopback; its host is `<name>.test:<port>`. */
async function serve(handler: Handler, create = (listener: Listener) => createServer(listener)) {
  const seen: { method: string; url: string; headers: IncomingMessage['headers']; body: string }[] =
    [];
  const server = create((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => {
      const { method = '', url = '', headers } = request;
      seen.push({ method, url, headers, body });
      handler(request, response, body);
    });
  });
  const port = await listen(server);
  return { port, seen };
}
type Listener = (request: IncomingMessage, response: ServerResponse) => void;

async function listen(server: Server) {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => sockets.add(socket));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  stops.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  // a listening TCP server's address is never a pipe's name
  return (server.address() as AddressInfo).port;
}

/** Egress towards loopback servers, the only place these tests may reach. */
function egressTo(ports: readonly number[], more: Partial<EgressOptions> = {}) {
  const hosts = ports.flatMap((port) => [`api.test:${port}`, `other.test:${port}`]);
  return createEgress({
    hosts,
    maxBytes: 100_000,
    timeoutMs: 60_000,
    resolve: async () => ['127.0.0.1'],
    allowLoopbackForTests: true,
    ...more,
  });
}

const neverResolve = async (host: string): Promise<readonly string[]> => {
  throw new Error(`asked for ${host}`);
};

async function refusal(request: EgressRequest, options: Partial<EgressOptions>) {
  const egress = createEgress({
    hosts: [],
    maxBytes: 1_000,
    timeoutMs: 2_000,
    resolve: neverResolve,
    ...options,
  });
  return egress.fetch(request).then(
    () => 'answered',
    (error: unknown) => error,
  );
}
const refusedAs = (reason: string) => ({ code: 'egress_refused', facts: { reason } });
const text = (bytes: Uint8Array) => Buffer.from(bytes).toString();

describe('where egress goes', () => {
  test.each([
    'http://127.0.0.1/',
    'http://127.1/',
    'http://2130706433/',
    'http://0x7f000001/',
    'http://0x7f.0.0.1/',
    'http://017700000001/',
    'http://0177.0.0.1/',
    'http://0.0.0.0/',
    'http://0/',
    'http://10.0.0.1/',
    'http://172.16.0.1/',
    'http://192.168.0.1/',
    'http://100.64.0.1/',
    'http://169.254.169.254/latest/meta-data/',
    'http://0xa9fea9fe/',
    'http://2852039166/',
    'http://224.0.0.1/',
    'http://255.255.255.255/',
    'http://[::]/',
    'http://[::1]/',
    'http://[::ffff:127.0.0.1]/',
    'http://[::ffff:a9fe:a9fe]/',
    'http://[::127.0.0.1]/',
    'http://[64:ff9b::10.0.0.1]/',
    'http://[2002:a00:1::1]/',
    'http://[2001:0:4136:e378:8000:63bf:3fff:fdd2]/',
    'http://[fe80::1]/',
    'http://[fd00:ec2::254]/',
    'http://127。0。0。1/',
    'http://①②⑦.⓪.⓪.①/',
    'http://127.0.0.1:80/',
    'http://127.0.0.1./',
  ])('%s is refused even when it is listed', async (url) => {
    const hosts = [new URL(url).host];
    expect(await refusal({ url }, { hosts })).toMatchObject(refusedAs('private_address'));
  });

  test.each([
    '127.0.0.1',
    '10.1.2.3',
    '169.254.169.254',
    '0.0.0.0',
    '::1',
    '::ffff:192.168.1.1',
    '64:ff9b::7f00:1',
    'fd00::1',
    'not an address',
  ])('a public name that resolves to %s is refused', async (address) => {
    const asked: string[] = [];
    const resolve = async (host: string) => {
      asked.push(host);
      return ['93.184.216.34', address];
    };
    const options = { hosts: ['*'], resolve };
    expect(await refusal({ url: 'https://rebind.example.com/' }, options)).toMatchObject(
      refusedAs('private_address'),
    );
    expect(asked).toEqual(['rebind.example.com']);
  });

  test.each([
    'http://localhost/',
    'http://LOCALHOST/',
    'http://localhost./',
    'http://app.localhost/',
    'http://metadata/',
    'http://metadata.google.internal/computeMetadata/v1/',
    'http://printer.local/',
    'http://router.lan/',
    'http://nas.home.arpa/',
    'http://db.prod.svc/',
  ])('the private name %s is refused without asking a resolver', async (url) => {
    expect(await refusal({ url }, { hosts: ['*'] })).toMatchObject(refusedAs('private_name'));
  });

  test.each([
    'https://evil.net/',
    'https://api.example.com.evil.net/',
    'https://notapi.example.com/',
    'https://example.com/',
    'https://api.example.com:8443/',
    'https://аpi.example.com/',
    'https://evil.net/?https://api.example.com/',
    'https://evil.net/#@api.example.com',
    'https://8.8.8.8/',
  ])('%s is not on the list, so its name is told to no resolver', async (url) => {
    expect(await refusal({ url }, { hosts: ['api.example.com'] })).toMatchObject(
      refusedAs('host_not_listed'),
    );
  });

  test('a bare public address is not a name, so "*" does not list it', async () => {
    expect(await refusal({ url: 'https://8.8.8.8/' }, { hosts: ['*'] })).toMatchObject(
      refusedAs('host_not_listed'),
    );
  });

  test.each([
    ['credentials_in_url', 'https://api.example.com@evil.net/'],
    ['credentials_in_url', 'https://api.example.com:443@evil.net/'],
    ['credentials_in_url', 'https://user:pass@api.example.com/'],
    ['scheme', 'file:///etc/passwd'],
    ['scheme', 'ftp://api.example.com/'],
    ['scheme', 'gopher://api.example.com/'],
    ['scheme', 'data:text/plain,x'],
    ['scheme', 'javascript:alert(1)'],
    ['malformed_url', 'https://evil.net\\@api.example.com/'],
    ['malformed_url', 'https://api.example.com/a b'],
    ['malformed_url', 'https://api.example.com/\r\nhost: evil.net'],
    ['malformed_url', 'https://api.exa\tmple.com/'],
    ['malformed_url', ' https://api.example.com/'],
    ['malformed_url', '//api.example.com/'],
    ['malformed_url', 'https://'],
    ['malformed_url', ''],
    ['malformed_url', `https://api.example.com/${'x'.repeat(9_000)}`],
  ])('%s: %j', async (reason, url) => {
    expect(await refusal({ url }, { hosts: ['api.example.com'] })).toMatchObject(refusedAs(reason));
  });

  test('an internationalised name is listed and asked for in one spelling', async () => {
    const asked: string[] = [];
    const resolve = async (host: string) => {
      asked.push(host);
      return ['10.0.0.1'];
    };
    await refusal({ url: 'https://BÜCHER.example./' }, { hosts: ['bücher.example'], resolve });
    expect(asked).toEqual(['xn--bcher-kva.example']);
  });

  test('the name is looked up once, and the connection goes to the address that was checked', async () => {
    const { port, seen } = await serve((_request, response) => response.end('first'));
    const answers = [['127.0.0.1'], ['10.0.0.1']];
    let asked = 0;
    const egress = egressTo([port], { resolve: async () => answers[asked++] ?? [] });
    const { body } = await egress.fetch({ url: `http://api.test:${port}/` });
    expect([text(body), asked]).toEqual(['first', 1]);
    expect(seen[0]?.headers.host).toBe(`api.test:${port}`);
    // the second request meets the rebound name, and is refused before it connects
    await expect(egress.fetch({ url: `http://api.test:${port}/` })).rejects.toMatchObject(
      refusedAs('private_address'),
    );
    expect(seen.length).toBe(1);
  });

  test('a name without an address is unavailable', async () => {
    const request = { url: 'https://api.example.com/' };
    const options = { hosts: ['api.example.com'], resolve: async () => [] };
    expect(await refusal(request, options)).toMatchObject({ code: 'remote_unavailable' });
  });
});

describe('redirects', () => {
  const redirectTo = (location: string, status = 302): Handler => {
    return (request, response) => {
      if (request.url === '/start') response.writeHead(status, { location }).end('moved');
      else response.end(`reached ${request.url}`);
    };
  };

  test.each([
    ['private_address', 'http://10.0.0.1/', ['10.0.0.1']],
    ['private_address', 'http://169.254.169.254/latest/meta-data/', ['169.254.169.254']],
    ['private_name', 'http://metadata.google.internal/', ['metadata.google.internal']],
    ['host_not_listed', 'http://evil.net/', []],
    ['host_not_listed', '//evil.net/', []],
    ['credentials_in_url', 'http://user:pass@evil.net/', []],
    ['scheme', 'file:///etc/passwd', []],
    ['malformed_url', 'http://', []],
  ])('a redirect is checked like a request: %s for %s', async (reason, location, listed) => {
    const { port, seen } = await serve(redirectTo(location));
    const egress = egressTo([], { hosts: [`api.test:${port}`, ...listed] });
    await expect(egress.fetch({ url: `http://api.test:${port}/start` })).rejects.toMatchObject(
      refusedAs(reason),
    );
    expect(seen.length).toBe(1);
  });

  test('a redirect to the same name is resolved and checked again', async () => {
    const { port, seen } = await serve(redirectTo('/next'));
    const answers = [['127.0.0.1'], ['192.168.0.1']];
    const egress = egressTo([port], { resolve: async () => answers.shift() ?? [] });
    await expect(egress.fetch({ url: `http://api.test:${port}/start` })).rejects.toMatchObject(
      refusedAs('private_address'),
    );
    expect(seen.length).toBe(1);
  });

  test('five redirects are followed, a sixth is refused', async () => {
    const { port } = await serve((request, response) => {
      const left = Number(request.url?.slice(1));
      if (left > 0) response.writeHead(302, { location: `/${left - 1}` }).end();
      else response.end('there');
    });
    const egress = egressTo([port]);
    const answer = await egress.fetch({ url: `http://api.test:${port}/5` });
    expect([text(answer.body), answer.url]).toEqual(['there', `http://api.test:${port}/0`]);
    await expect(egress.fetch({ url: `http://api.test:${port}/6` })).rejects.toMatchObject(
      refusedAs('too_many_redirects'),
    );
  });

  test('another origin learns no credential, no secret and no header of ours', async () => {
    const { port, seen } = await serve((request, response) => {
      if (request.url === '/start') {
        response.writeHead(302, { location: `http://other.test:${port}/next` }).end();
      } else response.end();
    });
    await egressTo([port], {
      inject: ({ headers }) => ({ headers: { ...headers, 'x-api-key': 'VALUE' } }),
    }).fetch({
      url: `http://api.test:${port}/start`,
      headers: {
        Accept: 'text/plain',
        Authorization: 'Bearer token',
        Cookie: 'a=b',
        'X-Api-Key': 'secret://stripe',
      },
      secrets: ['stripe'],
    });
    expect(seen[0]?.headers).toMatchObject({ authorization: 'Bearer token', 'x-api-key': 'VALUE' });
    expect(seen[1]?.headers).toEqual({
      accept: 'text/plain',
      'accept-encoding': 'gzip, br',
      connection: 'close',
      host: `other.test:${port}`,
    });
  });

  test('the same origin keeps headers, and the secret is asked for again', async () => {
    const { port, seen } = await serve(redirectTo('/next'));
    const asked: unknown[] = [];
    await egressTo([port], {
      inject: ({ headers }, name, host, hostPort) => {
        asked.push([name, host, hostPort]);
        return { headers: { ...headers, authorization: 'Bearer VALUE' } };
      },
    }).fetch({
      url: `http://api.test:${port}/start`,
      headers: { authorization: 'Bearer secret://stripe' },
      secrets: ['stripe'],
    });
    expect(seen.map(({ headers }) => headers.authorization)).toEqual([
      'Bearer VALUE',
      'Bearer VALUE',
    ]);
    expect(asked).toEqual([
      ['stripe', 'api.test', port],
      ['stripe', 'api.test', port],
    ]);
  });

  test.each([
    [301, 'POST', 'GET', ''],
    [302, 'POST', 'GET', ''],
    [303, 'POST', 'GET', ''],
    [303, 'PUT', 'GET', ''],
    [301, 'PUT', 'PUT', 'sent'],
    [307, 'POST', 'POST', 'sent'],
    [308, 'PROPFIND', 'PROPFIND', 'sent'],
    [303, 'HEAD', 'HEAD', ''],
  ])('%i after %s asks again with %s', async (status, method, then, body) => {
    const { port, seen } = await serve(redirectTo('/next', status));
    const request = { url: `http://api.test:${port}/start`, method };
    const content = { body: 'sent', headers: { 'content-type': 'text/plain' } };
    await egressTo([port]).fetch(method === 'HEAD' ? request : { ...request, ...content });
    expect(seen[1]).toMatchObject({ method: then, body });
    expect(seen[1]?.headers['content-type']).toBe(body === '' ? undefined : 'text/plain');
  });

  test.each([307, 308])('%i does not carry a change to another origin', async (status) => {
    const { port, seen } = await serve((_request, response) => {
      response.writeHead(status, { location: `http://other.test:${port}/` }).end();
    });
    const request = { url: `http://api.test:${port}/`, method: 'POST', body: 'pay' };
    await expect(egressTo([port]).fetch(request)).rejects.toMatchObject(
      refusedAs('redirect_with_effect'),
    );
    expect(seen.length).toBe(1);
  });

  test('a status that is no redirect, and a redirect without a location, are answers', async () => {
    const { port } = await serve((request, response) => {
      response.writeHead(Number(request.url?.slice(1))).end();
    });
    for (const status of [200, 204, 300, 302, 304, 404, 500]) {
      const answer = await egressTo([port]).fetch({ url: `http://api.test:${port}/${status}` });
      expect(answer.status).toBe(status);
    }
  });
});

describe('limits', () => {
  const sending = (body: Uint8Array, headers: Record<string, string> = {}): Handler => {
    return (_request, response) => response.writeHead(200, headers).end(body);
  };

  test.each([
    ['plain', 'identity', (bytes: Uint8Array) => bytes],
    ['gzip', 'gzip', gzipSync],
    ['brotli', 'br', brotliCompressSync],
  ])('a %s answer within the limit is read', async (_what, encoding, pack) => {
    const content = Buffer.from('paper '.repeat(1_000));
    const { port } = await serve(sending(pack(content), { 'content-encoding': encoding }));
    const answer = await egressTo([port]).fetch({ url: `http://api.test:${port}/` });
    expect(text(answer.body)).toBe(content.toString());
  });

  test('an answer that announces too much is refused before it is read', async () => {
    const { port } = await serve((_request, response) => {
      response.writeHead(200, { 'content-length': '100001' }).flushHeaders();
    });
    await expect(egressTo([port]).fetch({ url: `http://api.test:${port}/` })).rejects.toMatchObject(
      {
        code: 'too_large',
      },
    );
  });

  test('an answer that goes on without end is cut off', async () => {
    let sent = 0;
    const { port } = await serve((_request, response) => {
      const more = () => {
        sent += 65_536;
        if (!response.destroyed) response.write(Buffer.alloc(65_536), () => setImmediate(more));
      };
      more();
    });
    await expect(egressTo([port]).fetch({ url: `http://api.test:${port}/` })).rejects.toMatchObject(
      {
        code: 'too_large',
        facts: { limit: 100_000 },
      },
    );
    expect(sent).toBeLessThan(50_000_000);
  });

  test.each([
    ['gzip', gzipSync],
    ['br', brotliCompressSync],
  ])('a %s bomb is cut off while it unpacks', async (encoding, pack) => {
    const bomb = pack(Buffer.alloc(50_000_000));
    expect(bomb.byteLength).toBeLessThan(100_000);
    const { port } = await serve(sending(bomb, { 'content-encoding': encoding }));
    await expect(egressTo([port]).fetch({ url: `http://api.test:${port}/` })).rejects.toMatchObject(
      {
        code: 'too_large',
      },
    );
  });

  test('packed bytes count too, so that empty packages without end are cut off', async () => {
    const empty = Buffer.concat(Array.from({ length: 10_000 }, () => gzipSync('')));
    const { port } = await serve(sending(empty, { 'content-encoding': 'gzip' }));
    await expect(egressTo([port]).fetch({ url: `http://api.test:${port}/` })).rejects.toMatchObject(
      {
        code: 'too_large',
      },
    );
  });

  test.each([
    ['layers', 'gzip, gzip', gzipSync(gzipSync('x'))],
    ['an encoding nobody asked for', 'compress', Buffer.from('x')],
    ['broken packing', 'gzip', Buffer.from('not gzip')],
    ['half a package', 'gzip', gzipSync(randomBytes(5_000)).subarray(0, 2_000)],
  ])('%s is unavailable, not an answer', async (_what, encoding, body) => {
    const { port } = await serve(sending(body, { 'content-encoding': encoding }));
    await expect(egressTo([port]).fetch({ url: `http://api.test:${port}/` })).rejects.toMatchObject(
      {
        code: 'remote_unavailable',
        facts: { sent: true },
      },
    );
  });

  test('an answer that ends early is unavailable', async () => {
    const { port } = await serve((_request, response) => {
      response.writeHead(200, { 'content-length': '50' });
      response.write('half', () => response.destroy());
    });
    await expect(egressTo([port]).fetch({ url: `http://api.test:${port}/` })).rejects.toMatchObject(
      {
        code: 'remote_unavailable',
        facts: { sent: true },
      },
    );
  });

  /** long enough to have sent the request by then, on a machine that does much else too */
  const LIMIT_MS = 2_000;
  test.each<[string, Handler]>([
    ['no answer', () => undefined],
    ['headers and then nothing', (_request, response) => response.writeHead(200).flushHeaders()],
    [
      'one byte at a time',
      (_request, response) => {
        const drip = setInterval(() => response.write('x'), 20);
        response.on('close', () => clearInterval(drip));
      },
    ],
    [
      'slow redirects',
      (_request, response) => {
        setTimeout(() => response.writeHead(302, { location: '/' }).end(), LIMIT_MS * 0.4);
      },
    ],
  ])('the time limit holds for the whole request: %s', async (_what, handler) => {
    const { port } = await serve(handler);
    const egress = egressTo([port], { timeoutMs: LIMIT_MS });
    await expect(egress.fetch({ url: `http://api.test:${port}/` })).rejects.toMatchObject({
      code: 'timed_out',
      facts: { sent: true, host: 'api.test' },
    });
  });

  test('a resolver that never answers is timed_out, and nothing was sent', async () => {
    const egress = egressTo([80], { timeoutMs: 50, resolve: () => new Promise(() => undefined) });
    await expect(egress.fetch({ url: 'http://api.test/' })).rejects.toMatchObject(
      refusedAs('host_not_listed'),
    );
    const listed = egressTo([], {
      hosts: ['api.test'],
      timeoutMs: 50,
      resolve: () => new Promise(() => undefined),
    });
    await expect(listed.fetch({ url: 'http://api.test/' })).rejects.toMatchObject({
      code: 'timed_out',
      facts: { sent: false },
    });
  });

  test('a server that is not there is unavailable, and nothing was sent', async () => {
    const server = createSocketServer();
    const port = await listen(server);
    await new Promise((resolve) => server.close(resolve));
    await expect(egressTo([port]).fetch({ url: `http://api.test:${port}/` })).rejects.toMatchObject(
      {
        code: 'remote_unavailable',
        facts: { sent: false, reason: 'ECONNREFUSED' },
      },
    );
  });

  test('a connection that breaks after the request may have been read is told as sent', async () => {
    const port = await listen(
      createSocketServer((socket) => socket.once('data', () => socket.resetAndDestroy())),
    );
    const request = { url: `http://api.test:${port}/`, method: 'POST', body: 'pay' };
    await expect(egressTo([port]).fetch(request)).rejects.toMatchObject({
      code: 'remote_unavailable',
      facts: { sent: true },
    });
  });

  test('what is no HTTP, or has huge headers, is unavailable', async () => {
    for (const said of ['SSH-2.0-x\r\n', `HTTP/1.1 200 OK\r\na: ${'x'.repeat(40_000)}\r\n\r\n`]) {
      const port = await listen(
        createSocketServer((socket) => socket.on('error', () => undefined).end(said)),
      );
      await expect(
        egressTo([port]).fetch({ url: `http://api.test:${port}/` }),
      ).rejects.toMatchObject({ code: 'remote_unavailable' });
    }
  });

  test('the caller can cancel', async () => {
    const { port } = await serve(() => undefined);
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 30);
    await expect(
      egressTo([port]).fetch({ url: `http://api.test:${port}/`, signal: controller.signal }),
    ).rejects.toMatchObject({ code: 'cancelled' });
  });
});

describe('what egress sends', () => {
  test.each([
    ['x-a', 'a\r\nx-injected: 1'],
    ['x-a', 'a\nb'],
    ['x-a', 'a\0b'],
    ['x-a', 'grün ✓'],
    ['x-a\r\nx-injected', '1'],
    ['x a', '1'],
    ['', '1'],
    ['Host', 'evil.net'],
    ['Content-Length', '0'],
    ['Transfer-Encoding', 'chunked'],
    ['Connection', 'upgrade'],
    ['Upgrade', 'h2c'],
    ['Proxy-Authorization', 'x'],
  ])('the header %j: %j is refused, and its value not repeated', async (name, value) => {
    const error = await refusal(
      { url: 'https://api.example.com/', headers: { [name]: value } },
      { hosts: ['api.example.com'] },
    );
    expect(error).toMatchObject(refusedAs('header'));
    if (value.length > 2) expect(JSON.stringify(error)).not.toContain(JSON.stringify(value));
  });

  test('a secret cannot bring a header of its own', async () => {
    const { port, seen } = await serve((_request, response) => response.end());
    const egress = egressTo([port], {
      inject: () => ({ headers: { authorization: 'VALUE\r\nx-injected: 1' } }),
    });
    const error = await egress
      .fetch({ url: `http://api.test:${port}/`, secrets: ['stripe'] })
      .catch((caught: unknown) => caught);
    expect(error).toMatchObject(refusedAs('header'));
    expect(JSON.stringify(error) + String(error)).not.toContain('VALUE');
    expect(seen).toEqual([]);
  });

  test('a secret is not sent over plain http', async () => {
    const options = { hosts: ['*'], resolve: async () => ['93.184.216.34'] };
    const request = { url: 'http://api.example.com/', secrets: ['stripe'] };
    expect(await refusal(request, options)).toMatchObject(refusedAs('secret_in_clear'));
  });

  test.each(['CONNECT', 'TRACE', 'get', 'GET /x HTTP/1.1\r\nhost: evil.net\r\n\r\nGET', ''])(
    'the method %j is refused',
    async (method) => {
      const request = { url: 'https://api.example.com/', method };
      expect(await refusal(request, { hosts: ['api.example.com'] })).toMatchObject(
        refusedAs('method'),
      );
    },
  );

  test('a body, a query and headers arrive as they were given', async () => {
    const { port, seen } = await serve((_request, response) =>
      response.writeHead(201, { 'x-id': 'é7', 'set-cookie': ['a=1', 'b=2'] }).end('{}'),
    );
    const answer = await egressTo([port]).fetch({
      url: `http://api.test:${port}/a%2Fb?q=%C3%A4#part`,
      method: 'PATCH',
      headers: { 'Content-Type': 'application/json' },
      body: new TextEncoder().encode('{"ä":1}'),
    });
    expect(seen[0]).toMatchObject({
      method: 'PATCH',
      url: '/a%2Fb?q=%C3%A4',
      headers: { 'content-type': 'application/json', 'content-length': '8' },
      body: '{"ä":1}',
    });
    expect(answer).toMatchObject({ status: 201, headers: { 'x-id': 'é7' } });
    expect(answer.headers).not.toHaveProperty('set-cookie');
  });
});

describe('https', () => {
  test('the certificate must be for the name that was asked, at the pinned address', async () => {
    const { key, certificate } = certificateFor('api.test');
    const { port } = await serve(
      (_request, response) => response.end('safe'),
      (listener) => createSecureServer({ key, cert: certificate }, listener),
    );
    const trusting = egressTo([port], { certificateAuthorities: [certificate] });
    const answer = await trusting.fetch({ url: `https://api.test:${port}/` });
    expect(text(answer.body)).toBe('safe');
    await expect(trusting.fetch({ url: `https://other.test:${port}/` })).rejects.toMatchObject({
      code: 'remote_unavailable',
      facts: { reason: 'ERR_TLS_CERT_ALTNAME_INVALID', sent: false },
    });
    await expect(
      egressTo([port]).fetch({ url: `https://api.test:${port}/` }),
    ).rejects.toMatchObject({ code: 'remote_unavailable', facts: { sent: false } });
  });

  test('a redirect from https to http is refused', async () => {
    const { key, certificate } = certificateFor('api.test');
    const { port } = await serve(
      (_request, response) =>
        response.writeHead(302, { location: `http://other.test:${port}/` }).end(),
      (listener) => createSecureServer({ key, cert: certificate }, listener),
    );
    await expect(
      egressTo([port], { certificateAuthorities: [certificate] }).fetch({
        url: `https://api.test:${port}/`,
      }),
    ).rejects.toMatchObject(refusedAs('downgrade'));
  });
});

/** A self-signed certificate (RFC 5280, RFC 8410), written by hand so that no tool is needed. */
function certificateFor(name: string) {
  const der = (tag: number, ...parts: Uint8Array[]): Buffer => {
    const content = Buffer.concat(parts);
    const length =
      content.length < 128
        ? Buffer.from([content.length])
        : Buffer.from([0x82, content.length >> 8, content.length & 0xff]);
    return Buffer.concat([Buffer.from([tag]), length, content]);
  };
  const hex = (digits: string) => Buffer.from(digits, 'hex');
  const ascii = (content: string) => Buffer.from(content, 'latin1');
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const ed25519 = der(0x30, hex('06032b6570'));
  const subject = der(0x30, der(0x31, der(0x30, hex('0603550403'), der(0x0c, ascii(name)))));
  const altName = der(0x30, der(0x82, ascii(name)));
  const body = der(
    0x30,
    der(0xa0, hex('020102')), // version 3
    der(0x02, Buffer.concat([hex('01'), randomBytes(8)])),
    ed25519,
    subject,
    der(0x30, der(0x17, ascii('200101000000Z')), der(0x17, ascii('491231235959Z'))),
    subject,
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, der(0x30, der(0x30, hex('0603551d11'), der(0x04, altName)))),
  );
  const bits = der(0x03, hex('00'), sign(null, body, privateKey));
  const encoded = der(0x30, body, ed25519, bits).toString('base64');
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }),
    certificate: `-----BEGIN CERTIFICATE-----\n${encoded.match(/.{1,64}/g)?.join('\n')}\n-----END CERTIFICATE-----\n`,
  };
}
