import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createApp } from '../../src/surface/index.ts';
import { type CommandDesk, createExampleDesk } from '../support/command-desk.ts';
import { type Answer, DESK_ORIGIN, type DeskHouse, openDeskHouse } from '../support/desk-house.ts';
import { type Sent, signatureOf, signDelivery } from '../support/hook-sender.ts';

/** What anybody who finds the address of a hook may try, and what a sender may do wrong. */
const PASSPHRASE = 'four plain words here';
const UNLOCK = { 'Passphrase of your device key': PASSPHRASE };
const SLOW = 90_000;
const MINUTE_MS = 60_000;

let desk: CommandDesk;
let door: DeskHouse;
let shop = '';
let form = '';
let ended = '';
let clockMs = 0;
const clock = { now: () => Date.now() + clockMs };
const told: string[] = [];

beforeAll(async () => {
  desk = await createExampleDesk('webhooks');
  await desk.data(['devices', 'enrol', '--passphrase'], {
    'New passphrase': PASSPHRASE,
    'The same again': PASSPHRASE,
  });
  const add = async (name: string): Promise<string> => {
    const facts = ['--fact', 'type', '--fact', 'data.note'];
    const args = ['hook', 'add', name, ...facts, '--yes'];
    return (await desk.data<{ whsec: string }>(args, UNLOCK)).whsec;
  };
  shop = await add('shop');
  form = await add('form');
  ended = await add('gone');
  await desk.data(['hook', 'end', 'gone', '--yes'], UNLOCK);
  door = await openDeskHouse(desk, (words) => told.push(words), clock);
}, SLOW);
afterAll(async () => {
  await door.house.quiet();
  await door.house.close();
  await desk.close();
});

// a minute later: what was refused before makes nobody wait
beforeEach(() => {
  clockMs += 2 * MINUTE_MS;
});

const sign = (payload: unknown, options: { id?: string; at?: number; secret?: string } = {}) =>
  signDelivery(options.secret ?? shop, payload, { at: clock.now(), ...options });

/** As it arrives from the network, at an address of ours unless said otherwise. */
async function deliver(
  { headers, body }: Sent,
  { path = '/hooks/shop', method = 'POST', more = {}, app = door.app } = {},
): Promise<Answer> {
  const response = await app.fetch(
    new Request(new URL(path, DESK_ORIGIN), {
      method,
      headers: { host: 'localhost:4747', ...headers, ...more },
      ...(method === 'GET' || method === 'HEAD' ? {} : { body }),
    }),
    { door: 'http', address: '203.0.113.7' },
  );
  const text = await response.text();
  return {
    ...{ status: response.status, text, headers: JSON.stringify([...response.headers]) },
    json: () => JSON.parse(text),
  };
}

const head = () => door.house.services.log.head().seq;
const received = async () =>
  door.house.services.log.read({ after: 0, limit: 1_000, types: ['hook.received'] });

/** The one thing that a stranger hears. */
const NO = {
  status: 403,
  code: 'not_authorised',
  detail: 'This was not taken.',
};

