import { describe, expect, test } from 'vitest';
import type { Party } from '../../../records/index.ts';
import { type ExistingParty, planPartyImport, readPartyRows } from './index.ts';

const HEADER =
  'name,email,street,postalCode,city,country,vatId,hourlyRate,currency,language,paymentDays\n';

const source = (text: string) =>
  async function* () {
    yield Buffer.from(text);
  };

const party = (id: string, fields: Partial<Party> & { name: string }, archived = false) => ({
  ...{ id, archived },
  fields: { kinds: ['customer' as const], ...fields },
});

async function plan(text: string, existing: readonly ExistingParty[] = []) {
  let ids = 0;
  const file = await readPartyRows(source(text));
  return planPartyImport(file, { existing, newId: () => `n${++ids}`, currency: 'EUR' });
}

test('every column goes where it belongs, the rate exactly', async () => {
  const row =
    'Acme GmbH,billing@acme.example,Ring 1,1010,Wien,at,atu12345678,"1.250,50",EUR,DE,14\n';
  const { commands, counts, refused } = await plan(HEADER + row);
  expect(refused).toEqual([]);
  expect(counts).toMatchObject({ read: 1, added: 1 });
  expect(commands).toEqual([
    {
      type: 'create',
      record: 'party',
      id: 'n1',
      set: {
        name: 'Acme GmbH',
        email: 'billing@acme.example',
        'address.street': 'Ring 1',
        'address.postalCode': '1010',
        'address.city': 'Wien',
        'address.country': 'AT',
        vatId: 'ATU12345678',
        'billing.hourlyRate': { minor: 125_050, currency: 'EUR' },
        'billing.currency': 'EUR',
        'billing.language': 'de',
        'billing.paymentDays': 14,
        kinds: ['customer'],
      },
    },
  ]);
});

test('columns come in any order, spelling and company, with semicolons too', async () => {
  const { commands } = await plan('Shoe size;Postal code;Hourly rate;Name\n42;8010;95,50;Öz\n');
  expect(commands[0]).toMatchObject({
    set: { name: 'Öz', 'address.postalCode': '8010', 'billing.hourlyRate': { minor: 9550 } },
  });
});

test('the same file again changes nothing, a corrected cell only itself, an empty one nothing', async () => {
  const before = party('p1', {
    name: 'Acme  GmbH',
    email: 'a@acme.example',
    address: { city: 'Wien', country: 'AT' },
  });
  const same = await plan('name,email,city\nacme gmbh,a@acme.example,Wien\n', [before]);
  expect(same).toMatchObject({ commands: [], counts: { unchanged: 1 } });
  const corrected = await plan('name,email,city\nACME GmbH,,Graz\n', [before]);
  expect(corrected.commands).toEqual([
    { type: 'change', record: 'party', id: 'p1', set: { 'address.city': 'Graz' } },
  ]);
});

test('equal rows count once; rows of one name with other values are refused', async () => {
  const { counts, refused } = await plan('name,city\nAcme,Wien\nAcme,Wien\nACME,Graz\n');
  expect(counts).toMatchObject({ read: 3, added: 1, duplicates: 1 });
  expect(refused).toMatchObject([{ line: 4, column: 'name' }]);
});

test('namesakes, archived parties and foreign VAT ids are not guessed at', async () => {
  const existing = [
    party('p1', { name: 'Twin' }),
    party('p2', { name: 'twin' }),
    party('p3', { name: 'Old' }, true),
    party('p4', { name: 'Holder', vatId: 'ATU12345678' }),
  ];
  const rows = 'Twin,\nOld,\nHolding,ATU 12345678\nHolder,ATU12345678\n';
  const { commands, counts, refused } = await plan(`name,vatId\n${rows}`, existing);
  expect(commands).toEqual([]);
  expect(counts).toMatchObject({ unchanged: 1, added: 0 });
  expect(refused.map(({ line, column }) => `${line} ${column}`)).toEqual([
    ...['2 name', '3 name', '4 vatId'],
  ]);
});

describe('a bad cell is refused with its column while the good rows go in', () => {
  const cases: readonly [column: string, cells: string][] = [
    ['name', ',a@b.example,,,,,,,,,'],
    ['email', 'X,not-an-address,,,,,,,,,'],
    ['country', 'X,,,,,UK,,,,,'],
    ['country', 'X,,,,,Austria,,,,,'],
    ['vatId', 'X,,,,,,DE12,,,,'],
    ['hourlyRate', 'X,,,,,,,"1,250",EUR,,'],
    ['hourlyRate', 'X,,,,,,,95.505,EUR,,'],
    ['hourlyRate', 'X,,,,,,,-95,EUR,,'],
    ['hourlyRate', 'X,,,,,,,95.5,JPY,,'],
    ['currency', 'X,,,,,,,95,Euro,,'],
    ['language', 'X,,,,,,,,,fr,'],
    ['paymentDays', 'X,,,,,,,,,,soon'],
    ['paymentDays', 'X,,,,,,,,,,400'],
  ];
  test.each(cases)('%s: %s', async (column, cells) => {
    const { counts, refused } = await plan(`${HEADER}${cells}\nGood,,,,,,,,,,\n`);
    expect(counts).toMatchObject({ read: 2, added: 1 });
    expect(refused).toMatchObject([{ line: 2, column }]);
    expect(refused[0]?.reason).toMatch(/^\S.*\.$/);
  });
});

test('a file without names is refused as a whole, with the columns it needs', async () => {
  await expect(plan('email,city\na@b.example,Wien\n')).rejects.toMatchObject({
    code: 'unknown_layout',
  });
  await expect(plan('name,name\nA,B\n')).rejects.toMatchObject({ code: 'unknown_layout' });
  await expect(plan(HEADER)).rejects.toMatchObject({ code: 'empty_file' });
});
