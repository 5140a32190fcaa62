import { close, closeSync, fdatasync, fstatSync, open, openSync, writeSync } from 'node:fs';
import { promisify } from 'node:util';
import { failure } from '../contract/index.ts';

const openFile = promisify(open);
const syncFile = promisify(fdatasync);

/** Room that is made at a time: as much as there is already, between a quarter and four MiB. */
const LEAST_ROOM_BYTES = 256 * 1024;
const MOST_ROOM_BYTES = 4 * 1024 * 1024;

export interface JournalSync {
  /** Everything that was written to the file before the call is on disk. Fails with `sync_failed`. */
  readonly sync: () => Promise<void>;
  /**
   * To be called before a commit that syncs. Where the file has grown, zeros are written behind its end,
   * so that the next commits do not make it grow: a sync that also has to keep a new length takes twice
   * as long. SQLite takes what is no frame of its own for the end of the journal. Never fails.
   */
  readonly makeRoom: () => void;
  readonly close: () => void;
}

/**
 * Syncs SQLite's write-ahead log from outside SQLite, off the main thread. A commit at NORMAL has
 * written its frames when it returns, so what this adds is the one system call by which FULL differs.
 * libuv asks a Mac for F_FULLFSYNC, as `PRAGMA fullfsync` does.
 */
export function createJournalSync(file: string): JournalSync {
  let handle: Promise<number> | undefined;
  let writable: number | undefined;
  let known = 0; // length of the file with its room
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
    makeRoom: () => {
      try {
        writable ??= openSync(file, 'r+');
        const { size } = fstatSync(writable);
        if (size === known) return;
        known = size;
        const room = Math.min(Math.max(size, LEAST_ROOM_BYTES), MOST_ROOM_BYTES);
        known += writeSync(writable, Buffer.alloc(room), 0, room, size);
      } catch {
        // no room on the disk: the commits that need it will say so
      }
    },
    close: () => {
      if (writable !== undefined) closeSync(writable);
      handle?.then(
        (opened) => close(opened),
        () => undefined, // it was never open
      );
    },
  };
}