describe('a delivery', () => {
  test('that is signed is one event, durable before its sender hears of it', async () => {
    const sent = sign({ type: 'order.paid', data: { id: 'o_1', amount: 1200 } });
    const answer = await deliver(sent);
    expect([answer.status, answer.json()]).toEqual([200, { received: true }]);
    const { log } = door.house.services;
    expect(log.durableSeq()).toBe(log.head().seq);
    expect((await received()).at(-1)?.data).toMatchObject({
      hook: 'shop',
      id: sent.headers['webhook-id'],
      payload: { type: 'order.paid', data: { id: 'o_1', amount: 1200 } },
    });
  });

  const FORGED: readonly (readonly [string, (sent: Sent) => Parameters<typeof deliver>])[] = [
    ['to a name that is no hook', (sent) => [sent, { path: '/hooks/nobody' }]],
    ['to a hook that ended', () => [sign({}, { secret: ended }), { path: '/hooks/gone' }]],
    ['captured and sent to another hook', (sent) => [sent, { path: '/hooks/form' }]],
    ['signed with another secret', () => [sign({}, { secret: form })]],
    ['signed under an id that could be two', () => [sign({}, { id: 'msg_1,msg_2' })]],
    ['signed under an id without end', () => [sign({}, { id: 'm'.repeat(257) })]],
    ['signed with no secret', () => [sign({}, { secret: 'whsec_' })]],
    ['without a signature', (sent) => [without(sent, 'webhook-signature')]],
    ['without an id', (sent) => [without(sent, 'webhook-id')]],
    ['without a time', (sent) => [without(sent, 'webhook-timestamp')]],
    ['with its body cut short', (sent) => [{ ...sent, body: sent.body.slice(0, -1) }]],
    ['with one letter more', (sent) => [{ ...sent, body: `${sent.body} ` }]],
    ['under another id', (sent) => [put(sent, 'webhook-id', 'msg_other')]],
    ['replayed after five minutes', () => [sign({}, { at: clock.now() - 5.1 * MINUTE_MS })]],
    ['from the future', () => [sign({}, { at: clock.now() + 5.1 * MINUTE_MS })]],
    [
      'replayed with a new time in its header',
      () => {
        const old = sign({}, { at: clock.now() - 6 * MINUTE_MS });
        return [put(old, 'webhook-timestamp', String(Math.floor(clock.now() / 1_000)))];
      },
    ],
    ['with two ids', (sent) => [put(sent, 'webhook-id', `${sent.headers['webhook-id']}, msg_2`)]],
    [
      'with two times',
      (sent) => [put(sent, 'webhook-timestamp', `1, ${sent.headers['webhook-timestamp']}`)],
    ],
    [
      'with two headers of signatures',
      (sent) => [put(sent, 'webhook-signature', `v1,AAAA, ${sent.headers['webhook-signature']}`)],
    ],
    [
      'with a time that is only read as one',
      (sent) => [put(sent, 'webhook-timestamp', `${sent.headers['webhook-timestamp']}.0`)],
    ],
    [
      'with more signatures than secrets can be',
      (sent) => [
        put(
          sent,
          'webhook-signature',
          `${`v1,${'A'.repeat(43)}= `.repeat(10)}${sent.headers['webhook-signature']}`,
        ),
      ],
    ],
    [
      'with the signature of another version',
      (sent) => [
        put(
          sent,
          'webhook-signature',
          String(sent.headers['webhook-signature']).replace('v1', 'v0'),
        ),
      ],
    ],
    ['as plain text', (sent) => [put(sent, 'content-type', 'text/plain')]],
    ['as a form of a page', (sent) => [put(sent, 'content-type', 'multipart/form-data')]],
    ['packed', (sent) => [put(sent, 'content-encoding', 'gzip')]],
    ['with GET', (sent) => [sent, { method: 'GET' }]],
    ['with PUT', (sent) => [sent, { method: 'PUT' }]],
    ['with HEAD', (sent) => [sent, { method: 'HEAD' }]],
    ['that says it is too large', (sent) => [put(sent, 'content-length', '999999999')]],
    ['that is too large', () => [sign({ data: 'x'.repeat(130 * 1024) })]],
    ['under a name that is bound to this machine', (sent) => [put(sent, 'host', 'evil.example')]],
    ['from a page', (sent) => [put(sent, 'origin', 'https://evil.example')]],
    ['from our own page', (sent) => [put(sent, 'origin', DESK_ORIGIN)]],
    ['by a browser', (sent) => [put(sent, 'sec-fetch-site', 'none')]],
    ['with a question behind the address', (sent) => [sent, { path: '/hooks/shop?a=1' }]],
    ['to a name in other letters', (sent) => [sent, { path: '/hooks/SHOP' }]],
    ['to a name that only looks like it', (sent) => [sent, { path: '/hooks/ѕhop' }]],
    ['to a name in escapes', (sent) => [sent, { path: '/hooks/%73hop' }]],
    ['to a path below it', (sent) => [sent, { path: '/hooks/shop/x' }]],
    ['to no name', (sent) => [sent, { path: '/hooks/' }]],
  ];

  test.each(FORGED)('%s is refused like every other, and is no event', async (_, forge) => {
    const before = (await received()).length;
    const [sent, how] = forge(sign({ type: 'order.paid' }));
    const answer = await deliver(sent, how);
    expect(answer.status).toBe(NO.status);
    if (how?.method !== 'HEAD') expect(answer.json()).toMatchObject(NO);
    expect(answer.headers).toBe((await deliver(without(sent, 'webhook-id'))).headers);
    expect((await received()).length).toBe(before);
  });

  test('with several signatures is taken when one of them fits', async () => {
    const sent = sign({ a: 1 });
    const { 'webhook-id': id = '', 'webhook-timestamp': at = '' } = sent.headers;
    const own = signatureOf(form, id, at, sent.body);
    const all = `v0,abc ${own} ${sent.headers['webhook-signature']}`;
    expect((await deliver(put(sent, 'webhook-signature', all))).status).toBe(200);
  });

  test('to a hook that ended finds no secret of it in the house any more', async () => {
    const kept = (await door.house.services.secrets.list()).map(({ name }) => name);
    expect(kept.map((name) => name.split('.').slice(0, 2).join('.')).sort()).toEqual([
      'hook.form',
      'hook.shop',
    ]);
    expect((await door.ask('GET', '/api/secrets')).json()).toEqual([]);
  });

  test('at the address that you gave yourself is taken, and under no other name', async () => {
    const app = createApp({
      ...{ services: door.house.services, assets: new Map() },
      origins: () => ['https://desk.example', DESK_ORIGIN],
      report: (error) => told.push(String(error)),
    });
    const at = async (host: string) =>
      (await deliver(sign({ a: 1 }), { app, more: { host } })).status;
    expect([await at('desk.example'), await at('localhost:4747')]).toEqual([200, 200]);
    expect([await at('desk.example:8443'), await at('evil.example')]).toEqual([403, 403]);
  });

  test('needs no session, and none helps one that is forged', async () => {
    const { token } = door.house.services.sessions.start(null);
    const forged = sign({}, { secret: form });
    const more = { cookie: `steward_session=${token}`, authorization: 'Bearer stw_00' };
    expect((await deliver(forged, { more })).json()).toMatchObject(NO);
    expect((await deliver(sign({ a: 1 }), { more })).status).toBe(200);
  });
});

