import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { makeVisible } from '../../src/policy/index.ts';
import { parseMoney } from '../../src/records/index.ts';
import { createSseReader, type SseMessage } from '../../web/src/api/sse.ts';
import { browserName } from '../../web/src/device/browser-name.ts';
import { brief, diffLines, diffWords } from '../../web/src/words/diff.ts';
import {
  dayKey,
  fieldWords,
  formatDuration,
  formatMoment,
  formatMoney,
  formatValue,
  setZone,
  typedMoney,
} from '../../web/src/words/format.ts';
import { snoozeTimes } from '../../web/src/words/snooze-times.ts';
import { timesWords } from '../../web/src/words/status.ts';
import { tellEvent } from '../../web/src/words/tell-event.ts';
import { tellItem } from '../../web/src/words/tell-item.ts';
import { visible } from '../../web/src/words/visible.ts';

describe('outside text', () => {
  test('the page shows hidden characters exactly as the policy does', () => {
    const odd = fc.constantFrom(
      '\u202e',
      '\u200b',
      '\u2066',
      '\0',
      '\ufeff',
      '👩‍💻',
      'é',
      '\r\n',
      '\u0301',
    );
    const text = fc.array(fc.oneof(fc.string({ unit: 'binary' }), odd), { maxLength: 12 });
    fc.assert(
      fc.property(text, (parts) => visible(parts.join('')) === makeVisible(parts.join(''))),
    );
  });

  test('an address that is written backwards is seen', () => {
    expect(visible('pay \u202egro.live@boss')).toBe('pay ⟦U+202E⟧gro.live@boss');
  });
});

describe('a comparison', () => {
  const text = fc
    .array(fc.constantFrom('a', 'b', '\n', 'long line\n', ' '), { maxLength: 30 })
    .map((parts) => parts.join(''));

  test('what is not added is the text before, what is not removed the text after', () => {
    fc.assert(
      fc.property(text, text, (before, after) => {
        for (const diff of [diffLines, diffWords]) {
          const pieces = diff(before, after);
          const without = (kind: string): string =>
            pieces
              .filter((piece) => piece.kind !== kind)
              .map((piece) => piece.text)
              .join('');
          expect(without('added')).toBe(before);
          expect(without('removed')).toBe(after);
        }
      }),
    );
  });

  test('equal texts have no difference', () => {
    fc.assert(
      fc.property(text, (same) => diffLines(same, same).every(({ kind }) => kind === 'same')),
    );
  });

  test('one changed line leaves the others alone', () => {
    expect(diffLines('a\nb\nc\n', 'a\nB\nc\n')).toEqual([
      { kind: 'same', text: 'a\n' },
      { kind: 'removed', text: 'b\n' },
      { kind: 'added', text: 'B\n' },
      { kind: 'same', text: 'c\n' },
    ]);
  });

  test('cutting unchanged stretches short keeps every change', () => {
    const lines = Array.from({ length: 40 }, (_, index) => `line ${index}\n`).join('');
    const pieces = brief(diffLines(lines, lines.replace('line 20', 'LINE 20')));
    expect(
      pieces.filter(({ kind }) => kind !== 'same').map(({ text: changed }) => changed),
    ).toEqual(['line 20\n', 'LINE 20\n']);
    expect(pieces.map(({ text: kept }) => kept).join('').length).toBeLessThan(80);
  });
});

