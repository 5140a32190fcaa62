import fc from 'fast-check';
import { expect, test } from 'vitest';
import { hostOf, normaliseAddress } from './address.ts';

test('one mailbox has one spelling', () => {
  const cases: readonly (readonly [string, string])[] = [
    ['Zoe@Example.COM', 'zoe@example.com'],
    [' "Zoë, Ltd" <zoe@example.com> ', 'zoe@example.com'],
    ['zoe+invoices@example.com', 'zoe+invoices@example.com'],
    ['info@BÜCHER.example', 'info@xn--bcher-kva.example'],
    ['zoe@example.com.', 'zoe@example.com'],
    ['https://EXAMPLE.com', 'https://example.com/'],
    ['/srv/Site/Index.html', '/srv/Site/Index.html'],
    ['0190-Opaque-Id', '0190-Opaque-Id'],
    ['a@x.de, b@x.de', 'a@x.de, b@x.de'],
    ['<a@x.de> <b@x.de>', '<a@x.de> <b@x.de>'],
    ['@x.de', '@x.de'],
  ];
  for (const [written, normal] of cases) expect(normaliseAddress(written)).toBe(normal);
});

test('normalising twice is normalising once', () => {
  const anyAddress = fc.oneof(
    fc.emailAddress(),
    fc.string({ unit: 'grapheme' }),
    fc.string({ unit: fc.constantFrom(...'aZ@.<>: /+-ü\\'), maxLength: 12 }),
    fc.string({ unit: 'grapheme' }).map((path) => `https://Example.com/${path}`),
  );
  fc.assert(
    fc.property(anyAddress, (written) => {
      const normal = normaliseAddress(written);
      expect(normaliseAddress(normal)).toBe(normal);
    }),
    { numRuns: 500 },
  );
});

test('a host is what the request would reach', () => {
  expect(hostOf('https://user@Example.com:8443/x?y=z@w')).toBe('example.com');
  expect(hostOf('zoe@Example.com')).toBe('example.com');
  expect(hostOf('example.com')).toBe('example.com');
  expect(hostOf('http://2130706433/')).toBe('127.0.0.1');
  expect(hostOf('not a host')).toBeUndefined();
  expect(hostOf('')).toBeUndefined();
});
