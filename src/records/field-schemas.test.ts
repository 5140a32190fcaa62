import { describe, expect, it } from 'vitest';
import { COUNTRIES } from './countries.ts';
import { isIban } from './iban.ts';
import { failureOf, TestBooks } from './test-books.ts';
import { isVatId } from './vat-id.ts';

const COMPANY = {
  name: 'Mara Lindt',
  owner: 'Mara Lindt',
  street: 'Hauptstr. 1',
  postalCode: '10115',
  city: 'Berlin',
  country: 'DE',
  email: 'mara@lindt.example',
  currency: 'EUR',
  zone: 'Europe/Berlin',
  language: 'de',
  smallBusiness: false,
  invoiceSeries: '{year}-{number:4}',
};

function companyWith(set: Record<string, string>) {
  const books = new TestBooks();
  books.do({ type: 'create', record: 'company', id: 'c', set: { ...COMPANY, ...set } });
  return books.state('company', 'c').fields;
}

describe('a company', () => {
  it('keeps its bank and tax ids in their normal form', () => {
    const fields = companyWith({
      iban: 'de89 3704 0044 0532 0130 00',
      bic: 'cobadeffxxx',
      vatId: 'DE 123.456.789',
    });
    expect(fields).toMatchObject({
      iban: 'DE89370400440532013000',
      bic: 'COBADEFFXXX',
      vatId: 'DE123456789',
    });
  });

  it.each([
    ['iban', 'DE89370400440532013001', '"iban" is not a valid IBAN: a digit is wrong or missing.'],
    ['bic', 'COBA', '"bic" is not a BIC of 8 or 11 characters.'],
    ['vatId', 'DE12', '"vatId" does not have the form of a VAT id, such as DE123456789.'],
    ['zone', 'Berlin', '"zone" is not a time zone like Europe/Berlin.'],
    ['zone', '+01:00', '"zone" is not a time zone like Europe/Berlin.'],
    ['country', 'UK', '"country" is not a two-letter country code like DE.'],
    ['email', 'mara at lindt', '"email" is not an e-mail address.'],
    ['language', 'fr', '"language" should be one of: de, en.'],
    ['colour', 'green', '"colour" is not a colour like #1a6b52.'],
    [
      'invoiceSeries',
      '{month}-1',
      '"invoiceSeries" is not a series like {year}-{number:4}, or a plain prefix like RE.',
    ],
    [
      'invoiceSeries',
      '{year}',
      '"invoiceSeries" is not a series like {year}-{number:4}, or a plain prefix like RE.',
    ],
    ['name', '  ', '"name" is empty.'],
  ])('refuses %s %s in plain words', (path, found, message) => {
    expect(failureOf(() => companyWith({ [path]: found }))).toMatchObject({
      code: 'invalid_input',
      path,
      found,
      message,
    });
  });

  it.each(['RE', 'RE-{year}-{number:4}', '{number}', 'Büro {year}/{number:3}'])(
    'accepts the invoice series %s',
    (invoiceSeries) => {
      expect(companyWith({ invoiceSeries }).invoiceSeries).toBe(invoiceSeries);
    },
  );
});

describe('isIban', () => {
  it.each([
    'DE89370400440532013000',
    'AT611904300234573201',
    'GB29NWBK60161331926819',
    'FR1420041010050500013M02606',
    'CH9300762011623852957',
    'NO9386011117947',
    'MT84MALT011000012345MTLCAST001S',
  ])('accepts %s', (iban) => {
    expect(isIban(iban)).toBe(true);
  });

  it('notices any single wrong digit and any two neighbours swapped', () => {
    const iban = 'DE89370400440532013000';
    for (let at = 2; at < iban.length; at++) {
      const digit = Number(iban[at]);
      const wrong = `${iban.slice(0, at)}${(digit + 1) % 10}${iban.slice(at + 1)}`;
      expect(isIban(wrong)).toBe(false);
      const [a, b] = [iban[at], iban[at + 1]];
      if (b === undefined || a === b) continue;
      expect(isIban(`${iban.slice(0, at)}${b}${a}${iban.slice(at + 2)}`)).toBe(false);
    }
  });

  it('refuses a length that the country does not have', () => {
    expect(isIban('DE8937040044053201300')).toBe(false);
    expect(isIban('')).toBe(false);
  });
});

describe('isVatId', () => {
  it.each([
    'ATU12345678',
    'DE123456789',
    'FRXX123456789',
    'IE1234567WA',
    'NL123456789B01',
    'CHE123456789MWST',
    'EL123456789',
    'ESX1234567X',
    'XI123456789',
    'US12X',
  ])('accepts the form of %s', (id) => {
    expect(isVatId(id)).toBe(true);
  });

  it.each([
    'AT12345678',
    'DE012345678',
    'DE1234567890',
    'DEU12345678',
    'IT1234',
    '123456789',
    'de123456789',
  ])('refuses %s', (id) => {
    expect(isVatId(id)).toBe(false);
  });
});

it('the list of countries has the 249 of ISO 3166 and XK', () => {
  expect(COUNTRIES.size).toBe(250);
  const names = new Intl.DisplayNames('en', { type: 'region', fallback: 'none' });
  expect([...COUNTRIES].filter((code) => names.of(code) === undefined)).toEqual([]);
});
