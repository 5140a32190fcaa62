import { type Failure, failure, toFailure } from '../contract/index.ts';

export type Sync = 'normal' | 'full';
export type Result<Out> = { readonly value: Out } | { readonly error: unknown };

export interface GroupCommitPorts<In, Out> {
  /** One commit for all entries; each entry succeeds or fails alone. */
  readonly commit: (entries: readonly In[], sync: Sync) => readonly Result<Out>[];
  /** Called before the entries are answered; must not throw. */
  readonly onCommitted: (results: readonly Result<Out>[], sync: Sync) => void;
  /** true while something committed is not durable yet */
  readonly isDirty: () => boolean;
  /** Makes durable what is committed, while commits go on. */
  readonly syncTail: () => Promise<void>;
  readonly tailBarrierMs: number;
  readonly onFatal?: (reason: Failure) => void;
}

export interface GroupCommit<In, Out> {
  readonly submit: (entry: In, sync: Sync) => Promise<Out>;
  /** Runs alone: what was submitted before is committed first, what comes later waits. */
  readonly exclusive: (work: () => Promise<void>) => Promise<void>;
  /** Commits what waits, then runs `lastBarrier` (not after a fatal failure). Once; a repeat does nothing. */
  readonly close: (lastBarrier: () => void) => Promise<void>;
}

/** Entries in one commit: bounds how long a single commit can take. */
const GROUP_ENTRIES = 1_000;

/**
 * Entries that are submitted at the same time share one commit. If one of them is a barrier, the
 * whole group is synced. A tail that no barrier followed is synced after `tailBarrierMs`.
 */
export function createGroupCommit<In, Out>(ports: GroupCommitPorts<In, Out>): GroupCommit<In, Out> {
  interface Waiting {
    readonly entry: In;
    readonly sync: Sync;
    readonly resolve: (value: Out) => void;
    readonly reject: (reason: unknown) => void;
  }
  let queue: Waiting[] = [];
  let scheduled = false;
  let closed = false;
  let failed = false; // the disk refused to sync
  let turn: Promise<void> | undefined; // the exclusive work under way, with those behind it
  let tail: NodeJS.Timeout | undefined;
  let syncing: Promise<void> | undefined;

  function schedule(): void {
    if (scheduled) return;
    scheduled = true;
    setImmediate(() => {
      scheduled = false;
      if (!turn) flush();
    });
  }

  function flush(): void {
    if (queue.length === 0) return;
    const group = queue.length > GROUP_ENTRIES ? queue.slice(0, GROUP_ENTRIES) : queue;
    queue = queue.length > GROUP_ENTRIES ? queue.slice(GROUP_ENTRIES) : [];
    if (queue.length > 0) schedule();
    run(group, group.some((waiting) => waiting.sync === 'full') ? 'full' : 'normal');
  }

  function run(group: readonly Waiting[], sync: Sync): void {
    let results: readonly Result<Out>[];
    try {
      results = ports.commit(
        group.map((waiting) => waiting.entry),
        sync,
      );
    } catch (error) {
      for (const waiting of group) waiting.reject(error);
      stopWhenFatal(error);
      watchTail();
      return;
    }
    ports.onCommitted(results, sync);
    for (let index = 0; index < group.length; index++) {
      const result = results[index];
      if (!result) continue;
      if ('value' in result) group[index]?.resolve(result.value);
      else group[index]?.reject(result.error);
    }
    watchTail();
  }

  function watchTail(): void {
    if (closed || !ports.isDirty()) {
      clearTimeout(tail);
      tail = undefined;
    } else if (!tail && !syncing) {
      tail = setTimeout(() => {
        tail = undefined;
        syncing = syncTail();
      }, ports.tailBarrierMs);
    }
  }

  /** Beside the commits, which never wait for it; what came meanwhile gets its own. */
  async function syncTail(): Promise<void> {
    try {
      await ports.syncTail();
    } catch (error) {
      stopWhenFatal(error);
    }
    syncing = undefined;
    watchTail();
  }

  /** A failed sync means that the disk may have lost what it said it kept: nothing may go on. */
  function stopWhenFatal(error: unknown): void {
    const reason = toFailure(error);
    if (reason.code !== 'sync_failed' || failed) return;
    failed = true;
    closed = true;
    for (const waiting of queue) waiting.reject(reason);
    queue = [];
    ports.onFatal?.(reason);
  }

  async function takeTurn(before: Promise<void> | undefined, work: () => Promise<void>) {
    await before?.catch(() => undefined); // its own caller was told
    while (queue.length > 0) flush();
    if (closed) throw failure('not_ready', 'The log is closed.');
    await work();
  }

  return {
    submit: (entry, sync) =>
      new Promise<Out>((resolve, reject) => {
        if (closed) {
          reject(failure('not_ready', 'The log is closed.'));
          return;
        }
        queue.push({ entry, sync, resolve, reject });
        schedule();
      }),
    exclusive: async (work) => {
      const mine = takeTurn(turn, work);
      turn = mine;
      try {
        await mine;
      } finally {
        if (turn === mine) turn = undefined;
        if (queue.length > 0) schedule();
      }
    },
    close: async (lastBarrier) => {
      if (turn) await turn.catch(() => undefined); // its own caller is told
      while (queue.length > 0) flush();
      if (closed) return;
      closed = true;
      clearTimeout(tail);
      await syncing;
      // a sync after one that failed may succeed and prove nothing
      if (!failed) lastBarrier();
    },
  };
}
