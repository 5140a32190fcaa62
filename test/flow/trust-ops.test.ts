import { readFileSync, statSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type CommandDesk, createCommandDesk, createExampleDesk } from '../support/command-desk.ts';

/** Everything that a signature of yours allows, as a person types it. */
const PASSPHRASE = 'four plain words here';
const UNLOCK = { 'Passphrase of your device key': PASSPHRASE };
const GRANT = ['grant', 'mail.send', '--to', 'billing@acme.example', '--count', '2/month'];

const COMPANY = `name: Mara Lindt Design
owner: Mara Lindt
street: Lindenstraße 14
postalCode: 10969
city: Berlin
country: DE
email: mara@lindt.example
currency: EUR
zone: Europe/Berlin
language: en
vatId: DE136695976
iban: DE89370400440532013000
`;

let desk: CommandDesk;

/** Types of everything that was ever recorded. */
async function recorded(): Promise<readonly string[]> {
  const { events } = await desk.data<{ events: readonly { type: string }[] }>([
    ...['log', '--limit', '1000'],
  ]);
  return events.map(({ type }) => type);
}

async function writePolicy(name: string, text: string): Promise<string> {
  const file = join(desk.directory, name);
  await writeFile(file, text);
  return file;
}

describe('with a key that lies open in its file', () => {
  let recovery: string;
  let first: string;

  beforeAll(async () => {
    desk = await createCommandDesk('trust-ops');
    const file = join(desk.directory, 'company.yaml');
    await writeFile(file, COMPANY);
    const made = await desk.data<{ recovery: string; device: { id: string } }>([
      ...['init', '--file', file, '--no-input'],
    ]);
    recovery = made.recovery;
    first = made.device.id;
  });
  afterAll(() => desk.close());

  test.each([
    [GRANT],
    [['policy', 'set', 'POLICY']],
    [['mode', 'sandbox']],
    [['connect', 'mail', '--mode', 'off']],
    [['secret', 'set', 'acme', '--host', 'api.acme.example', '--file', '-']],
    [['devices', 'add', 'laptop', '--key', '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo']],
  ])('%j is not signed, and the way out is a command', async (args) => {
    const policy = await writePolicy('hosts.yaml', 'hosts: [example.org]');
    const before = await recorded();
    const line = args.map((word) => (word === 'POLICY' ? policy : word));
    const refused = await desk.refusal([...line, '--yes']);
    expect(refused).toMatchObject({ exit: 5, code: 'step_up_required' });
    expect(refused.remedy).toContain('--recovery');
    expect(await recorded()).toEqual(before);
  });

  test('stop needs no signature at all; going on does', async () => {
    expect(await desk.data(['stop', '--because', 'Something is wrong'])).toEqual({ stopped: true });
    expect(await desk.data(['why'])).toMatchObject({ stopped: true });
    expect(await desk.refusal(['resume', '--yes'])).toMatchObject({ exit: 5 });
    expect(await desk.data(['why'])).toMatchObject({ stopped: true });
  });

  test('a device is added and revoked by the key on paper', async () => {
    const key = '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo';
    const added = await desk.data<{ body: { device: { id: string } } }>(
      ['devices', 'add', 'laptop', '--key', key, '--recovery', '--yes'],
      { 'Recovery key': recovery },
    );
    const { id } = added.body.device;
    const revoked = await desk.data(['devices', 'revoke', id, '--because', 'Lost']);
    expect(revoked).toMatchObject({ id, name: 'laptop', revokedAt: expect.any(String) });
    expect(await desk.refusal(['devices', 'revoke', id])).toMatchObject({ exit: 6 });
  });

  test('a key under a passphrase takes its place, by the key on paper only', async () => {
    const words = { 'New passphrase': PASSPHRASE, 'The same again': PASSPHRASE };
    const enrol = ['devices', 'enrol', '--passphrase'];
    expect(await desk.refusal(enrol, words)).toMatchObject({ exit: 5, code: 'not_authorised' });
    expect(JSON.parse(readFileSync(desk.places.deviceKey, 'utf8')).device).toBe(first);
    const made = await desk.data<{ id: string }>([...enrol, '--recovery'], {
      ...words,
      'Recovery key': recovery,
    });
    const kept = readFileSync(desk.places.deviceKey, 'utf8');
    expect(JSON.parse(kept)).toMatchObject({ device: made.id, encrypted: expect.any(Object) });
    expect(statSync(desk.places.deviceKey).mode & 0o777).toBe(0o600);
    const devices = await desk.data<
      readonly { id: string; assurance: string; revokedAt: unknown }[]
    >(['devices']);
    const byId = new Map(devices.map((device) => [device.id, device]));
    expect(byId.get(made.id)).toMatchObject({ assurance: 'unlocked', revokedAt: null });
    expect(byId.get(first)?.revokedAt).toEqual(expect.any(String));
  });

  test('that key lets it go on again', async () => {
    await desk.data(['resume', '--yes'], UNLOCK);
    expect(await desk.data(['why'])).toMatchObject({ stopped: false, mode: 'live' });
  });

  test('the company and single connections change their mode by signature', async () => {
    await desk.data(['connect', 'mail', '--mode', 'off', '--yes'], UNLOCK);
    const modes = async () =>
      Object.fromEntries(
        (await desk.data<readonly { name: string; mode: string }[]>(['connectors'])).map(
          ({ name, mode }) => [name, mode],
        ),
      );
    expect(await modes()).toEqual({ mail: 'off', books: 'live' });
    await desk.data(['mode', 'sandbox', '--yes'], UNLOCK);
    expect(await modes()).toEqual({ mail: 'off', books: 'sandbox' });
    expect(await desk.refusal(['connect', 'fax', '--yes'], UNLOCK)).toMatchObject({ exit: 3 });
  });
});

