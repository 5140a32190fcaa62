import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson } from '../base/index.ts';
import type { FoldQuery, FoldReader, IndexValue } from '../log/index.ts';
import type { RecordState } from './define-record.ts';
import { evolveRecord } from './evolve-record.ts';
import type { RecordCommand } from './record-command.ts';
import { definitionOf } from './record-types.ts';
import { recordAt, recordVersionsFold } from './record-versions-fold.ts';
import {
  recordsByExternalKey,
  recordsByName,
  recordsFold,
  recordsNamed,
  recordsOfParty,
  recordsOfType,
  unbilledTime,
} from './records-fold.ts';
import { TestBooks } from './test-books.ts';
import { validFields } from './valid-fields.ts';

/** What a store answers, straight from the port's comments. */
function ask(
  fold: typeof recordsFold,
  rows: ReadonlyMap<string, RecordState>,
  query: FoldQuery,
): RecordState[] {
  const valued = [...rows].flatMap(([key, row]) => {
    const index = query.index === undefined ? undefined : fold.indexes?.[query.index];
    const value: IndexValue | undefined = index ? index(row, key) : key;
    return value === undefined ? [] : [{ row, value }];
  });
  const found = valued
    .filter(
      ({ value }) =>
        (query.equals === undefined || value === query.equals) &&
        (query.from === undefined || value >= query.from) &&
        (query.to === undefined || value <= query.to),
    )
    .sort((a, b) => (a.value < b.value ? -1 : a.value > b.value ? 1 : 0));
  if (query.descending) found.reverse();
  return found.slice(0, query.limit).map(({ row }) => row);
}

function versionsReader(books: TestBooks): Pick<FoldReader<RecordState>, 'list'> {
  return {
    list: async (query = {}) =>
      ask(recordVersionsFold, books.versions, query).map((row) => ({ key: '', row })),
  };
}

describe('lists of records', () => {
  const books = new TestBooks();
  books.do({ type: 'create', record: 'party', id: 'b', set: { name: 'Bäcker  Öz' } });
  books.do({ type: 'create', record: 'party', id: 'a', set: { name: 'acme' } });
  books.do({ type: 'create', record: 'party', id: 'z', set: { name: 'Zoo' } });
  books.do({ type: 'archive', record: 'party', id: 'z' });
  for (const [id, day, party, extra] of [
    ['t1', '2026-10-05', 'a', {}],
    ['t2', '2026-10-01', 'a', { source: { layout: 'toggl', key: 'k/1', line: 2 } }],
    ['t3', '2026-11-01', 'a', {}],
    ['t4', '2026-10-31', 'b', {}],
    ['t5', '2026-10-06', 'a', { billable: false }],
    ['t6', '2026-10-07', 'a', { billedBy: 'external' }],
    ['t7', '2026-10-08', 'a', {}],
    ['t8', '2026-10-09', 'a', {}],
  ] as const) {
    books.do({
      type: 'create',
      record: 'time-entry',
      id,
      set: { day, party, seconds: 60, ...extra },
    });
  }
  books.do({ type: 'archive', record: 'time-entry', id: 't7' });
  books.do({ type: 'bill', record: 'time-entry', id: 't8', invoice: 'i' });
  const ids = (query: FoldQuery) => ask(recordsFold, books.rows, query).map(({ id }) => id);

  it('come in the order of creation, archived ones on request', () => {
    expect(ids(recordsOfType('party'))).toEqual(['b', 'a']);
    expect(ids(recordsOfType('party', { archived: true }))).toEqual(['b', 'a', 'z']);
    expect(ids(recordsOfType('payment'))).toEqual([]);
  });

  it('come by name, whatever its case and spaces', () => {
    expect(ids(recordsByName('party'))).toEqual(['a', 'b', 'z']);
    expect(ids(recordsNamed('party', ' BÄCKER öz '))).toEqual(['b']);
    expect(ids(recordsNamed('party', 'Bäcker'))).toEqual([]);
  });

  it('find what an outside system knows by its own key', () => {
    expect(ids(recordsByExternalKey('time-entry', 'toggl/k/1'))).toEqual(['t2']);
    expect(ids(recordsByExternalKey('time-entry', 'toggl/k'))).toEqual([]);
  });

  it('of a party come by day, between two days', () => {
    expect(ids(recordsOfParty('time-entry', 'b'))).toEqual(['t4']);
    expect(
      ids(recordsOfParty('time-entry', 'a', { from: '2026-10-05', to: '2026-10-06' })),
    ).toEqual(['t1', 't5']);
  });

  it('of unbilled time leave out what is billed, not billable or archived', () => {
    expect(ids(unbilledTime('a'))).toEqual(['t2', 't1', 't3']);
    expect(ids(unbilledTime('a', { from: '2026-10-01', to: '2026-10-31' }))).toEqual(['t2', 't1']);
    expect(ids(unbilledTime('b'))).toEqual(['t4']);
  });

  it('do not mix parties whose ids begin alike', () => {
    const alike = new TestBooks();
    for (const id of ['p', 'p1', 'p/']) {
      alike.do({ type: 'create', record: 'party', id, set: { name: id } });
      const set = { party: id, day: '2026-10-01', seconds: 60 };
      alike.do({ type: 'create', record: 'time-entry', id: `t-${id}`, set });
    }
    const found = ask(
      recordsFold,
      alike.rows,
      unbilledTime('p', { from: '2026-01-01', to: '2026-12-31' }),
    );
    expect(found.map(({ id }) => id)).toEqual(['t-p']);
  });
});

