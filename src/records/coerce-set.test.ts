import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { coerceSet } from './coerce-set.ts';
import { formatValue } from './format-value.ts';
import { parseMoney } from './parse-money.ts';
import { failureOf } from './test-books.ts';

describe('coerceSet', () => {
  it('turns typed text into what the schema wants', () => {
    expect(
      coerceSet('party', {
        name: 'Acme GmbH',
        kinds: 'customer, Supplier',
        consumer: 'no',
        'address.city': 'Graz',
        'billing.hourlyRate': '120.00 EUR',
        'billing.paymentDays': '14',
        'billing.rounding.minutes': '15',
        'billing.rounding.mode': 'UP',
        'billing.rounding.per': 'day',
        external: '{"stripe":"cus_1"}',
      }),
    ).toEqual({
      set: {
        name: 'Acme GmbH',
        kinds: ['customer', 'supplier'],
        consumer: false,
        'address.city': 'Graz',
        'billing.hourlyRate': { minor: 12_000, currency: 'EUR' },
        'billing.paymentDays': 14,
        'billing.rounding.minutes': 15,
        'billing.rounding.mode': 'up',
        'billing.rounding.per': 'day',
        external: { stripe: 'cus_1' },
      },
      unset: [],
    });
  });

  it('takes an object typed as JSON for a group of fields', () => {
    expect(coerceSet('party', { address: '{"city":"Graz"}' }).set).toEqual({
      address: { city: 'Graz' },
    });
  });

  it('passes values that are no text as they are', () => {
    const amount = { minor: 5, currency: 'EUR' };
    expect(coerceSet('payment', { amount }).set).toEqual({ amount });
  });

  it('empties an optional field by an empty text, but no field that is needed', () => {
    expect(coerceSet('party', { email: '', 'address.city': '' })).toEqual({
      set: {},
      unset: ['email', 'address.city'],
    });
    expect(failureOf(() => coerceSet('party', { name: '' }))).toMatchObject({ path: 'name' });
  });

  it('keeps text that looks like something else where the field is text', () => {
    expect(coerceSet('project', { name: '2026', code: 'true' }).set).toEqual({
      name: '2026',
      code: 'true',
    });
  });

  it('takes an amount without a currency in the one that is known', () => {
    expect(coerceSet('payment', { amount: '1200.5' }, { currency: 'EUR' }).set).toEqual({
      amount: { minor: 120_050, currency: 'EUR' },
    });
    expect(failureOf(() => coerceSet('payment', { amount: '1200.5' }))).toMatchObject({
      code: 'invalid_input',
      path: 'amount',
      expected: 'an amount like 120.00 EUR',
      found: '1200.5',
    });
  });

  it('takes a day with dots and guesses none with slashes', () => {
    expect(coerceSet('payment', { day: '1.2.2026' }).set).toEqual({ day: '2026-02-01' });
    for (const day of ['1/2/2026', '2026-02-30', 'tomorrow']) {
      expect(failureOf(() => coerceSet('payment', { day }))).toMatchObject({
        message: '"day" is not a day like 2026-10-31.',
        found: day,
      });
    }
  });

  it.each([
    ['party', 'billing.paymentDays', 'soon', 'a whole number from 0 to 365'],
    ['party', 'billing.paymentDays', '1.5', 'a whole number from 0 to 365'],
    ['party', 'billing.paymentDays', '1e2', 'a whole number from 0 to 365'],
    ['party', 'consumer', 'maybe', 'yes or no'],
    ['project', 'status', 'open', 'one of: active, paused, done'],
    ['party', 'billing.hourlyRate', '120,00 EUR', 'an amount like 120.00 EUR'],
    ['party', 'address', 'Graz', 'a group of fields'],
  ] as const)('refuses %s %s=%s and says what it should be', (type, path, found, expected) => {
    expect(failureOf(() => coerceSet(type, { [path]: found }))).toMatchObject({
      code: 'invalid_input',
      path,
      found,
      expected,
    });
  });

  it.each([
    ['party', 'adress.city', 'address.city'],
    ['party', 'city', 'address.city'],
    ['party', 'hourlyrate', 'billing.hourlyRate'],
    ['company', 'vatid', 'vatId'],
  ] as const)('refuses %s %s and names %s', (type, path, near) => {
    expect(failureOf(() => coerceSet(type, { [path]: 'x' }))).toMatchObject({
      path,
      expected: near,
    });
  });
});

describe('parseMoney', () => {
  it.each([
    ['120.00 EUR', 12_000, 'EUR'],
    ['eur 120', 12_000, 'EUR'],
    ['-0.05 GBP', -5, 'GBP'],
    ['500 JPY', 500, 'JPY'],
    ['1.234 KWD', 1_234, 'KWD'],
    ['0.5EUR', 50, 'EUR'],
  ])('reads %s', (text, minor, currency) => {
    expect(parseMoney(text)).toEqual({ minor, currency });
  });

  it.each([
    '1.005 EUR',
    '1.5 JPY',
    '1,5 EUR',
    '1.132,50 EUR',
    'EUR',
    '1e3 EUR',
    '.5 EUR',
    'EUR 1 EUR',
    '99999999999999999 EUR',
    '',
  ])('refuses %s', (text) => {
    expect(parseMoney(text, 'EUR')).toBeUndefined();
  });

  it('reads back every amount as it is shown', () => {
    fc.assert(
      fc.property(
        fc.maxSafeInteger().filter((minor) => Math.abs(minor) < 1e15),
        fc.constantFrom('EUR', 'JPY', 'KWD'),
        (minor, currency) => {
          expect(parseMoney(formatValue({ minor, currency }))).toEqual({ minor, currency });
        },
      ),
    );
  });
});
