import type { Id } from '../../base/index.ts';
import {
  failure,
  type Label,
  OPERATOR,
  OWN,
  type StoredEvent,
  toFailure,
} from '../../contract/index.ts';
import type { StreamAppend } from '../../log/index.ts';
import {
  type ChangeCommand,
  type Clash,
  mergeChanges,
  type RecordCommand,
  type RecordState,
  recordStream,
  recordVersionsFold,
  titleOf,
  versionKey,
} from '../../records/index.ts';
import { fact } from '../events.ts';
import { eventsOfStream } from '../events-of-stream.ts';
import type { KernelPorts } from '../ports.ts';
import type { RecordStore } from '../record-reads.ts';
import { decideCommands } from '../record-writes.ts';
import { conflictForm, fieldList } from './conflict-form.ts';
import { mergedCommands, recordedChange } from './second-change.ts';

/**
 * What happens to a clash. `ask`: the inbox shows both. `serialize`: the second change is applied after
 * the first, its values win. `compensate`: what stands wins, and the second writer's part is given back
 * as a finding, so that it can take back what it did elsewhere.
 */
export type ConflictWay = 'ask' | 'serialize' | 'compensate';

/** Picks the way by risk: what the record is, which fields clash, who came second. */
export type ConflictRule = (
  command: ChangeCommand,
  clashes: readonly Clash[],
  by: string,
) => ConflictWay;

export interface ConflictPorts extends KernelPorts {
  readonly records: RecordStore;
  /** by risk; absent: every clash is asked */
  readonly conflictRule?: ConflictRule;
}

export interface Writer {
  readonly by: string;
  readonly label?: Label;
}

export type ChangeResult =
  /** nobody had changed it meanwhile */
  | { readonly status: 'applied'; readonly events: readonly StoredEvent[] }
  /** others had, elsewhere: both changes stand */
  | {
      readonly status: 'merged';
      readonly events: readonly StoredEvent[];
      /** the version it was brought onto */
      readonly onto: number;
    }
  /** others had changed the same; this one came after and won */
  | {
      readonly status: 'serialized';
      readonly events: readonly StoredEvent[];
      readonly paths: readonly string[];
    }
  /** what does not clash is applied with the operator's answer, nothing before it */
  | { readonly status: 'conflict'; readonly item: Id; readonly paths: readonly string[] }
  /** what does not clash was applied, the rest is given back in the item */
  | {
      readonly status: 'compensated';
      readonly item: Id;
      readonly events: readonly StoredEvent[];
      readonly paths: readonly string[];
    };

/** times that a change is brought onto a record that keeps moving */
const TRIES = 20;

/**
 * Changes a record from a version that the writer saw: a card, `--if-version`, or a mirror. When others
 * were faster, disjoint changes merge and a clash goes by the rule. Fails as the records do, with
 * `invalid_input` (a version that never was), and with `version_conflict` for a command that is no
 * change of fields and came too late.
 *
 * @example
 * const result = await changeWithConflicts(ports, command, 7, { by: 'connector:crm@1', label });
 */
export async function changeWithConflicts(
  ports: ConflictPorts,
  command: RecordCommand,
  baseVersion: number,
  writer: Writer,
): Promise<ChangeResult> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await tryChange(ports, command, baseVersion, writer);
    } catch (error) {
      const problem = toFailure(error);
      const isRace = problem.code === 'version_conflict' && problem.facts.tooLate !== true;
      if (!isRace || attempt >= TRIES) throw error;
    }
  }
}