describe('reading is total', () => {
  it('an unknown event counts as a version and changes no field', () => {
    const books = new TestBooks();
    books.do({ type: 'create', record: 'party', id: 'p', set: { name: 'Acme' } });
    const before = books.state('party', 'p');
    books.append('party/p', { type: 'party.sung-to', data: { song: 'la' } });
    expect(books.state('party', 'p')).toEqual({
      ...before,
      version: 2,
      seq: 2,
      updatedAt: expect.any(String),
    });
    expect(
      books.do({ type: 'change', record: 'party', id: 'p', set: { phone: '1' } }),
    ).toHaveLength(1);
    expect(books.versions.size).toBe(3);
  });

  it('events of other streams, and of records that were never created, give no row', () => {
    const books = new TestBooks();
    books.append('run/1', { type: 'invoice.seen', data: {} });
    books.append('party', { type: 'party.created', data: { fields: {} } });
    books.append('party/x', { type: 'party.changed', data: { set: { name: 'x' }, unset: [] } });
    expect(books.rows.size + books.versions.size).toBe(0);
  });

  it('damaged data of known events never throws', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('party.created', 'party.changed', 'party.archived', 'subject.erased'),
        fc.dictionary(
          fc.constantFrom('fields', 'set', 'unset', 'subject', 'records'),
          fc.jsonValue(),
        ),
        (type, data) => {
          const books = new TestBooks();
          books.append('party/p', { type: 'party.created', data: { fields: { name: 'A' } } });
          // fast-check's JSON values are plain JSON
          books.append('party/p', { type, data: JSON.parse(JSON.stringify(data)) });
        },
      ),
    );
  });
});