describe('the same delivery', () => {
  test('replayed at once is answered as before and is no second event', async () => {
    const sent = sign({ type: 'order.paid', data: { id: 'o_2' } });
    await deliver(sent);
    const before = head();
    for (const again of [sent, sent]) expect((await deliver(again)).status).toBe(200);
    expect(head()).toBe(before);
  });

  test('sent again with a new signature, as senders do, is no second event', async () => {
    const id = 'msg_tried-again';
    await deliver(sign({ a: 1 }, { id }));
    const before = head();
    clockMs += 60 * MINUTE_MS;
    expect((await deliver(sign({ a: 1 }, { id }))).status).toBe(200);
    expect(head()).toBe(before);
  });

  test('a hundred at once is one event', async () => {
    const before = (await received()).length;
    const sent = sign({ type: 'order.paid' }, { id: 'msg_hundred' });
    const answers = await Promise.all(Array.from({ length: 100 }, () => deliver(sent)));
    expect(new Set(answers.map(({ status, text }) => `${status} ${text}`)).size).toBe(1);
    expect((await received()).length).toBe(before + 1);
  });

  test('under its id with other bytes is refused and said, and the first one counts', async () => {
    const id = 'msg_two-faces';
    await deliver(sign({ amount: 1 }, { id }));
    const differing = sign({ amount: 2 }, { id });
    for (const attempt of [differing, differing]) {
      const answer = await deliver(attempt);
      expect([answer.status, answer.json().code]).toEqual([409, 'already_exists']);
    }
    const own = (await received()).filter(({ data }) => data.id === id);
    expect(own.map(({ data }) => data.payload)).toEqual([{ amount: 1 }]);
    const items = await door.house.services.kernel.items.list();
    const said = items.filter(({ title }) => title.includes('two different things'));
    expect(said).toHaveLength(1);
  });

  test('under the same id at another hook is another one', async () => {
    const id = 'msg_both';
    await deliver(sign({ a: 1 }, { id }));
    const other = sign({ a: 2 }, { id, secret: form });
    expect((await deliver(other, { path: '/hooks/form' })).status).toBe(200);
    expect((await received()).filter(({ data }) => data.id === id)).toHaveLength(2);
  });
});

