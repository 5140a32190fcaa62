import { createPublicKey, generateKeyPairSync, verify } from 'node:crypto';
import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openLogKey } from './log-key-file.ts';

const code = (value: string) => expect.objectContaining({ code: value });

describe('log key file', () => {
  let home: string;
  let path: string;
  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), 'log-key-'));
    path = join(home, 'keys', 'log.key');
  });
  afterEach(() => rmSync(home, { recursive: true, force: true }));

  test('it is made once, private, and signs so that its public half verifies', async () => {
    const key = await openLogKey(path);
    const note = new TextEncoder().encode('checkpoint');
    const publicKey = createPublicKey({
      key: { kty: 'OKP', crv: 'Ed25519', x: key.publicKey },
      format: 'jwk',
    });
    expect(verify(null, note, publicKey, key.sign(note))).toBe(true);
    expect(verify(null, new TextEncoder().encode('another'), publicKey, key.sign(note))).toBe(
      false,
    );
    expect((await openLogKey(path, key.publicKey)).publicKey).toBe(key.publicKey);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readdirSync(join(home, 'keys'))).toEqual(['log.key']);
    expect(readFileSync(path, 'utf8')).toMatch(/^-----BEGIN PRIVATE KEY-----/);
  });

  test('two that open a new home at once get one key', async () => {
    const keys = await Promise.all(Array.from({ length: 8 }, () => openLogKey(path)));
    expect(new Set(keys.map((key) => key.publicKey)).size).toBe(1);
  });

  test('a missing key is not replaced when the log names one', async () => {
    const { publicKey } = await openLogKey(path);
    rmSync(path);
    await expect(openLogKey(path, publicKey)).rejects.toEqual(code('wrong_key'));
    expect(readdirSync(join(home, 'keys'))).toEqual([]);
  });

  test('another key is refused when the log names one', async () => {
    const { publicKey } = await openLogKey(path);
    rmSync(path);
    await openLogKey(path);
    await expect(openLogKey(path, publicKey)).rejects.toEqual(code('wrong_key'));
  });

  test.each([
    ['text', 'not a key'],
    ['nothing', ''],
    ['half a key', '-----BEGIN PRIVATE KEY-----\nMC4CAQ'],
    [
      'a key of another kind',
      generateKeyPairSync('ec', {
        namedCurve: 'P-256',
        privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
        publicKeyEncoding: { type: 'spki', format: 'pem' },
      }).privateKey,
    ],
  ])('a file that holds %s is wrong_key and stays as it is', async (_what, content) => {
    await openLogKey(path);
    writeFileSync(path, content);
    await expect(openLogKey(path)).rejects.toEqual(code('wrong_key'));
    expect(readFileSync(path, 'utf8')).toBe(content);
  });

  test('a key that others can read is refused, and says how to close it', async () => {
    await openLogKey(path);
    chmodSync(path, 0o640);
    await expect(openLogKey(path)).rejects.toMatchObject({
      code: 'not_authorised',
      remedy: expect.stringContaining('chmod 600'),
    });
  });
});
