import { failure, type StoredEvent } from '../contract/index.ts';
import { dataCommitment } from './chain.ts';
import type { FoldSet } from './fold-set.ts';
import type { AnyFold, RawEvent, Store } from './store.ts';

/** Events whose rows are in memory at once; also the longest time in which nothing else happens. */
const CHUNK_EVENTS = 1_000;

/**
 * Drops `which` and derives them again from the first event; yields the seq after every chunk. While
 * it has not come to its end the folds count as outdated, so a crash only means another rebuild.
 * Fails with `payload_damaged`: rows are never derived from something that was not appended.
 */
export function* rebuildFolds(
  store: Store,
  folds: FoldSet,
  which: readonly AnyFold[],
  open: (raw: RawEvent) => StoredEvent,
): Generator<number> {
  store.transact('normal', () => {
    for (const fold of which) {
      store.setFoldVersion(fold.name, undefined);
      store.dropFold(fold);
    }
  });
  for (let seq = 0; ; ) {
    const chunk = store.events(seq, CHUNK_EVENTS);
    const last = chunk[chunk.length - 1];
    if (!last) break;
    const events = chunk.map((raw) => open(checkPayload(raw)));
    store.transact('normal', () => folds.write(folds.apply(events, which)));
    seq = last.header.seq;
    yield seq;
  }
  store.transact('normal', () => {
    for (const fold of which) store.setFoldVersion(fold.name, fold.version);
  });
}

function checkPayload(raw: RawEvent): RawEvent {
  const { header, salt, data } = raw;
  if (salt === null ? data === null : dataCommitment(salt, data ?? '') === header.dataHash)
    return raw;
  throw failure('payload_damaged', `The payload of event ${header.seq} is not what was appended.`, {
    seq: header.seq,
  });
}
