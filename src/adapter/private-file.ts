import { statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { failure } from '../contract/index.ts';
import { errorCode, storeFailure } from './durable-file.ts';

const LARGEST_PRIVATE_FILE_BYTES = 16 * 1024 * 1024; // keys and secrets are small; a mistake is not read

/**
 * The bytes of a file that only its owner may read; undefined when there is none. Fails with
 * `not_authorised` when others could have read it, and says how to close it.
 */
export async function readPrivateFile(path: string): Promise<Buffer | undefined> {
  try {
    const handle = await open(path, 'r');
    try {
      const { mode, size } = await handle.stat();
      checkMode(path, mode);
      if (size > LARGEST_PRIVATE_FILE_BYTES) {
        throw failure('too_large', `This is not a key file: ${path}`, { path, bytes: size });
      }
      return await handle.readFile();
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw errorCode(error) === 'EACCES'
      ? failure(
          'not_authorised',
          `You may not read ${path}.`,
          { path },
          'Make it belong to your user (chown).',
        )
      : storeFailure(error, path);
  }
}

/** The same refusal for a file that must not be opened by plain file calls. Absent files pass. */
export function checkPrivate(path: string): void {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found) checkMode(path, found.mode);
}

function checkMode(path: string, mode: number): void {
  if (process.platform === 'win32' || (mode & 0o077) === 0) return;
  throw failure(
    'not_authorised',
    `Other users of this machine can open ${path}.`,
    { path, mode: (mode & 0o777).toString(8) },
    `Close it with: chmod 600 ${path} (and make a new key if others may have read it).`,
  );
}
