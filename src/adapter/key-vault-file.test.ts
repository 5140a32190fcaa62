import { spawnSync } from 'node:child_process';
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
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createKeyVaultFile } from './key-vault-file.ts';

const VAULT_MODULE = new URL('./key-vault-file.ts', import.meta.url).href;
const hex = (key: Uint8Array | undefined) => key && Buffer.from(key).toString('hex');

describe('key vault file', () => {
  let directory: string;
  beforeEach(() => {
    directory = join(mkdtempSync(join(tmpdir(), 'vault-')), 'keys');
  });
  afterEach(() => rmSync(join(directory, '..'), { recursive: true, force: true }));

  const rawFiles = () =>
    Buffer.concat(readdirSync(directory).map((name) => readFileSync(join(directory, name))));

  test('a subject has one random key of 32 bytes, also after reopening', () => {
    const vault = createKeyVaultFile(directory);
    const anna = vault.obtain('anna');
    expect(anna.byteLength).toBe(32);
    expect(hex(vault.obtain('anna'))).toBe(hex(anna));
    expect(hex(vault.obtain('bert'))).not.toBe(hex(anna));
    vault.close();
    const again = createKeyVaultFile(directory);
    expect(hex(again.find('anna'))).toBe(hex(anna));
    expect(again.find('carl')).toBeUndefined();
    again.close();
  });

  test('a key that was answered survives kill -9', () => {
    const script = `
      const { createKeyVaultFile } = await import(process.argv[1]);
      const key = createKeyVaultFile(process.argv[2]).obtain('anna');
      console.log(Buffer.from(key).toString('hex'));
      process.kill(process.pid, 'SIGKILL');`;
    const child = spawnSync(
      process.execPath,
      ['--input-type=module', '-e', script, VAULT_MODULE, directory],
      { encoding: 'utf8' },
    );
    expect(child.signal).toBe('SIGKILL');
    const vault = createKeyVaultFile(directory);
    expect(hex(vault.find('anna'))).toBe(child.stdout.trim());
    vault.close();
  });

  test('a destroyed key is gone from memory, from every file, and after reopening', () => {
    const vault = createKeyVaultFile(directory);
    for (let i = 0; i < 300; i++) vault.obtain(`subject-${i}`);
    const kept = Buffer.from(vault.obtain('subject-100'));
    const key = Buffer.from(vault.obtain('subject-200'));
    expect(rawFiles().includes(key)).toBe(true);
    expect(vault.destroy('subject-200')).toBe(true);
    expect(vault.find('subject-200')).toBeUndefined();
    expect(rawFiles().includes(key)).toBe(false);
    expect(rawFiles().includes(kept)).toBe(true);
    expect(vault.destroy('subject-200')).toBe(false);
    vault.close();
    const again = createKeyVaultFile(directory);
    expect(again.find('subject-200')).toBeUndefined();
    expect(hex(again.obtain('subject-200'))).not.toBe(hex(key));
    again.close();
  });

  test('a destruction that was killed before its clean-up is finished at the next start', () => {
    const vault = createKeyVaultFile(directory);
    const key = Buffer.from(vault.obtain('anna'));
    vault.obtain('bert');
    vault.close();
    const script = `
      const { DatabaseSync } = await import('node:sqlite');
      const database = new DatabaseSync(process.argv[1] + '/subjects.db');
      database.exec("PRAGMA secure_delete = ON; DELETE FROM subject_key WHERE subject = 'anna'");
      process.kill(process.pid, 'SIGKILL');`;
    spawnSync(process.execPath, ['--input-type=module', '-e', script, directory]);
    const again = createKeyVaultFile(directory);
    expect(again.find('anna')).toBeUndefined();
    expect(rawFiles().includes(key)).toBe(false);
    again.close();
  });

  test('any order of obtaining, destroying and reopening answers as a map would', () => {
    const step = fc.record({
      act: fc.constantFrom('obtain', 'destroy', 'reopen'),
      subject: fc.constantFrom('a', 'b', 'c'),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
        rmSync(directory, { recursive: true, force: true });
        const model = new Map<string, string>();
        let vault = createKeyVaultFile(directory);
        for (const { act, subject } of steps) {
          if (act === 'obtain') {
            const key = hex(vault.obtain(subject)) ?? '';
            expect(model.get(subject) ?? key).toBe(key);
            expect([...model].some(([other, used]) => other !== subject && used === key)).toBe(
              false,
            );
            model.set(subject, key);
          } else if (act === 'destroy') {
            expect(vault.destroy(subject)).toBe(model.delete(subject));
          } else {
            vault.close();
            vault = createKeyVaultFile(directory);
          }
          for (const name of ['a', 'b', 'c']) expect(hex(vault.find(name))).toBe(model.get(name));
        }
        vault.close();
      }),
      { numRuns: 15 },
    );
  });

  test('changing an answered key does not change the vault', () => {
    const vault = createKeyVaultFile(directory);
    const before = hex(vault.obtain('anna'));
    vault.obtain('anna').fill(0);
    vault.find('anna')?.fill(0);
    expect(hex(vault.find('anna'))).toBe(before);
    vault.close();
  });

  test('the directory and every file in it are private', () => {
    const vault = createKeyVaultFile(directory);
    vault.obtain('anna');
    expect(statSync(directory).mode & 0o777).toBe(0o700);
    expect(readdirSync(directory).length).toBeGreaterThan(1);
    for (const name of readdirSync(directory)) {
      expect(statSync(join(directory, name)).mode & 0o777, name).toBe(0o600);
    }
    vault.close();
  });

  test('a copy holds every key, is private, and never replaces a file', () => {
    const vault = createKeyVaultFile(directory);
    const key = hex(vault.obtain('anna'));
    const target = join(directory, '..', 'copy');
    const copy = join(target, 'subjects.db');
    createKeyVaultFile(target).close();
    expect(() => vault.copyTo(copy)).toThrow();
    rmSync(copy);
    vault.copyTo(copy);
    expect(statSync(copy).mode & 0o777).toBe(0o600);
    const restored = createKeyVaultFile(target);
    expect(hex(restored.find('anna'))).toBe(key);
    restored.close();
    vault.close();
  });

  test('a vault that others can read is refused, and says how to close it', () => {
    createKeyVaultFile(directory).close();
    chmodSync(join(directory, 'subjects.db'), 0o644);
    expect(() => createKeyVaultFile(directory)).toThrow(
      expect.objectContaining({
        code: 'not_authorised',
        remedy: expect.stringContaining('chmod 600'),
      }),
    );
  });

  test('a file that is no vault is refused', () => {
    const vault = createKeyVaultFile(directory);
    vault.close();
    writeFileSync(join(directory, 'subjects.db'), 'neither a database nor empty'.repeat(99));
    expect(() => createKeyVaultFile(directory)).toThrow(
      expect.objectContaining({ code: 'store_broken' }),
    );
  });
});