describe('with a key under a passphrase', () => {
  beforeAll(async () => {
    desk = await createExampleDesk('trust-ops-example');
    // an example has no paper to sign with: its way out is another one
    const weak = await desk.refusal(['mode', 'live', '--yes']);
    expect(weak).toMatchObject({ exit: 5, code: 'step_up_required' });
    expect(weak.remedy).toBe(
      'Give this machine such a key, once: steward devices enrol --passphrase',
    );
    await desk.data(['devices', 'enrol', '--passphrase'], {
      'New passphrase': PASSPHRASE,
      'The same again': PASSPHRASE,
    });
  });
  afterAll(() => desk.close());

  test('nothing is signed that nobody saw', async () => {
    expect(await desk.refusal(GRANT)).toMatchObject({ exit: 2, code: 'usage' });
    const no = await desk.run(GRANT, { 'Sign this?': 'n' });
    expect(no.code).toBe(1);
    expect(no.asked).toEqual(['Sign this? [y/N] ']);
    expect(await desk.data(['grants'])).toEqual([]);
  });

  test('a grant is shown in sentences, signed, listed with its use, and ended', async () => {
    const sum = ['--sum', '200.00 EUR/month', '--title', 'Reminders to Acme'];
    const end = await desk.run([...GRANT, ...sum], { 'Sign this?': 'y', ...UNLOCK });
    expect(end.code, end.err).toBe(0);
    for (const words of [
      'mail.send@1',
      'billing@acme.example',
      '2 times per month',
      '200.00 EUR',
    ]) {
      expect(end.err).toContain(words);
    }
    const [grant] = await desk.data<readonly { id: string; status: string; uses: number }[]>([
      'grants',
    ]);
    expect(grant).toMatchObject({ title: 'Reminders to Acme', status: 'active', uses: 0 });
    expect((await desk.run(['grants'])).out).toContain('2 times a month');
    const id = grant?.id ?? '';
    await desk.data(['revoke', id, '--because', 'Enough', '--yes'], UNLOCK);
    expect(await desk.data(['grants'])).toMatchObject([
      { id, status: 'revoked', because: 'Enough' },
    ]);
    expect(await desk.refusal(['grants', 'resume', id, '--yes'], UNLOCK)).toMatchObject({
      exit: 6,
    });
  });

  test.each([
    ['no limit at all', ['grant', 'mail.send', '--to', 'a@b.example'], 2],
    [
      'a limit nobody can read',
      ['grant', 'mail.send', '--to', 'a@b.example', '--count', 'some'],
      2,
    ],
    ['more than ninety days', [...GRANT, '--until', '2099-01-01'], 2],
    ['what needs no grant', ['grant', 'invoice.draft', '--to', 'x', '--count', '1/day'], 2],
    ['what nobody does', ['grant', 'fax.send@1', '--to', 'x', '--count', '1/day'], 3],
  ])('a grant with %s is refused before anybody signs', async (_, args, exit) => {
    expect(await desk.refusal([...args, '--yes'])).toMatchObject({ exit });
  });

  test('a policy is compared, tried on the past, signed, and taken back', async () => {
    const [party] = await desk.data<readonly { id: string }[]>([
      ...['records', 'party', '--where', 'name.startsWith("Acme")'],
    ]);
    const now = Temporal.Now.plainDateISO('Europe/Berlin').toPlainYearMonth();
    const input = JSON.stringify({
      party: party?.id,
      month: now.subtract({ months: 1 }).toString(),
    });
    await desk.run(['do', 'invoice Acme', '--playbook', 'invoice-month', '--input', input]);
    const strict = await writePolicy(
      'strict.yaml',
      'rules:\n  - { id: quiet, when: class == "final", then: deny, because: Not this week. }\n',
    );
    const { changes } = await desk.data<{ changes: readonly { sentence: string }[] }>([
      ...['policy', 'diff', strict],
    ]);
    expect(changes.map(({ sentence }) => sentence).join()).toContain('Not this week.');
    const tried = await desk.data<{
      deeds: number;
      before: { asks: number };
      after: { verdicts: { deny: number } };
      differs: readonly { summary: string; after: { reasons: readonly string[] } }[];
    }>(['policy', 'back-test', strict]);
    expect(tried.deeds).toBeGreaterThan(0);
    expect(tried.after.verdicts.deny).toBeGreaterThan(0);
    expect(tried.differs[0]?.after.reasons.join()).toContain('Not this week.');
    expect(await desk.data(['policy', 'history'])).toEqual([]);

    await desk.data(['policy', 'set', strict, '--because', 'Holidays', '--yes'], UNLOCK);
    const inForce = await desk.data<{ version: string }>(['policy']);
    expect(inForce).toMatchObject({ policy: { rules: [{ id: 'quiet' }] } });
    const fresh = 'cf25772ed168';
    const back = await desk.data<{ body: { policy: { version: string } } }>(
      ['policy', 'rollback', fresh, '--yes'],
      UNLOCK,
    );
    expect(back.body.policy.version.startsWith(fresh)).toBe(true);
    expect(await desk.data(['policy'])).toMatchObject({ policy: { rules: [] } });
    expect(await desk.data(['policy', 'history'])).toMatchObject([
      { because: 'You went back to it.' },
      { because: 'Holidays', version: inForce.version },
    ]);
  });

  test('a policy that is none is refused with its faults', async () => {
    const wrong = await writePolicy(
      'wrong.yaml',
      'rules: [{ id: x, when: "class ==", then: deny }]',
    );
    expect(await desk.refusal(['policy', 'set', wrong, '--yes'], UNLOCK)).toMatchObject({
      exit: 2,
    });
    const other = await writePolicy('other.yaml', 'everything: allowed');
    expect(await desk.refusal(['policy', 'diff', other])).toMatchObject({ exit: 2 });
    const list = await writePolicy('list.yaml', '- a\n- b\n');
    expect(await desk.refusal(['policy', 'diff', list])).toMatchObject({ exit: 2 });
  });

  test('a secret is kept for its hosts, and stands in no answer and no event', async () => {
    const value = 'canary-5d1f0c2a77';
    const file = await writePolicy('secret.txt', `${value}\n`);
    const set = [
      'secret',
      'set',
      'acme-api',
      '--host',
      'api.acme.example',
      '--file',
      file,
      '--yes',
    ];
    const end = await desk.run([...set, '--json'], UNLOCK);
    expect(end.code, end.out).toBe(0);
    const listed = await desk.run(['secret', 'list', '--json']);
    expect(JSON.parse(listed.out).data).toMatchObject([
      { name: 'acme-api', version: 1, hosts: ['api.acme.example'] },
    ]);
    const log = await desk.run(['log', '--limit', '1000', '--json']);
    for (const text of [end.out, end.err, listed.out, log.out]) expect(text).not.toContain(value);
    for (const name of ['steward.db', 'keys/secrets.age']) {
      expect(readFileSync(join(desk.places.home, name)).includes(value), name).toBe(false);
    }
    expect(await desk.data(['secret', 'remove', 'acme-api', '--yes'], UNLOCK)).toMatchObject({
      removed: true,
    });
    expect(await desk.data(['secret', 'list'])).toEqual([]);
  });

  test('a secret that could not be kept leaves no trace that it was', async () => {
    const file = await writePolicy('short.txt', 'abc');
    const before = await recorded();
    const set = ['secret', 'set', 'short', '--host', 'api.acme.example', '--file', file, '--yes'];
    expect(await desk.refusal(set, UNLOCK)).toMatchObject({ exit: 2, code: 'invalid_input' });
    expect(await recorded()).toEqual(before);
  });
});
