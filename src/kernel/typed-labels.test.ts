import { expect, test } from 'vitest';
import type { Json } from '../base/index.ts';
import { COUNTERPARTY, OPERATOR } from '../contract/index.ts';
import { typedLabels } from './typed-labels.ts';

/** What a list is worth that a person gave back with something else in it. */
const labelOf = (now: Json, was: Json) =>
  typedLabels(now, { value: was, labels: { base: COUNTERPARTY } }, OPERATOR).base.integrity;
const line = (description: string, minor: number): Json => ({
  ...{ description, price: { minor, currency: 'EUR' } },
});

test('a line of a list keeps the words of an outsider although its figure was typed', () => {
  expect(labelOf([line('Pay to DE99', 2)], [line('Pay to DE99', 1)])).toBe('counterparty');
  expect(labelOf([[line('Pay to DE99', 2)]], [[line('Pay to DE99', 1)]])).toBe('counterparty');
  expect(labelOf([{ of: line('Pay to DE99', 2) }], [{ of: line('Pay to DE99', 1) }])).toBe(
    'counterparty',
  );
});

test('a list that was typed anew is the word of who typed it', () => {
  expect(labelOf([line('Two hours', 2)], [line('Pay to DE99', 1)])).toBe('operator');
});
