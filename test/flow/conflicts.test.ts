import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Id, Json } from '../../src/base/index.ts';
import { COUNTERPARTY } from '../../src/contract/index.ts';
import { type ConflictRule, changeWithConflicts } from '../../src/kernel/conflicts/index.ts';
import { itemsFold } from '../../src/kernel/index.ts';
import type { ChangeCommand } from '../../src/records/index.ts';
import { typedBy } from '../support/operator.ts';
import { start, type Travel, travel } from './time-travel-kit.ts';

const OPERATOR_HAND = { by: 'operator:test' };
/** A mirror: it knows the version that it has last seen, and comes with what the other side says. */
const MIRROR = { by: 'connector:crm@1', label: COUNTERPARTY };

async function party({ kernel, newId }: Travel): Promise<Id> {
  const id = newId();
  const set = {
    ...{ name: 'Acme GmbH', email: 'old@acme.example', phone: '+49 30 1' },
    address: { street: 'Gasse 1', postalCode: '10115', city: 'Berlin', country: 'DE' },
  };
  await kernel.change([{ type: 'create', record: 'party', id, set }], OPERATOR_HAND);
  return id;
}

function change(id: Id, set: { readonly [path: string]: Json }, unset?: string[]): ChangeCommand {
  return { type: 'change', record: 'party', id, set, ...(unset ? { unset } : {}) };
}

async function fields({ kernel }: Travel, id: Id) {
  return (await kernel.records.get('party', id)).fields;
}

