import type { Id, JsonObject } from '../../base/index.ts';
import { failure } from '../../contract/index.ts';
import type { StreamAppend } from '../../log/index.ts';
import {
  type Clash,
  mergeChanges,
  type RecordState,
  recordStream,
  recordVersionsFold,
  versionKey,
} from '../../records/index.ts';
import type { ItemRow } from '../folds.ts';
import { decideCommands } from '../record-writes.ts';
import type { ConflictPorts } from './change-with-conflicts.ts';
import { keepOf } from './conflict-form.ts';
import { mergedCommands, readSecondChange, type SecondChange } from './second-change.ts';

/** Both sides of a conflict as they are now, for whoever shows it. */
export interface Conflict {
  readonly record: string;
  readonly id: Id;
  readonly base: RecordState;
  readonly theirs: RecordState;
  readonly mine: SecondChange;
  readonly clashes: readonly Clash[];
}

/** Reads a conflict item. Fails with `not_found`, `erased`. */
export async function readConflict(ports: ConflictPorts, item: Id): Promise<Conflict> {
  const mine = await readSecondChange(ports, item);
  const { record, id } = mine.command;
  const key = versionKey(record, id, mine.base);
  const [base, theirs] = await Promise.all([
    ports.log.fold(recordVersionsFold).get(key),
    ports.records.get(record, id),
  ]);
  if (!base) throw failure('not_found', 'The version it was made on is gone.', { record, id });
  const merge = mergeChanges(base, mine.command, theirs);
  const clashes = merge.status === 'clash' ? merge.clashes : [];
  return { record, id, base, theirs, mine, clashes };
}

/**
 * What an answer to a conflict brings about, to be appended with it. What did not clash is applied
 * whatever is chosen, unless the record was archived and stays so. Fails with `invalid_input` (a field
 * without a choice), `stale` (another field clashes by now).
 */
export async function settleConflict(
  ports: ConflictPorts,
  item: ItemRow,
  answer: JsonObject,
  by: string,
): Promise<readonly StreamAppend[]> {
  if (item.kind !== 'conflict') return [];
  const { base, theirs, mine } = await readConflict(ports, item.id);
  const paths = conflictPaths(item);
  const commands = mergedCommands(base, mine.command, theirs, ({ path }) =>
    keepOf(answer, paths, path),
  );
  const { record, id } = mine.command;
  // the operator chose, the values are still the writer's
  const { label } = mine;
  const appends = await decideCommands(ports, ports.records, commands, { by, label });
  const stream = recordStream(record, id);
  const seen = { stream, expectedVersion: theirs.version, events: [] };
  return appends.some((append) => append.stream === stream)
    ? appends.map((append) =>
        append.stream === stream ? { ...append, expectedVersion: theirs.version } : append,
      )
    : [...appends, seen];
}

function conflictPaths({ body }: ItemRow): readonly string[] {
  if (typeof body !== 'object' || body === null || !('paths' in body)) return [];
  return Array.isArray(body.paths) ? body.paths.map(String) : [];
}
