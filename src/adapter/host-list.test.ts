import { describe, expect, test } from 'vitest';
import { canonicalHost, createHostList } from './host-list.ts';

describe('host list', () => {
  test.each<[string, string, number | undefined, boolean]>([
    ['api.example.com', 'api.example.com', undefined, true],
    ['API.Example.com.', 'api.example.com', undefined, true],
    ['api.example.com', 'example.com', undefined, false],
    ['api.example.com', 'x.api.example.com', undefined, false],
    ['api.example.com', 'api.example.com.evil.net', undefined, false],
    ['api.example.com', 'api.example.com', 8443, false],
    ['api.example.com:8443', 'api.example.com', 8443, true],
    ['api.example.com:8443', 'api.example.com', undefined, false],
    ['*.example.com', 'a.example.com', undefined, true],
    ['*.example.com', 'a.b.example.com', undefined, true],
    ['*.example.com', 'example.com', undefined, false],
    ['*.example.com', 'evilexample.com', undefined, false],
    ['*.example.com', 'example.com.evil.net', undefined, false],
    ['bücher.example', 'xn--bcher-kva.example', undefined, true],
    ['[::1]:80', '::1', 80, true],
    ['*', 'anything.example.com', undefined, true],
    ['*', 'anything.example.com', 8443, false],
    ['*', '93.184.216.34', undefined, false],
    ['*', '2606:2800:220:1::1', undefined, false],
  ])('%s covers %s port %s: %s', (pattern, host, port, expected) => {
    expect(createHostList([pattern])(host, port)).toBe(expected);
  });

  test('an empty list covers nothing', () => {
    expect(createHostList([])('example.com')).toBe(false);
  });

  test.each([
    '',
    ' ',
    '*.com',
    '*.',
    '**',
    '*.*.com',
    'api.*.com',
    '*.10.0.0.1',
    'https://api.example.com',
    'api.example.com/path',
    'user@api.example.com',
    'api.example.com:0',
    'api.example.com:65536',
    'api.example.com:',
    'a b.com',
    'api.example.com?x',
    'api.example.com#x',
    'api%2eexample.com',
  ])('%j cannot be listed', (pattern) => {
    expect(() => createHostList([pattern])).toThrow(
      expect.objectContaining({ code: 'invalid_input' }),
    );
  });

  test.each([
    ['2130706433', '127.0.0.1'],
    ['0x7f.1', '127.0.0.1'],
    ['LOCALHOST.', 'localhost'],
    ['[::FFFF:127.0.0.1]', '::ffff:7f00:1'],
    ['a.com:80', undefined],
    ['a.com/x', undefined],
    ['', undefined],
  ])('%j is compared as %j', (text, expected) => {
    expect(canonicalHost(text)).toBe(expected);
  });
});
