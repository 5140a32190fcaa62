import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, mkdirSync, openSync } from 'node:fs';
import { type FileHandle, link, mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type Failure, failure } from '../contract/index.ts';

/** Read and write for the owner alone. */
export const PRIVATE_FILE_MODE = 0o600;
export const PRIVATE_DIRECTORY_MODE = 0o700;

/**
 * Writes a whole private file so that a crash leaves the old one or the new one, never a half: own
 * temporary file, sync, rename, sync of the directory. Durable when fulfilled. Fails with `disk_full`,
 * `store_read_only`, `sync_failed`; then the old file is as it was.
 */
export async function writeDurably(path: string, bytes: Uint8Array | string): Promise<void> {
  await throughTemporary(path, bytes, (temporary) => rename(temporary, path));
}

/** The same for a file that must not exist yet. False when another one was first; it stays. */
export async function createDurably(path: string, bytes: Uint8Array | string): Promise<boolean> {
  try {
    await throughTemporary(path, bytes, (temporary) => link(temporary, path));
    return true;
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false;
    throw error;
  }
}

/** Makes a private directory and its parents; durable when fulfilled. */
export async function makePrivateDirectory(path: string): Promise<void> {
  try {
    const first = await mkdir(path, { recursive: true, mode: PRIVATE_DIRECTORY_MODE });
    if (first === undefined) return;
    for (let made = path; made !== dirname(first); made = dirname(made)) {
      await syncDirectory(dirname(made));
    }
  } catch (error) {
    throw storeFailure(error, path);
  }
}

/** The same for callers that cannot wait. */
export function makePrivateDirectorySync(path: string): void {
  try {
    const first = mkdirSync(path, { recursive: true, mode: PRIVATE_DIRECTORY_MODE });
    if (first === undefined) return;
    for (let made = path; made !== dirname(first); made = dirname(made)) {
      const parent = openSync(dirname(made), 'r');
      fsyncSync(parent);
      closeSync(parent);
    }
  } catch (error) {
    throw storeFailure(error, path);
  }
}

/** Makes the names in a directory durable. Fails with `sync_failed`. */
export async function syncDirectory(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await sync(handle, path);
  } finally {
    await handle.close();
  }
}

/** The failure behind an error of the file system; any other error as it is. */
export function storeFailure(error: unknown, path: string): unknown {
  const reason = errorCode(error);
  const code = STORE_FAILURES[reason ?? ''];
  if (!code || !reason) return error;
  return failure(code, `${SENTENCES[code]}: ${path}`, { path, reason });
}

/** `ENOENT` and the like, of errors that have one. */
export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string'
    ? error.code
    : undefined;
}

const STORE_FAILURES: { readonly [errno: string]: keyof typeof SENTENCES } = {
  ENOSPC: 'disk_full',
  EDQUOT: 'disk_full',
  EROFS: 'store_read_only',
  EACCES: 'store_read_only',
  EPERM: 'store_read_only',
  EIO: 'sync_failed',
};

const SENTENCES = {
  disk_full: 'There is no space left to write',
  store_read_only: 'This user may not read and write here',
  sync_failed: 'The disk refused to store',
} as const;

async function throughTemporary(
  path: string,
  bytes: Uint8Array | string,
  place: (temporary: string) => Promise<void>,
): Promise<void> {
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    const handle = await open(temporary, 'wx', PRIVATE_FILE_MODE);
    try {
      await handle.writeFile(bytes);
      await sync(handle, path);
    } finally {
      await handle.close();
    }
    await place(temporary);
    await syncDirectory(dirname(path));
  } catch (error) {
    throw storeFailure(error, path);
  } finally {
    await rm(temporary, { force: true });
  }
}

async function sync(handle: FileHandle, path: string): Promise<void> {
  try {
    await handle.sync();
  } catch (error) {
    throw syncFailure(error, path);
  }
}

/** A full disk may show only here; anything else means the disk did not keep what it was given. */
function syncFailure(error: unknown, path: string): Failure {
  const reason = errorCode(error) ?? 'unknown';
  return STORE_FAILURES[reason] === 'disk_full'
    ? failure('disk_full', `${SENTENCES.disk_full}: ${path}`, { path, reason })
    : failure('sync_failed', `${SENTENCES.sync_failed}: ${path}`, { path, reason });
}
