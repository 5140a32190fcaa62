import { type ReadonlySignal, type Signal, signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { nowMs } from '../clock.ts';
import { call } from './call.ts';
import { onEvent, onReconnect } from './live.ts';
import type { LogEvent } from './shapes.ts';

/** Something that is read from the server and kept fresh while it is on the screen. */
export interface Resource<Answer> {
  readonly data: ReadonlySignal<Answer | undefined>;
  /** why the last read failed; what was read before stays in `data` */
  readonly problem: ReadonlySignal<unknown>;
  readonly refresh: () => Promise<void>;
  /** Shows an answer that came another way. */
  readonly set: (answer: Answer) => void;
}

interface Entry extends Resource<unknown> {
  readonly data: Signal<unknown>;
  readonly problem: Signal<unknown>;
  touches: (event: LogEvent) => boolean;
  users: number;
  readAt: number;
  due: boolean;
}

/** answers that are kept for going back; the oldest is dropped */
const KEPT = 60;
/** a burst of events is one new read */
const BURST_MS = 60;
/** an answer younger than this is not read again when a page is opened */
const FRESH_MS = 1_000;

const entries = new Map<string, Entry>();

/** Reads `path` (nothing for null) and again whenever an event `touches` it. */
export function useResource<Answer>(
  path: string | null,
  touches: (event: LogEvent) => boolean = () => false,
): Resource<Answer> {
  const entry = path === null ? NOTHING : entryFor(path);
  entry.touches = touches;
  useEffect(() => {
    if (path === null) return undefined;
    entry.users += 1;
    if (nowMs() - entry.readAt > FRESH_MS) void entry.refresh();
    return () => {
      entry.users -= 1;
    };
  }, [path, entry]);
  return entry as Resource<Answer>; // the answer of this path has this shape (api/shapes.ts)
}

/** Reads everything on the screen again. */
export function refreshAll(): void {
  for (const entry of entries.values()) {
    entry.readAt = 0;
    if (entry.users > 0) void entry.refresh();
  }
}

/** Forgets everything, for another session. */
export function forgetAll(): void {
  entries.clear();
}

function entryFor(path: string): Entry {
  const found = entries.get(path);
  if (found) return found;
  const entry = createEntry(path);
  entries.set(path, entry);
  for (const [old, { users }] of entries) {
    if (entries.size <= KEPT) break;
    if (users === 0 && old !== path) entries.delete(old);
  }
  return entry;
}

function createEntry(path: string): Entry {
  let latest = 0;
  const entry: Entry = {
    data: signal<unknown>(undefined),
    problem: signal<unknown>(undefined),
    touches: () => false,
    users: 0,
    readAt: 0,
    due: false,
    set: (answer) => {
      latest += 1;
      entry.data.value = answer;
      entry.readAt = nowMs();
    },
    refresh: async () => {
      const mine = ++latest;
      entry.readAt = nowMs();
      try {
        const answer = await call('GET', path);
        if (mine !== latest) return; // a later read overtook this one
        entry.data.value = answer;
        entry.problem.value = undefined;
      } catch (error) {
        if (mine === latest) entry.problem.value = error;
      }
    },
  };
  return entry;
}

const NOTHING = createEntry('');

onReconnect(refreshAll);
onEvent((event) => {
  for (const entry of entries.values()) {
    if (entry.due || !entry.touches(event)) continue;
    entry.readAt = 0;
    if (entry.users === 0) continue;
    entry.due = true;
    setTimeout(() => {
      entry.due = false;
      void entry.refresh();
    }, BURST_MS);
  }
});
