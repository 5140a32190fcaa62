import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createWorkshop, type Workshop } from '../support/steward-process.ts';

const SAMPLES = fileURLToPath(new URL('../../../shared/data/time/', import.meta.url));
const LAYOUTS = ['toggl', 'clockify', 'harvest'] as const;

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

const PARTIES = `name,email,street,postalCode,city,country,vatId,hourlyRate,currency,language,paymentDays
Acme GmbH,billing@acme.example,Speicherweg 7,20457,Hamburg,DE,DE811907980,95.00,EUR,en,14
`;

interface Effect {
  readonly hash: string;
  readonly step: string;
  readonly capability: string;
}
interface Row {
  readonly id: string;
  readonly kind: string;
  readonly effects: readonly Effect[];
}

describe('a company, from nothing to a sent invoice', () => {
  let shop: Workshop;
  let row: Row;

  beforeAll(async () => {
    shop = await createWorkshop('cli');
    await writeFile(join(shop.directory, 'company.yaml'), COMPANY);
    await writeFile(join(shop.directory, 'parties.csv'), PARTIES);
  });
  afterAll(() => shop[Symbol.asyncDispose]());

  const data = async <T>(args: readonly string[]): Promise<T> => {
    const end = await shop.run([...args, '--json']);
    const { ok, data: found, error } = end.json();
    expect({ ok, error, err: end.err }).toMatchObject({ ok: true });
    return found as T;
  };

  test('an option of npm start that would do nothing is refused before anything is made', async () => {
    const end = await shop.run(['start', '--port', '4790']);
    expect(end.code).toBe(2);
    expect(end.err).toContain('STEWARD_PORT=4790 npm start');
    expect(existsSync(shop.home)).toBe(false);
  });

  test('init makes a private home and shows a recovery key once', async () => {
    const made = await data<{ recovery: string; device: { assurance: string } }>([
      'init',
      '--file',
      'company.yaml',
      '--no-input',
    ]);
    expect(made.recovery).toMatch(/^([0-9A-Z]{4}-){8}[0-9A-Z]{4}$/);
    expect(made.device.assurance).toBe('unattended');
    expect(statSync(shop.home).mode & 0o777).toBe(0o700);
    expect(statSync(join(shop.home, 'steward.db')).mode & 0o777).toBe(0o600);
    expect(existsSync(join(shop.home, '.founding'))).toBe(false);
    expect(existsSync(join(shop.directory, 'config/steward/device.key'))).toBe(true);
  });

  test('init refuses a home that is not empty, and one inside another', async () => {
    const again = await shop.run(['init', '--file', 'company.yaml', '--no-input', '--json']);
    expect(again.code).toBe(6);
    expect(again.json().error?.code).toBe('home_not_empty');
    const inside = { STEWARD_HOME: join(shop.home, 'site', 'deeper') };
    const nested = await shop.run(['init', '--file', 'company.yaml', '--no-input'], inside);
    expect(nested.code).toBe(6);
    expect(nested.err).toContain('inside the home of another company');
  });

  test('parties come in, and again they are as they were', async () => {
    expect(await data(['import', 'parties', 'parties.csv'])).toMatchObject({ read: 1, added: 1 });
    expect(await data(['import', 'parties', 'parties.csv'])).toMatchObject({
      ...{ read: 1, added: 0, changed: 0, unchanged: 1 },
    });
  });

  test.skipIf(!existsSync(SAMPLES))(
    'the three sample exports come in, and again they add nothing',
    async () => {
      for (const layout of LAYOUTS) {
        const file = join(SAMPLES, `${layout}-october.csv`);
        const first = await data<{ added: number; refused: unknown[] }>(['import', 'time', file]);
        expect(first.added, layout).toBeGreaterThan(0);
        expect(await data(['import', 'time', file]), layout).toMatchObject({
          added: 0,
          changed: 0,
        });
      }
    },
  );

  test.skipIf(!existsSync(SAMPLES))('a goal in plain words waits for the operator', async () => {
    const end = await shop.run(['do', 'invoice Acme for October', '--json'], {});
    expect(end.code, end.out).toBe(4);
    const { items } = end.json().data as { items: readonly Row[] };
    expect(items).toHaveLength(1);
    expect(await data('inbox'.split(' '))).toHaveLength(1);
    const [only] = items;
    expect(only?.kind).toBe('approval');
    if (only) row = only;
  });

  test.skipIf(!existsSync(SAMPLES))('nothing is signed that nobody named', async () => {
    const blind = await shop.run(['approve', row.id, '--json']);
    expect(blind.code).toBe(2);
    expect(blind.json().error?.code).toBe('usage');
    const other = await shop.run(['approve', row.id, '--effect', 'f'.repeat(64), '--json']);
    expect(other.code).toBe(6);
    expect(existsSync(join(shop.home, 'outbox/new'))).toBe(false);
  });

  test.skipIf(!existsSync(SAMPLES))('what was signed is what goes out, byte for byte', async () => {
    type Card = {
      effects: readonly {
        hash: string;
        effect: { capability: string; parts: readonly { use: string; blob: string }[] };
      }[];
    };
    const card = await data<Card>(['show', row.id]);
    const named = card.effects.flatMap(({ hash }) => ['--effect', hash]);
    const done = await data<{ effects: readonly { status: string }[] }>([
      'approve',
      row.id,
      ...named,
    ]);
    expect(done.effects.map(({ status }) => status)).toEqual(['committed', 'committed']);
    const [message = ''] = readdirSync(join(shop.home, 'outbox/new'));
    const bytes = readFileSync(join(shop.home, 'outbox/new', message));
    const mail = card.effects.find(({ effect }) => effect.capability.startsWith('mail.send'));
    const exact = mail?.effect.parts.find(({ use }) => use === 'exact');
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(exact?.blob);
  });

  test.skipIf(!existsSync(SAMPLES))('a second approval of the same is refused', async () => {
    const named = row.effects.flatMap(({ hash }) => ['--effect', hash]);
    const again = await shop.run(['approve', row.id, ...named, '--json']);
    expect(again.code).toBe(6);
    expect(again.json().error?.code).toBe('already_decided');
    expect(readdirSync(join(shop.home, 'outbox/new'))).toHaveLength(1);
  });

  test.skipIf(!existsSync(SAMPLES))('the invoice is issued under the first number', async () => {
    const issued = await data<readonly { fields: { number: string; status: string } }[]>([
      ...['records', 'invoice', '--where', 'status in ["issued", "sent"]'],
    ]);
    expect(issued.map(({ fields }) => fields.number)).toEqual([
      expect.stringMatching(/^20\d\d-0001$/),
    ]);
    expect(await data(['records', 'invoice', '--where', 'status == "draft"'])).toEqual([]);
  });

  test('the log verifies, and a changed event is named', async () => {
    expect(await data(['log', 'verify'])).toMatchObject({ status: 'intact' });
    const { DatabaseSync } = await import('node:sqlite');
    const db = new DatabaseSync(join(shop.home, 'steward.db'));
    const table = String(
      db.prepare("SELECT name FROM sqlite_schema WHERE type='table' AND name LIKE 'event%'").get()
        ?.name,
    );
    db.exec(`UPDATE ${table} SET type = 'party.archived' WHERE seq = 3`);
    db.close();
    const end = await shop.run(['log', 'verify', '--json']);
    expect(end.code).toBe(1);
    expect(end.json().error).toMatchObject({ code: 'payload_damaged', firstBadSeq: 3 });
  });
});

