import { type Id, isJsonObject, type Json, LIMITS } from '../../base/index.ts';
import type { StoredEvent } from '../../contract/index.ts';
import type { Blobs, Log } from '../../log/index.ts';
import { evolveRun, newRunState, type PlanLookup, type RunState } from './run-state.ts';

/**
 * A run folded from its stream; undefined when there is none. A run that was migrated is folded under
 * the version that it was last migrated to: what it did stands there unchanged, or it was refused.
 */
export async function loadRun(
  log: Pick<Log, 'readStream'>,
  blobs: Pick<Blobs, 'get'>,
  lookup: PlanLookup,
  id: Id,
  upToSeq?: number,
): Promise<RunState | undefined> {
  for (let playbook: string | undefined; ; ) {
    const { run, migratedTo } = await foldRun(log, blobs, lookup, id, upToSeq, playbook);
    if (migratedTo === undefined) return run.version === 0 ? undefined : run;
    playbook = migratedTo;
  }
}

/** Stops at a migration to another version than `playbook`, which has to begin from the start. */
async function foldRun(
  log: Pick<Log, 'readStream'>,
  blobs: Pick<Blobs, 'get'>,
  lookup: PlanLookup,
  id: Id,
  upToSeq: number | undefined,
  playbook: string | undefined,
): Promise<{ readonly run: RunState; readonly migratedTo?: string }> {
  const run = newRunState(id);
  let passed = playbook === undefined;
  for (let after = 0; ; ) {
    const events = await log.readStream(run.stream, { after, limit: LIMITS.pageRows });
    for (const event of events) {
      if (upToSeq !== undefined && event.seq > upToSeq) return { run };
      if (event.type === 'run.migrated') {
        const to = String(event.data.playbook);
        if (passed) return { run, migratedTo: to };
        passed = to === playbook;
      }
      evolveRun(run, underPlaybook(await withOutput(event, blobs), playbook), lookup);
    }
    if (events.length < LIMITS.pageRows) return { run };
    after = events[events.length - 1]?.version ?? after;
  }
}

/** The decision for a plan, as if it had been for the version that the run was migrated to. */
export function underPlaybook(event: StoredEvent, playbook: string | undefined): StoredEvent {
  if (playbook === undefined || event.type !== 'plan.decided') return event;
  const { plan: _, ...data } = event.data;
  return { ...event, data: { ...data, playbook } };
}

/** Puts a large output back in place of its handle. */
export async function withOutput(
  event: StoredEvent,
  blobs: Pick<Blobs, 'get'>,
): Promise<StoredEvent> {
  const { output } = event.data;
  const hash = output === undefined ? undefined : handleIn(output);
  if (event.type !== 'step.completed' || hash === undefined) return event;
  const text = new TextDecoder().decode(await blobs.get(hash));
  return { ...event, data: { ...event.data, output: JSON.parse(text) } };
}

/** `{ "$blob": hash }` stands for an output that is too large for an event. */
export function handleIn(output: Json): string | undefined {
  if (!isJsonObject(output) || typeof output.$blob !== 'string') return undefined;
  return Object.keys(output).length === 1 ? output.$blob : undefined;
}
