import { expect, test } from 'vitest';
import { resolveBilling } from './billing-rules.ts';

const company = { currency: 'EUR', language: 'de' } as const;
const eur = (minor: number) => ({ minor, currency: 'EUR' });

test('the project overrides the party, the party the company, field by field', () => {
  const { rules, missing } = resolveBilling({
    company,
    party: {
      name: 'Acme',
      billing: { hourlyRate: eur(9_000), paymentDays: 30, language: 'en' },
    },
    project: {
      name: 'Site',
      billing: { hourlyRate: eur(12_000), rounding: { minutes: 15, mode: 'up', per: 'day' } },
    },
  });
  expect(rules).toEqual({
    rate: eur(12_000),
    rounding: { minutes: 15, mode: 'up', per: 'day' },
    currency: 'EUR',
    paymentDays: 30,
    language: 'en',
  });
  expect(missing).toEqual([]);
});

test('without any rule only the rate is missing, and it is asked for once', () => {
  const { rules, missing } = resolveBilling({ company, party: { name: 'Acme' } });
  expect(rules).toEqual({ currency: 'EUR', paymentDays: 14, language: 'de' });
  expect(missing).toMatchObject([
    { code: 'rate_missing', record: 'party', path: 'billing.hourlyRate', type: 'money' },
  ]);
  expect(missing[0]?.question).toContain('Acme');
});

test('due at once is a rule, not a gap', () => {
  const { rules } = resolveBilling({
    company,
    party: { name: 'Acme', billing: { paymentDays: 0 } },
  });
  expect(rules.paymentDays).toBe(0);
});

test('a rate brings its currency', () => {
  const { rules } = resolveBilling({
    company,
    party: { name: 'Acme', billing: { hourlyRate: { minor: 8_000, currency: 'GBP' } } },
  });
  expect(rules.currency).toBe('GBP');
});

test('a rate in another currency than the bill is not converted but asked for', () => {
  const { rules, missing } = resolveBilling({
    company,
    party: { name: 'Acme', billing: { hourlyRate: eur(9_000) } },
    project: { name: 'Site', billing: { currency: 'USD' } },
  });
  expect(rules.rate).toBeUndefined();
  expect(missing).toMatchObject([{ code: 'rate_currency', record: 'party' }]);
});
