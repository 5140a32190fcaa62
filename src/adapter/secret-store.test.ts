import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateX25519Identity } from 'age-encryption';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openSecretStore, type SecretStore } from './secret-store.ts';

const code = (value: string) => expect.objectContaining({ code: value });
const clock = { now: () => Date.UTC(2026, 10, 3) };
const VALUE = 'sk_live_Zm9v+/$&"bar';

let commitments = 0;

/** A value that was signed: staged, then settled. */
async function keep(store: SecretStore, name: string, value: string, hosts: readonly string[]) {
  commitments += 1;
  const commitment = `c${commitments}`;
  await store.stage({ name, value, hosts, commitment });
  return store.settle(name, commitment);
}

function rotate(store: SecretStore, name: string, value: string) {
  return keep(store, name, value, store.list().find((one) => one.name === name)?.hosts ?? []);
}

describe('secret store', () => {
  let keys: string;
  beforeEach(() => {
    keys = join(mkdtempSync(join(tmpdir(), 'secrets-')), 'keys');
  });
  afterEach(() => rmSync(join(keys, '..'), { recursive: true, force: true }));
  const open = () => openSecretStore(keys, clock);

  test('a secret is kept over a restart, and given for its declared host only', async () => {
    await keep(await open(), 'stripe', VALUE, ['api.stripe.com', '*.stripe.dev']);
    const store = await open();
    expect(store.reveal('stripe', 'api.stripe.com')).toBe(VALUE);
    expect(store.reveal('stripe', 'x.stripe.dev')).toBe(VALUE);
    for (const host of ['stripe.com', 'api.stripe.com.evil.net', 'stripe.dev', '', '127.0.0.1']) {
      expect(() => store.reveal('stripe', host), host).toThrow(code('egress_refused'));
    }
    expect(() => store.reveal('stripe', 'api.stripe.com', 8443)).toThrow(code('egress_refused'));
    expect(() => store.reveal('other', 'api.stripe.com')).toThrow(code('not_found'));
  });

  test('lists say names, versions and hosts, never values', async () => {
    const store = await open();
    const info = await keep(store, 'stripe', VALUE, ['api.stripe.com']);
    await keep(store, 'mail', 'another value', ['smtp.example.com:587']);
    expect(info).toEqual({
      name: 'stripe',
      version: 1,
      hosts: ['api.stripe.com'],
      changedAt: '2026-11-03T00:00:00.000Z',
    });
    expect(store.list().map(({ name }) => name)).toEqual(['mail', 'stripe']);
    expect(JSON.stringify(store.list())).not.toContain(VALUE);
  });

  test('no file holds a value or a name in the clear, and every file is private', async () => {
    const store = await open();
    await keep(store, 'stripe', VALUE, ['api.stripe.com']);
    expect(readdirSync(keys).sort()).toEqual(['secrets.age', 'secrets.canary', 'secrets.key']);
    for (const name of readdirSync(keys)) {
      const bytes = readFileSync(join(keys, name));
      for (const text of [VALUE, 'stripe', Buffer.from(VALUE).toString('base64')]) {
        expect(bytes.includes(text), `${name} holds ${text}`).toBe(false);
      }
      expect(statSync(join(keys, name)).mode & 0o777, name).toBe(0o600);
    }
  });

  test('rotation changes the value, keeps the hosts, and the redactor knows both values', async () => {
    const store = await open();
    await keep(store, 'stripe', VALUE, ['api.stripe.com']);
    expect(await rotate(store, 'stripe', 'second value')).toMatchObject({
      version: 2,
      hosts: ['api.stripe.com'],
    });
    expect(store.reveal('stripe', 'api.stripe.com')).toBe('second value');
    expect([...store.values()]).toEqual([
      { name: 'stripe', value: VALUE },
      { name: 'stripe', value: 'second value' },
    ]);
  });

  test('a removed secret is gone, also after a restart', async () => {
    const store = await open();
    await keep(store, 'stripe', VALUE, ['api.stripe.com']);
    expect(await store.settle('stripe', null)).toBeUndefined();
    expect(await store.settle('stripe', null)).toBeUndefined();
    expect(() => store.reveal('stripe', 'api.stripe.com')).toThrow(code('not_found'));
    expect((await open()).list()).toEqual([]);
  });

  test('changes at the same time are all kept, in order', async () => {
    const store = await open();
    await Promise.all([
      keep(store, 'a', 'the value a', ['a.example.com']),
      keep(store, 'a', 'value a two', ['a.example.com']),
      keep(store, 'c', 'the value c', ['c.example.com']),
    ]);
    const again = await open();
    expect(again.list().map(({ name, version }) => [name, version])).toEqual([
      ['a', 2],
      ['c', 1],
    ]);
    expect(again.reveal('a', 'a.example.com')).toBe('value a two');
  });

  test('a change that could not be written is not pretended', async () => {
    const store = await open();
    await keep(store, 'stripe', VALUE, ['api.stripe.com']);
    rmSync(keys, { recursive: true });
    await expect(rotate(store, 'stripe', 'second value')).rejects.toThrow();
    expect(store.reveal('stripe', 'api.stripe.com')).toBe(VALUE);
  });

  test('a value that nobody signed yet is not given out, and is gone once it was not', async () => {
    const store = await open();
    await keep(store, 'stripe', VALUE, ['api.stripe.com']);
    const next = { name: 'stripe', value: 'second value', hosts: ['evil.net'], commitment: 'next' };
    await store.stage(next);
    expect(store.reveal('stripe', 'api.stripe.com')).toBe(VALUE);
    expect(() => store.reveal('stripe', 'evil.net')).toThrow(code('egress_refused'));
    expect(await store.settle('stripe', 'another')).toMatchObject({ version: 1 });
    await store.drop('stripe', 'next');
    expect(await store.settle('stripe', 'next')).toMatchObject({ version: 1 });
    expect([...store.values()]).toContainEqual({ name: 'stripe', value: 'second value' });
  });

  test('two new values at once do not lose each other', async () => {
    const store = await open();
    const stage = (commitment: string) =>
      store.stage({ name: 'a', value: `the value ${commitment}`, hosts: ['a.com'], commitment });
    await Promise.all([stage('one'), stage('two')]);
    await store.settle('a', 'one');
    expect(await store.settle('a', 'two')).toMatchObject({ version: 2 });
    expect(store.reveal('a', 'a.com')).toBe('the value two');
  });

  test('a value that was sent twice at once is kept when the second one is refused', async () => {
    const store = await open();
    const twice = { name: 'a', value: 'the same value', hosts: ['a.com'], commitment: 'one' };
    await Promise.all([store.stage(twice), store.stage(twice)]);
    await store.drop('a', 'one');
    expect(await store.settle('a', 'one')).toMatchObject({ version: 1 });
    expect(store.reveal('a', 'a.com')).toBe('the same value');
  });

  test('after a crash, what the log says is made true, and the rest is forgotten', async () => {
    const store = await open();
    for (const name of ['signed', 'unsigned', 'removed', 'kept']) {
      const commitment = `of ${name}`;
      await store.stage({ name, value: `the value of ${name}`, hosts: ['a.com'], commitment });
    }
    await store.settle('removed', 'of removed');
    await store.settle('kept', 'of kept');
    const again = await open();
    const log = new Map([
      ['signed', 'of signed'],
      ['kept', 'of kept'],
    ]);
    await again.repair(async (name) => log.get(name) ?? null);
    expect(again.list().map(({ name }) => name)).toEqual(['kept', 'signed']);
    expect(again.reveal('signed', 'a.com')).toBe('the value of signed');
    expect((await open()).list()).toEqual(again.list());
    // what was given out once is recognised on, what never was is not
    const known = [...(await open()).values()].map(({ name }) => name).sort();
    expect(known).toEqual(['kept', 'removed', 'signed']);
  });

  test('a replaced or removed value is recognised after a restart, for ninety days, and never given out', async () => {
    const store = await open();
    await keep(store, 'stripe', VALUE, ['api.stripe.com']);
    await rotate(store, 'stripe', 'second value');
    await keep(store, 'mail', 'a mail password', ['smtp.example.com']);
    await store.settle('mail', null);
    const later = (days: number) =>
      openSecretStore(keys, { now: () => clock.now() + days * 86_400_000 });
    const known = async (days: number) =>
      [...(await later(days)).values()].map(({ value }) => value).sort();
    expect(await known(89)).toEqual(['a mail password', 'second value', VALUE].sort());
    expect(await known(91)).toEqual(['second value']);
    const again = await later(1);
    expect(again.reveal('stripe', 'api.stripe.com')).toBe('second value');
    expect(() => again.reveal('mail', 'smtp.example.com')).toThrow(code('not_found'));
    for (const file of readdirSync(keys)) {
      expect(readFileSync(join(keys, file)).includes(VALUE), file).toBe(false);
    }
  });

  test('of many replaced values the newest hundred are recognised', async () => {
    const store = await open();
    for (let i = 0; i <= 102; i++) await keep(store, 'often', `value number ${i}`, ['a.com']);
    const known = [...(await open()).values()].map(({ value }) => value);
    expect(known).toHaveLength(101);
    expect(known).not.toContain('value number 1');
    expect(known).toContain('value number 2');
  });

  test('injection replaces exactly its own handle, in headers, in a copy', async () => {
    const store = await open();
    await keep(store, 'stripe', VALUE, ['api.stripe.com']);
    const request = {
      url: 'https://api.stripe.com/',
      body: 'secret://stripe',
      headers: { authorization: 'Bearer secret://stripe', 'x-other': 'secret://stripe-two' },
    };
    expect(store.inject(request, 'stripe', 'api.stripe.com')).toEqual({
      ...request,
      headers: { authorization: `Bearer ${VALUE}`, 'x-other': 'secret://stripe-two' },
    });
    expect(request.headers.authorization).toBe('Bearer secret://stripe');
    expect(() => store.inject(request, 'stripe', 'evil.net')).toThrow(code('egress_refused'));
  });

  test.each<[string, string, string, readonly string[]]>([
    ['name', 'Stripe', VALUE, ['a.com']],
    ['name', '../x', VALUE, ['a.com']],
    ['name', '', VALUE, ['a.com']],
    ['name', '__proto__', VALUE, ['a.com']],
    ['value', 'stripe', '', ['a.com']],
    ['value', 'stripe', 'short', ['a.com']],
    ['value', 'stripe', 'x'.repeat(65_537), ['a.com']],
    ['hosts', 'stripe', VALUE, []],
    ['hosts', 'stripe', VALUE, ['*']],
    ['hosts', 'stripe', VALUE, ['https://a.com']],
  ])('a %s that cannot be kept is refused: %j', async (field, name, value, hosts) => {
    const store = await open();
    const error = await keep(store, name, value, hosts).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: 'invalid_input', facts: { field } });
    expect(store.list()).toEqual([]);
  });

  test('no error holds a value', async () => {
    const store = await open();
    await keep(store, 'stripe', VALUE, ['api.stripe.com']);
    const attempts: readonly (() => unknown)[] = [
      () => store.reveal('stripe', 'evil.net'),
      () => store.inject({ headers: { a: 'secret://stripe' } }, 'stripe', 'evil.net'),
      () => keep(store, 'Bad', VALUE, ['a.com']),
      () => keep(store, 'stripe', VALUE, ['not a host']),
    ];
    for (const attempt of attempts) {
      const error: unknown = await Promise.resolve()
        .then(attempt)
        .catch((caught: unknown) => caught);
      expect(error).toBeInstanceOf(Error);
      const said = JSON.stringify(error) + String(error) + (error instanceof Error && error.stack);
      expect(said).not.toContain(VALUE);
    }
  });

  test('another key is wrong_key at open, before anything is asked for', async () => {
    await keep(await open(), 'stripe', VALUE, ['api.stripe.com']);
    writeFileSync(join(keys, 'secrets.key'), `${await generateX25519Identity()}\n`);
    await expect(open()).rejects.toEqual(code('wrong_key'));
  });

  test('another key is wrong_key also in a store that never held a secret', async () => {
    await open();
    writeFileSync(join(keys, 'secrets.key'), `${await generateX25519Identity()}\n`);
    await expect(open()).rejects.toEqual(code('wrong_key'));
  });

  test.each(['', 'not an identity', 'AGE-SECRET-KEY-1QQQ'])(
    'a key file with %j is wrong_key',
    async (text) => {
      await keep(await open(), 'stripe', VALUE, ['api.stripe.com']);
      writeFileSync(join(keys, 'secrets.key'), text);
      await expect(open()).rejects.toEqual(code('wrong_key'));
    },
  );

  test.each(['secrets.canary', 'secrets.age'])(
    'a missing key is never replaced while %s is there',
    async (left) => {
      await keep(await open(), 'stripe', VALUE, ['api.stripe.com']);
      for (const name of readdirSync(keys)) if (name !== left) rmSync(join(keys, name));
      await expect(open()).rejects.toEqual(code('wrong_key'));
      expect(readdirSync(keys)).toEqual([left]);
    },
  );

  test('a lost canary is made again with the right key, and not with another', async () => {
    await keep(await open(), 'stripe', VALUE, ['api.stripe.com']);
    rmSync(join(keys, 'secrets.canary'));
    const key = readFileSync(join(keys, 'secrets.key'));
    writeFileSync(join(keys, 'secrets.key'), `${await generateX25519Identity()}\n`);
    await expect(open()).rejects.toEqual(code('wrong_key'));
    writeFileSync(join(keys, 'secrets.key'), key);
    expect((await open()).reveal('stripe', 'api.stripe.com')).toBe(VALUE);
    expect(readdirSync(keys)).toContain('secrets.canary');
  });

  test('a damaged file of secrets is told apart from a wrong key', async () => {
    await keep(await open(), 'stripe', VALUE, ['api.stripe.com']);
    const bytes = readFileSync(join(keys, 'secrets.age'));
    bytes[bytes.length - 3] = (bytes.at(-3) ?? 0) ^ 1;
    writeFileSync(join(keys, 'secrets.age'), bytes);
    await expect(open()).rejects.toEqual(code('payload_damaged'));
  });

  test('a key that others can read is refused', async () => {
    await open();
    chmodSync(join(keys, 'secrets.key'), 0o644);
    await expect(open()).rejects.toMatchObject({
      code: 'not_authorised',
      remedy: expect.stringContaining('chmod 600'),
    });
  });
});
