import fc from 'fast-check';
import { afterEach, expect, test } from 'vitest';
import { LIMITS } from '../../src/base/index.ts';
import { Failure, type NewEvent, type StoredEvent } from '../../src/contract/index.ts';
import type { FoldQuery, ReadOptions, StreamAppend } from '../../src/log/index.ts';
import { chainOf } from './log-chain.ts';
import { countFold, entryFold, newEvent, START_MS } from './log-fixtures.ts';
import { createLogHarness, type LogHarness, type OpenLog, STORES } from './log-harness.ts';

const harnesses: LogHarness[] = [];
afterEach(() => {
  for (const harness of harnesses.splice(0)) harness.dispose();
});

interface Side {
  readonly harness: LogHarness;
  open: OpenLog;
  /** seqs of what it told its listeners, in that order */
  readonly told: number[];
}

function openBoth(): Side[] {
  return STORES.map((kind) => {
    const harness = createLogHarness(kind);
    harnesses.push(harness);
    const side: Side = { harness, open: harness.open(), told: [] };
    listen(side);
    return side;
  });
}

function listen({ open, told }: Side): void {
  open.log.follow(
    () => true,
    (events) => {
      told.push(...events.map(({ seq }) => seq));
      expect(open.log.durableSeq()).toBe(told[told.length - 1]);
    },
  );
}

type Step =
  | { readonly do: 'append'; readonly group: readonly Append[] }
  | { readonly do: 'list'; readonly query: FoldQuery }
  | { readonly do: 'get'; readonly keys: readonly string[] }
  | ({ readonly do: 'read' } & ReadOptions)
  | {
      readonly do: 'stream';
      readonly stream: string;
      readonly after?: number;
      readonly limit?: number;
    }
  | { readonly do: 'shred'; readonly seq: number }
  | { readonly do: 'forget'; readonly subject: string }
  | { readonly do: 'clock'; readonly shiftMs: number }
  | { readonly do: 'rebuild' }
  | { readonly do: 'reopen' };

interface Append {
  readonly batch: readonly StreamAppend[];
  readonly barrier: boolean;
}

// Few names, so that writers meet; odd ones, so that every code unit counts.
const streams = fc.constantFrom('a', 'b', '__proto__', 'ä/\u{10ffff}', '\ud7ff"\\');
const keys = fc.constantFrom(
  'k',
  'k1',
  'k12',
  'K',
  '',
  '\u{10ffff}',
  'k\u{10ffff}x',
  '\ue000',
  '🙂',
);
const text = fc.oneof(keys, fc.string({ unit: 'binary', maxLength: 4 }));
const value = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.integer({ min: -3, max: 3 }),
  text,
  fc.constant(null),
);

const event: fc.Arbitrary<NewEvent> = fc.oneof(
  {
    arbitrary: fc.record({ key: keys, name: text, value }).map((row) => newEvent('entry.put', row)),
    weight: 6,
  },
  { arbitrary: keys.map((key) => newEvent('entry.dropped', { key })), weight: 2 },
  {
    arbitrary: fc
      .tuple(text, fc.constantFrom('ada', 'bob'))
      .map(([name, subject]) =>
        newEvent('x.met', { text: name, name }, { personal: { subject, paths: ['name', 'text'] } }),
      ),
    weight: 2,
  },
  {
    arbitrary: fc
      .json({ maxDepth: 3 })
      .map((json) => newEvent('x.any', { text: JSON.parse(json) })),
    weight: 2,
  },
  { arbitrary: fc.constant(newEvent('poison.taken')), weight: 1 },
  { arbitrary: fc.constant(newEvent('x.half', { text: '\ud800' })), weight: 1 },
  {
    arbitrary: fc.constant(newEvent('x.large', { text: 'x'.repeat(LIMITS.eventDataBytes) })),
    weight: 1,
  },
);

const append: fc.Arbitrary<Append> = fc.record({
  batch: fc.array(
    fc.record({
      stream: streams,
      expectedVersion: fc.oneof(
        { arbitrary: fc.constant('any' as const), weight: 3 },
        { arbitrary: fc.integer({ min: 0, max: 4 }), weight: 1 },
      ),
      events: fc.array(event, { maxLength: 3 }),
    }),
    { minLength: 1, maxLength: 3 },
  ),
  barrier: fc.boolean(),
});

const bounds = (of: fc.Arbitrary<string | number>) =>
  fc.record(
    {
      ...{ equals: of, from: of, to: of, descending: fc.boolean() },
      ...{ limit: fc.nat(5), offset: fc.nat(3), after: fc.record({ value: of, key: keys }) },
    },
    { requiredKeys: [] },
  );
