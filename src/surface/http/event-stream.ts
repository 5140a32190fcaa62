import { type Json, LIMITS } from '../../base/index.ts';
import type { StoredEvent } from '../../contract/index.ts';
import { eventView } from '../operations/log.ts';
import type { Services } from '../operations/operation.ts';

/** Keeps proxies and sleeping laptops from taking silence for an end. Only while somebody listens. */
const HEARTBEAT_MS = 25_000;
/** events handed over in one piece while catching up */
const PAGE = 500;

export interface EventReader {
  /** where it left off; without it the stream starts with the next event */
  readonly after: number | undefined;
  /** asked before anything is told: a session that was ended meanwhile hears no more */
  readonly mayRead: () => boolean;
  readonly signal: AbortSignal;
}

/**
 * The log from `after` on, then as it grows, and nothing that is not durable. Ends when `signal` fires,
 * when the reader goes away, or when it may read no longer.
 */
export function eventStream(
  { log, redactor }: Pick<Services, 'log' | 'redactor'>,
  { after, mayRead, signal }: EventReader,
): Response {
  const encoder = new TextEncoder();
  let sent = Math.min(after ?? log.durableSeq(), log.durableSeq());
  let stop: () => void = () => undefined;
  let forward: () => Promise<void> = async () => undefined;
  const isAllowed = (): boolean => {
    try {
      return mayRead();
    } catch {
      return false; // nobody knows: the page asks again
    }
  };
  const stream = new ReadableStream<Uint8Array>({
    start: (controller) => {
      let reading = false;
      let again = false;
      let ended = false;
      const write = (text: string): void => {
        if (ended) return;
        if (isAllowed()) controller.enqueue(encoder.encode(text));
        else stop();
      };
      const isWanted = (): boolean => (controller.desiredSize ?? 0) > 0;
      const heartbeat = setInterval(() => isWanted() && write(':\n\n'), HEARTBEAT_MS);
      heartbeat.unref();
      const stopListening = log.onDurable(() => void forward());
      stop = () => {
        if (ended) return;
        ended = true;
        clearInterval(heartbeat);
        stopListening();
        try {
          controller.close();
        } catch {
          // the reader was gone first
        }
      };
      signal.addEventListener('abort', stop, { once: true });

      /**
       * Reads from the log rather than from memory, and no further than somebody takes it away, so that
       * a slow reader costs nothing.
       */
      forward = async () => {
        again = true;
        if (reading) return;
        reading = true;
        try {
          while (again && !ended) {
            again = false;
            while (!ended && isWanted()) {
              const upTo = log.durableSeq();
              const limit = Math.min(PAGE, LIMITS.pageRows);
              const events = await log.read({ after: sent, limit, upTo });
              const last = events.at(-1);
              if (!last || ended) break;
              write(events.map((event) => frame(event, redactor)).join(''));
              sent = last.seq;
            }
          }
        } catch {
          stop(); // the page asks again, from where it was
        } finally {
          reading = false;
        }
      };
      write('retry: 2000\n\n');
    },
    pull: () => void forward(),
    cancel: () => stop(),
  });
  return new Response(stream, {
    headers: {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    },
  });
}

function frame(event: StoredEvent, redactor: Services['redactor']): string {
  const view = redactor.json(eventView(event) as unknown as Json); // an event is plain JSON
  return `id: ${event.seq}\nevent: ${event.type}\ndata: ${JSON.stringify(view)}\n\n`;
}
