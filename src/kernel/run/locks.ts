import type { Id } from '../../base/index.ts';

/** Keys that serialize work on one thing. Held by running steps only, so a restart frees them all. */
export interface Locks {
  /** Takes all keys or none; then undefined. Else the words that say who holds one. */
  readonly take: (keys: readonly string[], run: Id, step: string) => string | undefined;
  readonly release: (run: Id, step: string) => void;
  readonly releaseRun: (run: Id) => void;
  /** who holds a key and who waits for it, first come first served */
  readonly list: () => readonly LockView[];
}

export interface LockView {
  readonly key: string;
  readonly holder: { readonly run: Id; readonly step: string };
  readonly queue: readonly { readonly run: Id; readonly step: string }[];
}

export function createLocks(wake: (run: Id) => void): Locks {
  interface Held {
    holder: { readonly run: Id; readonly step: string };
    queue: { readonly run: Id; readonly step: string }[];
  }
  const held = new Map<string, Held>();

  function free(key: string, lock: Held): void {
    const next = lock.queue.shift();
    if (!next) {
      held.delete(key);
      return;
    }
    lock.holder = next; // handed on, so nobody overtakes
    wake(next.run);
  }

  function drop(match: (who: { readonly run: Id; readonly step: string }) => boolean): void {
    for (const [key, lock] of [...held]) {
      lock.queue = lock.queue.filter((who) => !match(who));
      if (match(lock.holder)) free(key, lock);
    }
  }

  return {
    take: (keys, run, step) => {
      const mine = (who: { readonly run: Id; readonly step: string }): boolean =>
        who.run === run && who.step === step;
      const taken = keys.find((key) => {
        const lock = held.get(key);
        return lock !== undefined && !mine(lock.holder);
      });
      if (taken !== undefined) {
        const lock = held.get(taken);
        if (lock && !lock.queue.some(mine)) lock.queue.push({ run, step });
        return `Waits for ${taken}, which run ${lock?.holder.run ?? ''} (${lock?.holder.step ?? ''}) holds.`;
      }
      for (const key of keys)
        if (!held.has(key)) held.set(key, { holder: { run, step }, queue: [] });
      return undefined;
    },
    release: (run, step) => drop((who) => who.run === run && who.step === step),
    releaseRun: (run) => drop((who) => who.run === run),
    list: () => [...held].map(([key, { holder, queue }]) => ({ key, holder, queue: [...queue] })),
  };
}
