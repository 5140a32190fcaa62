import { execFileSync } from 'node:child_process';
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { LIMITS, sha256 } from '../base/index.ts';
import { createBlobFiles } from './blob-files.ts';

const bytes = (text: string) => new TextEncoder().encode(text);
const code = (value: string) => expect.objectContaining({ code: value });

describe('blob files', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'blobs-'));
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));
  const pathOf = (hash: string) => join(directory, hash.slice(0, 2), hash);

  test('what is put is got back under its SHA-256, whatever it is', async () => {
    const blobs = createBlobFiles(directory);
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 4096 }), async (content) => {
        const hash = await blobs.put(content);
        expect(hash).toBe(sha256(content));
        expect(await blobs.has(hash)).toBe(true);
        expect(Buffer.compare(await blobs.get(hash), content)).toBe(0);
      }),
      { numRuns: 30 },
    );
  });

  test('a blob is one private file and no temporary file stays', async () => {
    const hash = await createBlobFiles(directory).put(bytes('paper'));
    expect(readdirSync(join(directory, hash.slice(0, 2)))).toEqual([hash]);
    expect(statSync(pathOf(hash)).mode & 0o777).toBe(0o600);
    expect(statSync(join(directory, hash.slice(0, 2))).mode & 0o777).toBe(0o700);
  });

  test('putting the same bytes again does not write the file again', async () => {
    const blobs = createBlobFiles(directory);
    const hash = await blobs.put(bytes('paper'));
    const { ino, mtimeMs } = statSync(pathOf(hash));
    await blobs.put(bytes('paper'));
    expect(statSync(pathOf(hash))).toMatchObject({ ino, mtimeMs });
  });

  test('many puts of the same bytes at once leave one whole file', async () => {
    const blobs = createBlobFiles(directory);
    const hashes = await Promise.all(Array.from({ length: 20 }, () => blobs.put(bytes('paper'))));
    expect(new Set(hashes).size).toBe(1);
    expect(readdirSync(join(directory, hashes[0]?.slice(0, 2) ?? ''))).toEqual([hashes[0]]);
  });

  test('a changed file is reported as damaged, and putting the bytes again repairs it', async () => {
    const blobs = createBlobFiles(directory);
    const hash = await blobs.put(bytes('paper'));
    writeFileSync(pathOf(hash), 'pap3r');
    await expect(blobs.get(hash)).rejects.toEqual(code('payload_damaged'));
    await blobs.put(bytes('paper'));
    expect(Buffer.from(await blobs.get(hash)).toString()).toBe('paper');
  });

  test.each([
    '../../../etc/passwd',
    `../${'a'.repeat(61)}`,
    `${'a'.repeat(64)}/../../x`,
    'A'.repeat(64),
    '',
    `${'a'.repeat(64)}\0`,
    `${'a'.repeat(64)}\n`,
  ])('%j is no name of a blob', async (name) => {
    const blobs = createBlobFiles(directory);
    await expect(blobs.get(name)).rejects.toEqual(code('not_found'));
    expect(await blobs.has(name)).toBe(false);
    expect(await blobs.erase(name)).toBe(false);
  });

  test('an unknown hash is not found, also before the directory exists', async () => {
    const blobs = createBlobFiles(join(directory, 'later'));
    await expect(blobs.get(sha256('x'))).rejects.toEqual(code('not_found'));
    expect(await blobs.has(sha256('x'))).toBe(false);
  });

  test('bytes above the limit are refused and nothing is written', async () => {
    const large = new Uint8Array(LIMITS.blobBytes + 1);
    await expect(createBlobFiles(directory).put(large)).rejects.toEqual(code('too_large'));
    expect(readdirSync(directory)).toEqual([]);
  });

  test('an erased blob says so, and the same bytes may come back', async () => {
    const blobs = createBlobFiles(directory);
    const hash = await blobs.put(bytes('personal'));
    expect(await blobs.erase(hash)).toBe(true);
    await expect(blobs.get(hash)).rejects.toEqual(code('erased'));
    expect(await blobs.has(hash)).toBe(false);
    expect(await blobs.erase(hash)).toBe(false);
    await blobs.put(bytes('personal'));
    expect(Buffer.from(await blobs.get(hash)).toString()).toBe('personal');
    await blobs.erase(hash);
    await expect(blobs.get(hash)).rejects.toEqual(code('erased'));
  });

  test('what a killed process left behind is removed, what is being written is not', async () => {
    const hash = await createBlobFiles(directory).put(bytes('paper'));
    const old = `${pathOf(hash)}.aaaaaaaaaaaa.tmp`;
    const fresh = `${pathOf(hash)}.bbbbbbbbbbbb.tmp`;
    writeFileSync(old, 'half');
    writeFileSync(fresh, 'half');
    utimesSync(old, 1, 1);
    await createBlobFiles(directory).put(bytes('paper'));
    expect(readdirSync(join(directory, hash.slice(0, 2))).sort()).toEqual(
      [hash, `${hash}.bbbbbbbbbbbb.tmp`].sort(),
    );
  });

  test('a directory that this user may not write is store_read_only', async (context) => {
    const asNobody = becomeNobody();
    if (!asNobody) return context.skip('needs root, to be somebody else for a moment');
    const blobs = createBlobFiles(directory);
    const hash = await blobs.put(bytes('paper'));
    asNobody.start();
    try {
      await expect(blobs.put(bytes('more'))).rejects.toEqual(code('store_read_only'));
      await expect(blobs.get(hash)).rejects.toEqual(code('store_read_only'));
    } finally {
      asNobody.stop();
    }
    expect(Buffer.from(await blobs.get(hash)).toString()).toBe('paper');
  });

  test('a full disk is disk_full, and what was there stays readable', async (context) => {
    if (!mountSmall(directory)) return context.skip('needs the right to mount a small file system');
    try {
      const blobs = createBlobFiles(directory);
      const hash = await blobs.put(bytes('paper'));
      await expect(blobs.put(new Uint8Array(2_000_000))).rejects.toEqual(code('disk_full'));
      expect(Buffer.from(await blobs.get(hash)).toString()).toBe('paper');
      const names = readdirSync(directory, { recursive: true, encoding: 'utf8' });
      expect(names.filter((name) => name.endsWith('.tmp'))).toEqual([]);
    } finally {
      execFileSync('umount', [directory]);
    }
  });

  test('the file is the bytes themselves', async () => {
    const hash = await createBlobFiles(directory).put(bytes('paper'));
    expect(readFileSync(pathOf(hash), 'utf8')).toBe('paper');
  });
});

const NOBODY = 65_534;

/** Only root can become somebody else, and only in a process of its own. */
function becomeNobody() {
  if (process.geteuid?.() !== 0 || !process.seteuid) return undefined;
  const seteuid = process.seteuid.bind(process);
  try {
    seteuid(NOBODY);
    seteuid(0);
  } catch {
    return undefined;
  }
  return { start: () => seteuid(NOBODY), stop: () => seteuid(0) };
}

function mountSmall(directory: string): boolean {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'small', directory], {
      stdio: 'ignore',
    });
    return true;
  } catch {
    return false;
  }
}