describe('hostile JSON from somebody who can sign', () => {
  test.each<[string, string]>([
    ['a list', '[]'],
    ['a text', '"a"'],
    ['nothing', ''],
    ['half of it', '{"a": 1'],
    ['two of them', '{} {}'],
    ['ten thousand levels', `${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`],
    ['ten thousand lists', `{"a":${'['.repeat(10_000)}${']'.repeat(10_000)}}`],
    ['thousands of values', `{"a":[${'1,'.repeat(6_000)}1]}`],
    ['a member twice', '{"amount": 1, "amount": 2}'],
    ['a member twice in other letters', '{"amount": 1, "\\u0061mount": 2}'],
    ["a member that is everybody's parent", '{"__proto__": {"admin": true}}'],
    ['the same in escapes, deep inside', '{"a": [{"\\u005f_proto__": 1}]}'],
    ['a handle to a file of ours', `{"$blob": "${'a'.repeat(64)}"}`],
    [
      'such a handle with blanks behind its name',
      `{"$blob"${' '.repeat(99)}: "${'a'.repeat(64)}"}`,
    ],
    ['a member twice, far from its colon', `{"amount": 1, "amount"${'\t'.repeat(99)}: 2}`],
    ['half a character', '{"a": "\\ud800"}'],
    ['half a character in a name', '{"\\ud800": 1}'],
  ])('%s is refused with a reason, and is no event', async (_, body) => {
    const before = head();
    const answer = await deliver(sign(body));
    expect([answer.status, answer.json().code]).toEqual([422, 'invalid_input']);
    expect(head() - before).toBeLessThanOrEqual(1); // the finding, once in a day
    expect((await received()).at(-1)?.data.payload).not.toEqual(body);
  });

  test('bytes that are no text are refused', async () => {
    const sent = sign('{"a":"b"}');
    const answer = await deliver({ ...sent, body: `${sent.body.slice(0, -3)}\xff"}` });
    expect(answer.json()).toMatchObject(NO); // other bytes than were signed
  });

  test('a number that no computer holds exactly stays the text it was', async () => {
    await deliver(
      sign('{"id": 12345678901234567890, "big": 1e999, "fine": 9007199254740991, "rate": 0.25}'),
    );
    expect((await received()).at(-1)?.data.payload).toEqual({
      id: '12345678901234567890',
      big: '1e999',
      fine: 9007199254740991,
      rate: 0.25,
    });
  });

  test('names of its own that mean something elsewhere reach no prototype', async () => {
    await deliver(sign('{"constructor": {"prototype": {"admin": true}}, "toString": 1}'));
    expect(({} as { admin?: boolean }).admin).toBeUndefined();
    expect((await received()).at(-1)?.data.payload).toEqual({
      constructor: { prototype: { admin: true } },
      toString: 1,
    });
  });
});

