import { type Id, isJsonObject, type Json, withPath } from '../../base/index.ts';
import { failure, type NewEvent } from '../../contract/index.ts';
import {
  atOrAbove,
  type ChangeCommand,
  type Clash,
  definitionOf,
  isRecordType,
  leavesOf,
  mergeChanges,
  type RecordCommand,
  type RecordState,
} from '../../records/index.ts';
import { asKernelEvent, fact, type KernelEvents } from '../events.ts';
import type { KernelPorts } from '../ports.ts';

/** Whose value a field gets where both changed it. */
export type Keep = 'mine' | 'theirs';

/** The commands that bring the second change onto what stands now, field by field as chosen. */
export function mergedCommands(
  base: RecordState,
  command: ChangeCommand,
  theirs: RecordState,
  keepFor: (clash: Clash) => Keep,
): readonly RecordCommand[] {
  const merge = mergeChanges(base, command, theirs);
  const clashes = merge.status === 'clash' ? merge.clashes : [];
  const commands: RecordCommand[] = [];
  let fields = base.fields;
  let { archived } = base;
  const set: Record<string, Json> = { ...command.set };
  for (const clash of clashes) {
    const { path } = clash;
    const keep = keepFor(clash);
    if (path === 'archived') {
      if (keep === 'theirs') return [];
      archived = true;
      commands.push({ type: 'restore', record: command.record, id: command.id });
    } else if (keep === 'mine') {
      fields = withPath(fields, path, clash.theirs ?? undefined);
    } else {
      set[path] = clash.theirs ?? {}; // an empty object empties a field
    }
  }
  const again = mergeChanges({ ...base, fields, archived }, { ...command, set }, theirs);
  if (again.status === 'clash') {
    throw failure('internal', 'Two changes could not be brought together.', {
      ...{ record: command.record, id: command.id, paths: again.paths },
    });
  }
  const { unset = [] } = again.command;
  const isEmpty = Object.keys(again.command.set).length === 0 && unset.length === 0;
  return isEmpty ? commands : [...commands, again.command];
}

/** The second change as a fact of its own; what is personal in it is sealed like in the record. */
export function recordedChange(
  command: ChangeCommand,
  base: RecordState,
  by: string,
  label: KernelEvents['conflict.recorded']['label'],
): NewEvent {
  const set = Object.entries(command.set).map(([path, value]) => ({ path, value }));
  const { record, id, unset = [] } = command;
  const event = fact(
    'conflict.recorded',
    { record, id, base: base.version, set, unset, by, label },
    { by, label },
  );
  const definition = definitionOf(record);
  const subject = definition.subject?.(id, base.fields);
  const paths = set.flatMap(({ path }, index) =>
    isPersonal(definition, path) ? [`set.${index}.value`] : [],
  );
  return subject === undefined || paths.length === 0
    ? event
    : { ...event, personal: { subject, paths } };
}

/** It or something below it is about a person. */
function isPersonal(definition: ReturnType<typeof definitionOf>, path: string): boolean {
  if (atOrAbove(definition.fields, path) === 'personal') return true;
  return leavesOf(definition.schema).some(
    (leaf) =>
      leaf.path.startsWith(`${path}.`) && atOrAbove(definition.fields, leaf.path) === 'personal',
  );
}

export interface SecondChange {
  readonly command: ChangeCommand;
  /** the version that it was made on */
  readonly base: number;
  readonly by: string;
  readonly label: KernelEvents['conflict.recorded']['label'];
}

/** The change behind a conflict item. Fails with `not_found`, `erased`. */
export async function readSecondChange({ log }: KernelPorts, item: Id): Promise<SecondChange> {
  const [stored] = await log.readStream(`conflict/${item}`, { limit: 1 });
  const event = stored && asKernelEvent(stored);
  if (event?.type !== 'conflict.recorded' || !isRecordType(event.data.record)) {
    throw failure('not_found', 'The change of this conflict is not in the log.', { item });
  }
  const { record, id, base, set, unset, by, label } = event.data;
  if (event.erased || set.some(({ value }) => isJsonObject(value) && value.$erased === true)) {
    throw failure('erased', 'The change was erased on request; keep what stands.', { item });
  }
  const values = Object.fromEntries(set.map(({ path, value }) => [path, value]));
  return { command: { type: 'change', record, id, set: values, unset }, base, by, label };
}
