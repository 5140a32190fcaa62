import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** quiet for so long: whoever works with it has paused */
const QUIET_MS = 3_000;
/** less than this is not worth a pause of the thread */
const GROWN_BYTES = 8 * 1024 * 1024;

export interface MemoryRest {
  /** Something was done: what it leaves behind is given back once it is quiet. */
  readonly stir: () => void;
  readonly close: () => void;
}

/**
 * Gives memory back to the system when nothing has happened for a while. Node keeps room for new objects
 * as large as a busy time made it, and the code of a start that nobody runs again: a collection that V8
 * makes only when memory is short drops both, in 50 to 80 ms. A process that stays quiet is never woken.
 */
export function createMemoryRest(
  giveBack: () => void = collect,
  bytes: () => number = () => process.memoryUsage.rss(),
): MemoryRest {
  let kept = 0; // bytes after the last time
  let timer: NodeJS.Timeout | undefined;
  let closed = false;
  const rest = (): void => {
    timer = undefined;
    if (bytes() < kept + GROWN_BYTES) return;
    giveBack();
    kept = bytes();
  };
  return {
    stir: () => {
      if (closed) return;
      if (timer) timer.refresh();
      else timer = setTimeout(rest, QUIET_MS).unref();
    },
    close: () => {
      closed = true;
      clearTimeout(timer);
    },
  };
}

/** "last-resort" is what V8 does before it would give up: code that nobody runs goes too. */
function collect(): void {
  // asked for here and not at the start: a process that starts with `--expose-gc` starts a tenth slower
  setFlagsFromString('--expose-gc');
  const gc: NodeJS.GCFunction = runInNewContext('gc');
  setFlagsFromString('--no-expose-gc');
  gc({ type: 'major', execution: 'sync', flavor: 'last-resort' });
}
