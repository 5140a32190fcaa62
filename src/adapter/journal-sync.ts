import { close, fdatasync, open } from 'node:fs';
import { promisify } from 'node:util';
import { failure } from '../contract/index.ts';

const openFile = promisify(open);
const syncFile = promisify(fdatasync);

export interface JournalSync {
  /** Everything that was written to the file before the call is on disk. Fails with `sync_failed`. */
  readonly sync: () => Promise<void>;
  readonly close: () => void;
}

/**
 * Syncs SQLite's write-ahead log from outside SQLite, off the main thread. A commit at NORMAL has
 * written its frames when it returns, so what this adds is the one system call by which FULL differs.
 * libuv asks a Mac for F_FULLFSYNC, as `PRAGMA fullfsync` does.
 */
export function createJournalSync(file: string): JournalSync {
  let handle: Promise<number> | undefined;
  return {
    sync: async () => {
      try {
        handle ??= openFile(file, 'r');
        await syncFile(await handle);
      } catch (error) {
        const said = error instanceof Error ? error.message : String(error);
        // After a failed sync nobody knows what the disk holds: the process must stop.
        throw failure('sync_failed', `Syncing ${file} failed: ${said}`, { said });
      }
    },
    close: () => {
      handle?.then(
        (opened) => close(opened),
        () => undefined, // it was never open
      );
    },
  };
}
