import { LIMITS } from '../base/index.ts';
import type { StoredEvent } from '../contract/index.ts';
import type { Log } from '../log/index.ts';

/** A stream from its beginning, or from behind version `after`, to its end; a page of it in memory at a time. */
export async function* eventsOfStream(
  log: Pick<Log, 'readStream'>,
  stream: string,
  after = 0,
): AsyncIterable<StoredEvent> {
  for (let behind = after; ; ) {
    const page = await log.readStream(stream, { after: behind, limit: LIMITS.pageRows });
    yield* page;
    const last = page[page.length - 1];
    if (!last || page.length < LIMITS.pageRows) return;
    behind = last.version;
  }
}
