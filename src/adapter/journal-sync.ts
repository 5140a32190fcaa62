import { closeSync, fdatasync, fdatasyncSync, fstatSync, openSync, writeSync } from 'node:fs';
import { promisify } from 'node:util';
import { type Failure, failure } from '../contract/index.ts';

const syncFile = promisify(fdatasync);

/** Room that is made at a time: as much as there is already, between a quarter and four MiB. */
const LEAST_ROOM_BYTES = 256 * 1024;
const MOST_ROOM_BYTES = 4 * 1024 * 1024;
/**
 * The length is asked for once in so many commits: a file whose times somebody has just read gets new
 * ones with the next write, and then a sync takes a third longer (Linux, multigrain timestamps).
 */
const COMMITS_PER_LOOK = 16;

export interface JournalSync {
  /** Everything that was written to the file before the call is on disk. Fails with `sync_failed`. */
  readonly sync: () => Promise<void>;
  /** The same, before it returns. */
  readonly syncNow: () => void;
  /**
   * To be called before every commit that syncs. Where the file has grown, zeros are written behind its
   * end, so that the next commits do not make it grow: a sync that also has to keep a new length takes
   * twice as long. SQLite takes what is no frame of its own for the end of the journal. Never fails.
   */
  readonly makeRoom: () => void;
  readonly close: () => void;
}

/**
 * Syncs SQLite's write-ahead log from outside SQLite. A commit at NORMAL has written its frames when it
 * returns, so what this adds is the one system call by which FULL differs. libuv asks a Mac for
 * F_FULLFSYNC, as `PRAGMA fullfsync` does.
 */
export function createJournalSync(file: string): JournalSync {
  let opened: number | undefined;
  let commits = 0;
  let known = 0; // length of the file with its room

  function handle(): number {
    opened ??= openSync(file, 'r+');
    return opened;
  }

  /** After a failed sync nobody knows what the disk holds: the process must stop. */
  function failed(error: unknown): Failure {
    const said = error instanceof Error ? error.message : String(error);
    return failure('sync_failed', `Syncing ${file} failed: ${said}`, { said });
  }

  return {
    sync: async () => {
      try {
        await syncFile(handle());
      } catch (error) {
        throw failed(error);
      }
    },
    syncNow: () => {
      try {
        fdatasyncSync(handle());
      } catch (error) {
        throw failed(error);
      }
    },
    makeRoom: () => {
      const looks = commits % COMMITS_PER_LOOK === 0;
      commits += 1;
      if (!looks) return;
      try {
        const { size } = fstatSync(handle());
        if (size === known) return;
        known = size;
        const room = Math.min(Math.max(size, LEAST_ROOM_BYTES), MOST_ROOM_BYTES);
        known += writeSync(handle(), Buffer.alloc(room), 0, room, size);
      } catch {
        // no room on the disk: the commits that need it will say so
      }
    },
    close: () => {
      if (opened !== undefined) closeSync(opened);
    },
  };
}