// What an operator might do in any order: some commands fail, and then change nothing.
const ids = ['a', 'b'] as const;
const optionalFields = fc.record(
  {
    name: fc.constantFrom('Acme', 'Bert', 'Öz'),
    email: fc.constantFrom('a@x.example', 'b@x.example'),
    'address.city': fc.constantFrom('Graz', 'Wien'),
    'address.country': fc.constantFrom('AT', 'de'),
    'billing.paymentDays': fc.nat(30),
    kinds: fc.subarray(['lead', 'customer', 'supplier']),
  },
  { requiredKeys: [] },
);
const messageIds = ['m', 'n'] as const;
const messageFields = {
  direction: fc.constant('in'),
  from: fc.constantFrom('a@x.example', 'b@x.example'),
  to: fc.constantFrom(['me@x.example'], ['you@x.example']),
  subject: fc.constantFrom('Hello', 'Offer'),
  at: fc.constant('2026-10-01T08:00:00Z'),
  blob: fc.constant('a'.repeat(64)),
  party: fc.constantFrom(...ids),
};
const commands: fc.Arbitrary<RecordCommand> = fc.oneof(
  fc.record({
    type: fc.constant('create' as const),
    record: fc.constant('party' as const),
    id: fc.constantFrom(...ids),
    set: optionalFields.map((set) => ({ name: 'Cleo', ...set })),
  }),
  fc.record({
    type: fc.constant('change' as const),
    record: fc.constant('party' as const),
    id: fc.constantFrom(...ids),
    set: optionalFields,
    unset: fc.subarray(['email', 'address', 'address.city', 'name']),
  }),
  fc.record({
    type: fc.constant('create' as const),
    record: fc.constant('message' as const),
    id: fc.constantFrom(...messageIds),
    set: fc.record(messageFields, {
      requiredKeys: ['direction', 'from', 'to', 'subject', 'at', 'blob'],
    }),
  }),
  fc.record({
    type: fc.constant('change' as const),
    record: fc.constant('message' as const),
    id: fc.constantFrom(...messageIds),
    set: fc.record(messageFields, { requiredKeys: [] }),
    unset: fc.subarray(['party']),
  }),
  fc.record({
    type: fc.constantFrom('archive' as const, 'restore' as const),
    record: fc.constantFrom('party' as const, 'message' as const),
    id: fc.constantFrom(...ids, ...messageIds),
  }),
);

function play(list: readonly RecordCommand[]): TestBooks {
  const books = new TestBooks();
  for (const command of list) {
    try {
      books.do(command);
    } catch {
      // a refusal: it must leave no trace, which the laws below would notice
    }
  }
  return books;
}

const digest = (rows: ReadonlyMap<string, RecordState>): string =>
  canonicalJson(Object.fromEntries(rows));

