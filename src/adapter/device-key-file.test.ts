import { createPublicKey, verify, webcrypto } from 'node:crypto';
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
import type { DecisionStatement } from '../contract/index.ts';
import { signStatement, verifyStatement } from '../contract/portable.ts';
import { changePassphrase, loadDeviceKey, loadOrCreateDeviceKey } from './device-key-file.ts';

const code = (value: string) => expect.objectContaining({ code: value });
const message = new TextEncoder().encode('statement');

async function signs(publicKey: string, privateKey: CryptoKey): Promise<boolean> {
  const signature = await webcrypto.subtle.sign('Ed25519', privateKey, message);
  const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: publicKey }, format: 'jwk' });
  return verify(null, message, key, new Uint8Array(signature));
}

describe('device key file', () => {
  let config: string;
  let path: string;
  beforeEach(() => {
    config = mkdtempSync(join(tmpdir(), 'device-'));
    path = join(config, 'steward', 'device.key');
  });
  afterEach(() => rmSync(config, { recursive: true, force: true }));

  test('it is made once, in a private directory, and signs as the key it names', async () => {
    const made = await loadOrCreateDeviceKey(path);
    expect(made.assurance).toBe('unattended');
    expect(made.device).toMatch(/^[0-9a-f-]{36}$/);
    expect(await signs(made.publicKey, await made.unlock())).toBe(true);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(join(config, 'steward')).mode & 0o777).toBe(0o700);
    const again = await loadOrCreateDeviceKey(path);
    expect([again.device, again.publicKey]).toEqual([made.device, made.publicKey]);
    expect(readdirSync(join(config, 'steward'))).toEqual(['device.key']);
  });

  test('the shared signing module signs with it, and its public half verifies', async () => {
    const made = await loadOrCreateDeviceKey(path);
    const statement: DecisionStatement = {
      company: made.device,
      incarnation: 1,
      effects: [],
      decision: 'approve',
      policy: 'p1',
      exp: '2026-11-03T12:00:00.000Z',
      nonce: 'n1',
      device: made.device,
    };
    const { signature } = await signStatement(statement, await made.unlock());
    expect(await verifyStatement(statement, signature, made.publicKey)).toBe(true);
    const other = { ...statement, nonce: 'n2' };
    expect(await verifyStatement(other, signature, made.publicKey)).toBe(false);
  });

  test('the signing key cannot be read out again', async () => {
    const key = await (await loadOrCreateDeviceKey(path)).unlock();
    expect(key.extractable).toBe(false);
    await expect(webcrypto.subtle.exportKey('pkcs8', key)).rejects.toThrow();
  });

  test('two processes that start at once get one key', async () => {
    const keys = await Promise.all(Array.from({ length: 8 }, () => loadOrCreateDeviceKey(path)));
    expect(new Set(keys.map((key) => key.publicKey)).size).toBe(1);
  });

  test('a passphrase hides the key, and only that passphrase opens it', async () => {
    const made = await loadOrCreateDeviceKey(path, { passphrase: 'grüne Äpfel' });
    expect(made.assurance).toBe('unlocked');
    expect(readFileSync(path, 'utf8')).not.toContain('privateKey');
    await expect(made.unlock()).rejects.toEqual(code('not_authorised'));
    await expect(made.unlock('grune Apfel')).rejects.toEqual(code('not_authorised'));
    // the same words, typed with combining marks
    expect(await signs(made.publicKey, await made.unlock('grüne Äpfel'.normalize('NFD')))).toBe(
      true,
    );
  });

  test('a passphrase can be set, changed and taken away; the key stays', async () => {
    const { publicKey, device } = await loadOrCreateDeviceKey(path);
    await changePassphrase(path, { next: 'one' });
    await expect(changePassphrase(path, { next: 'two' })).rejects.toEqual(code('not_authorised'));
    await changePassphrase(path, { current: 'one', next: 'two' });
    const locked = await loadDeviceKey(path);
    expect(locked).toMatchObject({ publicKey, device, assurance: 'unlocked' });
    await expect(locked?.unlock('one')).rejects.toEqual(code('not_authorised'));
    await changePassphrase(path, { current: 'two' });
    const open = await loadDeviceKey(path);
    expect(open?.assurance).toBe('unattended');
    expect(open && (await signs(publicKey, await open.unlock()))).toBe(true);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  test('an empty passphrase is refused and writes nothing', async () => {
    await expect(loadOrCreateDeviceKey(path, { passphrase: '' })).rejects.toEqual(
      code('invalid_input'),
    );
    expect(await loadDeviceKey(path)).toBeUndefined();
  });

  test.each([0o640, 0o604, 0o660, 0o644])(
    'a key file of mode %o is refused, and says how to close it',
    async (mode) => {
      await loadOrCreateDeviceKey(path);
      chmodSync(path, mode);
      await expect(loadDeviceKey(path)).rejects.toMatchObject({
        code: 'not_authorised',
        remedy: expect.stringContaining(`chmod 600 ${path}`),
      });
    },
  );

  test('a directory in which others can replace the key is refused', async () => {
    await loadOrCreateDeviceKey(path);
    chmodSync(join(config, 'steward'), 0o777);
    await expect(loadDeviceKey(path)).rejects.toMatchObject({
      code: 'not_authorised',
      remedy: expect.stringContaining('chmod go-w'),
    });
  });

  const edits: readonly [string, (file: Record<string, unknown>) => unknown][] = [
    ['is no JSON', () => undefined],
    ['names another version', (file) => ({ ...file, v: 2 })],
    ['has a member more', (file) => ({ ...file, extra: true })],
    ['has no device', ({ device: _device, ...file }) => file],
    ['holds no key', (file) => ({ ...file, privateKey: 'AAAA' })],
  ];
  test.each(edits)(
    'a file that %s is wrong_key and its key is never in the error',
    async (_what, edit) => {
      await loadOrCreateDeviceKey(path);
      const file: Record<string, unknown> = JSON.parse(readFileSync(path, 'utf8'));
      const changed = edit(file);
      writeFileSync(path, changed ? JSON.stringify(changed) : `${file.privateKey}`);
      const attempt = loadDeviceKey(path).then((key) => key?.unlock());
      await expect(attempt).rejects.toEqual(code('wrong_key'));
      const error = await attempt.catch((caught: unknown) => caught);
      expect(JSON.stringify(error) + String(error)).not.toContain(file.privateKey);
    },
  );

  test('a public key that does not belong to the private one is wrong_key', async () => {
    await loadOrCreateDeviceKey(path);
    const other = await loadOrCreateDeviceKey(join(config, 'steward', 'other.key'));
    const file: unknown = JSON.parse(readFileSync(path, 'utf8'));
    writeFileSync(path, JSON.stringify({ ...Object(file), publicKey: other.publicKey }));
    const key = await loadDeviceKey(path);
    await expect(key?.unlock()).rejects.toEqual(code('wrong_key'));
  });

  test('a device id that was changed in an encrypted file does not open', async () => {
    const made = await loadOrCreateDeviceKey(path, { passphrase: 'one' });
    const text = readFileSync(path, 'utf8');
    const last = made.device.at(-1) === '0' ? '1' : '0';
    writeFileSync(path, text.replace(made.device, made.device.slice(0, -1) + last));
    const key = await loadDeviceKey(path);
    await expect(key?.unlock('one')).rejects.toEqual(code('not_authorised'));
  });
});
