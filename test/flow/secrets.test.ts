import { readFileSync, rmSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { secretCommitment } from '../../src/contract/portable.ts';
import { type CommandDesk, createExampleDesk } from '../support/command-desk.ts';
import { type DeskHouse, openDeskHouse } from '../support/desk-house.ts';

/** Secrets between the store and the log: neither says what the other does not know. */
const PASSPHRASE = 'four plain words here';
const UNLOCK = { 'Passphrase of your device key': PASSPHRASE };

interface Row {
  readonly name: string;
  readonly version: number;
  readonly hosts: readonly string[];
}

let desk: CommandDesk;

async function valueFile(value: string): Promise<string> {
  const file = join(desk.directory, 'value.txt');
  await writeFile(file, `${value}\n`);
  return file;
}
const set = async (name: string, value: string, host = 'api.acme.example') =>
  desk.run(
    ['secret', 'set', name, '--host', host, '--file', await valueFile(value), '--yes', '--json'],
    UNLOCK,
  );
const listed = () => desk.data<readonly Row[]>(['secret', 'list']);
const said = async (): Promise<readonly string[]> => {
  const { events } = await desk.data<{ events: readonly { type: string; data: object }[] }>([
    ...['log', '--limit', '1000'],
  ]);
  return events
    .filter(({ type }) => type === 'secret.changed')
    .map(({ data }) => JSON.stringify(data));
};

async function within<T>(work: (door: DeskHouse) => Promise<T>): Promise<T> {
  const opened = await openDeskHouse(desk);
  try {
    return await work(opened);
  } finally {
    await opened.house.close();
  }
}

beforeAll(async () => {
  desk = await createExampleDesk('secrets');
  await desk.data(['devices', 'enrol', '--passphrase'], {
    'New passphrase': PASSPHRASE,
    'The same again': PASSPHRASE,
  });
});
afterAll(() => desk.close());

describe('a secret', () => {
  test('is signed with what stands for its value, and the log tells nobody the value', async () => {
    const end = await set('bank', 'first-value-81f2');
    expect(end.code, end.out).toBe(0);
    const { data } = JSON.parse(end.out);
    expect(data.body.commitment).toMatch(/^[0-9a-f]{64}$/);
    expect(data.sentences.join()).toContain(data.body.commitment);
    expect(data.secret).toMatchObject({ name: 'bank', version: 1 });
    const [first] = await said();
    expect(first).toContain(data.body.commitment);
    expect(first).not.toContain('first-value');
  });

  test('is rotated under its hosts, and both values stay out of everything', async () => {
    const file = await valueFile('second-value-90ab');
    const rotated = ['secret', 'rotate', 'bank', '--file', file, '--yes'];
    expect(await desk.data(rotated, UNLOCK)).toMatchObject({
      secret: { name: 'bank', version: 2, hosts: ['api.acme.example'] },
    });
    const refused = ['secret', 'rotate', 'nothing', '--file', file, '--yes'];
    expect(await desk.refusal(refused, UNLOCK)).toMatchObject({ exit: 3 });
    const shown = await desk.run(['secret', 'rotate', 'bank', '--file', file], {
      'Sign this?': 'n',
    });
    expect(shown.err).toContain('Replaces the value of the secret "bank"');
    expect(await listed()).toMatchObject([{ name: 'bank', version: 2 }]);
  });

  test('another value under the same signature is refused, and nothing says it was set', async () => {
    const before = await said();
    await within(async ({ ask }) => {
      const commitment = 'a'.repeat(64);
      const secret = { value: 'swapped-value-77', salt: 'A'.repeat(43), signed: SIGNED };
      const body = { hosts: ['api.acme.example'], commitment, secret };
      const answer = await ask('POST', '/api/secrets/bank', { body });
      expect(answer.json()).toMatchObject({ code: 'bad_signature' });
    });
    expect(await said()).toEqual(before);
    expect(await listed()).toMatchObject([{ name: 'bank', version: 2 }]);
  });

  test('that nobody signed takes no word out of what is written', async () => {
    await within(async ({ house, ask }) => {
      const { redactor } = house.services;
      const secret = { value: 'Acme GmbH', salt: 'A'.repeat(43) };
      const commitment = await secretCommitment({ name: 'blot', ...secret });
      const body = { hosts: ['a.example'], commitment, secret: { ...secret, signed: SIGNED } };
      const answer = await ask('POST', '/api/secrets/blot', { body });
      expect(answer.status, answer.text).toBeGreaterThanOrEqual(400);
      expect(redactor.text('Invoice for Acme GmbH')).toBe('Invoice for Acme GmbH');
    });
  });

  test('that nobody signed is not kept, also when the process ends at that very moment', async () => {
    const before = await said();
    await within(async ({ house }) => {
      // as far as it comes before the signature is looked at
      await house.services.secrets.stage({
        ...{ name: 'orphan', value: 'orphan-value-55', hosts: ['a.example'], commitment: 'f00' },
      });
    });
    expect(await listed()).toMatchObject([{ name: 'bank' }]);
    expect(await said()).toEqual(before);
    await within(async ({ house }) => {
      expect(await house.services.secrets.settle('orphan', 'f00')).toBeUndefined();
    });
  });

  test('that was signed counts after a crash before it was settled; a removed one does not', async () => {
    await within(async (door) => {
      const { secrets } = door.house.services;
      // the process ends between the log and the store
      const gone = { ...secrets, settle: () => new Promise<never>(() => undefined) };
      const app = door.appOver({ ...door.house.services, secrets: gone });
      const file = await valueFile('late-value-31');
      const line = ['secret', 'set', 'late', '--host', 'a.example', '--file', file, '--yes'];
      void desk.run(line, UNLOCK, {
        fetch: (request) => app.fetch(request, { door: 'local' }),
        close: async () => undefined,
      });
      await expect.poll(() => signedNames(door)).toContain('late');
      expect((await secrets.list()).map(({ name }) => name)).toEqual(['bank']);
    });
    expect((await listed()).map(({ name }) => name)).toEqual(['bank', 'late']);
  });

  test('is not said to be set when the store cannot keep it', async () => {
    const keys = join(desk.places.home, 'keys');
    const before = await said();
    await rename(join(keys, 'secrets.age'), join(keys, 'aside'));
    await writeFile(join(keys, 'secrets.age'), 'not a store', { mode: 0o600 });
    const end = await set('broken', 'broken-value-11');
    expect(end.code).not.toBe(0);
    rmSync(join(keys, 'secrets.age'));
    await rename(join(keys, 'aside'), join(keys, 'secrets.age'));
    expect(await said()).toEqual(before);
    expect((await listed()).map(({ name }) => name)).not.toContain('broken');
    expect(readFileSync(join(keys, 'secrets.age')).length).toBeGreaterThan(0);
  });
});

const SIGNED = { statement: {}, signature: 'x' };

async function signedNames({ house }: DeskHouse): Promise<readonly string[]> {
  const events = await house.services.log.read({ after: 0, limit: 1_000 });
  return events
    .filter(({ type }) => type === 'secret.changed')
    .map(({ data }) => String(data.name));
}
