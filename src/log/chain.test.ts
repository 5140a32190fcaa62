import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createMemoryStore } from '../adapter/memory-store.ts';
import { canonicalJson, createIds, type Json } from '../base/index.ts';
import { type EventHeader, INTEGRITIES, type Label, PLACEMENTS } from '../contract/index.ts';
import { canonicalHeader, GENESIS } from './chain.ts';
import { createLog } from './create-log.ts';
import type { LogHead } from './port.ts';
import type { RawEvent } from './store.ts';
import { verifyChain } from './verify.ts';

const START: LogHead = { seq: 0, hash: GENESIS };

const label: fc.Arbitrary<Label> = fc.record(
  {
    integrity: fc.constantFrom(...INTEGRITIES),
    placement: fc.constantFrom(...PLACEMENTS),
    selected: fc.constant(true as const),
  },
  { requiredKeys: ['integrity', 'placement'] },
);
const text = fc.string({ unit: 'binary' });
const hex = fc.stringMatching(/^[0-9a-f]{64}$/);
const header: fc.Arbitrary<EventHeader> = fc.record(
  {
    company: text,
    seq: fc.nat(),
    id: text,
    stream: text,
    version: fc.nat(),
    type: text,
    at: fc.nat(),
    by: text,
    run: text,
    cause: text,
    label,
    fieldLabels: fc.dictionary(text, label, { noNullPrototype: true }),
    engine: text,
    dataHash: hex,
  },
  {
    requiredKeys: [
      ...(['company', 'seq', 'id', 'stream', 'version', 'type', 'at', 'by'] as const),
      ...(['label', 'engine', 'dataHash'] as const),
    ],
  },
);

test('the header is written as the general canonical encoder writes it', () => {
  fc.assert(
    fc.property(header, (one) => {
      // a header holds text, numbers, `true` and maps of them: it is JSON
      expect(canonicalHeader(one)).toBe(canonicalJson(one as unknown as Json));
    }),
  );
});

describe('a chain of 12 events', () => {
  const chain = appendEvents(12);
  const other = appendEvents(12);
  const seq = fc.integer({ min: 1, max: 12 });

  test('is intact, from any point on, and against its own checkpoints', async () => {
    const events = await chain;
    const heads = events.map(headOf);
    expect(verifyChain(events, START, heads)).toEqual({
      status: 'intact',
      events: 12,
      head: heads.at(-1),
      shredded: 0,
    });
    for (const [index, head] of heads.entries()) {
      expect(verifyChain(events.slice(index + 1), head, heads).status).toBe('intact');
    }
  });

  test('a flipped character anywhere in an event is named', async () => {
    const events = await chain;
    fc.assert(
      fc.property(seq, fc.nat(), fc.integer({ min: 1, max: 127 }), (bad, place, bits) => {
        const changed = events.with(bad - 1, flip(events[bad - 1], place, bits));
        expect(verifyChain(changed, START)).toMatchObject({ status: 'broken', firstBadSeq: bad });
      }),
      { numRuns: 2_000 },
    );
  });

  test('a dropped event is named, unless it was the last', async () => {
    const events = await chain;
    for (let bad = 1; bad < 12; bad++) {
      expect(verifyChain(events.toSpliced(bad - 1, 1), START)).toMatchObject({ firstBadSeq: bad });
    }
    expect(verifyChain(events.slice(0, 11), START).status).toBe('intact');
  });

  test('of two events that changed places the first is named, also with their numbers', async () => {
    const events = await chain;
    fc.assert(
      fc.property(seq, seq, (a, b) => {
        fc.pre(a < b);
        const [first, second] = [at(events, a), at(events, b)];
        const swapped = events.with(a - 1, second).with(b - 1, first);
        expect(verifyChain(swapped, START)).toMatchObject({ firstBadSeq: a });
        const renumbered = events.with(a - 1, atSeq(second, a)).with(b - 1, atSeq(first, b));
        expect(verifyChain(renumbered, START)).toMatchObject({ firstBadSeq: a });
      }),
    );
  });

  test('an event that was put in is named, in front, between and as a copy', async () => {
    const [events, strangers] = [await chain, await other];
    fc.assert(
      fc.property(seq, fc.constantFrom(-1, 0, 1), fc.boolean(), (place, shift, isCopy) => {
        const guest = atSeq(at(isCopy ? events : strangers, place), place + shift);
        const stuffed = events.toSpliced(place - 1, 0, guest);
        const report = verifyChain(stuffed, START);
        // what also fits there (a copy; another first event) only shows when the original follows
        const fits = shift === 0 && (isCopy || place === 1);
        const firstBadSeq = fits ? place + 1 : place;
        expect(report).toMatchObject({ status: 'broken', firstBadSeq });
      }),
    );
  });

  test('a cut end and a rolled back log are named against a checkpoint that was kept', async () => {
    const events = await chain;
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 11 }), seq, (kept, seen) => {
        const report = verifyChain(events.slice(0, kept), START, [headOf(at(events, seen))]);
        if (kept >= seen) expect(report.status).toBe('intact');
        else expect(report).toMatchObject({ status: 'broken', firstBadSeq: kept + 1 });
      }),
    );
  });

  test('another history is named against a checkpoint, also one of the same length', async () => {
    const [events, strangers] = [await chain, await other];
    for (let seen = 1; seen <= 12; seen++) {
      const heads = [headOf(at(strangers, seen)), headOf(at(events, seen))];
      for (const expected of [heads, heads.toReversed(), heads.slice(1)]) {
        expect(verifyChain(strangers, START, expected)).toMatchObject({ firstBadSeq: seen });
      }
    }
    const behind = headOf(at(events, 5));
    const wrong = { ...behind, hash: GENESIS };
    expect(verifyChain(events.slice(5), behind, [wrong])).toMatchObject({ firstBadSeq: 5 });
  });

  test('destroyed payloads leave the chain whole, a half destroyed one does not', async () => {
    const events = await chain;
    fc.assert(
      fc.property(fc.uniqueArray(seq), (gone) => {
        const rest = events.map((event) =>
          gone.includes(event.header.seq) ? { ...event, salt: null, data: null } : event,
        );
        expect(verifyChain(rest, START)).toMatchObject({ status: 'intact', shredded: gone.length });
      }),
    );
    for (const half of [{ salt: null }, { data: null }]) {
      const damaged = events.with(6, { ...at(events, 7), ...half });
      expect(verifyChain(damaged, START)).toMatchObject({ firstBadSeq: 7 });
    }
  });
});

