import type { Id } from '../base/index.ts';
import type { Fold, FoldReader } from '../log/index.ts';
import type { RecordState } from './define-record.ts';
import { evolveRecord, recordOfStream } from './evolve-record.ts';
import { erasureIn, isRecordEvent, redactRows } from './records-fold.ts';

/** digits of a version or a seq in a key, so that keys sort as numbers do: above 2^53 */
const NUMBER_DIGITS = 16;

/** Every version of every record, by `<type>/<id>@<version>`, each with the seq that made it true. */
export const recordVersionsFold: Fold<RecordState> = {
  name: 'record-versions',
  version: 2,
  reads: isRecordEvent,
  keys: (event) => {
    const erasure = erasureIn(event);
    if (erasure) return erasure.records.flatMap(versionKeys);
    const record = recordOfStream(event.stream);
    if (!record) return [];
    const own = versionKey(record.type, record.id, event.version);
    return event.version > 1 ? [versionKey(record.type, record.id, event.version - 1), own] : [own];
  },
  apply: (rows, event) => {
    const erasure = erasureIn(event);
    if (erasure) return redactRows(rows, erasure.subject);
    const record = recordOfStream(event.stream);
    if (!record) return new Map();
    const before = rows.get(versionKey(record.type, record.id, event.version - 1));
    const after = evolveRecord(before, event);
    return after
      ? new Map([[versionKey(record.type, record.id, event.version), after]])
      : new Map();
  },
  indexes: { seq: (row) => seqKey(row.type, row.id, row.seq) },
};

/** The record as it was once event `seq` had happened; undefined where it did not exist yet. */
export async function recordAt(
  reader: Pick<FoldReader<RecordState>, 'list'>,
  type: string,
  id: Id,
  seq: number,
): Promise<RecordState | undefined> {
  const rows = await reader.list({
    index: 'seq',
    from: seqKey(type, id, 0),
    to: seqKey(type, id, Math.max(0, seq)),
    descending: true,
    limit: 1,
  });
  return rows[0]?.row;
}

/** Key of one version; versions of a record are a range of keys in order. */
export function versionKey(type: string, id: Id, version: number): string {
  return `${type}/${id}@${padded(version)}`;
}

function versionKeys(record: { type: string; id: Id; versions: number }): readonly string[] {
  return Array.from({ length: Math.max(0, record.versions) }, (_, index) =>
    versionKey(record.type, record.id, index + 1),
  );
}

function seqKey(type: string, id: Id, seq: number): string {
  return `${type}/${id}@${padded(seq)}`;
}

function padded(value: number): string {
  return String(value).padStart(NUMBER_DIGITS, '0');
}