describe('two writers on one record', () => {
  test('a change from the version that stands is simply applied', () =>
    travel(async (parts) => {
      const id = await party(parts);
      const result = await parts.kernel.changeFrom(change(id, { name: 'Acme' }), 1, OPERATOR_HAND);
      expect(result).toMatchObject({ status: 'applied', events: [{ type: 'party.changed' }] });
    }));

  test('changes of different fields merge, whoever comes second, and the labels stay apart', () =>
    travel(async (parts) => {
      const id = await party(parts);
      await parts.kernel.changeFrom(change(id, { 'address.city': 'Potsdam' }), 1, OPERATOR_HAND);
      const result = await parts.kernel.changeFrom(
        change(id, { email: 'new@acme.example', name: 'Acme GmbH' }, ['phone']),
        1,
        MIRROR,
      );
      expect(result).toMatchObject({ status: 'merged', onto: 2, events: [{ by: MIRROR.by }] });
      const after = await fields(parts, id);
      expect(after).toMatchObject({ email: 'new@acme.example', address: { city: 'Potsdam' } });
      expect(after.phone).toBeUndefined();
      expect(await parts.kernel.items.list()).toEqual([]);
    }));

  test('the same value from both sides is no clash', () =>
    travel(async (parts) => {
      const id = await party(parts);
      const same = change(id, { email: 'new@acme.example' });
      await parts.kernel.changeFrom(same, 1, OPERATOR_HAND);
      const result = await parts.kernel.changeFrom(same, 1, MIRROR);
      expect(result).toEqual({ status: 'merged', onto: 2, events: [] });
    }));

  test('a clash is put to the operator with both sides, and nothing is changed before', () =>
    travel(async (parts) => {
      const id = await party(parts);
      await parts.kernel.changeFrom(change(id, { email: 'hand@acme.example' }), 1, OPERATOR_HAND);
      const result = await parts.kernel.changeFrom(
        change(id, { email: 'mirror@acme.example', phone: '+49 30 2' }),
        1,
        MIRROR,
      );
      expect(result).toMatchObject({ status: 'conflict', paths: ['email'] });
      expect(await fields(parts, id)).toMatchObject({
        ...{ email: 'hand@acme.example', phone: '+49 30 1' },
      });
      const [item] = await parts.kernel.items.list();
      expect(item).toMatchObject({
        ...{ kind: 'conflict', title: 'Two changes clash. Acme GmbH: e-mail address' },
        body: { mine: { by: MIRROR.by }, theirs: { by: ['operator:test'] } },
      });
      // the values themselves are personal: they stand sealed in the log, and in no fold
      expect(JSON.stringify(item)).not.toContain('@acme.example');
      const [raw] = parts.store.streamEvents(`conflict/${item?.id}`, 0, 1);
      expect(raw?.data).toContain('$sealed');
      expect(raw?.data).not.toContain('mirror@acme.example');
      const both = await parts.kernel.conflict(item?.id ?? '');
      expect(both.clashes).toEqual([
        {
          ...{ path: 'email', base: 'old@acme.example', ours: 'mirror@acme.example' },
          theirs: 'hand@acme.example',
        },
      ]);
    }));

  test.each([
    ['mine', { keep: 'mine' }, 'mirror@acme.example', '+49 30 2', 'Acme Two'],
    ['theirs', { keep: 'theirs' }, 'hand@acme.example', '+49 30 2', 'Acme One'],
    [
      'field by field',
      { keep: 'each', field1: 'theirs', field2: 'mine' },
      ...['mirror@acme.example', '+49 30 2', 'Acme One'],
    ],
  ])('keeping %s does just that, and applies what did not clash', (_, answer, ...expected) =>
    travel(async (parts) => {
      const { kernel } = parts;
      const id = await party(parts);
      const hand = change(id, { email: 'hand@acme.example', name: 'Acme One' });
      await kernel.changeFrom(hand, 1, OPERATOR_HAND);
      const mirror = { email: 'mirror@acme.example', name: 'Acme Two', phone: '+49 30 2' };
      await kernel.changeFrom(change(id, mirror), 1, MIRROR);
      const [item] = await kernel.items.list();
      // the fields of the form are in the order of the paths
      expect(item?.body).toMatchObject({ paths: ['name', 'email'] });
      await kernel.items.answer(item?.id ?? '', answer, typedBy('operator:test'));
      const after = await fields(parts, id);
      expect([after.email, after.phone, after.name]).toEqual(expected);
      expect(await kernel.items.list()).toEqual([]);
      const last = (await parts.log.readStream(`party/${id}`)).at(-1);
      expect([last?.by, last?.label.integrity]).toEqual(['operator:test', 'counterparty']);
    }),
  );

  test('a choice that leaves a field open is refused, and the item stays', () =>
    travel(async (parts) => {
      const { kernel } = parts;
      const id = await party(parts);
      await kernel.changeFrom(change(id, { email: 'hand@acme.example' }), 1, OPERATOR_HAND);
      await kernel.changeFrom(change(id, { email: 'mirror@acme.example' }), 1, MIRROR);
      const [item] = await kernel.items.list();
      await expect(
        kernel.items.answer(item?.id ?? '', { keep: 'each' }, typedBy('operator:test')),
      ).rejects.toMatchObject({ code: 'invalid_input' });
      expect(await kernel.items.list()).toHaveLength(1);
    }));

  test('a record that went on changing while the conflict waited keeps those changes', () =>
    travel(async (parts) => {
      const { kernel } = parts;
      const id = await party(parts);
      await kernel.changeFrom(change(id, { email: 'hand@acme.example' }), 1, OPERATOR_HAND);
      const mirror = { email: 'mirror@acme.example', name: 'Acme Two' };
      await kernel.changeFrom(change(id, mirror), 1, MIRROR);
      await kernel.change([change(id, { 'address.city': 'Ulm', name: 'Acme SE' })], OPERATOR_HAND);
      const [item] = await kernel.items.list();
      const answer = { keep: 'each', field1: 'mine' };
      await expect(kernel.items.answer(item?.id ?? '', answer, typedBy('x'))).rejects.toMatchObject(
        {
          code: 'stale',
        },
      );
      await kernel.items.answer(item?.id ?? '', { keep: 'mine' }, typedBy('operator:test'));
      expect(await fields(parts, id)).toMatchObject({
        ...{ email: 'mirror@acme.example', name: 'Acme Two', address: { city: 'Ulm' } },
      });
    }));

  test('an archived record clashes as a whole; keeping mine brings it back', () =>
    travel(async (parts) => {
      const { kernel } = parts;
      const id = await party(parts);
      await kernel.change([{ type: 'archive', record: 'party', id }], OPERATOR_HAND);
      const result = await kernel.changeFrom(change(id, { name: 'Acme Two' }), 1, MIRROR);
      expect(result).toMatchObject({ status: 'conflict', paths: ['archived'] });
      const [item] = await kernel.items.list();
      await kernel.items.answer(item?.id ?? '', { keep: 'mine' }, typedBy('operator:test'));
      expect(await kernel.records.get('party', id)).toMatchObject({
        ...{ archived: false, fields: { name: 'Acme Two' } },
      });
    }));

  test('policy may serialize by risk: the second one wins, nobody is asked', () =>
    travel(async (parts) => {
      const id = await party(parts);
      const ports = withRule(parts, () => 'serialize');
      await parts.kernel.changeFrom(change(id, { name: 'One', phone: '1' }), 1, OPERATOR_HAND);
      const result = await changeWithConflicts(ports, change(id, { name: 'Two' }), 1, MIRROR);
      expect(result).toMatchObject({ status: 'serialized', paths: ['name'] });
      expect(await fields(parts, id)).toMatchObject({ name: 'Two', phone: '1' });
      expect(await parts.kernel.items.list()).toEqual([]);
    }));

  test('policy may compensate: what stands wins, and the loser is told what to take back', () =>
    travel(async (parts) => {
      const id = await party(parts);
      const ports = withRule(parts, (_, clashes) =>
        clashes.some(({ path }) => path === 'name') ? 'compensate' : 'ask',
      );
      await parts.kernel.changeFrom(change(id, { name: 'One' }), 1, OPERATOR_HAND);
      const late = change(id, { name: 'Two', phone: '2' });
      const result = await changeWithConflicts(ports, late, 1, MIRROR);
      expect(result).toMatchObject({ status: 'compensated', paths: ['name'], events: [{}] });
      expect(await fields(parts, id)).toMatchObject({ name: 'One', phone: '2' });
      const [item] = await parts.kernel.items.list();
      expect(item).toMatchObject({ kind: 'finding', body: { paths: ['name'] } });
    }));

  test('a version that never was is refused; a command that is no change must come in time', () =>
    travel(async (parts) => {
      const { kernel } = parts;
      const id = await party(parts);
      for (const version of [0, 9]) {
        await expect(
          kernel.changeFrom(change(id, { name: 'X' }), version, OPERATOR_HAND),
        ).rejects.toMatchObject({ code: 'invalid_input' });
      }
      await kernel.change([change(id, { name: 'One' })], OPERATOR_HAND);
      await expect(
        kernel.changeFrom({ type: 'archive', record: 'party', id }, 1, MIRROR),
      ).rejects.toMatchObject({ code: 'version_conflict', facts: { expected: 1, actual: 2 } });
    }));

  test('five writers at once on different fields: every change stands', () =>
    travel(async (parts) => {
      const id = await party(parts);
      const paths = ['name', 'email', 'phone', 'address.street', 'address.city'];
      const results = await Promise.all(
        paths.map((path) =>
          parts.kernel.changeFrom(change(id, { [path]: `x@${path}.example` }), 1, OPERATOR_HAND),
        ),
      );
      expect(results.map(({ status }) => status).sort()).toEqual(
        ['applied', 'merged', 'merged', 'merged', 'merged'].sort(),
      );
      const after = await parts.kernel.records.get('party', id);
      expect(after.version).toBe(6);
      expect(after.fields).toMatchObject({
        ...{ name: 'x@name.example', address: { city: 'x@address.city.example' } },
      });
    }));

  test('whatever two writers do, no value is lost without being merged, asked or the same', async () => {
    const path = fc.constantFrom('name', 'phone', 'address.city', 'address.street');
    const edits = fc.dictionary(path, fc.constantFrom('A', 'B', 'C'), { minKeys: 1 });
    await fc.assert(
      fc.asyncProperty(edits, edits, fc.constantFrom('mine', 'theirs'), (first, second, keep) =>
        travel(async (parts) => {
          const { kernel, log } = parts;
          const id = await party(parts);
          await kernel.changeFrom(change(id, first), 1, OPERATOR_HAND);
          const result = await kernel.changeFrom(change(id, second), 1, MIRROR);
          const both = Object.keys(second).filter(
            (at) => first[at] !== undefined && first[at] !== second[at],
          );
          expect(result.status).toBe(both.length > 0 ? 'conflict' : 'merged');
          if (result.status === 'conflict')
            await kernel.items.answer(result.item, { keep }, typedBy('operator:test'));
          const wanted = keep === 'mine' ? { ...first, ...second } : { ...second, ...first };
          const after = await fields(parts, id);
          const address = after.address as { readonly [name: string]: Json };
          for (const [at, value] of Object.entries(wanted)) {
            const found = at.startsWith('address.') ? address[at.slice(8)] : after[at];
            expect([at, found]).toEqual([at, value]);
          }
          expect(await log.fold(itemsFold).count({ index: 'open' })).toBe(0);
        }),
      ),
      { numRuns: 40 },
    );
  });
});