async function appendEvents(count: number): Promise<readonly RawEvent[]> {
  let now = 1_700_000_000_000;
  const store = createMemoryStore('company-1');
  const clock = { now: () => now++ };
  const vault = { obtain: () => new Uint8Array(32), find: () => undefined, destroy: () => false };
  const log = createLog({
    ...{ store, clock, vault, folds: [], engine: '0.1.0' },
    newId: createIds(clock.now),
  });
  for (let n = 1; n <= count; n++) {
    const base = { integrity: 'own', placement: 'anywhere' } as const;
    const rich = n % 3 ? {} : { run: 'run-1', cause: 'id-1', fieldLabels: { text: base } };
    const event = { type: 'x.one', data: { n, text: 'ä"\\' }, by: 'kernel', label: base, ...rich };
    await log.append([{ stream: n % 2 ? 'a' : 'b', expectedVersion: 'any', events: [event] }]);
  }
  return store.events(0, count);
}

/** The event with some bits of one character of its stored text changed. */
function flip(event: RawEvent | undefined, place: number, bits: number): RawEvent {
  if (!event) throw new Error('no such event');
  const { hash, salt, data } = event;
  const fields = [hash, salt ?? '', data ?? '', ...headerTexts(event.header)];
  const total = fields.reduce((sum, field) => sum + field.length, 0);
  let rest = place % total;
  const index = fields.findIndex((field) => {
    if (rest < field.length) return true;
    rest -= field.length;
    return false;
  });
  const field = fields[index] ?? '';
  const code = field.charCodeAt(rest) ^ bits;
  const changed = field.slice(0, rest) + String.fromCharCode(code) + field.slice(rest + 1);
  const [newHash = '', newSalt = '', newData = '', ...names] = fields.with(index, changed);
  return { header: withTexts(event.header, names), hash: newHash, salt: newSalt, data: newData };
}

const TEXTS = [
  'company',
  'id',
  'stream',
  'type',
  'by',
  'engine',
  'dataHash',
  'run',
  'cause',
] as const;

function headerTexts(one: EventHeader): string[] {
  return TEXTS.map((name) => one[name] ?? '');
}

function withTexts(one: EventHeader, texts: readonly string[]): EventHeader {
  const changes = TEXTS.map((name, index) => [name, texts[index] ?? ''] as const).filter(
    ([name]) => one[name] !== undefined,
  );
  return { ...one, ...Object.fromEntries(changes) };
}

function at(events: readonly RawEvent[], seq: number): RawEvent {
  const event = events[seq - 1];
  if (!event) throw new Error(`there is no event ${seq}`);
  return event;
}

function atSeq(event: RawEvent, seq: number): RawEvent {
  return { ...event, header: { ...event.header, seq } };
}

function headOf({ header, hash }: RawEvent): LogHead {
  return { seq: header.seq, hash };
}
