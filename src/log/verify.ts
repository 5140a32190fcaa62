import type { Sha256 } from '../base/index.ts';
import { dataCommitment, linkHash } from './chain.ts';
import type { LogHead } from './port.ts';
import type { RawEvent } from './store.ts';

export type ChainReport =
  | {
      readonly status: 'intact';
      readonly events: number;
      readonly head: LogHead;
      /** payloads that were destroyed on purpose; the chain holds without them */
      readonly shredded: number;
    }
  | { readonly status: 'broken'; readonly firstBadSeq: number; readonly reason: string };

/**
 * Walks every link from `after` on and names the first event that is not what was appended: flipped,
 * dropped, reordered or put in. A cut tail is found against `expected`, a checkpoint kept elsewhere.
 */
export function verifyChain(
  events: Iterable<RawEvent>,
  after: LogHead,
  expected: readonly LogHead[] = [],
): ChainReport {
  const wanted = new Map(expected.map(({ seq, hash }) => [seq, hash]));
  let { seq, hash } = after;
  let shredded = 0;
  for (const event of events) {
    const reason = faultOf(event, seq + 1, hash, wanted);
    if (reason) return { status: 'broken', firstBadSeq: seq + 1, reason };
    seq += 1;
    hash = event.hash;
    if (event.data === null) shredded += 1;
  }
  const missing = [...wanted.keys()]
    .filter((wantedSeq) => wantedSeq > seq)
    .sort((a, b) => a - b)[0];
  if (missing !== undefined) {
    return {
      status: 'broken',
      firstBadSeq: seq + 1,
      reason: `The log ends at ${seq}, but a checkpoint saw event ${missing}: the end was cut off.`,
    };
  }
  return { status: 'intact', events: seq - after.seq, head: { seq, hash }, shredded };
}

function faultOf(
  { header, hash, salt, data }: RawEvent,
  seq: number,
  previous: Sha256,
  wanted: ReadonlyMap<number, Sha256>,
): string | undefined {
  if (header.seq !== seq) return `Event ${seq} is missing; ${header.seq} stands in its place.`;
  if (linkHash(previous, header) !== hash) {
    return `Event ${seq} or its place in the chain was changed.`;
  }
  if ((data === null) !== (salt === null)) return `The payload of event ${seq} is damaged.`;
  if (data !== null && salt !== null && dataCommitment(salt, data) !== header.dataHash) {
    return `The payload of event ${seq} is not what was appended.`;
  }
  const checkpoint = wanted.get(seq);
  if (checkpoint !== undefined && checkpoint !== hash) {
    return `Event ${seq} is not the one that a checkpoint saw: this is another history.`;
  }
  return undefined;
}
