import {
  type ChainReport,
  GENESIS,
  type LogHead,
  type RawEvent,
  type Store,
  verifyChain,
} from '../../src/log/index.ts';

export const FROM_THE_START: LogHead = { seq: 0, hash: GENESIS };

/** Everything as it lies in the store. */
export function rawEvents(store: Store): readonly RawEvent[] {
  return store.events(0, Number.MAX_SAFE_INTEGER);
}

export function chainOf(store: Store, expected: readonly LogHead[] = []): ChainReport {
  return verifyChain(rawEvents(store), FROM_THE_START, expected);
}
