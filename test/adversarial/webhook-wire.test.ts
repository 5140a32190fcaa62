import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { serveHttp } from '../../src/adapter/http-server.ts';
import { standardWebhooks } from '../../src/adapter/standard-webhooks.ts';
import type { Receive } from '../../src/kernel/index.ts';
import { createHookDoor, type HookDoor } from '../../src/surface/http/hook-door.ts';
import { signDelivery } from '../support/hook-sender.ts';

/** Deliveries as bytes on a socket: what a library between us and the network makes of them. */
const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
/** long enough that on a busy machine nobody ordinary is late */
const BODY_MS = 5_000;
const LIMIT = 128 * 1024;
const LOOK_MS = 10;
const SLOW = 60_000;

let server: Awaited<ReturnType<typeof serveHttp>>;
let host = '';
/** ids of what was taken */
const taken: string[] = [];

beforeAll(async () => {
  let door: HookDoor;
  server = await serveHttp((request, address) => door(request, { door: 'http', address }), 0);
  host = `localhost:${server.port}`;
  // the kernel's own part is tested with it; here a delivery is taken when it is signed
  const receive: Receive = async ({ headers, body, fault }) => {
    const refused = { status: 'refused', retryAfterMs: undefined } as const;
    const head = standardWebhooks.read(headers, Date.now());
    if (fault !== undefined || head.status !== 'read') return refused;
    const bytes = await body().catch(() => undefined);
    if (!bytes || !head.isSigned(bytes, [SECRET])) return refused;
    taken.push(head.id);
    return { status: 'taken', delivery: head.id, repeat: false };
  };
  door = createHookDoor({ receive, origins: () => [`http://${host}`], bodyMs: BODY_MS });
});
afterAll(() => server.close());

/** Sends these bytes as they are; tells the answer, and how many pieces were sent until it came. */
async function speak(
  pieces: readonly (string | Buffer)[],
  { everyMs = 0 } = {},
): Promise<{ readonly status: number; readonly written: number; readonly closed: boolean }> {
  const socket = connect(server.port, '127.0.0.1');
  let answer = '';
  socket.setEncoding('utf8').on('data', (text) => {
    answer += text;
  });
  socket.on('error', () => undefined);
  const over = once(socket, 'close');
  let closed = false;
  void over.then(() => {
    closed = true;
  });
  await once(socket, 'connect');
  let written = 0;
  for (const piece of pieces) {
    if (closed || answer !== '') break;
    socket.write(piece);
    written += 1;
    if (everyMs > 0) await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
  for (let waited = 0; !closed && !answer.includes('\r\n\r\n'); waited += LOOK_MS) {
    if (waited > BODY_MS * 4) break;
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
  // who was refused is hung up on; who was answered may go on
  if (!answer.startsWith('HTTP/1.1 200')) {
    await Promise.race([over, new Promise((resolve) => setTimeout(resolve, BODY_MS))]);
  }
  socket.destroy();
  return { status: Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1] ?? 0), written, closed };
}

function raw(
  headers: readonly (readonly [string, string])[],
  body: string,
  length: string | null = String(Buffer.byteLength(body)),
): string {
  const all = [
    ['host', host],
    ...headers,
    ...(length === null ? [] : [['content-length', length]]),
  ];
  const lines = all.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  return `POST /hooks/shop HTTP/1.1\r\n${lines}\r\n${body}`;
}

const signed = (id: string, payload: unknown = { a: 1 }) => {
  const { headers, body } = signDelivery(SECRET, payload, { id, at: Date.now() });
  return { headers: Object.entries(headers), body };
};

describe('on the wire', { timeout: SLOW }, () => {
  test('an ordinary one is taken', async () => {
    const { headers, body } = signed('msg_plain');
    expect((await speak([raw(headers, body)])).status).toBe(200);
    expect(taken).toContain('msg_plain');
  });

  test.each(['webhook-id', 'webhook-timestamp', 'webhook-signature'])(
    'with the header %s twice it is refused, whichever comes first',
    async (name) => {
      const { headers, body } = signed(`msg_twice-${name}`);
      const other: [string, string] = [name, name === 'webhook-signature' ? 'v1,AAAA' : 'x'];
      for (const all of [
        [other, ...headers],
        [...headers, other],
      ]) {
        expect((await speak([raw(all, body)])).status).toBe(403);
      }
      expect(taken).not.toContain(`msg_twice-${name}`);
    },
  );

  test('with two lengths, or a length and pieces, it does not get to us', async () => {
    const { headers, body } = signed('msg_smuggled');
    const two = raw([...headers, ['content-length', '1']], body);
    const both = raw([...headers, ['transfer-encoding', 'chunked']], `0\r\n\r\n${body}`);
    for (const bytes of [two, both]) expect((await speak([bytes])).status).toBe(400);
    expect(taken).not.toContain('msg_smuggled');
  });

  test('a body in pieces without an end is cut at the limit', async () => {
    const { headers } = signed('msg_endless');
    const piece = `${(16 * 1024).toString(16)}\r\n${'x'.repeat(16 * 1024)}\r\n`;
    const begin = raw([...headers, ['transfer-encoding', 'chunked']], '', null);
    const pieces = Math.ceil(LIMIT / (16 * 1024)) + 4;
    const end = await speak([begin, ...Array.from({ length: pieces }, () => piece)], {
      everyMs: 1,
    });
    expect(end.status).toBe(403);
  });

  test('a sender that writes a letter now and then is cut off in time', async () => {
    const { headers, body } = signed('msg_slow', { text: 'x'.repeat(200) });
    const [begin, ...letters] = [raw(headers, '', String(body.length)), ...body];
    const end = await speak([begin ?? '', ...letters], { everyMs: 100 });
    expect(end).toMatchObject({ status: 403, closed: true });
    expect(end.written).toBeLessThan(letters.length);
    expect(taken).not.toContain('msg_slow');
  });

  test('more than the line holds are refused at once, and it is free again after them', async () => {
    const { headers, body } = signed('msg_crowd');
    let over = 0;
    const held = Array.from({ length: 300 }, async () => {
      const end = await speak([raw(headers, '', String(body.length))]);
      over += 1;
      return end.status;
    });
    await expect.poll(() => over, { timeout: BODY_MS - 1_000 }).toBeGreaterThanOrEqual(300 - 256);
    expect(new Set(await Promise.all(held))).toEqual(new Set([403]));
    const good = signed('msg_after');
    expect((await speak([raw(good.headers, good.body)])).status).toBe(200);
  });

  test('two hundred that never send their body keep nobody else waiting', async () => {
    const { headers, body } = signed('msg_held');
    let over = 0;
    const held = Array.from({ length: 200 }, async () => {
      const end = await speak([raw(headers, '', String(body.length))]);
      over += 1;
      return end;
    });
    await new Promise((resolve) => setTimeout(resolve, 100));
    const good = signed('msg_beside');
    expect((await speak([raw(good.headers, good.body)])).status).toBe(200);
    expect(over).toBe(0); // they were all still there
    const ends = await Promise.all(held);
    expect(new Set(ends.map((end) => end.status))).toEqual(new Set([403]));
  });
});
