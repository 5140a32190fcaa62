import type { Id } from '../../base/index.ts';

/** A step of a run. */
export interface LockOwner {
  readonly run: Id;
  readonly step: string;
}

/** What became of a wish for keys. */
export type LockAnswer =
  /** free until now: that they are taken must be noted */
  | { readonly status: 'taken' }
  /** the step, or one around it, holds them already */
  | { readonly status: 'kept' }
  /** it stands in line from now on */
  | { readonly status: 'waits'; readonly words: string }
  /** it would wait for a step that waits for it */
  | { readonly status: 'circle'; readonly words: string; readonly key: string };

/**
 * Keys that serialize work on one thing. Who wants several gets all of them or none, so nobody sits on
 * one key while waiting for another; first come is first served. A step inside another one shares
 * what that one holds. Memory only: the log knows who holds what, see `locksFold`.
 */
export interface Locks {
  readonly take: (keys: readonly string[], owner: LockOwner) => LockAnswer;
  /** Stands in line for the keys; true once `take` would give them. */
  readonly ask: (keys: readonly string[], owner: LockOwner) => boolean;
  /** What the log says is held, put back after a restart. */
  readonly restore: (keys: readonly string[], owner: LockOwner) => void;
  /** Gives back what a step holds, or its place in line. */
  readonly release: (owner: LockOwner) => void;
  readonly releaseRun: (run: Id) => void;
  /** Steps of a run that hold something, and those that stand in line. */
  readonly claimsOf: (run: Id) => Iterable<{ readonly step: string; readonly holds: boolean }>;
  /** who holds a key and who waits for it, in order */
  readonly list: () => readonly LockView[];
}

export interface LockView {
  readonly key: string;
  readonly holder: LockOwner;
  readonly queue: readonly LockOwner[];
}

interface Claim extends LockOwner {
  readonly keys: readonly string[];
  /** `given`: its turn came while it was not looking */
  status: 'waits' | 'given' | 'holds';
}

/** Why a step waits for a key, in words. */
export function lockWords(key: string, holder: LockOwner): string {
  return `Waits for ${key}, which run ${holder.run} (${holder.step}) holds.`;
}

export function createLocks(wake: (run: Id) => void): Locks {
  const holders = new Map<string, Claim>();
  const lines = new Map<string, Claim[]>();
  const claims = new Map<Id, Map<string, Claim>>();

  function add(claim: Claim): void {
    const own = claims.get(claim.run) ?? new Map<string, Claim>();
    claims.set(claim.run, own);
    own.set(claim.step, claim);
  }

  function claimsIn(run: Id): readonly Claim[] {
    return [...(claims.get(run)?.values() ?? [])];
  }

  function hold(claim: Claim, status: 'given' | 'holds'): void {
    claim.status = status;
    for (const key of claim.keys) {
      leaveLine(key, claim);
      holders.set(key, claim);
    }
  }

  function leaveLine(key: string, claim: Claim): void {
    const line = lines.get(key);
    const place = line?.indexOf(claim) ?? -1;
    if (!line || place < 0) return;
    if (line.length === 1) lines.delete(key);
    else line.splice(place, 1);
  }

  /** Nobody holds any of its keys, and nobody came before it for any of them. */
  function isNext(claim: Claim): boolean {
    return claim.keys.every((key) => !holders.has(key) && lines.get(key)?.[0] === claim);
  }

  /** Who keeps it from going on: the holders of its keys, and those before it. */
  function blockersOf(claim: Claim): readonly (readonly [key: string, blocker: Claim])[] {
    return claim.keys.flatMap((key) => {
      const line = lines.get(key) ?? [];
      const before = [holders.get(key), ...line.slice(0, line.indexOf(claim))];
      return before.flatMap((other) => (other ? [[key, other] as const] : []));
    });
  }

  /** A step that is held up by what waits inside it may be held up by the one that asks. */
  function isCircle(asking: Claim): boolean {
    // only for something around it could anybody wait: most steps have nothing such
    if (!claimsIn(asking.run).some((own) => isInside(asking, own))) return false;
    const seen = new Set<Claim>();
    const open = [asking];
    for (let here = open.pop(); here; here = open.pop()) {
      for (const [, blocker] of blockersOf(here)) {
        if (isInside(asking, blocker)) return true;
        if (seen.has(blocker)) continue;
        seen.add(blocker);
        if (blocker.status === 'waits') open.push(blocker);
        for (const inner of claimsIn(blocker.run)) {
          if (inner.status === 'waits' && isInside(inner, blocker)) open.push(inner);
        }
      }
    }
    return false;
  }

  function drop(claim: Claim): void {
    const own = claims.get(claim.run);
    own?.delete(claim.step);
    if (own?.size === 0) claims.delete(claim.run);
    for (const key of claim.keys) {
      if (holders.get(key) === claim) holders.delete(key);
      leaveLine(key, claim);
    }
    for (const key of claim.keys) {
      const next = lines.get(key)?.[0];
      if (!next || !isNext(next)) continue;
      hold(next, 'given'); // handed on, so nobody overtakes
      wake(next.run);
    }
  }

  function release({ run, step }: LockOwner): void {
    const claim = claims.get(run)?.get(step);
    if (claim) drop(claim);
  }

  /** Its claim, made now if it has none; undefined where a step around it holds all that it wants. */
  function claimOf(keys: readonly string[], owner: LockOwner): Claim | undefined {
    const known = claims.get(owner.run)?.get(owner.step);
    if (known) return known;
    const wanted = [...new Set(keys)].filter((key) => {
      const holder = holders.get(key);
      return !holder || !isInside(owner, holder);
    });
    if (wanted.length === 0) return undefined;
    const claim: Claim = { ...ownerOf(owner), keys: wanted, status: 'waits' };
    add(claim);
    for (const key of wanted) {
      const line = lines.get(key);
      if (line) line.push(claim);
      else lines.set(key, [claim]);
    }
    return claim;
  }

  function take(keys: readonly string[], owner: LockOwner): LockAnswer {
    const claim = claimOf(keys, owner);
    if (!claim || claim.status === 'holds') return { status: 'kept' };
    if (claim.status === 'given' || isNext(claim)) {
      hold(claim, 'holds');
      return { status: 'taken' };
    }
    const [[key, blocker] = ['', claim]] = blockersOf(claim);
    if (isCircle(claim)) {
      drop(claim);
      const words = `It needs ${key}, which run ${blocker.run} (${blocker.step}) holds, and that one waits for this run.`;
      return { status: 'circle', key, words };
    }
    return { status: 'waits', words: lockWords(key, blocker) };
  }

  return {
    take,
    ask: (keys, owner) => {
      const claim = claimOf(keys, owner);
      return claim?.status !== 'waits' || isNext(claim);
    },
    restore: (keys, owner) => {
      const claim: Claim = { ...owner, keys, status: 'holds' };
      add(claim);
      hold(claim, 'holds');
    },
    release,
    releaseRun: (run) => {
      for (const claim of claimsIn(run)) drop(claim);
    },
    claimsOf: (run) =>
      claimsIn(run).map(({ step, status }) => ({ step, holds: status === 'holds' })),
    list: () =>
      [...holders].map(([key, holder]) => ({
        key,
        holder: ownerOf(holder),
        queue: (lines.get(key) ?? []).map(ownerOf),
      })),
  };
}

function isInside({ run, step }: LockOwner, outer: LockOwner): boolean {
  return run === outer.run && step.startsWith(`${outer.step}/`);
}

function ownerOf({ run, step }: LockOwner): LockOwner {
  return { run, step };
}
