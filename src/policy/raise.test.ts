import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { COUNTERPARTY, isTrusted, type Label, type Labelled, PUBLIC } from '../contract/index.ts';
import type { AcceptedDecision } from './approval.ts';
import { type Extractor, extract, raise } from './raise.ts';

const fromOutside = (value: string): Labelled<string> => ({
  value,
  labels: { base: { integrity: 'public', placement: 'no-cloud' } },
});

function take(text: string, extractor: Extractor): unknown {
  const result = extract(fromOutside(text), extractor);
  return result.status === 'extracted' ? result.value.value : `refused: ${result.reason}`;
}

const june: Extractor = { type: 'date', from: '2026-06-01', to: '2026-06-30' };
const price: Extractor = { type: 'amount', currency: 'EUR', minMinor: 100, maxMinor: 500_000 };
const plan: Extractor = { type: 'choice', options: ['Basic', 'Basic Plus', 'Pro'] };

describe('dates', () => {
  test('one day in any usual form is taken', () => {
    for (const text of [
      'on 2026-06-13 please',
      'am 13.6.2026, danke',
      'am 13. 06. 2026',
      '13 June 2026',
      'June 13th, 2026 works',
      '13.06.2026, that is June 13, 2026',
    ]) {
      expect([text, take(text, june)]).toEqual([text, '2026-06-13']);
    }
  });

  test('no date, two dates, one outside or one that does not exist is refused', () => {
    for (const text of [
      'next Friday',
      '6/13/2026',
      '2026-06-13 or 2026-06-14',
      '2026-07-01',
      '2026-06-13, at the latest 2027-01-01',
      '2026-06-31',
      '12026-06-13',
      '2026-06-130',
    ]) {
      expect([text, take(text, june)]).toEqual([text, expect.stringMatching(/^refused: /)]);
    }
  });
});

describe('amounts', () => {
  test('one amount in the currency is taken', () => {
    for (const text of [
      'EUR 1,200.00',
      '1.200,00 EUR',
      'for €1200 all in',
      '1200 € netto',
      "EUR 1'200.00",
      '1200.0 EUR, that is 1.200,00 €',
      '1 200,00 EUR (not 99 USD)',
    ]) {
      expect([text, take(text, price)]).toEqual([text, { minor: 120_000, currency: 'EUR' }]);
    }
  });

  test('none, two, one out of range, another currency or an unclear separator is refused', () => {
    for (const text of [
      '1200',
      '1200 USD',
      'EUR 1,200.00 plus 30 EUR',
      '5,000.01 EUR',
      '-20 EUR',
      '0.50 EUR',
      '1.200 EUR',
      'EUR 1,200',
      '1.200.00 EUR',
    ]) {
      expect([text, take(text, price)]).toEqual([text, expect.stringMatching(/^refused: /)]);
    }
  });
});

describe('amounts in other currencies', () => {
  const amount = (currency: string): Extractor => ({
    ...{ type: 'amount', currency, minMinor: 1, maxMinor: 900_000_000 },
  });

  test.each([
    ['1200 JPY', 'JPY', 1_200],
    ['1,200 JPY', 'JPY', 1_200],
    ['1.200.000 JPY', 'JPY', 1_200_000],
    ['HUF 1 200,50', 'HUF', 120_050],
    ['0.500 KWD', 'KWD', 500],
    ['12.5 KWD', 'KWD', 12_500],
    ['1,234.567 KWD', 'KWD', 1_234_567],
    ['1.234,567 KWD', 'KWD', 1_234_567],
    ['1234.567 KWD', 'KWD', 1_234_567],
    ['TND 12', 'TND', 12_000],
    ['3.1416 CLF', 'CLF', 31_416],
  ] as const)('%s has the decimals of its currency', (text, currency, minor) => {
    expect(take(text, amount(currency))).toEqual({ minor, currency });
  });

  test.each([
    ['1200.5 JPY', 'JPY'],
    ['1200.00 JPY', 'JPY'],
    ['1.234 KWD', 'KWD'],
    ['234,567 KWD', 'KWD'],
    ['1.2345 KWD', 'KWD'],
    ['12.345 EUR', 'EUR'],
    ['0.123 EUR', 'EUR'],
    ['1,234.567 EUR', 'EUR'],
    ['1.234 CLF', 'CLF'],
  ] as const)(
    '%s is refused: it is not one amount, or more exact than the currency',
    (text, currency) => {
      expect(take(text, amount(currency))).toMatch(/^refused: .*cannot be read in one way only/);
    },
  );
});

