import { beforeEach, describe, expect, it } from 'vitest';
import { failureOf, TestBooks } from './test-books.ts';

const ENTRY = { record: 'time-entry', id: 't' } as const;
let books: TestBooks;

beforeEach(() => {
  books = new TestBooks();
  for (const id of ['p', 'q']) {
    books.do({ type: 'create', record: 'party', id, set: { name: id } });
  }
  books.do({ type: 'create', record: 'project', id: 'site', set: { party: 'p', name: 'Site' } });
});

function entry(set: Record<string, string | number | boolean> = {}) {
  books.do({
    type: 'create',
    ...ENTRY,
    set: { project: 'site', day: '2026-10-01', seconds: 5_400, text: 'Draft', ...set },
  });
}

const fields = () => books.state('time-entry', 't').fields;

describe('a time entry', () => {
  it('takes its party from its project', () => {
    entry();
    expect(fields()).toMatchObject({ party: 'p', project: 'site', billable: true, tags: [] });
  });

  it('cannot be for another party than its project', () => {
    expect(failureOf(() => entry({ party: 'q' }))).toMatchObject({
      code: 'invalid_input',
      path: 'party',
      expected: 'p',
      found: 'q',
    });
    entry();
    const move = () => books.do({ type: 'change', ...ENTRY, set: { party: 'q' } });
    expect(failureOf(move)).toMatchObject({ code: 'invalid_input', path: 'party' });
  });

  it.each([{ seconds: 0 }, { seconds: 1.5 }, { seconds: -60 }])('refuses %o', (wrong) => {
    expect(failureOf(() => entry(wrong))).toMatchObject({ path: 'seconds' });
  });

  it('cannot end before it starts', () => {
    const times = { start: '2026-10-01T10:00:00Z', end: '2026-10-01T09:00:00Z' };
    expect(failureOf(() => entry(times))).toMatchObject({
      path: 'end',
      message: '"end" is before the start.',
    });
  });

  it('is billed once: the same invoice again says nothing, another one is refused', () => {
    entry();
    expect(books.do({ type: 'bill', ...ENTRY, invoice: 'i1' })).toMatchObject([
      { type: 'time-entry.billed', data: { invoice: 'i1' } },
    ]);
    expect(fields().billedBy).toBe('i1');
    expect(books.do({ type: 'bill', ...ENTRY, invoice: 'i1' })).toEqual([]);
    expect(failureOf(() => books.do({ type: 'bill', ...ENTRY, invoice: 'i2' }))).toMatchObject({
      code: 'not_possible',
      invoice: 'i1',
      remedy: 'Void or credit its invoice first.',
    });
  });

  it('can be billed again once it was released', () => {
    entry();
    books.do({ type: 'bill', ...ENTRY, invoice: 'i1' });
    books.do({ type: 'release', ...ENTRY });
    expect(fields()).not.toHaveProperty('billedBy');
    expect(books.do({ type: 'release', ...ENTRY })).toEqual([]);
    expect(books.do({ type: 'bill', ...ENTRY, invoice: 'i2' })).toHaveLength(1);
  });

  it('that is not billable cannot be billed', () => {
    entry({ billable: false });
    const bill = () => books.do({ type: 'bill', ...ENTRY, invoice: 'i1' });
    expect(failureOf(bill)).toMatchObject({ code: 'not_possible', path: 'billable' });
  });

  it.each([
    { seconds: 60 },
    { project: 'site', party: 'q' },
    { day: '2026-10-02' },
    { billable: false },
    { rateHint: { minor: 1, currency: 'EUR' } },
  ])('once billed cannot change %o', (set) => {
    entry();
    books.do({ type: 'bill', ...ENTRY, invoice: 'i1' });
    expect(failureOf(() => books.do({ type: 'change', ...ENTRY, set }))).toMatchObject({
      code: 'not_possible',
      invoice: 'i1',
    });
  });

  it('once billed can still be described better', () => {
    entry();
    books.do({ type: 'bill', ...ENTRY, invoice: 'i1' });
    expect(books.do({ type: 'change', ...ENTRY, set: { text: 'First draft' } })).toHaveLength(1);
  });

  it('is marked as billed by an invoice, not by hand', () => {
    entry();
    const byHand = () => books.do({ type: 'change', ...ENTRY, set: { billedBy: 'i1' } });
    expect(failureOf(byHand)).toMatchObject({ code: 'not_possible', path: 'billedBy' });
  });

  it('that was billed elsewhere can come in so, and be released', () => {
    entry({ billedBy: 'external' });
    expect(failureOf(() => books.do({ type: 'bill', ...ENTRY, invoice: 'i1' }))).toMatchObject({
      code: 'not_possible',
      message: 'This time was billed elsewhere, so it cannot be billed again.',
    });
    expect(books.do({ type: 'release', ...ENTRY })).toHaveLength(1);
  });

  it('cannot be archived while an invoice charges it', () => {
    entry();
    books.do({ type: 'bill', ...ENTRY, invoice: 'i1' });
    const archive = () => books.do({ type: 'archive', ...ENTRY });
    expect(failureOf(archive).code).toBe('not_possible');
    books.do({ type: 'release', ...ENTRY });
    expect(books.do({ type: 'archive', ...ENTRY })).toHaveLength(1);
  });
});