const queries: fc.Arbitrary<FoldQuery> = fc.oneof(
  bounds(text),
  bounds(text).map((query) => ({ ...query, index: 'by-name' })),
  bounds(fc.oneof(fc.double({ noNaN: true }), text)).map((query) => ({
    ...query,
    index: 'by-value',
  })),
  fc.constantFrom<FoldQuery>(
    {},
    { index: 'by-name' },
    { index: 'by-value', descending: true },
    { index: 'none' },
  ),
);

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    arbitrary: fc.record({
      do: fc.constant('append' as const),
      group: fc.array(append, { minLength: 1, maxLength: 4 }),
    }),
    weight: 8,
  },
  { arbitrary: fc.record({ do: fc.constant('list' as const), query: queries }), weight: 8 },
  {
    arbitrary: fc.record(
      {
        ...{ do: fc.constant('read' as const), after: fc.nat(20), limit: fc.nat(20) },
        upTo: fc.nat(20),
        types: fc.subarray(['entry.put', 'entry.dropped', 'x.met', 'x.never']),
      },
      { requiredKeys: ['do', 'after', 'limit'] },
    ),
    weight: 2,
  },
  {
    arbitrary: fc.record(
      { do: fc.constant('stream' as const), stream: streams, after: fc.nat(4), limit: fc.nat(4) },
      { requiredKeys: ['do', 'stream'] },
    ),
    weight: 2,
  },
  {
    arbitrary: fc.record({ do: fc.constant('get' as const), keys: fc.array(keys) }),
    weight: 2,
  },
  {
    arbitrary: fc.record({
      do: fc.constant('shred' as const),
      seq: fc.integer({ min: 1, max: 12 }),
    }),
    weight: 1,
  },
  {
    arbitrary: fc.record({
      do: fc.constant('forget' as const),
      subject: fc.constantFrom('ada', 'bob'),
    }),
    weight: 1,
  },
  {
    arbitrary: fc.record({
      do: fc.constant('clock' as const),
      shiftMs: fc.integer({ min: -1e9, max: 1e9 }),
    }),
    weight: 1,
  },
  { arbitrary: fc.constant({ do: 'rebuild' } as const), weight: 1 },
  { arbitrary: fc.constant({ do: 'reopen' } as const), weight: 1 },
);

test('SQLite and memory answer every sequence of operations alike', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 25 }), async (steps) => {
      const sides = openBoth();
      for (const one of steps) {
        const answers = [];
        for (const side of sides) {
          if (one.do === 'reopen') {
            await side.open.log.close();
            side.open = side.harness.open();
            listen(side);
          }
          answers.push([await answer(side.open, one), await stateOf(side.open)]);
        }
        expect(answers[0]).toEqual(answers[1]);
      }
      for (const { open, told } of sides) {
        expect(chainOf(open.store).status).toBe('intact');
        const { seq } = open.log.head();
        await open.log.close();
        expect(told).toEqual(Array.from({ length: seq }, (_, index) => index + 1));
      }
    }),
    { numRuns: 60 },
  );
});

test('every fold is rebuilt to the digest that it had', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(append, { minLength: 1, maxLength: 12 }), async (appends) => {
      for (const { open } of openBoth()) {
        for (const { batch } of appends) await settle(open.log.append(batch));
        const before = await digests(open);
        await open.log.rebuild();
        expect(await digests(open)).toEqual(before);
        await open.log.close();
      }
    }),
    { numRuns: 40 },
  );
});

test('what is appended is what is read, for any JSON', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.jsonValue({ stringUnit: 'binary' })), async (values) => {
      for (const { open } of openBoth()) {
        for (const json of values) {
          const data = JSON.parse(JSON.stringify({ json, $sealed: json }));
          const personal = { subject: 'ada', paths: ['json', 'json.0', '$sealed.a'] };
          const events = [newEvent('x.one', data), newEvent('x.two', data, { personal })];
          await open.log.append([{ stream: 'a', expectedVersion: 'any', events }]);
        }
        const read = await open.log.readStream('a');
        const wanted = values.flatMap((json) => [json, json]);
        expect(read.map(({ data }) => data)).toEqual(
          wanted.map((json) => JSON.parse(JSON.stringify({ json, $sealed: json }))),
        );
        await open.log.close();
      }
    }),
    { numRuns: 40 },
  );
});

/** What a step says, without what is random by design (salts, nonces and the hashes over them). */
async function answer({ log, store, clock, vault }: OpenLog, one: Step): Promise<unknown> {
  switch (one.do) {
    case 'append':
      return Promise.all(
        one.group.map(({ batch, barrier }) =>
          settle(log.append(batch, { barrier }).then(({ events }) => events.map(plain))),
        ),
      );
    case 'list':
      return [
        await log.fold(entryFold).list(one.query),
        await log.fold(entryFold).count(one.query),
        await Array.fromAsync(log.fold(entryFold).every(one.query)),
      ];
    case 'get':
      return [
        [...(await log.fold(entryFold).getMany(one.keys))],
        await Promise.all(one.keys.map(log.fold(entryFold).get)),
      ];
    case 'stream':
      return (await log.readStream(one.stream, one)).map(plain);
    case 'read':
      return (await log.read(one)).map(plain);
    case 'shred':
      return store.shred(one.seq);
    case 'forget':
      return vault.destroy(one.subject);
    case 'clock':
      return clock.set(START_MS + one.shiftMs);
    case 'rebuild':
      return settle(log.rebuild());
    case 'reopen':
      return undefined;
  }
}

async function stateOf(open: OpenLog): Promise<unknown> {
  const { log } = open;
  return {
    seq: log.head().seq,
    streams: await Promise.all(['a', 'b', '__proto__'].map(log.streamVersion)),
    stream: (await log.readStream('a', { after: 1, limit: 3 })).map(plain),
    folds: await digests(open),
    counts: await log.fold(countFold).list(),
  };
}

function digests({ log }: OpenLog): Promise<readonly string[]> {
  return Promise.all(['counts', 'entries', 'poison'].map(log.digest));
}

function plain({ hash: _hash, dataHash: _dataHash, ...event }: StoredEvent): unknown {
  return event;
}

async function settle<T>(work: Promise<T>): Promise<unknown> {
  try {
    return { value: await work };
  } catch (error) {
    return error instanceof Failure ? error.toData() : String(error);
  }
}
