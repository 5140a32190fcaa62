import type { Id } from '../../base/index.ts';
import type { StoredEvent } from '../../contract/index.ts';
import type { Blobs, Log } from '../../log/index.ts';
import { asKernelEvent, type KernelEvents } from '../events.ts';
import { eventsOfStream } from '../events-of-stream.ts';
import { effectsFold } from '../folds.ts';
import { withOutput } from '../run/load-run.ts';

/** What the log holds of a run: all that a replay may know. */
export interface Recording {
  readonly run: Id;
  /** the run's stream, with large outputs put back */
  readonly events: readonly StoredEvent[];
  /** what was finalised for a step, oldest first */
  readonly effects: ReadonlyMap<string, readonly RecordedEffect[]>;
}

/** A log that can only be looked at. */
export type LogReads = Pick<Log, 'readStream' | 'fold'>;

export interface RecordedEffect {
  readonly seq: number;
  readonly data: KernelEvents['effect.finalised'];
  /** how it ended: its status in the fold */
  readonly status: string;
}

/** Reads a run's recording; undefined when there is no such run. Nothing is executed or appended. */
export async function readRecording(
  { log, blobs }: { readonly log: LogReads; readonly blobs: Pick<Blobs, 'get'> },
  run: Id,
): Promise<Recording | undefined> {
  const events: StoredEvent[] = [];
  for await (const event of eventsOfStream(log, `run/${run}`)) {
    events.push(await withOutput(event, blobs));
  }
  return events.length === 0 ? undefined : { run, events, effects: await effectsOf(log, run) };
}

async function effectsOf(log: LogReads, run: Id): Promise<Recording['effects']> {
  const byStep = new Map<string, RecordedEffect[]>();
  for await (const { row } of log.fold(effectsFold).every({ index: 'run', equals: run })) {
    const own = byStep.get(row.step) ?? [];
    byStep.set(row.step, own);
    for await (const stored of eventsOfStream(log, `effect/${row.key}`)) {
      const event = asKernelEvent(stored);
      if (event.type !== 'effect.finalised') continue;
      own.push({ seq: event.seq, data: event.data, status: row.status });
    }
    own.sort((a, b) => a.seq - b.seq);
  }
  return byStep;
}
