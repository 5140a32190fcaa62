import { type Id, isJsonObject, type Json, LIMITS } from '../../base/index.ts';
import type { StoredEvent } from '../../contract/index.ts';
import type { Blobs, Log } from '../../log/index.ts';
import { evolveRun, newRunState, type PlanLookup, type RunState } from './run-state.ts';

/** A run folded from its stream; undefined when there is none. */
export async function loadRun(
  log: Log,
  blobs: Blobs,
  lookup: PlanLookup,
  id: Id,
  upToSeq?: number,
): Promise<RunState | undefined> {
  const run = newRunState(id);
  for (let after = 0; ; ) {
    const events = await log.readStream(`run/${id}`, { after, limit: LIMITS.pageRows });
    for (const event of events) {
      if (upToSeq !== undefined && event.seq > upToSeq) return run.version === 0 ? undefined : run;
      evolveRun(run, await withOutput(event, blobs), lookup);
    }
    if (events.length < LIMITS.pageRows) break;
    after = events[events.length - 1]?.version ?? after;
  }
  return run.version === 0 ? undefined : run;
}

/** Puts a large output back in place of its handle. */
async function withOutput(event: StoredEvent, blobs: Blobs): Promise<StoredEvent> {
  const { output } = event.data;
  const hash = output === undefined ? undefined : handleIn(output);
  if (event.type !== 'step.completed' || hash === undefined) return event;
  const text = new TextDecoder().decode(await blobs.get(hash));
  return { ...event, data: { ...event.data, output: JSON.parse(text) } };
}

/** `{ "$blob": hash }` stands for an output that is too large for an event. */
export function handleIn(output: Json): string | undefined {
  if (!isJsonObject(output) || Object.keys(output).length !== 1) return undefined;
  return typeof output.$blob === 'string' ? output.$blob : undefined;
}
