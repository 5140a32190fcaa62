import { useEffect, useRef, useState } from 'preact/hooks';
import { call } from '../api/call.ts';
import { isOfRun, onEvent, onReconnect } from '../api/live.ts';
import { type Resource, useResource } from '../api/resource.ts';
import type { LogEvent, RunRow } from '../api/shapes.ts';

/** runs read at a time */
const PAGE = 200;
/** ms; a burst of events is one new read */
const BURST_MS = 60;

export interface Runs {
  readonly newest: Resource<readonly RunRow[]>;
  /** everything that was read, newest first, each as it is now */
  readonly rows: readonly RunRow[];
  readonly hasMore: boolean;
  /** Reads the page after the last one; answers its first run. */
  readonly readOlder: () => Promise<RunRow | undefined>;
}

/** What was asked for: the newest, and as much of the older as was wanted, all of it kept fresh. */
export function useRuns(): Runs {
  const newest = useResource<readonly RunRow[]>(`/api/runs?limit=${PAGE}`, isOfRuns);
  const [older, setOlder] = useState<readonly RunRow[]>([]);
  const [isWhole, setWhole] = useState(false);
  const first = newest.data.value ?? [];
  // what a new run pushes off the first page is kept with the older ones, or is read with them
  const rows = joined(first, older);
  const now = useRef(rows);
  now.current = rows;

  useEffect(() => {
    const changed = new Set<string>();
    let timer: ReturnType<typeof setTimeout> | undefined;
    /** One read of all between the first and the last of them that changed. */
    async function readAgain(isChanged: (row: RunRow, index: number) => boolean): Promise<void> {
      const known = now.current;
      const from = known.findIndex(isChanged);
      const to = known.findLastIndex(isChanged);
      // the first of all has nothing before it, and is of the page that is read anyway
      for (let at = Math.max(1, from); from >= 0 && at <= to; at += PAGE) {
        const answer = await readBefore(known[at - 1], Math.min(PAGE, to - at + 1));
        const byId = new Map(answer.map((row) => [row.id, row]));
        setOlder((before) => before.map((row) => byId.get(row.id) ?? row));
      }
    }
    const isOlder = (index: number): boolean => index >= (newest.data.value?.length ?? 0);
    // what cannot be read now is read when the connection is back
    const stops = [
      onEvent((event) => {
        if (!isOfRuns(event)) return;
        const row = now.current.find(({ id }, at) => isOlder(at) && isOfRun(event, id));
        if (!row) return;
        changed.add(row.id);
        timer ??= setTimeout(() => {
          timer = undefined;
          const ids = new Set(changed);
          changed.clear();
          void readAgain(({ id }) => ids.has(id)).catch(() => undefined);
        }, BURST_MS);
      }),
      onReconnect(() => void readAgain((_, at) => isOlder(at)).catch(() => undefined)),
    ];
    return () => {
      clearTimeout(timer);
      for (const stop of stops) stop();
    };
  }, []);

  async function readOlder(): Promise<RunRow | undefined> {
    const more = await readBefore(now.current.at(-1), PAGE);
    setOlder(joined(now.current, more));
    setWhole(more.length < PAGE);
    return more[0];
  }
  return { newest, rows, hasMore: !isWhole && first.length === PAGE, readOlder };
}

/** The first of them say how it is now. */
function joined(newer: readonly RunRow[], older: readonly RunRow[]): readonly RunRow[] {
  const ids = new Set(newer.map(({ id }) => id));
  return [...newer, ...older.filter(({ id }) => !ids.has(id))];
}

function isOfRuns({ type }: LogEvent): boolean {
  return /^(run|intent|plan)\./.test(type);
}

function readBefore(row: RunRow | undefined, limit: number): Promise<readonly RunRow[]> {
  return call('GET', `/api/runs?limit=${limit}&before=${row?.id ?? ''}`);
}
