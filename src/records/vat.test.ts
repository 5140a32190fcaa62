import { describe, expect, test } from 'vitest';
import { decideVat, type VatCase } from './vat.ts';
import { isEuMember, standardRate } from './vat-rates.ts';

const DAY = '2026-10-31';

function vatCase(seller: Partial<VatCase['seller']>, buyer: Partial<VatCase['buyer']>): VatCase {
  return {
    seller: { country: 'DE', vatId: 'DE123456789', smallBusiness: false, ...seller },
    buyer: { name: 'Acme', country: 'DE', ...buyer },
    day: DAY,
  };
}

function sourceOf(seller: Partial<VatCase['seller']>, buyer: Partial<VatCase['buyer']>): string {
  const decision = decideVat(vatCase(seller, buyer));
  return decision.status === 'decided' ? decision.treatment.source : '';
}

function decide(seller: Partial<VatCase['seller']>, buyer: Partial<VatCase['buyer']>): string {
  const decision = decideVat(vatCase(seller, buyer));
  if (decision.status === 'open') {
    return decision.questions.map(({ code, record, path }) => `${code} ${record}:${path}`).join();
  }
  const { type, vat, reason } = decision.treatment;
  return `${type} ${vat.category} ${vat.rateBasisPoints} ${reason?.code ?? '-'}`;
}

describe('one case per row, with its source', () => {
  test.each<[string, Partial<VatCase['seller']>, Partial<VatCase['buyer']>, string, string]>([
    ['at home', {}, {}, 'domestic S 1900 -', 'par. 12 (1)'],
    [
      'at home, consumer',
      {},
      { consumer: true },
      'domestic S 1900 -',
      'UStG par. 1 (1) no. 1, par. 3a',
    ],
    [
      'at home in Austria',
      { country: 'AT' },
      { country: 'AT' },
      'domestic S 2000 -',
      'par. 10 (1)',
    ],
    [
      'at home in Finland: half a percent',
      { country: 'FI' },
      { country: 'FI' },
      'domestic S 2550 -',
      'Taxes in Europe Database',
    ],
    [
      'EU business',
      {},
      { country: 'AT', vatId: 'ATU12345678' },
      'reverse-charge AE 0 VATEX-EU-AE',
      '2006/112/EC art. 44, 196, 226 (11a)',
    ],
    [
      'EU business in Greece, whose VAT ids begin with EL',
      {},
      { country: 'GR', vatId: 'EL123456789' },
      'reverse-charge AE 0 VATEX-EU-AE',
      '2006/112/EC art. 44, 196',
    ],
    [
      'EU consumer',
      {},
      { country: 'FR', consumer: true },
      'domestic S 1900 -',
      'UStG par. 1 (1) no. 1, par. 3a',
    ],
    ['outside the EU', {}, { country: 'GB' }, 'outside-eu O 0 VATEX-EU-O', 'UStG par. 3a (2)'],
    ['Switzerland', {}, { country: 'CH' }, 'outside-eu O 0 VATEX-EU-O', 'UStG par. 3a (2)'],
    ['small, at home', { smallBusiness: true }, {}, 'small-business E 0 -', 'UStG par. 19 (1)'],
    [
      'small in Austria',
      { smallBusiness: true, country: 'AT' },
      { country: 'AT' },
      'small-business E 0 -',
      'UStG 1994 par. 6 (1) Z 27',
    ],
    [
      'small, EU business: the place of supply comes first',
      { smallBusiness: true },
      { country: 'AT', vatId: 'ATU12345678' },
      'reverse-charge AE 0 VATEX-EU-AE',
      'UStG par. 3a (2), par. 14a (1)',
    ],
    [
      'small, outside the EU',
      { smallBusiness: true },
      { country: 'US' },
      'outside-eu O 0 VATEX-EU-O',
      'UStG par. 3a (2)',
    ],
  ])('%s', (_name, seller, buyer, expected, source) => {
    expect(decide(seller, buyer)).toBe(expected);
    expect(sourceOf(seller, buyer)).toContain(source);
  });
});

