import type { Id } from '../base/index.ts';
import { failure, type Label, type NewEvent } from '../contract/index.ts';
import type { StreamAppend } from '../log/index.ts';
import {
  decideRecord,
  evolveRecord,
  type NewRecordEvent,
  type RecordCommand,
  type RecordState,
  referencesOf,
} from '../records/index.ts';
import type { KernelPorts } from './ports.ts';
import type { RecordStore } from './record-reads.ts';

/** commands in one change: bounds the size of the append they become */
const COMMANDS = 5_000;
/** rounds of loading what deciding asks for; each definition looks one record further at most */
const LOOKUP_ROUNDS = 4;

export interface RecordWriteOptions {
  readonly by: string;
  readonly label: Label;
  readonly run?: Id;
}

/**
 * Turns commands into appends with the versions they were decided on. Later commands see what earlier
 * ones did. Fails as the records do, and with `version_conflict` when it is appended too late.
 */
export async function decideCommands(
  ports: KernelPorts,
  records: RecordStore,
  commands: readonly RecordCommand[],
  options: RecordWriteOptions,
): Promise<readonly StreamAppend[]> {
  if (commands.length > COMMANDS) {
    throw failure('too_large', `${commands.length} changes are too many at once.`, {
      changes: commands.length,
      limit: COMMANDS,
    });
  }
  const loaded = new Map<string, RecordState | undefined>();
  const wanted = new Set(commands.map((command) => `${command.record}/${command.id}`));
  for (const [key, state] of await records.reader.getMany([...wanted])) loaded.set(key, state);
  for (const command of commands) {
    const target = loaded.get(`${command.record}/${command.id}`);
    for (const { type, id } of referencesIn(target, command)) wanted.add(`${type}/${id}`);
  }
  for (let round = 0; ; round++) {
    const missing = [...wanted].filter((key) => !loaded.has(key));
    const found = await records.reader.getMany(missing);
    for (const key of missing) loaded.set(key, found.get(key));
    const decided = decideAll(ports, loaded, wanted, commands);
    const unknown = [...wanted].some((key) => !loaded.has(key));
    if (decided.status === 'decided' && !unknown) return appendsOf(decided.changes, options);
    if (unknown && round < LOOKUP_ROUNDS) continue;
    if (decided.status === 'failed') throw decided.error;
    return appendsOf(decided.changes, options);
  }
}

/** A command that cannot be read has no references; deciding it names the fault. */
function referencesIn(
  state: RecordState | undefined,
  command: RecordCommand,
): ReturnType<typeof referencesOf> {
  try {
    return referencesOf(state, command);
  } catch {
    return [];
  }
}

interface RecordChange {
  readonly stream: string;
  readonly expectedVersion: number;
  readonly events: NewRecordEvent[];
}

type Decided =
  | { readonly status: 'decided'; readonly changes: readonly RecordChange[] }
  | { readonly status: 'failed'; readonly error: unknown };

function decideAll(
  { clock, newId }: KernelPorts,
  loaded: ReadonlyMap<string, RecordState | undefined>,
  wanted: Set<string>,
  commands: readonly RecordCommand[],
): Decided {
  const states = new Map(loaded);
  const changes = new Map<string, RecordChange>();
  const context = {
    newId,
    now: clock.now(),
    references: (type: string, id: Id): RecordState | undefined => {
      wanted.add(`${type}/${id}`);
      return states.get(`${type}/${id}`);
    },
  };
  try {
    for (const command of commands) {
      const stream = `${command.record}/${command.id}`;
      const before = states.get(stream);
      const events = decideRecord(before, command, context);
      if (events.length === 0) continue;
      const change = changes.get(stream) ?? {
        stream,
        expectedVersion: loaded.get(stream)?.version ?? 0,
        events: [],
      };
      changes.set(stream, change);
      let state = before;
      for (const event of events) {
        change.events.push(event);
        const version = change.expectedVersion + change.events.length;
        state = evolveRecord(state, { ...event, stream, version, seq: 0, at: context.now });
      }
      states.set(stream, state);
    }
    return { status: 'decided', changes: [...changes.values()] };
  } catch (error) {
    return { status: 'failed', error };
  }
}

function appendsOf(
  changes: readonly RecordChange[],
  { by, label, run }: RecordWriteOptions,
): readonly StreamAppend[] {
  return changes.map(({ stream, expectedVersion, events }) => ({
    stream,
    expectedVersion,
    events: events.map(
      (event): NewEvent => ({ ...event, by, label, ...(run === undefined ? {} : { run }) }),
    ),
  }));
}
