import type { FileHandle } from 'node:fs/promises';
import { open, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { LIMITS, type Sha256, sha256 } from '../base/index.ts';
import { failure } from '../contract/index.ts';
import type { Blobs } from '../log/index.ts';
import {
  errorCode,
  makePrivateDirectory,
  storeFailure,
  syncDirectory,
  writeDurably,
} from './durable-file.ts';

export interface BlobFiles extends Blobs {
  /**
   * Removes the bytes and leaves a mark, so that `get` answers `erased` from then on. True when there
   * were bytes. Putting the same bytes again brings them back.
   */
  readonly erase: (hash: Sha256) => Promise<boolean>;
}

/** Blobs as files: `<directory>/ab/<sha256>`. Also fails with `store_read_only`, `sync_failed`. */
export function createBlobFiles(directory: string): BlobFiles {
  const folderOf = (hash: Sha256) => join(directory, hash.slice(0, 2));
  const pathOf = (hash: Sha256) => join(folderOf(hash), hash);
  const markOf = (hash: Sha256) => `${pathOf(hash)}.erased`;
  const swept = new Set<string>();

  return {
    async put(bytes) {
      if (bytes.byteLength > LIMITS.blobBytes) throw tooLarge(bytes.byteLength);
      const hash = sha256(bytes);
      const folder = folderOf(hash);
      await makePrivateDirectory(folder);
      if (!swept.has(folder)) {
        swept.add(folder);
        await sweep(folder);
      }
      if (await isIntact(pathOf(hash), hash, bytes.byteLength)) {
        // an earlier put may have been killed before its names were synced
        await syncDirectory(folder);
        await syncDirectory(directory);
      } else {
        await writeDurably(pathOf(hash), bytes);
      }
      await rm(markOf(hash), { force: true });
      return hash;
    },

    async get(hash) {
      if (!isHash(hash)) throw notFound(hash);
      const bytes = await readBytes(pathOf(hash));
      if (bytes && sha256(bytes) === hash) return bytes;
      if (bytes) {
        throw failure('payload_damaged', 'A stored file is not what it was.', { blob: hash });
      }
      if (await exists(markOf(hash))) {
        throw failure('erased', 'This file was erased.', { blob: hash });
      }
      throw notFound(hash);
    },

    has: async (hash) => isHash(hash) && (await exists(pathOf(hash))),

    async erase(hash) {
      if (!isHash(hash) || !(await exists(pathOf(hash)))) return false;
      await writeDurably(markOf(hash), '');
      try {
        await rm(pathOf(hash), { force: true });
      } catch (error) {
        throw storeFailure(error, pathOf(hash));
      }
      await syncDirectory(folderOf(hash));
      return true;
    },
  };
}

/** A name from outside becomes a path only in this shape, so no path leaves the directory. */
function isHash(text: string): boolean {
  return /^[0-9a-f]{64}$/.test(text);
}

async function isIntact(path: string, hash: Sha256, length: number): Promise<boolean> {
  const found = await statIfAny(path);
  if (found?.size !== length) return false;
  const bytes = await readBytes(path);
  return bytes !== undefined && sha256(bytes) === hash;
}

/** The bytes, or undefined where there is no file. A file above the limit was not written by us. */
async function readBytes(path: string): Promise<Uint8Array | undefined> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(path, 'r');
    const { size } = await handle.stat();
    if (size > LIMITS.blobBytes) throw tooLarge(size);
    return await handle.readFile();
  } catch (error) {
    return absent(error, path);
  } finally {
    await handle?.close();
  }
}

async function statIfAny(path: string) {
  return stat(path).catch((error: unknown) => absent(error, path));
}

async function exists(path: string): Promise<boolean> {
  return (await statIfAny(path)) !== undefined;
}

function absent(error: unknown, path: string): undefined {
  if (errorCode(error) === 'ENOENT' || errorCode(error) === 'ENOTDIR') return undefined;
  throw storeFailure(error, path);
}

const STALE_TEMPORARY_MS = 3_600_000; // no write takes an hour, so this one was left by a killed process

async function sweep(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!name.endsWith('.tmp')) continue;
    const path = join(folder, name);
    const found = await statIfAny(path);
    if (found && found.mtimeMs < Date.now() - STALE_TEMPORARY_MS) await rm(path, { force: true });
  }
}

function tooLarge(bytes: number) {
  return failure('too_large', 'The file is larger than Steward keeps.', {
    bytes,
    limit: LIMITS.blobBytes,
  });
}

function notFound(hash: string) {
  return failure('not_found', 'There is no such file.', { blob: hash.slice(0, 64) });
}