describe('laws of records', () => {
  const runs = fc.array(commands, { minLength: 1, maxLength: 25 });

  it('what decide answers keeps every record valid', () => {
    fc.assert(
      fc.property(runs, (list) => {
        for (const row of play(list).rows.values()) {
          expect(validFields(definitionOf(row.type), row.fields)).toEqual(row.fields);
        }
      }),
    );
  });

  it('versions count the events of a stream, and each is kept', () => {
    fc.assert(
      fc.property(runs, (list) => {
        const books = play(list);
        for (const [stream, row] of books.rows) {
          const events = books.events.filter((event) => event.stream === stream);
          expect(row).toMatchObject({ version: events.length, seq: events.at(-1)?.seq });
        }
        expect(books.versions.size).toBe(books.events.length);
      }),
    );
  });

  it('the same change again says nothing', () => {
    fc.assert(
      fc.property(runs, commands, (list, last) => {
        if (last.type === 'create') return;
        const books = play([...list, last]);
        const events = books.events.length;
        try {
          books.do(last);
        } catch {
          // refused twice is fine too
        }
        expect(books.events.length).toBe(events);
      }),
    );
  });

  it('the record as of a seq is the fold of the events until then', async () => {
    await fc.assert(
      fc.asyncProperty(runs, fc.nat(30), async (list, seq) => {
        const books = play(list);
        for (const id of ids) {
          const prefix = books.events.filter(
            (event) => event.stream === `party/${id}` && event.seq <= seq,
          );
          const folded = prefix.reduce(
            (state: RecordState | undefined, event) => evolveRecord(state, event),
            undefined,
          );
          expect(await recordAt(versionsReader(books), 'party', id, seq)).toEqual(folded);
        }
      }),
    );
  });

  it('erasing a person gives the rows that the erased log gives', () => {
    fc.assert(
      fc.property(runs, fc.constantFrom(...ids, ...messageIds), runs, (before, subject, later) => {
        const books = play(before);
        books.append('company/c', {
          type: 'subject.erased',
          data: {
            subject,
            records: [...books.rows.values()].map(({ type, id, version }) => ({
              type,
              id,
              versions: version,
            })),
          },
        });
        const erasedAt = books.events.length;
        const rebuilt = books.rebuiltWithout(subject);
        expect(digest(books.rows)).toBe(digest(rebuilt.rows));
        expect(digest(books.versions)).toBe(digest(rebuilt.versions));

        // and life goes on with what is left
        for (const command of later) {
          if (command.id === subject || command.record === 'message') continue;
          try {
            books.do(command);
          } catch {
            // refusals leave no trace
          }
        }
        expect(books.events.length).toBeGreaterThanOrEqual(erasedAt);
        const again = books.rebuiltWithout(subject);
        expect(digest(books.rows)).toBe(digest(again.rows));
      }),
    );
  });

  it("what a message said before it was given to a party is not the party's to erase", () => {
    const books = play([
      { type: 'create', record: 'party', id: 'a', set: { name: 'Vera' } },
      {
        type: 'create',
        record: 'message',
        id: 'm',
        set: {
          direction: 'in',
          from: 'v@x.example',
          to: ['me@x.example'],
          subject: 'Hello',
          at: '2026-10-01T08:00:00Z',
          blob: 'a'.repeat(64),
        },
      },
      { type: 'change', record: 'message', id: 'm', set: { party: 'a', subject: 'Offer' } },
    ]);
    expect(books.state('message', 'm').subjects).toEqual({ from: 'm', to: 'm', subject: 'a' });
    books.append('company/c', {
      type: 'subject.erased',
      data: {
        subject: 'a',
        records: [
          { type: 'party', id: 'a', versions: 1 },
          { type: 'message', id: 'm', versions: 2 },
        ],
      },
    });
    expect(books.state('message', 'm')).toMatchObject({
      fields: { from: 'v@x.example', subject: { $erased: true } },
      subjects: { from: 'm', to: 'm' },
    });
    expect(digest(books.versions)).toBe(digest(books.rebuiltWithout('a').versions));
  });

  it('nothing personal of an erased person is left in any row', () => {
    const books = play([
      {
        type: 'create',
        record: 'party',
        id: 'a',
        set: { name: 'Vera Beispiel', 'address.city': 'Graz' },
      },
      { type: 'change', record: 'party', id: 'a', set: { 'billing.paymentDays': 7 } },
      {
        type: 'create',
        record: 'contact',
        id: 'k',
        set: { party: 'a', name: 'Vera Beispiel', email: 'vera@x.example' },
      },
    ]);
    books.append('company/c', {
      type: 'subject.erased',
      data: {
        subject: 'a',
        records: [
          { type: 'party', id: 'a', versions: 2 },
          { type: 'contact', id: 'k', versions: 1 },
        ],
      },
    });
    const kept = digest(books.rows) + digest(books.versions);
    expect(kept).not.toMatch(/Vera|vera@|Graz/);
    expect(books.state('party', 'a')).toMatchObject({
      fields: { name: { $erased: true }, kinds: ['customer'], billing: { paymentDays: 7 } },
      subjects: {},
    });
    expect(books.versions.size).toBe(3);
  });

  it('an erased record can still be worked with', () => {
    const books = play([{ type: 'create', record: 'party', id: 'a', set: { name: 'Vera' } }]);
    books.append('company/c', {
      type: 'subject.erased',
      data: { subject: 'a', records: [{ type: 'party', id: 'a', versions: 1 }] },
    });
    books.do({ type: 'change', record: 'party', id: 'a', set: { customerNumber: '7' } });
    books.do({ type: 'archive', record: 'party', id: 'a' });
    expect(books.state('party', 'a')).toMatchObject({
      archived: true,
      fields: { name: { $erased: true }, customerNumber: '7' },
    });
  });
});