async function tryChange(
  ports: ConflictPorts,
  command: RecordCommand,
  baseVersion: number,
  writer: Writer,
): Promise<ChangeResult> {
  const { log, records } = ports;
  const { by, label = OPERATOR } = writer;
  const now = await records.find(command.record, command.id);
  const version = now?.version ?? 0;
  const write = async (
    commands: readonly RecordCommand[],
    others: readonly StreamAppend[] = [],
  ) => {
    const appends = await decideCommands(ports, records, commands, { by, label });
    requireVersion(appends, command, version);
    if (appends.length + others.length === 0) return [];
    return (await log.append([...appends, ...others], { barrier: true })).events;
  };
  if (version === baseVersion) return { status: 'applied', events: await write([command]) };
  if (!now || version < baseVersion) throw unknownVersion(command, baseVersion, version);
  if (command.type !== 'change') throw tooLate(command, baseVersion, version);
  const base = await log
    .fold(recordVersionsFold)
    .get(versionKey(command.record, command.id, baseVersion));
  if (!base) throw unknownVersion(command, baseVersion, version);
  const merge = mergeChanges(base, command, now);
  if (merge.status === 'disjoint') {
    const commands = mergedCommands(base, command, now, () => 'theirs');
    return { status: 'merged', events: await write(commands), onto: version };
  }
  const { clashes, paths } = merge;
  const rule = ports.conflictRule?.(command, clashes, by) ?? 'ask';
  if (rule === 'serialize') {
    const commands = mergedCommands(base, command, now, () => 'mine');
    return { status: 'serialized', events: await write(commands), paths };
  }
  const item = ports.newId();
  const opened = await openedItem(ports, item, rule, command, base, now, clashes, by);
  const kept = {
    stream: `conflict/${item}`,
    expectedVersion: 0,
    events: [recordedChange(command, base, by, label)],
  };
  if (rule === 'ask') {
    const unchanged = { stream: streamOf(command), expectedVersion: version, events: [] };
    await log.append([opened, kept, unchanged], { barrier: true });
    return { status: 'conflict', item, paths };
  }
  const commands = mergedCommands(base, command, now, () => 'theirs');
  const events = await write(commands, [opened, kept]);
  const isOwn = (event: StoredEvent): boolean => event.stream === streamOf(command);
  return { status: 'compensated', item, events: events.filter(isOwn), paths };
}

async function openedItem(
  { log }: ConflictPorts,
  item: Id,
  rule: ConflictWay,
  command: ChangeCommand,
  base: RecordState,
  now: RecordState,
  clashes: readonly Clash[],
  by: string,
): Promise<StreamAppend> {
  const others = new Set<string>();
  for await (const { by: other } of eventsOfStream(log, streamOf(command), base.version)) {
    others.add(other);
  }
  const what = `${titleOf(now)}: ${fieldList(clashes)}`;
  const asked = rule === 'ask';
  const event = fact(
    'item.opened',
    {
      kind: asked ? 'conflict' : 'finding',
      title: asked ? `Two changes clash. ${what}` : `A change came too late. ${what}`,
      effects: [],
      risk: 'medium',
      form: asked
        ? conflictForm(clashes)
        : { fields: [{ name: 'seen', kind: 'boolean', label: 'I have seen it' }] },
      body: {
        ...{ record: command.record, id: command.id, paths: clashes.map(({ path }) => path) },
        base: base.version,
        mine: { by },
        theirs: { by: [...others], version: now.version },
        recommendation: asked
          ? 'Look at both values, then choose for each field or for all.'
          : 'What stands was kept. Take back what was done elsewhere for the change that lost.',
      },
    },
    { label: OWN },
  );
  return { stream: `item/${item}`, expectedVersion: 0, events: [event] };
}

/** Deciding read the record again: if it moved on in between, everything is looked at anew. */
function requireVersion(
  appends: readonly StreamAppend[],
  command: RecordCommand,
  version: number,
): void {
  const own = appends.find(({ stream }) => stream === streamOf(command));
  if (!own || own.expectedVersion === version) return;
  throw failure('version_conflict', 'It was changed in this moment.', { stream: own.stream });
}

function streamOf({ record, id }: RecordCommand): string {
  return recordStream(record, id);
}

function unknownVersion(command: RecordCommand, base: number, version: number) {
  return failure(
    'invalid_input',
    `There is no version ${base} of this record; it is at version ${version}.`,
    { path: 'version', expected: `1 to ${version}`, found: base, id: command.id },
    'Read it again and repeat the change.',
  );
}

function tooLate(command: RecordCommand, base: number, version: number) {
  return failure(
    'version_conflict',
    `It was changed since you looked: version ${version}, not ${base}.`,
    { stream: streamOf(command), expected: base, actual: version, tooLate: true },
  );
}
