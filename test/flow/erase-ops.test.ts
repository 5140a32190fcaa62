import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type CommandDesk, createExampleDesk } from '../support/command-desk.ts';
import { openDeskHouse } from '../support/desk-house.ts';

/** Erasing a person as somebody does it at the command line and over HTTP. */
const PASSPHRASE = 'four plain words here';
const UNLOCK = { 'Passphrase of your device key': PASSPHRASE };

interface Preview {
  readonly subject: string;
  readonly title: string;
  readonly goes: { readonly records: readonly { title: string }[]; readonly events: number };
  readonly stays: readonly { type: string; because: string; until: string }[];
  readonly digest: string;
}

let desk: CommandDesk;
const partyNamed = async (begin: string): Promise<string> => {
  const where = `name.startsWith("${begin}")`;
  const rows = await desk.data<readonly { id: string }[]>(['records', 'party', '--where', where]);
  return rows[0]?.id ?? '';
};

/** An invoice that was issued and sent: what the law keeps. */
async function invoice(party: string): Promise<void> {
  const month = Temporal.Now.plainDateISO('Europe/Berlin')
    .toPlainYearMonth()
    .subtract({ months: 1 })
    .toString();
  const input = JSON.stringify({ party, month });
  await desk.run(['do', 'invoice', '--playbook', 'invoice-month', '--input', input, '--json']);
  const [item] = await desk.data<readonly { id: string; effects: readonly { hash: string }[] }[]>([
    'inbox',
  ]);
  const hashes = (item?.effects ?? []).flatMap(({ hash }) => ['--effect', hash]);
  await desk.data(['approve', item?.id ?? '', ...hashes], UNLOCK);
}

beforeAll(async () => {
  desk = await createExampleDesk('erase');
  await desk.data(['devices', 'enrol', '--passphrase'], {
    'New passphrase': PASSPHRASE,
    'The same again': PASSPHRASE,
  });
});
afterAll(() => desk.close());

describe('erasing a person', () => {
  test('says beforehand what goes and what the law keeps, and changes nothing yet', async () => {
    const acme = await partyNamed('Acme');
    await invoice(acme);
    const preview = await desk.data<Preview>(['erase', 'preview', acme.slice(0, 24)]);
    expect(preview).toMatchObject({ subject: acme, title: expect.stringContaining('Acme') });
    expect(preview.goes.records.map(({ title }) => title).join()).toContain('Acme');
    expect(preview.goes.events).toBeGreaterThan(10);
    expect(preview.stays.map(({ type }) => type)).toContain('message');
    expect(preview.stays[0]?.because).toContain('by law');
    expect(preview.stays[0]?.until).toMatch(/^\d{4}-12-31$/);
    expect(await desk.data(['erasures'])).toEqual([]);
    const words = (await desk.run(['erase', 'preview', acme])).out;
    for (const part of ['Goes for good', 'Stays', 'by law', 'backups']) {
      expect(words).toContain(part);
    }
    expect(await partyNamed('Acme')).toBe(acme);
  });

  test('is shown in full before it is signed, and a no changes nothing', async () => {
    const acme = await partyNamed('Acme');
    const asked = await desk.run(['erase', acme], { 'Sign this?': 'n' });
    expect(asked.code).toBe(1);
    for (const part of ['for good: They asked for it.', 'Goes:', 'Stays until', 'Nobody can']) {
      expect(asked.err).toContain(part);
    }
    expect(await desk.refusal(['erase', acme])).toMatchObject({ exit: 2, code: 'usage' });
    expect(await partyNamed('Acme')).toBe(acme);
  });

  test('is refused when something about them changed since it was shown', async () => {
    const acme = await partyNamed('Acme');
    const preview = await desk.data<Preview>(['erase', 'preview', acme]);
    await desk.data(['change', 'party', acme, '--set', 'notes=calls on Thursdays']);
    const again = await desk.data<Preview>(['erase', 'preview', acme]);
    expect(again.digest).not.toBe(preview.digest);
    const { house } = await openDeskHouse(desk);
    try {
      const body = { subject: acme, because: 'x', shown: preview.digest };
      const { trust } = house.services.kernel;
      await expect(trust.propose('erase', body)).rejects.toMatchObject({ code: 'stale' });
      expect((await trust.propose('erase', { ...body, shown: again.digest })).hash).toBeTruthy();
    } finally {
      await house.close();
    }
  });

  test('waits for work that speaks of them, and says which', async () => {
    const nord = await partyNamed('Studio');
    const { out } = await desk.run(['do', 'invoice Studio Nord for last month', '--json']);
    const { run } = JSON.parse(out).data;
    const refused = await desk.run(['erase', nord, '--yes', '--json'], UNLOCK);
    const { error } = JSON.parse(refused.out);
    expect(error).toMatchObject({
      code: 'not_possible',
      remedy: expect.stringContaining('cancel'),
    });
    expect(error.underWay).toContainEqual({ what: 'run', id: run });
    await desk.data(['cancel', run]);
    expect(await desk.data(['erase', 'preview', nord])).toMatchObject({ subject: nord });
  });

  test('leaves a receipt for every store, keeps what the law keeps, and can be looked up', async () => {
    const acme = await partyNamed('Acme');
    const done = await desk.run(['erase', acme, '--because', 'By contract.', '--yes'], UNLOCK);
    expect(done.code, done.err).toBe(0);
    for (const store of ['log', 'lists', 'files', 'keys', 'backups', 'outside', 'kept']) {
      expect(done.out).toContain(`  ${store}`);
    }
    const party = await desk.data<{ fields: object }>(['record', 'party', acme]);
    expect(party.fields).toMatchObject({ name: { $erased: true }, email: { $erased: true } });
    const [erasure] = await desk.data<readonly { receipt: { stores: object } }[]>(['erasures']);
    expect(erasure).toMatchObject({
      ...{ subject: acme, because: 'By contract.', by: expect.stringMatching(/^operator:/) },
      receipt: { subject: acme, kept: expect.arrayContaining([expect.any(Object)]) },
    });
    expect(Object.keys(erasure?.receipt.stores ?? {}).sort()).toEqual(
      ['backups', 'blobs', 'folds', 'keys', 'log', 'outside'].sort(),
    );
    const verified = await desk.data(['log', 'verify']);
    expect(verified).toMatchObject({ status: 'intact' });
    expect(await desk.refusal(['erase', acme, '--yes'], UNLOCK)).toMatchObject({ exit: 3 });
  });

  test('of nobody we know is not found', async () => {
    expect(await desk.refusal(['erase', 'preview', 'nobody-here'])).toMatchObject({ exit: 3 });
  });
});
