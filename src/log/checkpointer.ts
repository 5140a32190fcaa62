import type { Clock } from '../base/index.ts';
import { type CheckpointSigner, checkpointOf, formatCheckpoint } from './checkpoint.ts';
import type { Log, LogHead } from './port.ts';

export interface CheckpointerPorts {
  readonly log: Pick<Log, 'company' | 'head' | 'durableSeq' | 'onDurable'>;
  readonly signer: CheckpointSigner;
  readonly clock: Clock;
  /** Keeps a signed note; durable when fulfilled. */
  readonly write: (note: string, seq: number) => Promise<void>;
  /** seq of the newest note that is kept already */
  readonly latestSeq?: number;
  /** A note could not be kept; it is tried again after five minutes or 256 more events. */
  readonly onError?: (error: unknown) => void;
}

export interface Checkpointer {
  /** Writes what has no note yet, and ends. Fails when that note cannot be kept. */
  readonly stop: () => Promise<void>;
}

const CHECKPOINT_EVENTS = 256;
const CHECKPOINT_MS = 5 * 60_000;

/**
 * Signs where the log stands, every 256 events or five minutes after the first event without a note;
 * an idle log costs nothing. Never speaks of an event that is not durable.
 */
export function createCheckpointer(ports: CheckpointerPorts): Checkpointer {
  const { log, signer, clock } = ports;
  let written = ports.latestSeq ?? 0;
  let tried = written; // the seq for which a note was last begun
  let stopped = false;
  let known: LogHead = { seq: written, hash: '' }; // the last durable event
  let timer: NodeJS.Timeout | undefined;
  let writing: Promise<void> = Promise.resolve();

  const stopListening = log.onDurable(notice);
  const head = log.head();
  if (head.seq === log.durableSeq()) notice(head); // what an earlier process left without a note

  function notice(durable: LogHead): void {
    known = durable;
    if (known.seq - tried >= CHECKPOINT_EVENTS) writeSoon();
    else writeLater();
  }

  function writeLater(): void {
    if (timer || known.seq <= written) return;
    timer = setTimeout(writeSoon, CHECKPOINT_MS);
    timer.unref();
  }

  function writeSoon(): void {
    clearTimeout(timer);
    timer = undefined;
    tried = known.seq;
    writing = writing.then(write).catch((error) => {
      ports.onError?.(error);
      if (!stopped) writeLater();
    });
  }

  /** Notes are written one after the other, each of what is durable by then. */
  async function write(): Promise<void> {
    const { seq, hash } = known;
    if (seq <= written) return;
    const note = formatCheckpoint(checkpointOf(log.company, seq, hash, clock.now()), signer);
    await ports.write(note, seq);
    written = seq;
  }

  return {
    stop: async () => {
      stopped = true;
      stopListening();
      clearTimeout(timer);
      await writing;
      await write();
    },
  };
}
