import { describe, expect, it } from 'vitest';
import { referencesOf } from './decide-record.ts';
import { failureOf, TestBooks } from './test-books.ts';

function booksWithParty(): TestBooks {
  const books = new TestBooks();
  books.do({
    type: 'create',
    record: 'party',
    id: 'p',
    set: { name: 'Acme GmbH', 'address.city': 'Graz', 'address.country': 'at' },
  });
  return books;
}

describe('create', () => {
  it('fills in defaults and normal forms', () => {
    expect(booksWithParty().state('party', 'p')).toMatchObject({
      type: 'party',
      id: 'p',
      version: 1,
      archived: false,
      fields: {
        name: 'Acme GmbH',
        kinds: ['customer'],
        address: { city: 'Graz', country: 'AT' },
      },
    });
  });

  it('is refused for an id that exists', () => {
    const books = booksWithParty();
    const again = () => books.do({ type: 'create', record: 'party', id: 'p', set: { name: 'B' } });
    expect(failureOf(again).code).toBe('already_exists');
  });

  it('names every missing and wrong field, the first in its message', () => {
    const failed = failureOf(() =>
      new TestBooks().do({ type: 'create', record: 'contact', id: 'c', set: { email: 'x' } }),
    );
    expect(failed).toMatchObject({ code: 'invalid_input', path: 'party', found: null });
    expect(failed.message).toBe('Contact needs "party".');
    expect(failed.faults).toEqual([
      { path: 'party', message: 'Contact needs "party".' },
      { path: 'name', message: 'Contact needs "name".' },
      { path: 'email', message: '"email" is not an e-mail address.' },
    ]);
  });

  it('refuses a path that does not exist and names the nearest', () => {
    const failed = failureOf(() =>
      new TestBooks().do({
        type: 'create',
        record: 'party',
        id: 'p',
        set: { name: 'A', 'adress.city': 'Graz' },
      }),
    );
    expect(failed).toMatchObject({ path: 'adress.city', expected: 'address.city' });
  });

  it('refuses an unknown field inside an object', () => {
    const failed = failureOf(() =>
      new TestBooks().do({
        type: 'create',
        record: 'party',
        id: 'p',
        set: { name: 'A', address: { town: 'Graz' } },
      }),
    );
    expect(failed).toMatchObject({ code: 'invalid_input', path: 'address.town', found: 'Graz' });
  });

  it('refuses an id of a record that does not exist', () => {
    const failed = failureOf(() =>
      new TestBooks().do({
        type: 'create',
        record: 'project',
        id: 'x',
        set: { party: 'nobody', name: 'Site' },
      }),
    );
    expect(failed).toMatchObject({ code: 'invalid_input', path: 'party', found: 'nobody' });
  });

  it('seals personal fields under their subject', () => {
    const [created] = booksWithParty().events;
    expect(created?.personal).toEqual({
      subject: 'p',
      paths: ['fields.name', 'fields.address.city'],
    });
  });

  it('seals a message under its party, and under itself where there is none', () => {
    const books = booksWithParty();
    const set = {
      direction: 'in',
      from: 'a@b.example',
      to: ['me@c.example'],
      subject: 'Hello',
      at: '2026-10-01T08:00:00Z',
      blob: 'a'.repeat(64),
    };
    const [alone] = books.do({ type: 'create', record: 'message', id: 'm1', set });
    const [known] = books.do({
      type: 'create',
      record: 'message',
      id: 'm2',
      set: { ...set, party: 'p', about: [{ type: 'party', id: 'p' }] },
    });
    const paths = ['fields.from', 'fields.to', 'fields.subject'];
    expect(alone?.personal).toEqual({ subject: 'm1', paths });
    expect(known?.personal).toEqual({ subject: 'p', paths });
  });
});

