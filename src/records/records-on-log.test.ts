import { randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import { createMemoryStore } from '../adapter/memory-store.ts';
import { createIds } from '../base/index.ts';
import { OPERATOR } from '../contract/index.ts';
import { createLog, type KeyVault, type LogPorts } from '../log/index.ts';
import { decideRecord, type NewRecordEvent } from './decide-record.ts';
import type { RecordCommand } from './record-command.ts';
import { recordAt, recordVersionsFold } from './record-versions-fold.ts';
import { recordsFold, recordsNamed, unbilledTime } from './records-fold.ts';

function createBooks() {
  const keys = new Map<string, Uint8Array>();
  const vault: KeyVault = {
    obtain: (subject) => {
      const key = keys.get(subject) ?? randomBytes(32);
      keys.set(subject, key);
      return key;
    },
    find: (subject) => keys.get(subject),
    destroy: (subject) => keys.delete(subject),
  };
  let now = 1_790_000_000_000;
  const clock = { now: () => now++ };
  const log = createLog({
    store: createMemoryStore('c'),
    vault,
    clock,
    newId: createIds(clock.now),
    // the log moves rows without looking inside, so it takes folds of any row
    folds: [recordsFold, recordVersionsFold] as unknown as LogPorts['folds'],
    engine: '0.1.0',
  });
  const records = log.fold(recordsFold);
  async function append(
    stream: string,
    expectedVersion: number,
    events: readonly NewRecordEvent[],
  ) {
    const signed = events.map((event) => ({ ...event, by: 'operator:d', label: OPERATOR }));
    return log.append([{ stream, expectedVersion, events: signed }]);
  }
  return {
    log,
    vault,
    records,
    append,
    run: async (command: RecordCommand) => {
      const stream = `${command.record}/${command.id}`;
      const rows = new Map((await records.list()).map(({ key, row }) => [key, row]));
      const state = rows.get(stream);
      const events = decideRecord(state, command, {
        newId: () => 'n',
        now: clock.now(),
        references: (type, id) => rows.get(`${type}/${id}`),
      });
      return append(stream, state?.version ?? 0, events);
    },
  };
}

it('on a real log, erasing a person leaves the same rows as dropping and rebuilding the folds', async () => {
  const books = createBooks();
  await books.run({
    type: 'create',
    record: 'party',
    id: 'p',
    set: { name: 'Vera Beispiel', kinds: ['lead'], 'address.city': 'Graz' },
  });
  await books.run({ type: 'change', record: 'party', id: 'p', set: { email: 'v@b.example' } });
  await books.run({
    type: 'create',
    record: 'message',
    id: 'm',
    set: {
      direction: 'in',
      from: 'v@b.example',
      to: ['me@c.example'],
      subject: 'Hello',
      at: '2026-10-01T08:00:00Z',
      blob: 'a'.repeat(64),
      party: 'p',
    },
  });
  await books.run({
    type: 'create',
    record: 'time-entry',
    id: 't',
    set: { party: 'p', day: '2026-10-01', seconds: 3_600 },
  });
  expect(await books.records.count(recordsNamed('party', 'vera beispiel'))).toBe(1);

  books.vault.destroy('p');
  await books.append('subject/p', 0, [
    {
      type: 'subject.erased',
      data: {
        subject: 'p',
        records: [
          { type: 'party', id: 'p', versions: 2 },
          { type: 'message', id: 'm', versions: 1 },
        ],
      },
    },
  ]);
  const live = [await books.log.digest('records'), await books.log.digest('record-versions')];
  const erased = await books.records.get('party/p');
  expect(erased?.fields).toEqual({
    name: { $erased: true },
    kinds: ['lead'],
    email: { $erased: true },
    address: { city: { $erased: true } },
  });
  expect(await books.records.count(recordsNamed('party', 'vera beispiel'))).toBe(0);
  expect(await books.records.count(unbilledTime('p'))).toBe(1);

  await books.log.rebuild();
  expect([await books.log.digest('records'), await books.log.digest('record-versions')]).toEqual(
    live,
  );
  expect(await books.records.get('party/p')).toEqual(erased);
  await books.log.close();
});

it('on a real log, a record can be read as of any seq', async () => {
  const books = createBooks();
  await books.run({ type: 'create', record: 'party', id: 'p', set: { name: 'One' } });
  await books.run({ type: 'create', record: 'party', id: 'p2', set: { name: 'Other' } });
  await books.run({ type: 'change', record: 'party', id: 'p', set: { name: 'Two' } });
  const versions = books.log.fold(recordVersionsFold);
  const nameAt = async (seq: number) => (await recordAt(versions, 'party', 'p', seq))?.fields.name;
  expect(await Promise.all([0, 1, 2, 3, 99].map(nameAt))).toEqual([
    undefined,
    'One',
    'One',
    'Two',
    'Two',
  ]);
  await books.log.close();
});

it('on a real log, the second of two writers fails by its expected version', async () => {
  const books = createBooks();
  await books.run({ type: 'create', record: 'party', id: 'p', set: { name: 'One' } });
  const change = { type: 'party.changed', data: { set: { name: 'Two' }, unset: [] } };
  await books.append('party/p', 1, [change]);
  await expect(books.append('party/p', 1, [change])).rejects.toMatchObject({
    code: 'version_conflict',
  });
  await books.log.close();
});
