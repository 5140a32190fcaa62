import { createPublicKey, verify, webcrypto } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { createRecoveryKey, readRecoveryKey } from './recovery-key.ts';

describe('recovery key', () => {
  test('what was printed gives the key whose public half was kept', async () => {
    const { printable, publicKey } = createRecoveryKey();
    expect(printable).toMatch(/^([0-9A-HJKMNP-TV-Z]{4}-){8}[0-9A-HJKMNP-TV-Z]{4}$/);
    const read = await readRecoveryKey(printable);
    expect(read.publicKey).toBe(publicKey);
    const message = new TextEncoder().encode('enrol');
    const signature = await webcrypto.subtle.sign('Ed25519', read.privateKey, message);
    const key = createPublicKey({
      key: { kty: 'OKP', crv: 'Ed25519', x: publicKey },
      format: 'jwk',
    });
    expect(verify(null, message, key, new Uint8Array(signature))).toBe(true);
  });

  test('paper printed by version 1 stays readable', async () => {
    const read = await readRecoveryKey(PAPER_V1.printable);
    expect(read.publicKey).toBe(PAPER_V1.publicKey);
  });

  test('case, spaces, dashes and look-alikes are forgiven', async () => {
    const typed = PAPER_V1.printable.toLowerCase().replaceAll('-', '  ').replaceAll('0', 'o');
    const read = await readRecoveryKey(`\n${typed.replaceAll('1', 'l')} `);
    expect(read.publicKey).toBe(PAPER_V1.publicKey);
  });

  test('two keys are never the same', () => {
    const keys = Array.from({ length: 50 }, () => createRecoveryKey());
    expect(new Set(keys.map((key) => key.publicKey)).size).toBe(50);
    expect(new Set(keys.map((key) => key.printable)).size).toBe(50);
  });

  test('one wrong character is refused, whichever and wherever it is', async () => {
    const { printable } = PAPER_V1;
    for (let at = 0; at < printable.length; at++) {
      if (printable[at] === '-') continue;
      for (const wrong of '0123456789ABCDEFGHJKMNPQRSTVWXYZ'.replace(printable[at] ?? '', '')) {
        const typed = printable.slice(0, at) + wrong + printable.slice(at + 1);
        const read = await readRecoveryKey(typed).catch((error: unknown) => error);
        expect(read, typed).toMatchObject({ code: 'invalid_input' });
      }
    }
  });

  test.each(['', 'ABCD', 'U'.repeat(36), '😀'.repeat(18), '0'.repeat(36), '0'.repeat(10_000)])(
    '%j is not a recovery key',
    async (typed) => {
      await expect(readRecoveryKey(typed)).rejects.toMatchObject({ code: 'invalid_input' });
    },
  );
});

/** A key made once and thrown away: it opens nothing. */
const PAPER_V1 = {
  printable: '7QRY-47EB-1J1Y-J9JW-3K4N-PZBZ-0PJV-TV0C-AV6B',
  publicKey: 'qKQ0hXvYpOrV5JZCRcdOd3X0JN-DRCEc3m1GFKN2O_8',
};
