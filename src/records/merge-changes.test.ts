import fc from 'fast-check';
import { expect, it } from 'vitest';
import { changeFields } from './decide-record.ts';
import type { RecordState } from './define-record.ts';
import { mergeChanges } from './merge-changes.ts';
import type { ChangeCommand } from './record-command.ts';
import { definitionOf } from './record-types.ts';

const BASE: RecordState = {
  type: 'party',
  id: 'p',
  version: 1,
  seq: 1,
  archived: false,
  createdAt: '2026-10-01T00:00:00.000Z',
  updatedAt: '2026-10-01T00:00:00.000Z',
  fields: { name: 'Acme', kinds: ['customer'], email: 'a@acme.example', address: { city: 'Graz' } },
  subjects: {},
};

function change(set: ChangeCommand['set'], unset: readonly string[] = []): ChangeCommand {
  return { type: 'change', record: 'party', id: 'p', set, unset };
}

function after(base: RecordState, command: ChangeCommand): RecordState {
  const fields = changeFields(definitionOf('party'), base.fields, command);
  return { ...base, version: base.version + 1, fields };
}

it('two writers of different fields both get what they wanted', () => {
  const theirs = after(BASE, change({ 'address.city': 'Wien' }));
  const merge = mergeChanges(
    BASE,
    change({ phone: '1', 'address.street': 'Ring' }, ['email']),
    theirs,
  );
  expect(merge).toEqual({
    status: 'disjoint',
    command: change({ phone: '1', 'address.street': 'Ring' }, ['email']),
  });
});

it('two writers of one field clash, with all three values', () => {
  const theirs = after(BASE, change({ 'address.city': 'Wien', phone: '2' }));
  const merge = mergeChanges(
    BASE,
    change({ address: { city: 'Linz' }, email: 'b@acme.example' }),
    theirs,
  );
  expect(merge).toEqual({
    status: 'clash',
    paths: ['address.city'],
    clashes: [{ path: 'address.city', base: 'Graz', ours: 'Linz', theirs: 'Wien' }],
  });
});

it('the same wish twice is no clash', () => {
  const wish = change({ 'address.city': 'Wien' });
  expect(mergeChanges(BASE, wish, after(BASE, wish))).toEqual({
    status: 'disjoint',
    command: change({}),
  });
});

it('a removal clashes with a change', () => {
  const theirs = after(BASE, change({}, ['email']));
  expect(mergeChanges(BASE, change({ email: 'b@acme.example' }), theirs)).toMatchObject({
    status: 'clash',
    clashes: [{ path: 'email', theirs: null }],
  });
});

it('a record that was archived meanwhile clashes as a whole', () => {
  expect(mergeChanges(BASE, change({ phone: '1' }), { ...BASE, archived: true })).toMatchObject({
    status: 'clash',
    paths: ['archived'],
  });
});

const changes = fc
  .record(
    {
      name: fc.constantFrom('Acme', 'Acme AG', 'B'),
      email: fc.constantFrom('a@acme.example', 'x@y.example'),
      phone: fc.constantFrom('1', '2'),
      'address.city': fc.constantFrom('Graz', 'Wien'),
      'address.street': fc.constantFrom('Ring', 'Platz'),
    },
    { requiredKeys: [] },
  )
  .chain((set) =>
    fc.subarray(['email', 'phone', 'address.city']).map((unset) =>
      change(
        set,
        unset.filter((path) => !(path in set)),
      ),
    ),
  );

it('a disjoint merge is the same whoever comes first', () => {
  fc.assert(
    fc.property(changes, changes, (ours, theirs) => {
      const first = mergeChanges(BASE, ours, after(BASE, theirs));
      const second = mergeChanges(BASE, theirs, after(BASE, ours));
      expect(first.status).toBe(second.status);
      if (first.status === 'clash' || second.status === 'clash') return;
      expect(after(after(BASE, theirs), first.command).fields).toEqual(
        after(after(BASE, ours), second.command).fields,
      );
    }),
  );
});