describe('the command line', () => {
  let shop: Workshop;
  beforeAll(async () => {
    shop = await createWorkshop('cli-words');
  });
  afterAll(() => shop[Symbol.asyncDispose]());

  test('says that there is no company, as words and as data, with exit code 3', async () => {
    const words = await shop.run(['inbox']);
    expect(words.code).toBe(3);
    expect(words.out).toBe('');
    expect(words.err).toContain('steward init');
    const json = await shop.run(['inbox', '--json']);
    expect(json.code).toBe(3);
    expect(json.json()).toMatchObject({ ok: false, error: { code: 'no_company' } });
    expect((await shop.run(['up'])).code).toBe(3);
  });

  test('answers a mistyped command with exit code 2, as data where that is wanted', async () => {
    const end = await shop.run(['aprove', 'x', '--json']);
    expect(end.code).toBe(2);
    expect(end.json().error?.code).toBe('usage');
    expect((await shop.run(['reject', 'x'])).code).toBe(2);
    expect((await shop.run(['log', '--limit', 'many'])).code).toBe(2);
  });

  test('names the field of the company that is missing or wrong', async () => {
    await writeFile(
      join(shop.directory, 'bad.yaml'),
      COMPANY.replace('country: DE', 'country: XX'),
    );
    const bad = await shop.run(['init', '--file', 'bad.yaml', '--no-input', '--json']);
    expect(bad.code).toBe(2);
    expect(bad.json().error).toMatchObject({ code: 'invalid_input', path: 'country' });
    await writeFile(join(shop.directory, 'short.yaml'), 'name: Only a name\n');
    const short = await shop.run(['init', '--file', 'short.yaml', '--no-input', '--json']);
    expect(short.json().error).toMatchObject({ code: 'invalid_input', path: 'owner' });
    expect(existsSync(join(shop.home, 'steward.db'))).toBe(false);
  });

  test('refuses a test clock outside a sandbox', async () => {
    await writeFile(join(shop.directory, 'company.yaml'), COMPANY);
    const now = { STEWARD_NOW: '2026-11-02T09:00:00Z' };
    const init = ['init', '--file', 'company.yaml', '--no-input', '--json'];
    const founded = await shop.run(init, now);
    expect(founded.json().error?.code).toBe('clock_refused');
    expect((await shop.run(init)).code).toBe(0);
    const used = await shop.run(['inbox', '--json'], now);
    expect(used.code).toBe(2);
    expect(used.json().error?.code).toBe('clock_refused');
  });

  test('fits 80 columns and prints no colour where nobody looks', async () => {
    for (const args of [
      ['records', 'company'],
      ['log'],
      ['capabilities'],
      ['doctor'],
      ['--help'],
    ]) {
      const { out, code } = await shop.run(args);
      expect(code, args.join(' ')).toBe(0);
      expect(out).not.toContain('\u001b');
      for (const line of out.split('\n')) expect([...line].length, line).toBeLessThanOrEqual(80);
    }
  });

  test('completion for every shell names every command', async () => {
    for (const shell of ['bash', 'zsh', 'fish']) {
      const { out, code } = await shop.run(['completion', shell]);
      expect(code).toBe(0);
      for (const word of ['inbox', 'approve', 'import', 'verify']) expect(out).toContain(word);
    }
    expect((await shop.run(['completion', 'tcsh'])).code).toBe(2);
  });

  test('a key file that others can read is refused', async () => {
    const key = join(shop.directory, 'config/steward/device.key');
    await chmod(key, 0o644);
    const end = await shop.run(['inbox', '--json']);
    await chmod(key, 0o600);
    expect(end.code).toBe(5);
    expect(end.json().error?.code).toBe('not_authorised');
  });

  test('a database that is none is refused and left as it is', async () => {
    const other = join(shop.directory, 'broken');
    await mkdir(other, { mode: 0o700 });
    await writeFile(join(other, 'steward.db'), 'this is not a database, whatever its name');
    const end = await shop.run(['inbox', '--json'], { STEWARD_HOME: other });
    expect(end.code).toBe(1);
    expect(end.json().error?.code).toBe('store_broken');
    expect(readFileSync(join(other, 'steward.db'), 'utf8')).toContain('not a database');
  });
});