describe('the same goal twice', () => {
  test('it joins the first, other input is asked about, and doing it again is possible', () =>
    travel(async (parts) => {
      const { kernel } = parts;
      const goal = { words: 'write to Ann', playbook: 'letters', by: 'operator:test' };
      const input = { to: 'ann@example.org', n: 1 };
      const first = await kernel.submit({ ...goal, input });
      expect(await kernel.submit({ ...goal, input })).toEqual({ run: first.run, joined: true });
      const other = await kernel.submit({ ...goal, input: { ...input, n: 2 } });
      expect(other).toMatchObject({ joined: false });
      expect(await kernel.submit({ ...goal, input: { n: 2, to: input.to } })).toEqual({
        ...{ run: other.run, joined: true },
      });
      const [question] = (await kernel.items.list()).filter(({ run }) => run === other.run);
      expect(question?.title).toBe(
        'You asked for this in the same words, and that is still under way (n: 2, there 1). Do this one too?',
      );
      const both = { both: 'do this one too' };
      await kernel.items.answer(question?.id ?? '', both, typedBy('operator:test'));
      await expect.poll(async () => (await kernel.rest(other.run)).playbook).toBe('letters@1');
      expect((await kernel.rest(other.run)).waitingFor).toBe('answer');
      const again = await kernel.submit({ ...goal, input, again: true });
      expect(new Set([first.run, other.run, again.run]).size).toBe(3);
      await Promise.all([first, other, again].map(({ run }) => kernel.rest(run)));
    }));

  test('other input under the same words can be left at the first', () =>
    travel(async (parts) => {
      const { kernel } = parts;
      const goal = { words: 'write to Ann', playbook: 'letters', by: 'operator:test' };
      await kernel.submit({ ...goal, input: { to: 'ann@example.org', n: 1 } });
      const { run } = await kernel.submit({ ...goal, input: { to: 'bob@example.org', n: 1 } });
      const question = (await kernel.items.list()).find((item) => item.run === run);
      const only = { both: 'leave it at the other one' };
      await kernel.items.answer(question?.id ?? '', only, typedBy('operator:test'));
      expect((await kernel.rest(run)).status).toBe('cancelled');
    }));

  test('asked twice in the same moment, it is one run', () =>
    travel(async ({ kernel }) => {
      const goal = { words: 'write to Ann', playbook: 'letters', by: 'operator:test' };
      const input = { to: 'ann@example.org', n: 1 };
      const all = await Promise.all([1, 2, 3].map(() => kernel.submit({ ...goal, input })));
      expect(new Set(all.map(({ run }) => run)).size).toBe(1);
      expect(all.map(({ joined }) => joined).sort()).toEqual([false, true, true]);
      await kernel.rest(all[0]?.run ?? '');
    }));

  test('two long goals that only begin alike are two goals', () =>
    travel(async ({ kernel }) => {
      const words = (end: string) => `${'please '.repeat(100)}${end}`;
      const goal = { playbook: 'letters', by: 'operator:test' };
      const to = `${'x'.repeat(600)}@example.org`;
      const first = await kernel.submit({ ...goal, words: words('a'), input: { to, n: 1 } });
      const other = await kernel.submit({ ...goal, words: words('b'), input: { to, n: 2 } });
      expect([other.joined, other.run === first.run]).toEqual([false, false]);
      expect((await kernel.rest(other.run)).playbook).toBe('letters@1');
      await kernel.rest(first.run);
    }));

  test('a goal that was done may be asked for again', () =>
    travel(async (parts) => {
      const { kernel } = parts;
      const { id } = await start(parts, 'letters', { to: 'ann@example.org', n: 1 });
      await kernel.cancel(id, 'not now', 'operator:test');
      const { joined } = await kernel.submit({
        ...{ words: 'letters', playbook: 'letters', by: 'operator:test' },
        input: { to: 'ann@example.org', n: 1 },
      });
      expect(joined).toBe(false);
      await kernel.close();
    }));
});

function withRule(
  parts: Travel,
  conflictRule: ConflictRule,
): Parameters<typeof changeWithConflicts>[0] {
  const { kernel, log, blobs, clock, newId, registry } = parts;
  return {
    ...{ log, blobs, clock, newId, registry, records: kernel.records, conflictRule },
    ...{ worker: 'test', random: (bytes) => '0'.repeat(bytes * 2), stopped: () => false },
    verify: () => Promise.reject(new Error('no passkeys here')),
    report: () => undefined,
  };
}
