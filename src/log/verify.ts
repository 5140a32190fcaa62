import { type Sha256, sha256 } from '../base/index.ts';
import { canonicalHeader, dataCommitment } from './chain.ts';
import type { LogHead } from './port.ts';
import type { RawEvent } from './store.ts';

export type ChainReport =
  | {
      readonly status: 'intact';
      readonly events: number;
      readonly head: LogHead;
      /** payloads that are no longer there; the chain holds without them */
      readonly shredded: number;
    }
  | { readonly status: 'broken'; readonly firstBadSeq: number; readonly reason: string };

/** What the chain says of one event, as text: nothing is parsed that was hashed as bytes. */
export interface ChainLink {
  readonly seq: number;
  /** canonical JSON */
  readonly header: string;
  readonly dataHash: Sha256;
  readonly hash: Sha256;
  /** both null after shredding */
  readonly salt: string | null;
  readonly data: string | null;
}

/** `verifyLinks` over events that are objects already. */
export function verifyChain(
  events: Iterable<RawEvent>,
  after: LogHead,
  expected: readonly LogHead[] = [],
): ChainReport {
  return verifyLinks(toLinks(events), after, expected);
}

/**
 * Walks every link from `after` on and names the first event that is not what was appended: flipped,
 * dropped, reordered or put in. A cut tail and another history are found against `expected`, heads
 * that were kept elsewhere (checkpoints).
 */
export function verifyLinks(
  links: Iterable<ChainLink>,
  after: LogHead,
  expected: readonly LogHead[] = [],
): ChainReport {
  const wanted = [...expected].sort((a, b) => a.seq - b.seq);
  let { seq, hash } = after;
  let shredded = 0;
  let next = wanted.findIndex((head) => head.seq >= seq);
  if (next < 0) next = wanted.length;

  /** True when every checkpoint of the event that was just passed saw this very event. */
  function isAsSeen(): boolean {
    for (; wanted[next]?.seq === seq; next++) if (wanted[next]?.hash !== hash) return false;
    return true;
  }

  const otherHistory = (bad: number) =>
    broken(bad, `Event ${bad} is not the one that a checkpoint saw: this is another history.`);

  if (!isAsSeen()) return otherHistory(Math.max(seq, 1));
  for (const link of links) {
    const reason = faultOf(link, seq + 1, hash);
    if (reason) return broken(seq + 1, reason);
    seq += 1;
    hash = link.hash;
    if (link.data === null) shredded += 1;
    if (!isAsSeen()) return otherHistory(seq);
  }
  const missing = wanted[next];
  return missing
    ? broken(
        seq + 1,
        `The log ends at ${seq}, but a checkpoint saw event ${missing.seq}: the end was cut off.`,
      )
    : { status: 'intact', events: seq - after.seq, head: { seq, hash }, shredded };
}

function faultOf(link: ChainLink, seq: number, previous: Sha256): string | undefined {
  if (link.seq !== seq) {
    return link.seq > seq
      ? `Event ${seq} is missing; ${link.seq} stands in its place.`
      : `An event ${link.seq} stands where event ${seq} belongs.`;
  }
  if (sha256(previous + link.header) !== link.hash) {
    return `Event ${seq} or its place in the chain was changed.`;
  }
  const { salt, data } = link;
  if (data === null && salt === null) return undefined;
  if (data === null || salt === null) return `The payload of event ${seq} is damaged.`;
  return dataCommitment(salt, data) === link.dataHash
    ? undefined
    : `The payload of event ${seq} is not what was appended.`;
}

function broken(firstBadSeq: number, reason: string): ChainReport {
  return { status: 'broken', firstBadSeq, reason };
}

function* toLinks(events: Iterable<RawEvent>): Generator<ChainLink> {
  for (const { header, hash, salt, data } of events) {
    const { seq, dataHash } = header;
    yield { seq, header: canonicalHeader(header), dataHash, hash, salt, data };
  }
}
