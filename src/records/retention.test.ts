import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../base/index.ts';
import type { RecordState } from './define-record.ts';
import { legalHold } from './retention.ts';

function state(type: string, fields: JsonObject, createdAt = '2026-03-01T00:00:00.000Z') {
  const base = { id: 'x', version: 1, seq: 1, archived: false, updatedAt: createdAt, subjects: {} };
  return { ...base, type, createdAt, fields } satisfies RecordState;
}

const issued = state('invoice', {
  status: 'issued',
  issueDate: '2026-03-01',
  period: { from: '2026-02-01', to: '2026-02-28' },
});
const draft = state('invoice', { ...issued.fields, status: 'draft' });
const payment = state('payment', { day: '2026-05-01', amount: { minor: 1, currency: 'EUR' } });
const letter = state('message', {
  at: '2026-03-02T08:00:00.000Z',
  about: [{ type: 'invoice', id: 'x' }],
});
const note = state('message', { at: '2026-03-02T08:00:00.000Z', about: [] });

const holdOf = (one: RecordState, country: string, about = issued, today = '2026-11-22') =>
  legalHold(one, { country, today }, () => about)?.until;

describe('what the law asks to keep', () => {
  test.each<[string, RecordState, string, string | undefined]>([
    ['an issued invoice in Germany', issued, 'DE', '2034-12-31'],
    ['an issued invoice in Austria', issued, 'AT', '2033-12-31'],
    ['an issued invoice in Switzerland', issued, 'CH', '2036-12-31'],
    ['an issued invoice in a country that we do not know', issued, 'XX', '2036-12-31'],
    ['a payment', payment, 'DE', '2034-12-31'],
    ['a letter that speaks of an invoice', letter, 'DE', '2032-12-31'],
    ['a draft', draft, 'DE', undefined],
    ['a letter that speaks of no paper', note, 'DE', undefined],
    ['a party', state('party', { name: 'Zoe' }), 'DE', undefined],
  ])('%s', (_, one, country, until) => {
    expect(holdOf(one, country)).toBe(until);
  });

  test('a letter about a draft is not kept', () => {
    expect(holdOf(letter, 'DE', draft)).toBeUndefined();
  });

  test('ends with the last day of the last year', () => {
    expect(holdOf(issued, 'DE', issued, '2034-12-31')).toBe('2034-12-31');
    expect(holdOf(issued, 'DE', issued, '2035-01-01')).toBeUndefined();
  });
});
