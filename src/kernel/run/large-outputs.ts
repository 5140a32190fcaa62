import { type Json, LIMITS } from '../../base/index.ts';
import type { NewEvent } from '../../contract/index.ts';
import type { Blobs } from '../../log/index.ts';
import type { Batch } from './batch.ts';
import { handleIn } from './load-run.ts';
import { compiledStep } from './run-places.ts';
import type { RunState } from './run-state.ts';

/**
 * A large output is kept as a file; the event holds its handle. So is one that looks like a handle, as
 * text from outside may: what is read back is the output, never a file that it names.
 */
export async function storedOutput(blobs: Pick<Blobs, 'put'>, output: Json): Promise<Json> {
  const text = JSON.stringify(output);
  if (staysInline(output, text.length)) return output;
  return { $blob: await blobs.put(new TextEncoder().encode(text)) };
}

/** `size`: characters of the output as JSON */
export function staysInline(output: Json, size: number): boolean {
  return size <= LIMITS.inlineOutputBytes && handleIn(output) === undefined;
}

/** Whether a turn ends a step whose output nobody has looked at for its size. */
export function mayHoldLarge({ run, events }: Batch): boolean {
  return events.some((event) => isUnseen(run, event));
}

/**
 * Before a turn is appended: what groups, waits and questions brought is kept as calls' outputs are.
 * Memory has the output itself already, as a fold of the log would have.
 */
export async function storeLargeOutputs(blobs: Pick<Blobs, 'put'>, batch: Batch): Promise<void> {
  for (const [index, event] of batch.events.entries()) {
    if (!isUnseen(batch.run, event)) continue;
    const output = await storedOutput(blobs, event.data.output ?? null);
    if (output !== event.data.output) {
      batch.events[index] = { ...event, data: { ...event.data, output } };
    }
  }
}

/** Of a group, a wait or a question; what a call brought was looked at when it came. */
function isUnseen(run: RunState, { type, data }: NewEvent): boolean {
  if (type !== 'step.completed' || typeof data.step !== 'string') return false;
  if (data.taken !== undefined) return false; // it is as the log of its run has it
  return !('call' in compiledStep(run, data.step).step);
}
