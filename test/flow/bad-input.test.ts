import { describe, expect, test } from 'vitest';
import type { Json, JsonObject } from '../../src/base/index.ts';
import { type Travel, travel } from './time-travel-kit.ts';

const playbook: JsonObject = {
  ...{ name: 'typed', version: 1, title: 'Typed', autonomy: 'suggest' },
  input: {
    fields: [
      { name: 'n', kind: 'integer', required: true, min: 1 },
      { name: 'to', kind: 'text', required: true },
      { name: 'when', kind: 'choice', choices: ['now', 'later'] },
      { name: 'amount', kind: 'money' },
    ],
  },
  plan: { steps: [{ id: 'add', call: 'math.add@1', with: { n: { $expr: 'input.n' } } }] },
};
const options = { playbooks: [playbook] };
const good = { n: 1, to: 'ann' };

function submit({ kernel }: Travel, input: { readonly [name: string]: Json }) {
  return kernel.submit({ words: 'typed', playbook: 'typed', input, by: 'operator:test' });
}

describe('an input that does not fit', () => {
  test.each<[string, { readonly [name: string]: Json }, string]>([
    ['a text for a number', { ...good, n: 'one' }, 'n'],
    ['a fraction for a whole number', { ...good, n: 1.5 }, 'n'],
    ['less than the least', { ...good, n: 0 }, 'n'],
    ['a number for a text', { ...good, to: 7 }, 'to'],
    ['nothing where something is needed', { ...good, to: null }, 'to'],
    ['another choice than those there are', { ...good, when: 'never' }, 'when'],
    ['an amount without its currency', { ...good, amount: { minor: 100 } }, 'amount.currency'],
    ['a list for an object', { ...good, amount: [1] }, 'amount'],
    ['a field that is missing', { n: 1 }, 'to'],
    ['a field that nobody knows', { ...good, other: 1 }, 'other'],
  ])(
    '(%s) is refused before anything is written, with path, expected and found',
    (_, input, path) =>
      travel(async (parts) => {
        const before = parts.log.head().seq;
        await expect(submit(parts, input)).rejects.toMatchObject({
          code: 'invalid_input',
          facts: { path, expected: expect.anything(), found: expect.anything() },
          remedy: expect.stringContaining('--input'),
        });
        expect(parts.log.head().seq).toBe(before);
      }, options),
  );

  test('what is left open may be left out or said with null', () =>
    travel(async (parts) => {
      const { run } = await submit(parts, { ...good, when: null });
      expect((await parts.kernel.rest(run)).status).toBe('done');
    }, options));
});
