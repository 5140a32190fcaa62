import { isJsonObject, LIMITS, toTimestamp } from '../../base/index.ts';
import type { StoredEvent } from '../../contract/index.ts';
import type { Services } from '../operations/operation.ts';

const TYPES = ['subject.erased', 'erasure.finished'];

/** Every erasure with its receipt, newest first; one without was interrupted and goes on at the next start. */
export async function erasuresView({ log }: Pick<Services, 'log'>) {
  const begun: StoredEvent[] = [];
  const receipts = new Map<StoredEvent, StoredEvent>();
  const open = new Map<string, StoredEvent>();
  for (let after = 0; ; ) {
    const page = await log.read({ after, limit: LIMITS.pageRows, types: TYPES });
    for (const event of page) {
      if (event.type === 'subject.erased') {
        begun.push(event);
        open.set(event.stream, event);
      } else {
        const first = open.get(event.stream);
        if (first) receipts.set(first, event);
      }
    }
    const last = page.at(-1);
    if (!last || page.length < LIMITS.pageRows) break;
    after = last.seq;
  }
  return begun.toReversed().map((event) => {
    const receipt = receipts.get(event)?.data.receipt;
    return {
      subject: event.stream.slice('subject/'.length),
      at: toTimestamp(event.at),
      by: event.by,
      because: String(event.data.because ?? ''),
      receipt: isJsonObject(receipt ?? null) ? receipt : null,
    };
  });
}
