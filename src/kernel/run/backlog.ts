import type { Id } from '../../base/index.ts';
import type { Queue } from '../events.ts';

/** Runs that were woken while enough others moved; ids only, so that 100,000 of them cost little. */
export interface Backlog {
  /** Puts a run at the end of its queue; one that waits in any queue keeps its place. */
  readonly add: (run: Id, queue: Queue) => void;
  /** The next one, those first that somebody waits for. */
  readonly take: () => Id | undefined;
}

const QUEUES: readonly Queue[] = ['now', 'soon', 'cheap'];

interface Line {
  readonly ids: Set<Id>;
  /** one walk for all takes: a new one would pass everything that was taken before */
  walk: Iterator<Id>;
}

export function createBacklog(): Backlog {
  const lines: { readonly [Name in Queue]: Line } = {
    now: newLine(),
    soon: newLine(),
    cheap: newLine(),
  };

  function takeFrom(line: Line): Id | undefined {
    if (line.ids.size === 0) return undefined;
    let next = line.walk.next();
    if (next.done) {
      line.walk = line.ids.values(); // a walk that came to its end stays there
      next = line.walk.next();
    }
    if (next.done) return undefined;
    line.ids.delete(next.value);
    return next.value;
  }

  return {
    add: (run, queue) => {
      if (QUEUES.some((name) => lines[name].ids.has(run))) return;
      lines[queue].ids.add(run);
    },
    take: () => {
      for (const name of QUEUES) {
        const run = takeFrom(lines[name]);
        if (run !== undefined) return run;
      }
      return undefined;
    },
  };
}

function newLine(): Line {
  const ids = new Set<Id>();
  return { ids, walk: ids.values() };
}
