import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { domainHints, hasInvisible, makeVisible } from './visible-text.ts';

describe('what cannot be seen is written out', () => {
  const cases: readonly (readonly [string, string, string])[] = [
    ['a right-to-left override', 'invoice\u202efdp.exe', 'invoice⟦U+202E⟧fdp.exe'],
    ['an isolate', '\u2066x\u2069', '⟦U+2066⟧x⟦U+2069⟧'],
    ['a zero width space', 'pay\u200bpal', 'pay⟦U+200B⟧pal'],
    ['a byte order mark', '\ufeffx', '⟦U+FEFF⟧x'],
    ['a soft hyphen', 'so\u00adft', 'so⟦U+00AD⟧ft'],
    ['a word joiner', 'a\u2060b', 'a⟦U+2060⟧b'],
    ['tag letters', 'hi\u{e0041}\u{e0042}', 'hi⟦U+E0041⟧⟦U+E0042⟧'],
    ['a Hangul filler', 'a\u3164b', 'a⟦U+3164⟧b'],
    ['a blank braille cell', 'a\u2800b', 'a⟦U+2800⟧b'],
    ['a terminal escape', '\u001b[2Jx', '⟦U+001B⟧[2Jx'],
    ['a null', 'a\u0000b', 'a⟦U+0000⟧b'],
    ['a lone carriage return', 'a\rb', 'a⟦U+000D⟧b'],
    ['a line separator', 'a\u2028b', 'a⟦U+2028⟧b'],
    ['a lone surrogate', 'a\ud800b', 'a⟦U+D800⟧b'],
    ['a private letter', 'a\ue000b', 'a⟦U+E000⟧b'],
    ['a loose joiner', 'a\u200db', 'a⟦U+200D⟧b'],
    ['a loose variation selector', 'a\ufe0fb', 'a⟦U+FE0F⟧b'],
    ['a tower of marks', `z${'\u0335'.repeat(6)}`, `z${'\u0335'.repeat(4)}⟦U+0335⟧⟦U+0335⟧`],
  ];
  for (const [what, text, shown] of cases) {
    test(what, () => {
      expect(makeVisible(text)).toBe(shown);
      expect(hasInvisible(text)).toBe(true);
    });
  }

  test('ordinary text of many languages, emoji and markup stay as they are', () => {
    for (const text of [
      'Grüße aus Köln\n\tZoë\r\nfür 1 200 €',
      'Привет, 日本語 한국어 עברית العربية ไทย हिन्दी',
      'e\u0301 👩‍💻 ❤️ 🇩🇪 🏴󠁧󠁢󠁥󠁮󠁧󠁿 1️⃣',
      '<script>alert(1)</script> &amp; <img src=x>',
    ]) {
      expect(makeVisible(text)).toBe(text);
      expect(hasInvisible(text)).toBe(false);
    }
  });

  test('nothing is cut, and showing twice shows the same', () => {
    const anyText = fc
      .array(fc.oneof(fc.nat(0x10ffff), fc.nat(0x2fff), fc.constantFrom(0x200d, 0xfe0f, 0x1f469)))
      .map((points) => String.fromCodePoint(...points));
    fc.assert(
      fc.property(anyText, (text) => {
        const shown = makeVisible(text);
        expect(makeVisible(shown)).toBe(shown);
        expect(shown.length).toBeGreaterThanOrEqual(text.length);
        expect(shown).not.toMatch(/[\u0000\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069]/);
      }),
    );
    const long = `${'\u202e'.repeat(50_000)}end`;
    expect(makeVisible(long)).toHaveLength(8 * 50_000 + 3);
  });
});

describe('domains', () => {
  test('an ordinary one has no hint, also in another script', () => {
    for (const domain of [
      'example.com',
      'zoe@example.co.uk',
      'münchen.de',
      'пример.рф',
      '例え.jp',
    ]) {
      const hints = domainHints(domain).filter((hint) => !hint.startsWith('Its real name is'));
      expect([domain, hints]).toEqual([domain, []]);
    }
  });

  test('mixed scripts are named', () => {
    expect(domainHints('info@pаypal.com')).toEqual([
      'Its real name is xn--pypal-4ve.com.',
      '"pаypal" mixes Latin and Cyrillic letters.',
    ]);
  });

  test('a whole word in look-alike letters is named', () => {
    expect(domainHints('www.арре.com')).toContain(
      '"арре" looks like "appe" but is written otherwise.',
    );
  });

  test('a domain that looks like one you know is named', () => {
    const known = ['acme.com', 'paypal.com'];
    for (const twin of ['acrne.com', 'paypa1.com', 'pаypal.com', 'äcme.com', 'ACRNE.com']) {
      expect([twin, domainHints(twin, known).at(-1)]).toEqual([
        twin,
        expect.stringMatching(/^It looks like (acme|paypal)\.com, which you know/),
      ]);
    }
    expect(domainHints('acme.com', known)).toEqual([]);
    expect(domainHints('acme.org', known)).toEqual([]);
  });

  test('what is no domain is said to be none', () => {
    for (const text of ['', 'a b.com', 'zoe@', 'x/y']) {
      expect(domainHints(text)).toEqual(['This is not a domain that can be reached.']);
    }
  });
});
