import { computed, signal } from '@preact/signals';
import { nowMs } from '../clock.ts';
import type { LogEvent } from './shapes.ts';
import { createSseReader } from './sse.ts';

/** `quiet` before the first connection; `lost` says since when the page may be behind. */
export type Connection =
  | { readonly status: 'quiet' | 'live' }
  | { readonly status: 'lost'; readonly since: number };

export const connection = signal<Connection>({ status: 'quiet' });

/** True while what is shown may be behind. */
export const isBehind = computed(() => connection.value.status === 'lost');

const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 10_000;
/** The server sends a heartbeat well within this time; silence means the line is dead. */
const SILENCE_MS = 60_000;

const listeners = new Set<(event: LogEvent) => void>();
const reconnectListeners = new Set<() => void>();

/** Told of every durable event of the log; returns how to stop. */
export function onEvent(listener: (event: LogEvent) => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** True of everything that happened in or to this run. */
export function isOfRun({ run, stream }: LogEvent, id: string): boolean {
  return run === id || stream === `run/${id}`;
}

/** Told after every reconnection: what was read before may be old. */
export function onReconnect(listener: () => void): () => void {
  reconnectListeners.add(listener);
  return () => reconnectListeners.delete(listener);
}

/** Follows the log until it is stopped; comes back by itself, from the last event it saw. */
export function followLog(): () => void {
  const stop = new AbortController();
  void follow(stop.signal);
  return () => stop.abort();
}

async function follow(stopped: AbortSignal): Promise<void> {
  let last = await currentSeq();
  let retryMs = FIRST_RETRY_MS;
  while (!stopped.aborted) {
    const heard = await listen(last, stopped, (seq) => {
      last = seq;
    });
    if (stopped.aborted) return;
    const before = connection.value;
    if (before.status !== 'lost') connection.value = { status: 'lost', since: nowMs() };
    retryMs = heard ? FIRST_RETRY_MS : Math.min(retryMs * 2, LAST_RETRY_MS);
    await pause(retryMs, stopped);
  }
}

/** The log's end before we listen: older events are in what the page reads anyway. */
async function currentSeq(): Promise<string> {
  try {
    const answer: unknown = await (await fetch('/healthz')).json();
    const seq = typeof answer === 'object' && answer !== null && 'seq' in answer ? answer.seq : 0;
    return typeof seq === 'number' ? String(seq) : '';
  } catch {
    return '';
  }
}

/** One connection until it ends; true if it was ever open. */
async function listen(
  last: string,
  stopped: AbortSignal,
  seen: (id: string) => void,
): Promise<boolean> {
  const silence = new AbortController();
  let timer = setTimeout(() => silence.abort(), SILENCE_MS);
  try {
    const response = await fetch('/api/events', {
      headers: { accept: 'text/event-stream', ...(last !== '' && { 'last-event-id': last }) },
      credentials: 'same-origin',
      cache: 'no-store',
      signal: AbortSignal.any([stopped, silence.signal]),
    });
    if (!response.ok || !response.body) return false;
    opened();
    const read = createSseReader(({ id, data }) => {
      if (id !== '') seen(id);
      tell(data);
    });
    for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
      clearTimeout(timer);
      timer = setTimeout(() => silence.abort(), SILENCE_MS);
      read(chunk);
    }
    return true;
  } catch {
    return connection.value.status === 'live';
  } finally {
    clearTimeout(timer);
  }
}

function opened(): void {
  const again = connection.value.status === 'lost';
  connection.value = { status: 'live' };
  if (again) for (const listener of reconnectListeners) listener();
}

function tell(data: string): void {
  let event: LogEvent;
  try {
    event = JSON.parse(data);
  } catch {
    return; // a heartbeat or a line of another kind
  }
  if (typeof event?.type !== 'string') return;
  for (const listener of listeners) listener(event);
}

function pause(ms: number, stopped: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      removeEventListener('online', done);
      stopped.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    addEventListener('online', done);
    stopped.addEventListener('abort', done);
  });
}
