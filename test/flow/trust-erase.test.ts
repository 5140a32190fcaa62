import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { atPath } from '../../src/base/index.ts';
import { actHash } from '../../src/contract/portable.ts';
import { enrolDevice, runsFold } from '../../src/kernel/index.ts';
import { recordAt, recordVersionsFold } from '../../src/records/index.ts';
import { chainOf, digestsOf } from '../support/audit.ts';
import type { Composed } from '../support/compose-kernel.ts';
import { createHandClock, DAY_MS, type HandClock } from '../support/hand-clock.ts';
import {
  askForInvoice,
  driveInvoice,
  messagesIn,
  openInvoiceHome,
  partyNamed,
} from '../support/invoice-flow.ts';
import { decideCard, type Operator, signEffects } from '../support/operator.ts';
import { newOperator } from './trust-kit.ts';

let home: string;
let house: Composed;
let clock: HandClock;
let operator: Operator;

beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'steward-erase-'));
  clock = createHandClock();
  house = await openInvoiceHome({ home, clock });
  operator = await newOperator('unlocked');
  await enrolDevice(house.log, operator.device, 'operator:test');
});
afterEach(async () => {
  await house.close();
  rmSync(home, { recursive: true, force: true, maxRetries: 3 });
});

const BECAUSE = 'They asked for it.';
const EMAIL = 'buchhaltung@acme.example';

async function erase(subject: string) {
  const body = { subject, because: BECAUSE };
  const { hash } = await house.kernel.trust.propose('erase', body);
  const signed = await signEffects(house, operator, [hash], { decision: 'authorise' });
  const { receipt } = await house.kernel.trust.perform('erase', body, signed);
  if (!receipt) throw new Error('no receipt');
  return receipt;
}

/** Where a text still stands in what the house stores, Maildir apart: that is outside. */
function placesOf(text: string): readonly string[] {
  const files = readdirSync(home, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !path.includes('outbox'));
  return files.filter((path) => readFileSync(path).includes(Buffer.from(text)));
}

