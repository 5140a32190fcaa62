import { describe, expect, test } from 'vitest';
import { cpuMs } from '../../test/support/cpu-time.ts';
import { removeSecrets, scanForSecrets } from './secret-scan.ts';

/** Built from pieces, so that no scanner mistakes this file for a leak. */
const tail = (length: number) => 'aB3dE5gH7jK9mN1pQ2sT4vW6xY8z'.repeat(10).slice(0, length);

describe('a well-known key is found', () => {
  const keys: { readonly [kind: string]: string } = {
    'an API key': `sk-${tail(48)}`,
    'an API key with a vendor': `sk-ant-api03-${tail(80)}`,
    'a payment key': `sk_live_${tail(24)}`,
    'a webhook secret': `whsec_${tail(32)}`,
    'a GitHub token': `ghp_${tail(36)}`,
    'a fine-grained GitHub token': `github_pat_${tail(70)}`,
    'a GitLab token': `glpat-${tail(20)}`,
    'an AWS key': `AKIA${'ABCDEFGHIJKLMNOP'}`,
    'a Slack token': `xoxb-${tail(30)}`,
    'a Google key': `AIza${tail(35)}`,
    'an npm token': `npm_${tail(36)}`,
    'an age key': `AGE-SECRET-KEY-1${'Q'.repeat(58)}`,
    'a JWT': `eyJ${tail(20)}.eyJ${tail(40)}.${tail(43)}`,
    'a password in a URL': `postgres://me:${tail(12)}@db.example.com/x`,
  };
  for (const [kind, key] of Object.entries(keys)) {
    test(`${kind}`, () => {
      const findings = scanForSecrets(`Please use ${key}, thanks.`);
      expect(findings).toHaveLength(1);
      expect(findings[0]?.start).toBeLessThanOrEqual(11);
      expect(JSON.stringify(findings)).not.toContain(key.slice(6));
      const removed = removeSecrets(`Please use ${key}, thanks.`);
      expect(removed).toMatch(
        /^Please use \[removed: .*\].*, thanks\.$|^Please use \[removed: .*\]/,
      );
      expect(removed).not.toContain(tail(10));
    });
  }

  test('a private key is taken whole, and one without an end takes the rest', () => {
    const head = `-----BEGIN OPENSSH ${'PRIVATE KEY'}-----`;
    const foot = `-----END OPENSSH ${'PRIVATE KEY'}-----`;
    const whole = `x ${head}\n${tail(64)}\n${foot} y`;
    expect(removeSecrets(whole)).toBe('x [removed: a private key] y');
    expect(removeSecrets(`x ${head}\n${tail(64)}`)).toBe('x [removed: a private key]');
  });
});

describe('business text is left alone', () => {
  const harmless = [
    'IBAN DE89 3704 0044 0532 0130 00, BIC COBADEFFXXX',
    'Invoice 2026-0042 over 1,200.00 EUR for Acme GmbH, VAT id DE123456789',
    'See https://example.com/a:b@c and mail zoe@example.com',
    'The sk-learn course, risk-free and ask-me-anything',
    'ghost, AKIA and eyJ are words here; xoxo',
    `SHA-256 ${'0123456789abcdef'.repeat(4)}`,
    '0190a5c2-7d3e-7abc-8def-0123456789ab',
  ];
  for (const text of harmless) {
    test(text.slice(0, 40), () => expect(scanForSecrets(text)).toEqual([]));
  }
});

test('hostile text of 100 KB is scanned in a moment', () => {
  const hostile = [
    'sk-',
    'eyJaaaaaaaaaa.',
    'a://b:',
    'sk-aa-',
    'SG.aaaaaaaaaaaaaaaa',
    '-----BEGIN ',
  ];
  for (const piece of hostile) {
    const text = piece.repeat(Math.ceil(100_000 / piece.length));
    expect(
      cpuMs(() => scanForSecrets(text)),
      piece,
    ).toBeLessThan(250);
  }
});