describe('what is not known is asked, never guessed', () => {
  test.each<[string, Partial<VatCase['seller']>, Partial<VatCase['buyer']>, string]>([
    ['EU business without VAT id', {}, { country: 'AT' }, 'buyer_vat_id_missing party:vatId'],
    [
      'neither has a VAT id: both are asked together',
      { vatId: undefined },
      { country: 'AT' },
      'seller_vat_id_missing company:vatId,buyer_vat_id_missing party:vatId',
    ],
    [
      'VAT id of another country',
      {},
      { country: 'AT', vatId: 'DE987654321' },
      'buyer_vat_id_country party:vatId',
    ],
    [
      'no countries',
      { country: undefined },
      { country: undefined },
      'seller_country_missing company:country,buyer_country_missing party:address.country',
    ],
    [
      'seller outside the EU',
      { country: 'CH' },
      { country: 'CH' },
      'seller_country_unsupported company:country',
    ],
    [
      'consumer outside the EU',
      {},
      { country: 'US', consumer: true },
      'consumer_outside_eu party:address.country',
    ],
    [
      'small business in a country without a recorded sentence',
      { country: 'PT', smallBusiness: true },
      { country: 'PT' },
      'small_business_text_missing company:smallBusiness',
    ],
  ])('%s', (_name, seller, buyer, expected) => {
    expect(decide(seller, buyer)).toBe(expected);
  });

  test("the operator's ruling is used as it is", () => {
    const ruling = {
      type: 'ruling',
      vat: { category: 'Z', rateBasisPoints: 0 },
      source: 'tax adviser, 2 May 2026',
    } as const;
    expect(decideVat({ ...vatCase({ country: 'CH' }, { country: 'CH' }), ruling })).toEqual({
      status: 'decided',
      treatment: ruling,
    });
  });

  test('every treatment without VAT carries its sentence in both languages, and every one its law', () => {
    for (const buyer of [{}, { country: 'AT', vatId: 'ATU12345678' }, { country: 'GB' }]) {
      for (const smallBusiness of [true, false]) {
        const decision = decideVat(vatCase({ smallBusiness }, buyer));
        if (decision.status === 'open') throw new Error('expected a decision');
        const { vat, reason, source } = decision.treatment;
        expect(source.length).toBeGreaterThan(10);
        expect(vat.category === 'S').toBe(reason === undefined);
        if (reason) expect(reason.de.length * reason.en.length).toBeGreaterThan(400);
      }
    }
  });

  test('reverse charge carries the words that the law prescribes', () => {
    const decision = decideVat(vatCase({}, { country: 'AT', vatId: 'ATU12345678' }));
    expect(decision).toMatchObject({
      treatment: {
        reason: {
          de: expect.stringContaining('Steuerschuldnerschaft des Leistungsempfängers'),
          en: expect.stringContaining('Reverse charge'),
        },
        source: expect.stringContaining('par. 14a'),
      },
    });
  });
});

describe('dated rates', () => {
  test('the day of the service decides', () => {
    expect(
      ['2020-06-30', '2020-07-01', '2020-12-31', '2021-01-01'].map((day) =>
        standardRate('DE', day),
      ),
    ).toEqual([1900, 1600, 1600, 1900]);
    expect([standardRate('EE', '2025-06-30'), standardRate('EE', '2025-07-01')]).toEqual([
      2200, 2400,
    ]);
    expect([standardRate('RO', '2025-07-31'), standardRate('RO', '2025-08-01')]).toEqual([
      1900, 2100,
    ]);
  });

  test('all 27 member states have a rate of 15 % or more; others have none', () => {
    const members =
      'AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK'.split(' ');
    expect(members).toHaveLength(27);
    for (const country of members) {
      expect(standardRate(country, DAY)).toBeGreaterThanOrEqual(1500); // art. 97
    }
    expect(['GB', 'CH', 'XI', 'toString', '__proto__'].some(isEuMember)).toBe(false);
  });

  test('a day before the table begins has no rate', () => {
    expect(standardRate('DE', '2006-12-31')).toBeUndefined();
  });
});