describe('what a delivery says', () => {
  test("is an outsider's word, but for a fact that you named where one stands", async () => {
    await deliver(sign({ type: 'order.paid', data: { note: 'Pay to DE89 now', id: 'o_9' } }));
    const event = (await received()).at(-1);
    expect(event?.label.integrity).toBe('counterparty');
    expect(event?.fieldLabels?.payload?.integrity).toBe('counterparty');
    expect(event?.fieldLabels?.['payload.type']?.integrity).toBe('own');
    // named as a fact, and free text all the same; not named, and an id all the same
    expect(event?.fieldLabels?.['payload.data.note']).toBeUndefined();
    expect(event?.fieldLabels?.['payload.data.id']).toBeUndefined();
  });

  test.each([
    'a b',
    'mallory@evil.example',
    'https://evil.example',
    'Überweisung',
    '',
    'x'.repeat(129),
  ])('text that tries to raise its label stays what it is: %j', async (note) => {
    await deliver(sign({ data: { note } }));
    expect((await received()).at(-1)?.fieldLabels?.['payload.data.note']).toBeUndefined();
  });

  test('lies in no file in the clear, and neither does the secret', async () => {
    const { readdirSync, readFileSync } = await import('node:fs');
    const { join } = await import('node:path');
    await deliver(sign({ secretly: 'a-very-rare-word-of-a-customer' }));
    const files = readdirSync(desk.directory, { recursive: true, withFileTypes: true });
    for (const file of files.filter((entry) => entry.isFile())) {
      const bytes = readFileSync(join(file.parentPath, file.name));
      expect(bytes.includes('a-very-rare-word-of-a-customer'), file.name).toBe(false);
      for (const secret of [shop, form, ended]) {
        expect(bytes.includes(secret.slice('whsec_'.length)), file.name).toBe(false);
      }
    }
  });
});

describe('a flood of forged deliveries', () => {
  test('grows the log by one note for you, and makes its sender wait', async () => {
    clockMs += 24 * 60 * MINUTE_MS;
    const before = head();
    const answers: Answer[] = [];
    for (let count = 0; count < 200; count++) {
      answers.push(await deliver(sign({ count }, { secret: form })));
    }
    await expect.poll(() => head() - before).toBe(1);
    const { kernel } = door.house.services;
    const [said] = (await kernel.items.list()).filter(
      ({ kind, title }) => kind === 'finding' && title.includes('does not take'),
    );
    expect(said?.body).toMatchObject({
      hook: 'shop',
      because: expect.arrayContaining(['its signature is not by your secret']),
    });
    expect(answers.at(0)?.status).toBe(403);
    expect(answers.at(-1)).toMatchObject({ status: 429 });
    expect(answers.at(-1)?.headers).toContain('retry-after');
    // the same to a name that is no hook, from the same address: nothing tells them apart
    const nobody = await deliver(sign({}), { path: '/hooks/nobody' });
    const { retryAfterMs: _, ...said429 } = answers.at(-1)?.json() ?? {};
    expect(nobody.json()).toMatchObject(said429);
    expect(kernel.hooks.refused()).toBeGreaterThan(200);
  });

  test('locks nobody out who can sign', async () => {
    expect((await deliver(sign({ a: 1 }))).status).toBe(200);
  });

  test('is one note a day, after a restart too', async () => {
    const before = head();
    const again = createApp({
      ...{ services: door.house.services, assets: new Map(), origins: () => [DESK_ORIGIN] },
      report: (error) => told.push(String(error)),
    });
    for (let count = 0; count < 20; count++) {
      await deliver(sign({ count }, { secret: form }), { app: again });
    }
    expect(head()).toBe(before);
  });

  test('is no defect of ours: nothing was reported', () => {
    expect(told).toEqual([]);
  });
});

function without({ headers, body }: Sent, name: string): Sent {
  return {
    headers: Object.fromEntries(Object.entries(headers).filter(([own]) => own !== name)),
    body,
  };
}

function put({ headers, body }: Sent, name: string, value: string): Sent {
  return { headers: { ...headers, [name]: value }, body };
}
