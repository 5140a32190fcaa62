import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type JsonObject, LIMITS } from '../../src/base/index.ts';
import {
  COUNTERPARTY,
  type NewEvent,
  OPERATOR,
  type StoredEvent,
} from '../../src/contract/index.ts';
import {
  type Appended,
  DAMAGED_FIELD,
  ERASED_FIELD,
  type RawEvent,
  type Store,
} from '../../src/log/index.ts';
import { chainOf, rawEvents } from './log-chain.ts';
import { countFold, entryFold, newEvent, poisonFold, START_MS } from './log-fixtures.ts';
import { createLogHarness, type LogHarness, type OpenLog, STORES } from './log-harness.ts';

describe.each(STORES)('a log over the %s store', (kind) => {
  let harness: LogHarness;
  let open: OpenLog;

  beforeEach(() => {
    harness = createLogHarness(kind);
    open = harness.open();
  });
  afterEach(async () => {
    await open.log.close();
    harness.dispose();
  });

  const put = (stream: string, ...events: NewEvent[]) =>
    open.log.append([{ stream, expectedVersion: 'any', events }]);
  const all = () => open.log.read({ after: 0, limit: 1_000 });

  describe('append', () => {
    test('several streams change together, in one order without gaps', async () => {
      const { events } = await open.log.append([
        { stream: 'a', expectedVersion: 0, events: [newEvent('x.one'), newEvent('x.two')] },
        { stream: 'b', expectedVersion: 0, events: [newEvent('x.three')] },
      ]);
      expect(events.map((e) => [e.seq, e.stream, e.version, e.type])).toEqual([
        [1, 'a', 1, 'x.one'],
        [2, 'a', 2, 'x.two'],
        [3, 'b', 1, 'x.three'],
      ]);
      expect(await all()).toEqual(events);
      expect(open.log.head()).toEqual({ seq: 3, hash: events[2]?.hash });
      expect(chainOf(open.store).status).toBe('intact');
    });

    test('a stream named twice in one append goes on counting', async () => {
      const { events } = await open.log.append([
        { stream: 'a', expectedVersion: 0, events: [newEvent('x.one')] },
        { stream: 'b', expectedVersion: 'any', events: [newEvent('x.two')] },
        { stream: 'a', expectedVersion: 0, events: [newEvent('x.three')] },
      ]);
      expect(events.map((e) => [e.stream, e.version])).toEqual([
        ['a', 1],
        ['b', 1],
        ['a', 2],
      ]);
      expect(await open.log.streamVersion('a')).toBe(2);
    });

    test('the expected version is that of the whole stream, 0 for none, `any` for whatever', async () => {
      await open.log.append([{ stream: 'a', expectedVersion: 0, events: [newEvent('x.one')] }]);
      await open.log.append([{ stream: 'a', expectedVersion: 1, events: [newEvent('x.two')] }]);
      await open.log.append([
        { stream: 'a', expectedVersion: 'any', events: [newEvent('x.three')] },
      ]);
      for (const expectedVersion of [0, 2, 4]) {
        await expect(
          open.log.append([{ stream: 'a', expectedVersion, events: [newEvent('x.four')] }]),
        ).rejects.toMatchObject({
          code: 'version_conflict',
          facts: { stream: 'a', expected: expectedVersion, actual: 3 },
        });
      }
      expect(await open.log.streamVersion('a')).toBe(3);
    });

    test('a conflict in one stream keeps back the other streams of its append', async () => {
      await put('a', newEvent('x.one'));
      await expect(
        open.log.append([
          { stream: 'b', expectedVersion: 0, events: [newEvent('x.two')] },
          { stream: 'a', expectedVersion: 0, events: [newEvent('x.three')] },
        ]),
      ).rejects.toMatchObject({ code: 'version_conflict' });
      expect(await open.log.streamVersion('b')).toBe(0);
      expect(await open.log.fold(countFold).get('b')).toBeUndefined();
    });

    test('of two writers that saw the same version one wins, within one commit', async () => {
      const outcomes = await Promise.allSettled([
        open.log.append([{ stream: 'a', expectedVersion: 0, events: [newEvent('x.mine')] }]),
        open.log.append([{ stream: 'a', expectedVersion: 0, events: [newEvent('x.yours')] }]),
        open.log.append([{ stream: 'b', expectedVersion: 0, events: [newEvent('x.other')] }]),
      ]);
      expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
      expect((await all()).map(({ type }) => type)).toEqual(['x.mine', 'x.other']);
      expect(chainOf(open.store).status).toBe('intact');
    });

    test('an event that is too large fails its append and nothing else', async () => {
      const large = newEvent('x.large', { text: 'ä'.repeat(LIMITS.eventDataBytes / 2) });
      const outcomes = await Promise.allSettled([
        put('a', newEvent('x.one')),
        put('a', newEvent('x.two'), large),
        put('a', newEvent('x.three')),
      ]);
      expect(outcomes[1]).toMatchObject({
        reason: { code: 'too_large', facts: { type: 'x.large', limit: LIMITS.eventDataBytes } },
      });
      expect((await all()).map(({ type }) => type)).toEqual(['x.one', 'x.three']);
      const fits = newEvent('x.fits', { text: 'a'.repeat(LIMITS.eventDataBytes - 11) });
      await put('a', fits); // {"text":""} are 11 bytes
      expect((await all()).at(-1)?.data).toEqual(fits.data);
    });

    test('too many events for one append are refused', async () => {
      const events = Array.from({ length: LIMITS.appendEvents + 1 }, () => newEvent('x.one'));
      await expect(put('a', ...events)).rejects.toMatchObject({ code: 'too_large' });
      expect(open.log.head().seq).toBe(0);
    });

    test.each([
      ['half a character in the data', newEvent('x.one', { text: '\ud800' })],
      ['a number that is none', newEvent('x.one', { n: Number.NaN })],
      ['half a character in the name of a field', newEvent('x.one', { '\udc00': 1 })],
      ['a type with a line break', newEvent('x.one\n')],
      ['a type without a name', newEvent('')],
      ['a type with a character that cannot be seen', newEvent('x.one\u007f')],
      ['an empty actor', newEvent('x.one', {}, { by: '' })],
      ['an empty run', newEvent('x.one', {}, { run: '' })],
      ['an empty cause', newEvent('x.one', {}, { cause: '' })],
      ['a cause with a line break', newEvent('x.one', {}, { cause: 'c\n' })],
      ['half a character in a run', newEvent('x.one', {}, { run: 'r\ud800' })],
      [
        'half a character in a label',
        newEvent('x.one', {}, { fieldLabels: { '\ud800': OPERATOR } }),
      ],
    ])('%s is refused, and only that append', async (_what, event) => {
      const outcomes = await Promise.allSettled([put('a', event), put('a', newEvent('x.good'))]);
      expect(outcomes[0]).toMatchObject({ reason: { code: 'invalid_input' } });
      expect((await all()).map(({ type }) => type)).toEqual(['x.good']);
    });

    test('names with quotes, backslashes and any letters are kept, and the chain holds', async () => {
      const odd = ['"', '\\', '\\u0000', 'ä\u2028€', '😀', "'; --", ' '];
      for (const name of odd) {
        const more = { by: name, run: name, cause: name, fieldLabels: { [name]: COUNTERPARTY } };
        await put(name, newEvent(name, { [name]: name }, more));
      }
      expect(
        (await all()).map(({ stream, type, by, run, cause }) => [stream, type, by, run, cause]),
      ).toEqual(odd.map((name) => Array(5).fill(name)));
      expect(chainOf(open.store)).toMatchObject({ status: 'intact', events: odd.length });
    });

    test('a stream without a name is refused', async () => {
      await expect(put('', newEvent('x.one'))).rejects.toMatchObject({ code: 'invalid_input' });
    });

    test('an append without events only checks versions', async () => {
      const nothing = [{ stream: 'a', expectedVersion: 0, events: [] }];
      expect((await open.log.append(nothing)).events).toEqual([]);
      await expect(
        open.log.append([{ stream: 'a', expectedVersion: 1, events: [] }]),
      ).rejects.toMatchObject({ code: 'version_conflict' });
      expect(open.log.head().seq).toBe(0);
    });

    test('what is answered is what a reader gets, whatever the writer does to it later', async () => {
      const label = { integrity: 'own', placement: 'anywhere' } as const;
      const data = { b: [1, { z: null, a: -0 }], a: 'text' };
      const fieldLabels = { b: OPERATOR, a: COUNTERPARTY };
      const { events } = await put('a', newEvent('x.one', data, { label, fieldLabels, run: 'r' }));
      data.b.push(2);
      expect(JSON.stringify(await all())).toBe(JSON.stringify(events)); // in the same order, too
      expect(Object.keys(events[0]?.data ?? {})).toEqual(['a', 'b']);
      expect(events[0]?.data).toEqual({ a: 'text', b: [1, { a: 0, z: null }] });
    });

    test('names that JavaScript treats in its own way are kept', async () => {
      const data = JSON.parse('{"__proto__":{"a":1},"constructor":2,"toString":null}');
      await put('__proto__', newEvent('x.one', data, { fieldLabels: { ['__proto__']: OPERATOR } }));
      const [event] = await open.log.readStream('__proto__');
      expect(JSON.stringify(event?.data)).toBe(
        '{"__proto__":{"a":1},"constructor":2,"toString":null}',
      );
      expect(Object.entries(event?.fieldLabels ?? {})).toEqual([['__proto__', OPERATOR]]);
    });
  });

  describe('reading', () => {
    test('a page starts after a seq, ends at a limit, a bound and the end', async () => {
      for (let n = 1; n <= 5; n++) await put(n % 2 ? 'odd' : 'even', newEvent(`x.n${n}`));
      const seqs = async (after: number, limit: number, upTo?: number) =>
        (await open.log.read({ after, limit, ...(upTo === undefined ? {} : { upTo }) })).map(
          ({ seq }) => seq,
        );
      expect(await seqs(0, 2)).toEqual([1, 2]);
      expect(await seqs(2, 10)).toEqual([3, 4, 5]);
      expect(await seqs(0, 10, 3)).toEqual([1, 2, 3]);
      expect(await seqs(0, 0)).toEqual([]);
      expect(await seqs(5, 10)).toEqual([]);
      expect(
        (await open.log.read({ after: 1, limit: 2, types: ['x.n5', 'x.n3', 'x.n1'] })).map(
          ({ type }) => type,
        ),
      ).toEqual(['x.n3', 'x.n5']);
      expect((await open.log.readStream('odd')).map(({ seq }) => seq)).toEqual([1, 3, 5]);
      expect((await open.log.readStream('odd', { after: 1, limit: 1 })).map((e) => e.seq)).toEqual([
        3,
      ]);
      expect(await open.log.readStream('none')).toEqual([]);
    });

    test('more than a page is read whole', async () => {
      const events = Array.from({ length: 2_500 }, (_, n) =>
        newEvent(n % 500 ? 'x.one' : 'x.rare'),
      );
      await put('a', ...events);
      expect(await open.log.read({ after: 0, limit: 10_000 })).toHaveLength(2_500);
      expect(await open.log.read({ after: 0, limit: 9, types: ['x.rare'] })).toHaveLength(5);
    });

    test('labels, run and cause come back as they went in', async () => {
      const event = newEvent(
        'x.one',
        { from: 'a', body: { text: 'b' } },
        {
          by: 'connector:mail@1',
          label: { integrity: 'counterparty', placement: 'no-cloud', selected: true },
          fieldLabels: { from: OPERATOR, 'body.text': COUNTERPARTY },
          run: 'run-1',
          cause: 'id-0',
        },
      );
      await put('a', event);
      const { personal: _none, ...expected } = event;
      expect((await all())[0]).toMatchObject(expected);
      expect(chainOf(open.store).status).toBe('intact');
    });

    test('an old shape is read in the form of today and stays as it was written', async () => {
      await open.log.close();
      open = harness.open({ engine: '0.1.0' });
      await put('a', newEvent('x.one', { minutes: 90 }));
      await open.log.close();
      open = harness.open({
        engine: '0.10.0',
        upcasters: {
          'x.one': [
            { until: '0.2.0', up: ({ minutes }) => ({ seconds: Number(minutes) * 60 }) },
            { until: '0.10.0', up: ({ seconds }) => ({ duration: `PT${seconds}S` }) },
          ],
        },
      });
      const { events } = await put('a', newEvent('x.one', { duration: 'PT1S' }));
      expect((await all()).map(({ data }) => data)).toEqual([
        { duration: 'PT5400S' },
        { duration: 'PT1S' },
      ]);
      expect(events[0]?.data).toEqual({ duration: 'PT1S' });
      expect(rawEvents(open.store)[0]?.data).toBe('{"minutes":90}');
    });
  });

  describe('folds', () => {
    test('a fold sees every append that was answered', async () => {
      const counts = open.log.fold(countFold);
      await put('a', newEvent('x.one', { text: 'first' }), newEvent('x.two', { text: 'second' }));
      expect(await counts.get('a')).toEqual({ count: 2, last: '"second"' });
      expect(await counts.getMany(['a', 'b'])).toEqual(
        new Map([['a', { count: 2, last: '"second"' }]]),
      );
    });

    test('a fold that throws fails its append only, and no fold keeps a trace of it', async () => {
      const outcomes = await Promise.allSettled([
        put('a', newEvent('x.one')),
        put('a', newEvent('x.two'), newEvent('poison.taken')),
        put('a', newEvent('x.three')),
      ]);
      expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
      expect(await open.log.fold(countFold).get('a')).toMatchObject({ count: 2 });
      expect(await open.log.fold(poisonFold).get('all')).toEqual({ count: 2 });
      expect((await all()).map(({ type }) => type)).toEqual(['x.one', 'x.three']);
    });

    test('a fold that changes a row it did not name is refused', async () => {
      await open.log.close();
      const rogue = { ...countFold, name: 'rogue', keys: () => ['one'] };
      open = harness.open({ folds: [rogue] });
      await expect(put('two', newEvent('x.one'))).rejects.toMatchObject({ code: 'internal' });
      expect(open.log.head().seq).toBe(0);
    });

    test('a fold whose order throws while rows are written fails its append only', async () => {
      await open.log.close();
      const fragile = {
        ...entryFold,
        name: 'fragile',
        indexes: {
          order: ({ name }: { name: string }) => {
            if (name === 'bad') throw new Error('this order has a defect');
            return name;
          },
        },
      };
      open = harness.open({ folds: [countFold, fragile] });
      const outcomes = await Promise.allSettled([
        put('a', newEvent('entry.put', { key: 'k1', name: 'good' })),
        put('a', newEvent('entry.put', { key: 'k2', name: 'bad' })),
        put('a', newEvent('entry.put', { key: 'k3', name: 'good' })),
      ]);
      if (kind === 'sqlite') {
        expect(outcomes.map(({ status }) => status)).toEqual([
          'fulfilled',
          'rejected',
          'fulfilled',
        ]);
        expect((await all()).map(({ data }) => data.key)).toEqual(['k1', 'k3']);
        expect(await open.log.fold(countFold).get('a')).toMatchObject({ count: 2 });
      }
      expect(chainOf(open.store).status).toBe('intact');
    });

    test('a new version of a fold is rebuilt when the log is opened', async () => {
      await put('a', newEvent('x.one'), newEvent('x.two'));
      await open.log.close();
      const doubled = {
        ...countFold,
        version: 2,
        apply: (rows: ReadonlyMap<string, { count: number; last: string }>, event: StoredEvent) =>
          new Map([[event.stream, { count: (rows.get(event.stream)?.count ?? 0) + 2, last: '' }]]),
      };
      open = harness.open({ folds: [doubled] });
      expect(await open.log.fold(doubled).get('a')).toEqual({ count: 4, last: '' });
    });

    test('a rebuild shows no half-built fold, and appends wait for it', async () => {
      await put('a', ...Array.from({ length: 3_500 }, () => newEvent('x.one')));
      const before = await open.log.digest('counts');
      const progress: number[] = [];
      const meanwhile: { count?: Promise<unknown>; append?: Promise<Appended> } = {};
      await open.log.rebuild((seq) => {
        progress.push(seq);
        meanwhile.count ??= open.log.fold(countFold).get('a');
        meanwhile.append ??= put('a', newEvent('x.two'));
      });
      expect(await meanwhile.count).toMatchObject({ count: 3_500 });
      expect(progress).toEqual([1_000, 2_000, 3_000, 3_500]);
      expect((await meanwhile.append)?.events[0]?.seq).toBe(3_501);
      expect(await open.log.fold(countFold).get('a')).toMatchObject({ count: 3_501 });
      expect(await open.log.digest('counts')).not.toBe(before);
    });
  });

  describe('personal fields', () => {
    const personal = { subject: 'subject-1', paths: ['name', 'address.city', 'lines.1.text'] };
    const data = {
      name: 'Ada',
      address: { city: 'Graz', country: 'AT' },
      lines: [{ text: 'public' }, { text: 'private', hours: 2 }],
    };

    test('they lie encrypted in the store and are read in the clear', async () => {
      const { events } = await put('a', newEvent('x.one', data, { personal }));
      expect((await all())[0]?.data).toEqual(data);
      expect(events).toEqual(await all());
      const stored = rawEvents(open.store)[0]?.data ?? '';
      for (const secret of ['Ada', 'Graz', 'private']) expect(stored).not.toContain(secret);
      for (const open of ['AT', 'public', '"hours":2']) expect(stored).toContain(open);
    });

    test('a destroyed key reads as erased, and a later key of that person does not bring it back', async () => {
      await put('a', newEvent('x.one', data, { personal }));
      open.vault.destroy('subject-1');
      const erased = {
        name: ERASED_FIELD,
        address: { city: ERASED_FIELD, country: 'AT' },
        lines: [{ text: 'public' }, { text: ERASED_FIELD, hours: 2 }],
      };
      expect((await all())[0]?.data).toEqual(erased);
      await put('a', newEvent('x.two', { name: 'Ada again' }, { personal }));
      expect((await all()).map((event) => event.data)).toEqual([erased, { name: 'Ada again' }]);
      expect((await all())[0]).not.toHaveProperty('damaged');
      expect(chainOf(open.store).status).toBe('intact');
    });

    test('data of ours that looks sealed or erased comes back as it was', async () => {
      const lookalike = {
        $sealed: 'AAAA',
        subject: 'subject-1',
        key: 'x',
        inner: { $$sealed: 1, $erased: true, text: '{"$sealed":1}' },
        name: { $sealed: 'ours', subject: 'me' },
      };
      await put('a', newEvent('x.one', lookalike), newEvent('x.two', lookalike, { personal }));
      expect((await all()).map((event) => event.data)).toEqual([lookalike, lookalike]);
    });

    test('data that is nested deeper than a reader can follow is refused when it is written', async () => {
      const nested = (levels: number) => {
        let data: JsonObject = { $sealed: 'no' };
        for (let n = 0; n < levels; n++) data = { a: data };
        return newEvent('x.deep', data);
      };
      // what has run often takes less of the stack: then writing could do what reading cannot
      for (let n = 0; n < 2_000; n++) await put('a', nested(60));
      for (const levels of [501, 1_500, 3_000, 6_000]) {
        await expect(put('a', nested(levels))).rejects.toMatchObject({ code: 'invalid_input' });
      }
      const deep = nested(499);
      await put('a', deep);
      expect((await open.log.readStream('a', { after: 2_000 }))[0]?.data).toEqual(deep.data);
    });

    test('a damaged field is marked, costs no other event, and stops only a rebuild', async () => {
      await put('a', newEvent('x.one', data, { personal }), newEvent('x.two', { text: 'fine' }));
      tamper(open.store, (raw) => ({
        ...raw,
        data:
          raw.data?.replace(/("\$sealed":"..)(.)/, (_, a, b) => a + (b === 'A' ? 'B' : 'A')) ??
          null,
      }));
      const [damaged, fine] = await all();
      expect(damaged).toMatchObject({ damaged: true, data: { address: { country: 'AT' } } });
      expect(JSON.stringify(damaged?.data)).toContain(JSON.stringify(DAMAGED_FIELD));
      expect(fine).toMatchObject({ data: { text: 'fine' } });
      expect(fine).not.toHaveProperty('damaged');
      expect(chainOf(open.store)).toMatchObject({ status: 'broken', firstBadSeq: 1 });
      await expect(open.log.rebuild()).rejects.toMatchObject({
        code: 'payload_damaged',
        facts: { seq: 1 },
      });
      await expect(open.log.fold(countFold).get('a')).rejects.toMatchObject({
        code: 'payload_damaged',
      });
      await expect(put('a', newEvent('x.three'))).rejects.toMatchObject({
        code: 'payload_damaged',
      });
    });

    test('data that is no JSON any more is an empty, damaged event', async () => {
      await put('a', newEvent('x.one', { text: 'gone' }), newEvent('x.two'));
      tamper(open.store, (raw) => ({ ...raw, data: raw.data?.slice(1) ?? null }));
      expect(await all()).toMatchObject([
        { damaged: true, data: {} },
        { type: 'x.two', data: {} },
      ]);
    });

    test('a shredded payload reads as erased and the chain stays whole', async () => {
      await put('a', newEvent('x.one', data), newEvent('x.two'));
      open.store.shred(1);
      expect(await all()).toMatchObject([{ seq: 1, data: {}, erased: true }, { seq: 2 }]);
      expect(chainOf(open.store)).toMatchObject({ status: 'intact', events: 2, shredded: 1 });
      await open.log.rebuild();
      expect(await open.log.fold(countFold).get('a')).toMatchObject({ count: 2 });
    });
  });

  describe('durability', () => {
    const heard: number[] = [];
    const everything = () => true;
    const listen = () => {
      heard.length = 0;
      return open.log.follow(everything, (events) => {
        expect(events.at(-1)?.seq).toBeLessThanOrEqual(open.log.durableSeq());
        heard.push(...events.map(({ seq }) => seq));
      });
    };

    const barrier = (type: string) =>
      open.log.append([{ stream: 'a', expectedVersion: 'any', events: [newEvent(type)] }], {
        barrier: true,
      });

    test('listeners hear in order, once, and never above what is durable', async () => {
      const stop = listen();
      await put('a', newEvent('x.one'));
      expect([open.log.head().seq, open.log.durableSeq(), heard]).toEqual([1, 0, []]);
      await Promise.all([
        put('a', newEvent('x.two')),
        open.log.append([{ stream: 'b', expectedVersion: 0, events: [newEvent('x.three')] }], {
          barrier: true,
        }),
        put('a', newEvent('x.four')),
      ]);
      expect(open.log.durableSeq()).toBe(4);
      expect(heard).toEqual([1, 2, 3, 4]);
      stop();
      await open.log.append([{ stream: 'b', expectedVersion: 1, events: [newEvent('x.five')] }], {
        barrier: true,
      });
      expect(heard).toEqual([1, 2, 3, 4]);
    });

    test('a tail without a barrier is durable within 50 ms', async () => {
      vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
      try {
        listen();
        await put('a', newEvent('x.one'));
        vi.advanceTimersByTime(30);
        await put('a', newEvent('x.two')); // must not put off the barrier of the first
        expect(open.log.durableSeq()).toBe(0);
        const synced = new Promise((resolve) => open.log.onDurable(resolve));
        vi.advanceTimersByTime(20);
        await synced;
        expect(open.log.durableSeq()).toBe(2);
        expect(heard).toEqual([1, 2]);
        expect(vi.getTimerCount()).toBe(0);
      } finally {
        vi.useRealTimers();
      }
    });

    test('a listener that throws costs neither the answer nor the other listeners', async () => {
      await open.log.close();
      const onListenerError = vi.fn();
      open = harness.open({ onListenerError });
      const defect = (): never => {
        throw new Error('this listener has a defect');
      };
      const heads: number[] = [];
      open.log.follow(everything, defect);
      open.log.onDurable(defect);
      open.log.onDurable(({ seq }) => heads.push(seq));
      listen();
      await barrier('x.one');
      expect([heard, heads]).toEqual([[1], [1]]);
      expect(onListenerError).toHaveBeenCalledTimes(2);
    });

    test('who begins to follow hears of nothing that was appended before', async () => {
      listen();
      await put('a', newEvent('x.one')); // kept for the first, and not durable yet
      const late: number[] = [];
      open.log.follow(everything, (events) => late.push(...events.map(({ seq }) => seq)));
      await barrier('x.two');
      expect([heard, late]).toEqual([[1, 2], [2]]);
    });

    test('who begins or ceases to listen while others are told is told nothing', async () => {
      const told: string[] = [];
      const say = (who: string) => () => {
        told.push(who);
      };
      open.log.follow(everything, () => {
        for (const stop of ceasing) stop();
        open.log.follow(everything, say('began to follow'));
      });
      open.log.onDurable(() => {
        stopLast();
        open.log.onDurable(say('began to listen'));
      });
      const ceasing = [
        open.log.follow(everything, say('ceased to follow')),
        open.log.onDurable(say('ceased to listen')),
      ];
      const stopLast = open.log.onDurable(say('ceased to listen last'));
      await barrier('x.one');
      expect(told).toEqual([]);
    });

    test('a barrier that makes nothing durable tells nobody', async () => {
      await barrier('x.one');
      listen();
      const heads: number[] = [];
      open.log.onDurable(({ seq }) => heads.push(seq));
      await open.log.append([], { barrier: true });
      expect([heard, heads]).toEqual([[], []]);
    });

    test('closing answers what waits, makes it durable and refuses what comes later', async () => {
      listen();
      const last = put('a', newEvent('x.one'));
      await open.log.close();
      expect((await last).events).toHaveLength(1);
      expect(heard).toEqual([1]);
      expect(open.log.durableSeq()).toBe(1);
      await expect(put('a', newEvent('x.two'))).rejects.toMatchObject({ code: 'not_ready' });
      await open.log.close(); // a second time does nothing
    });

    test('a reopened log continues the chain, the streams and the times', async () => {
      const { events } = await put('a', newEvent('x.one'));
      await open.log.close();
      open.clock.set(START_MS - 60_000);
      open = harness.open();
      expect(open.log.durableSeq()).toBe(1);
      const more = await open.log.append([
        { stream: 'a', expectedVersion: 1, events: [newEvent('x.two')] },
      ]);
      expect(more.events[0]).toMatchObject({ seq: 2, version: 2, at: events[0]?.at });
      expect(await all()).toEqual([...events, ...more.events]);
      expect(chainOf(open.store)).toMatchObject({ status: 'intact', events: 2 });
      expect(await open.log.fold(countFold).get('a')).toMatchObject({ count: 2 });
    });

    test('a clock that is set back or jumps never reorders the times of the log', async () => {
      for (const shift of [0, 5_000, -3_600_000, 1, 86_400_000, -5]) {
        open.clock.set(START_MS + shift);
        await put('a', newEvent('x.one'));
      }
      const times = (await all()).map(({ at }) => at);
      expect(times).toEqual([...times].sort((a, b) => a - b));
      expect(times.at(-1)).toBe(START_MS + 86_400_000);
    });
  });
});

/** Changes the first event where it lies, as somebody with the file in his hands could. */
function tamper(store: Store, change: (raw: RawEvent) => RawEvent): void {
  const [first] = store.events(0, 1);
  if (!first) throw new Error('nothing to tamper with');
  const { data } = change(first);
  if ('database' in store) {
    // the SQLite store shows its database for checks: this is one
    const database = store.database as import('node:sqlite').DatabaseSync;
    database.prepare('UPDATE events SET data = ? WHERE seq = 1').run(data);
  } else {
    Object.assign(first, { data });
  }
}