describe('choices', () => {
  test('the one option that is named is taken', () => {
    expect(take('We would like PRO, thanks!', plan)).toBe('Pro');
    expect(take('"basic".', { type: 'choice', options: ['Basic'] })).toBe('Basic');
  });

  test('none, several, or a part of a word is refused', () => {
    for (const text of ['something', 'Basic or Pro', 'professional', 'Basic Plus', '']) {
      expect([text, take(text, plan)]).toEqual([text, expect.stringMatching(/^refused: /)]);
    }
    expect(take('', { type: 'choice', options: ['', ' '] })).toMatch(/^refused: /);
  });
});

describe('laws', () => {
  test('whatever the text, what comes out lies in the space that was laid out', () => {
    const anyText = fc.oneof(
      fc.string({ maxLength: 60 }),
      fc
        .array(fc.constantFrom('2026-06-13', ' ', 'EUR', '1.2', ',', '00', 'Pro', '-', '€', '9'))
        .map((parts) => parts.join('')),
    );
    fc.assert(
      fc.property(anyText, (text) => {
        const date = extract(fromOutside(text), june);
        if (date.status === 'extracted')
          expect(date.value.value).toMatch(/^2026-06-(0[1-9]|[12]\d|30)$/);
        const amount = extract(fromOutside(text), price);
        if (amount.status === 'extracted') {
          const { minor } = amount.value.value as { minor: number }; // an amount extractor gives money
          expect(minor).toBeGreaterThanOrEqual(100);
          expect(minor).toBeLessThanOrEqual(500_000);
        }
        const choice = extract(fromOutside(text), plan);
        if (choice.status === 'extracted') expect(plan.options).toContain(choice.value.value);
      }),
      { numRuns: 1_000 },
    );
  });

  test('what comes out is ours, and goes no further than the text might', () => {
    const result = extract(fromOutside('Pro'), plan);
    expect(result.status === 'extracted' && result.value.labels).toEqual({
      base: { integrity: 'own', placement: 'no-cloud' },
    });
  });
});

describe('a signed raise', () => {
  const act = '6'.repeat(64);
  const decision: AcceptedDecision = {
    status: 'accepted',
    statement: {
      company: 'c',
      incarnation: 1,
      effects: [act],
      decision: 'authorise',
      policy: 'p',
      exp: '2026-11-21T10:00:00.000Z',
      nonce: 'n'.repeat(22),
      device: 'd',
    },
    device: {
      id: 'd',
      name: 'Laptop',
      kind: 'browser',
      publicKey: 'x',
      assurance: 'unlocked',
      enrolledAt: '2026-01-01T00:00:00.000Z',
    },
  };
  const selected: Label = { integrity: 'own', placement: 'no-cloud', selected: true };

  test('lifts the label, takes the selection away and keeps the placement', () => {
    expect(raise(PUBLIC, { type: 'signed', decision, act, to: 'own' })).toEqual({
      integrity: 'own',
      placement: 'anywhere',
    });
    const lifted = raise(selected, { type: 'signed', decision, act, to: 'own' });
    expect(lifted).toEqual({ integrity: 'own', placement: 'no-cloud' });
    expect(lifted && isTrusted(lifted)).toBe(true);
  });

  test('never lowers', () => {
    expect(raise(selected, { type: 'signed', decision, act, to: 'public' })?.integrity).toBe('own');
  });

  test('another act, or an approval of an effect, lifts nothing', () => {
    const other = { type: 'signed', decision, act: '7'.repeat(64), to: 'own' } as const;
    expect(raise(COUNTERPARTY, other)).toBeUndefined();
    const approve = {
      ...decision,
      statement: { ...decision.statement, decision: 'approve' },
    } as const;
    expect(
      raise(COUNTERPARTY, { type: 'signed', decision: approve, act, to: 'own' }),
    ).toBeUndefined();
  });
});
