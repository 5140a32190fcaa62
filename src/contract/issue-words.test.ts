import { expect, test } from 'vitest';
import { z } from 'zod';
import { issueWords, neededWords } from './issue-words.ts';

const schema = z.strictObject({
  to: z.array(z.email()),
  missed: z.enum(['skip', 'one', 'all']),
  from: z.union([z.iso.datetime({ offset: true }), z.iso.date()]),
  name: z.string().regex(/^[a-z]+$/, 'a name such as monthly'),
  count: z.int().min(1).max(9),
  flag: z.boolean().refine((flag) => flag, 'Say yes.'),
});
const fits = {
  ...{ to: ['ann@example.com'], missed: 'one', from: '2026-12-01', name: 'a', count: 2 },
  flag: true,
};

function saidOf(change: object): readonly string[] {
  const { error } = schema.safeParse({ ...fits, ...change });
  return (error?.issues ?? []).map(issueWords);
}

test('what does not fit is said as a person says it', () => {
  expect(saidOf({})).toEqual([]);
  expect(saidOf({ to: 'x' })).toEqual(['to: a list is needed.']);
  expect(saidOf({ to: ['x'] })).toEqual([
    'to.0: an e-mail address such as ann@example.com is needed.',
  ]);
  expect(saidOf({ missed: 'some' })).toEqual(['missed: one of skip, one, all is needed.']);
  expect(saidOf({ from: 'yesterday' })).toEqual([
    'from: a time such as 2026-12-01T09:00:00Z or a day such as 2026-12-01 is needed.',
  ]);
  expect(saidOf({ name: 'A' })).toEqual(['name: a name such as monthly is needed.']);
  expect(saidOf({ count: 0 })).toEqual(['count: at least 1 is needed.']);
  expect(saidOf({ flag: false })).toEqual(['flag: Say yes.']);
  expect(saidOf({ extra: 1 })).toEqual(['extra is not known.']);
});

test('what is needed is a noun that stands in a sentence', () => {
  const [issue] = schema.safeParse({ ...fits, count: 'x' }).error?.issues ?? [];
  expect(issue && neededWords(issue)).toBe('a number');
});
