import { type Json, LIMITS } from '../../base/index.ts';
import type { Blobs } from '../../log/index.ts';
import type { Batch } from './batch.ts';
import { handleIn } from './load-run.ts';
import { compiledStep } from './run-places.ts';

/**
 * A large output is kept as a file; the event holds its handle. So is one that looks like a handle, as
 * text from outside may: what is read back is the output, never a file that it names.
 */
export async function storedOutput(blobs: Pick<Blobs, 'put'>, output: Json): Promise<Json> {
  const text = JSON.stringify(output);
  const isPlain = handleIn(output) === undefined;
  if (isPlain && text.length <= LIMITS.inlineOutputBytes) return output;
  return { $blob: await blobs.put(new TextEncoder().encode(text)) };
}

/**
 * Before a turn is appended: what groups, waits and questions brought is kept as calls' outputs are.
 * Memory has the output itself already, as a fold of the log would have.
 */
export async function storeLargeOutputs(blobs: Pick<Blobs, 'put'>, batch: Batch): Promise<void> {
  for (const [index, event] of batch.events.entries()) {
    if (event.type !== 'step.completed' || typeof event.data.step !== 'string') continue;
    if (event.data.taken !== undefined) continue; // it is as the log of its run has it
    if ('call' in compiledStep(batch.run, event.data.step).step) continue;
    const output = await storedOutput(blobs, event.data.output ?? null);
    if (output !== event.data.output) {
      batch.events[index] = { ...event, data: { ...event.data, output } };
    }
  }
}