describe('change', () => {
  it('carries only what changed', () => {
    const books = booksWithParty();
    const events = books.do({
      type: 'change',
      record: 'party',
      id: 'p',
      set: { name: 'Acme GmbH', 'address.city': 'Wien', email: 'hi@acme.example' },
      unset: ['address.country'],
    });
    expect(events).toHaveLength(1);
    expect(events[0]).toMatchObject({
      type: 'party.changed',
      data: {
        set: { address: { city: 'Wien' }, email: 'hi@acme.example' },
        unset: ['address.country'],
      },
      personal: { subject: 'p', paths: ['set.email', 'set.address.city'] },
    });
    expect(books.state('party', 'p').fields).toEqual({
      name: 'Acme GmbH',
      kinds: ['customer'],
      email: 'hi@acme.example',
      address: { city: 'Wien' },
    });
  });

  it('that changes nothing gives no event', () => {
    const books = booksWithParty();
    const same = { type: 'change', record: 'party', id: 'p' } as const;
    expect(
      books.do({ ...same, set: { name: ' Acme GmbH ', address: { city: 'Graz', country: 'AT' } } }),
    ).toEqual([]);
    expect(books.do({ ...same, set: {}, unset: ['phone', 'billing'] })).toEqual([]);
  });

  it('of an object replaces it as a whole', () => {
    const books = booksWithParty();
    books.do({ type: 'change', record: 'party', id: 'p', set: { address: { street: 'Ring 1' } } });
    expect(books.state('party', 'p').fields.address).toEqual({ street: 'Ring 1' });
  });

  it('that empties the last field of an object removes the object', () => {
    const books = booksWithParty();
    books.do({ type: 'change', record: 'party', id: 'p', set: {}, unset: ['address'] });
    expect(books.state('party', 'p').fields).toEqual({ name: 'Acme GmbH', kinds: ['customer'] });
  });

  it('cannot empty a field that is needed', () => {
    const books = booksWithParty();
    const failed = failureOf(() =>
      books.do({ type: 'change', record: 'party', id: 'p', set: {}, unset: ['name'] }),
    );
    expect(failed).toMatchObject({ code: 'invalid_input', path: 'name' });
  });

  it('replaces one amount by another, currency and all', () => {
    const books = booksWithParty();
    for (const currency of ['EUR', 'GBP']) {
      const set = { 'billing.hourlyRate': { minor: 9_000, currency } };
      books.do({ type: 'change', record: 'party', id: 'p', set });
    }
    expect(books.state('party', 'p').fields.billing).toEqual({
      hourlyRate: { minor: 9_000, currency: 'GBP' },
    });
  });

  it('reaches one item of a list', () => {
    const books = booksWithParty();
    const kinds = (set: Record<string, string>, unset: string[] = []) => {
      books.do({ type: 'change', record: 'party', id: 'p', set, unset });
      return books.state('party', 'p').fields.kinds;
    };
    expect(kinds({ 'kinds.1': 'supplier' })).toEqual(['customer', 'supplier']);
    expect(kinds({ 'kinds.0': 'lead' })).toEqual(['lead', 'supplier']);
    expect(kinds({}, ['kinds.0'])).toEqual(['supplier']);
  });

  it('refuses an id of a record that does not exist, also inside a list', () => {
    const books = booksWithParty();
    books.do({ type: 'create', record: 'contact', id: 'c', set: { party: 'p', name: 'Vera' } });
    const artifact = { title: 'Logo', mediaType: 'image/png', blob: 'a'.repeat(64), bytes: 1 };
    books.do({ type: 'create', record: 'artifact', id: 'f', set: artifact });
    const move = () =>
      books.do({ type: 'change', record: 'contact', id: 'c', set: { party: 'nobody' } });
    expect(failureOf(move)).toMatchObject({ code: 'invalid_input', path: 'party' });
    const about = [
      { type: 'party', id: 'p' },
      { type: 'party', id: 'nobody' },
    ];
    const link = () => books.do({ type: 'change', record: 'artifact', id: 'f', set: { about } });
    expect(failureOf(link)).toMatchObject({ path: 'about', found: 'nobody' });
  });

  it('is refused for a record that does not exist', () => {
    const act = () => new TestBooks().do({ type: 'change', record: 'party', id: 'x', set: {} });
    expect(failureOf(act).code).toBe('not_found');
  });
});

describe('archive and restore', () => {
  it('hide and bring back, and say nothing when it is so already', () => {
    const books = booksWithParty();
    const party = { record: 'party', id: 'p' } as const;
    expect(books.do({ type: 'restore', ...party })).toEqual([]);
    expect(books.do({ type: 'archive', ...party })).toHaveLength(1);
    expect(books.do({ type: 'archive', ...party })).toEqual([]);
    expect(books.state('party', 'p').archived).toBe(true);
    expect(books.do({ type: 'restore', ...party })).toHaveLength(1);
    expect(books.state('party', 'p')).toMatchObject({ archived: false, version: 3 });
  });

  it('an archived record cannot be changed before it is restored', () => {
    const books = booksWithParty();
    books.do({ type: 'archive', record: 'party', id: 'p' });
    const failed = failureOf(() =>
      books.do({ type: 'change', record: 'party', id: 'p', set: { name: 'B' } }),
    );
    expect(failed).toMatchObject({ code: 'not_possible', remedy: 'Restore it first.' });
  });
});

describe('referencesOf', () => {
  it('names what must be loaded before, also what the record holds already', () => {
    const books = booksWithParty();
    const create = {
      type: 'create',
      record: 'time-entry',
      id: 't',
      set: { party: 'p', day: '2026-10-01', seconds: 60 },
    } as const;
    expect(referencesOf(undefined, create)).toEqual([{ type: 'party', id: 'p' }]);
    books.do(create);
    const change = {
      type: 'change',
      record: 'time-entry',
      id: 't',
      set: { project: 'x' },
    } as const;
    expect(referencesOf(books.state('time-entry', 't'), change)).toEqual([
      { type: 'party', id: 'p' },
      { type: 'project', id: 'x' },
    ]);
  });
});