describe('numbers and times', () => {
  test('an amount keeps every minor unit, whatever its currency', () => {
    expect(formatMoney({ minor: 113_250, currency: 'EUR' })).toBe('1,132.50 EUR');
    expect(formatMoney({ minor: 5_000, currency: 'JPY' })).toBe('5,000 JPY');
    expect(formatMoney({ minor: -7, currency: 'GBP' })).toBe('-0.07 GBP');
    expect(typedMoney({ minor: 113_250, currency: 'EUR' })).toBe('1132.50 EUR');
    // a browser's own tables have no minor units for these: it would show and type a hundredfold
    expect(formatMoney({ minor: 113_250, currency: 'HUF' })).toBe('1,132.50 HUF');
    expect(formatMoney({ minor: 113_250, currency: 'IQD' })).toBe('113.250 IQD');
    expect(formatMoney({ minor: 113_250, currency: 'KWD' })).toBe('113.250 KWD');
    expect(typedMoney({ minor: 113_250, currency: 'HUF' })).toBe('1132.50 HUF');
  });

  test('what the page types for an amount is what the server reads', () => {
    for (const currency of ['EUR', 'HUF', 'IQD', 'JPY', 'KWD', 'CLF', 'ISK', 'RSD', 'TND']) {
      for (const minor of [0, 1, 99, 100, 113_250, 9_007_199]) {
        const money = { minor, currency };
        expect(parseMoney(typedMoney(money)), JSON.stringify(money)).toEqual(money);
      }
    }
  });

  test('a moment is told in the zone of the company', () => {
    setZone('Europe/Berlin');
    expect(dayKey('2026-10-31T23:30:00Z')).toBe('2026-11-01');
    expect(formatMoment('2026-07-01T21:00:00Z')).toMatch(/^1 Jul.*, 23:00$/);
    setZone('America/New_York');
    expect(dayKey('2026-10-31T23:30:00Z')).toBe('2026-10-31');
    setZone(undefined);
  });

  test('values of records come out as words', () => {
    expect(formatValue({ minor: 9_500, currency: 'EUR' })).toBe('95.00 EUR');
    expect(formatValue(['a', 'b'])).toBe('a, b');
    expect(formatValue(true)).toBe('yes');
    expect(formatValue({ $erased: true })).toBe('(erased)');
    expect(formatValue('2026-11-22')).toMatch(/^22 Nov/);
    expect(formatValue(null)).toBe('–');
    expect(fieldWords('address.postalCode')).toBe('Postal code of address');
    expect(fieldWords('vatId')).toBe('VAT id');
  });

  test('a duration has the unit that fits it', () => {
    expect(formatDuration(0, 820)).toBe('820 ms');
    expect(formatDuration(0, 4_120)).toBe('4.1 s');
    expect(formatDuration(0, 180_000)).toBe('3 min');
  });

  test('later is always later, and every choice is another moment', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1_700_000_000_000, max: 1_900_000_000_000 }), (now) => {
        const times = snoozeTimes(now).map(({ until }) => until);
        expect(times.every((until) => until > now)).toBe(true);
        expect(new Set(times).size).toBe(times.length);
      }),
    );
  });

  test('a destination is new, then counted', () => {
    expect([0, 1, 2, 10, 11, 20].map(timesWords)).toEqual([
      ...['new', '2nd time', '3rd time', '11th time', '12th time', '21st time'],
    ]);
  });
});

test('a question that repeats what was asked shows first what tells it from the others', () => {
  const title = 'I do not know how to do this yet: "juggle 3 oranges"';
  expect(tellItem({ title, runTitle: 'juggle 3 oranges' })).toEqual({
    title: 'juggle 3 oranges',
    detail: 'I do not know how to do this yet',
  });
  const other = { title: 'Are the hours right?', runTitle: 'Close a month' };
  expect(tellItem(other)).toEqual({ title: other.title, detail: other.runTitle });
  expect(tellItem({ title: 'Look at it', runTitle: null })).toEqual({
    title: 'Look at it',
    detail: '',
  });
});

test('events that matter are told in a sentence, the machinery is not', () => {
  expect(tellEvent({ type: 'intent.recorded', data: { words: 'invoice Acme' } })?.words).toBe(
    'You asked: invoice Acme',
  );
  const started = { type: 'intent.recorded', data: { words: 'Thank them' }, by: 'hook:shop' };
  expect(tellEvent(started)?.words).toBe('Started: Thank them');
  expect(tellEvent({ type: 'run.claimed', data: {} })).toBe(undefined);
});

describe('the event stream', () => {
  test('is the same however the network cuts it', () => {
    const messages = fc.array(
      fc.record({
        id: fc.nat().map(String),
        event: fc.constantFrom('item.opened', 'run.done'),
        data: fc.json(),
      }),
      { maxLength: 6 },
    );
    const ends = fc.constantFrom('\n', '\r\n', '\r');
    fc.assert(
      fc.property(
        messages,
        ends,
        fc.infiniteStream(fc.integer({ min: 1, max: 9 })),
        (sent, end, cuts) => {
          const wire = sent
            .map(({ id, event, data }) =>
              [`id: ${id}`, `event: ${event}`, `data: ${data}`, '', ''].join(end),
            )
            .join(`:${end}${end}`);
          const heard: SseMessage[] = [];
          const read = createSseReader((message) => heard.push(message));
          for (let at = 0; at < wire.length; ) {
            const size = cuts.next().value ?? 1;
            read(wire.slice(at, at + size));
            at += size;
          }
          read('\n'); // the end of a last line that may still be half
          expect(heard).toEqual(sent);
        },
      ),
    );
  });
});

test('a browser is called what people call it', () => {
  const mac =
    'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/26.0 Safari/605.1.15';
  expect(browserName(mac)).toBe('Safari on Mac');
  expect(
    browserName('Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0'),
  ).toBe('Firefox on Linux');
  expect(browserName('curl/8')).toBe('Browser');
});