describe('erasing a person', () => {
  test('destroys what was kept about them, keeps the invoice, and says both', async () => {
    expect((await driveInvoice(house)).status).toBe('done');
    const acme = await partyNamed(house, 'Acme');
    const receipt = await erase(acme);

    expect(receipt.stores.log.shredded).toBeGreaterThan(10);
    expect(receipt.stores.backups.until).toBe(new Date(clock.now() + 30 * DAY_MS).toISOString());
    const party = await house.kernel.records.get('party', acme);
    expect(party.fields.name).toEqual({ $erased: true });
    expect(party.fields.email).toEqual({ $erased: true });
    const [invoice] = await house.kernel.records.list('invoice');
    expect(invoice?.fields.buyer).toMatchObject({ name: 'Acme GmbH' });
    expect(messagesIn(home)).toHaveLength(1);
  });

  test('keeps a letter that speaks of an issued invoice, with the law and its end', async () => {
    await driveInvoice(house);
    const acme = await partyNamed(house, 'Acme');
    const { kept } = await erase(acme);
    const letters = kept.filter(({ type }) => type === 'message');
    expect(letters).toHaveLength(1);
    expect(letters[0]).toMatchObject({ until: '2032-12-31' });
    expect(letters[0]?.because).toContain('HGB');
    const message = await house.kernel.records.get('message', letters[0]?.id ?? '');
    expect(message.fields.to).toEqual([EMAIL]);
    expect(Object.values(message.subjects)).toEqual(
      Object.values(message.subjects).map(() => message.id),
    );
  });

  test('leaves a chain that verifies and folds that a rebuild finds again', async () => {
    await driveInvoice(house);
    await erase(await partyNamed(house, 'Acme'));
    const { kept, rebuilt } = await digestsOf(house);
    expect(rebuilt).toEqual(kept);
    expect(chainOf(home)).toMatchObject({ status: 'intact' });
  });

  test('leaves nothing of their address in any file of the house but the kept ones', async () => {
    await driveInvoice(house);
    const acme = await partyNamed(house, 'Acme');
    const note = 'prefers to be called on Thursdays';
    await house.kernel.change(
      [{ type: 'change', record: 'party', id: acme, set: { notes: note } }],
      { by: 'operator:test' },
    );
    await erase(acme);
    expect(placesOf(note)).toEqual([]);
    const left = placesOf(EMAIL).filter((path) => !path.includes('blobs'));
    // the row of the letter that the law keeps is the only one
    const message = (await house.kernel.records.list('message'))[0];
    expect(message?.fields.to).toEqual([EMAIL]);
    expect(left.every((path) => path.endsWith('.db') || path.endsWith('-wal'))).toBe(true);
    const events = await house.log.read({ after: 0, limit: 1_000 });
    const open = events.filter(({ data }) => JSON.stringify(data).includes(EMAIL));
    expect(open.map(({ type }) => type).sort()).toEqual([
      'invoice.issued',
      'invoice.sent',
      'message.kept',
    ]);
  });

  test('reads as erased at any earlier moment too', async () => {
    const acme = await partyNamed(house, 'Acme');
    const before = house.log.head().seq;
    await erase(acme);
    const then = await recordAt(house.log.fold(recordVersionsFold), 'party', acme, before);
    expect(then?.fields.name).toEqual({ $erased: true });
  });

  test('waits for work that speaks of them', async () => {
    const acme = await partyNamed(house, 'Acme');
    await house.kernel.submit({
      ...{ words: 'invoice', playbook: 'invoice-month', by: 'operator:test' },
      input: { party: acme, month: '2026-10' },
    });
    await expect(erase(acme)).rejects.toMatchObject({ code: 'not_possible' });
    expect((await house.kernel.records.get('party', acme)).fields.name).toBe('Acme GmbH');
  });

  test('takes a signature over exactly this person', async () => {
    const acme = await partyNamed(house, 'Acme');
    const hash = await actHash('erase', { subject: 'somebody else', because: BECAUSE });
    const signed = await signEffects(house, operator, [hash], { decision: 'authorise' });
    const body = { subject: acme, because: BECAUSE };
    await expect(house.kernel.trust.perform('erase', body, signed)).rejects.toMatchObject({
      code: 'stale',
    });
  });

  test('destroys what was shown, and nothing that was written meanwhile', async () => {
    const acme = await partyNamed(house, 'Acme');
    const body = { subject: acme, because: BECAUSE };
    const { hash } = await house.kernel.trust.propose('erase', body);
    const signed = await signEffects(house, operator, [hash], { decision: 'authorise' });
    await driveInvoice(house);
    await expect(house.kernel.trust.perform('erase', body, signed)).rejects.toMatchObject({
      code: 'stale',
    });
    expect((await house.kernel.records.get('party', acme)).fields.name).toBe('Acme GmbH');
  });

  test('touches nobody else', async () => {
    await erase(await partyNamed(house, 'Acme'));
    const nord = await partyNamed(house, 'Studio');
    const { fields } = await house.kernel.records.get('party', nord);
    expect(fields.email).toBe('office@studionord.example');
  });

  test('leaves the work for somebody else in the same town, written from the same address', async () => {
    await driveInvoice(house);
    const [acme, nord] = [await partyNamed(house, 'Acme'), await partyNamed(house, 'Studio')];
    const { fields } = await house.kernel.records.get('party', acme);
    const city = String(atPath(fields, 'address.city'));
    expect(city.length).toBeGreaterThan(4);
    const set = { 'address.city': city };
    const town = { type: 'change', record: 'party', id: nord, set } as const;
    await house.kernel.change([town], { by: 'operator:test' });
    const other = await askForInvoice(house, 'Studio');
    await decideCard(house, (await house.kernel.items.list())[0]?.id ?? '');
    await house.kernel.rest(other.id);
    const read = async () => (await house.log.readStream(`run/${other.id}`)).map((e) => e.data);
    const before = await read();
    await erase(acme);
    expect(await read()).toEqual(before);
    expect(await house.log.fold(runsFold).get(other.id)).toMatchObject({ id: other.id });
  });

  test('that a crash interrupted is finished at the next start', async () => {
    await driveInvoice(house);
    const acme = await partyNamed(house, 'Acme');
    const { store } = house;
    const shred = store.shred;
    Object.assign(store, {
      shred: () => {
        throw new Error('the process was killed here');
      },
    });
    await expect(erase(acme)).rejects.toThrow('killed');
    Object.assign(store, { shred });
    expect(await house.kernel.trust.finishErasures()).toBe(1);
    expect(await house.kernel.trust.finishErasures()).toBe(0);
    const events = await house.log.read({ after: 0, limit: 1_000 });
    const named = events.filter(({ data }) => JSON.stringify(data).includes(acme));
    expect(named.some(({ type }) => type.startsWith('effect.'))).toBe(false);
    const { kept, rebuilt } = await digestsOf(house);
    expect(rebuilt).toEqual(kept);
  });
});
