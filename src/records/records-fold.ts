import { type Id, isJsonObject, type JsonObject } from '../base/index.ts';
import type { StoredEvent } from '../contract/index.ts';
import type { Fold, FoldQuery } from '../log/index.ts';
import type { RecordState } from './define-record.ts';
import { evolveRecord, recordOfStream, redactRecord } from './evolve-record.ts';
import { findDefinition, isRecordType, type RecordType } from './record-types.ts';
import { titleOf } from './title-of.ts';

/** Every record as it is now, by `<type>/<id>`. Lists of it: the queries below. */
export const recordsFold: Fold<RecordState> = {
  name: 'records',
  version: 2,
  reads: isRecordEvent,
  keys: (event) => {
    const erasure = erasureIn(event);
    if (erasure) return erasure.records.map(({ type, id }) => recordKey(type, id));
    return recordOfStream(event.stream) ? [event.stream] : [];
  },
  apply: (rows, event) => {
    const erasure = erasureIn(event);
    if (erasure) return redactRows(rows, erasure.subject);
    const before = rows.get(event.stream);
    const after = evolveRecord(before, event);
    return after && after !== before ? new Map([[event.stream, after]]) : new Map();
  },
  indexes: {
    created: (row) => `${row.type}/${row.createdAt}`,
    active: (row) => (row.archived ? undefined : `${row.type}/${row.createdAt}`),
    name: (row) => `${row.type}/${foldName(titleOf(row))}`,
    external: (row) => {
      const key = findDefinition(row.type)?.externalKey?.(row.fields);
      return key === undefined ? undefined : `${row.type}/${key}`;
    },
    party: (row) => {
      const { party } = row.fields;
      return typeof party === 'string' ? `${row.type}/${party}/${dayOf(row)}` : undefined;
    },
    unbilled: (row) => {
      const { party, billable, billedBy } = row.fields;
      const waits = row.type === 'time-entry' && billable === true && billedBy === undefined;
      return waits && !row.archived ? `${String(party ?? '')}/${dayOf(row)}` : undefined;
    },
  },
};

/** Records of a type, oldest first; archived ones only where they are asked for. */
export function recordsOfType(
  type: RecordType,
  options: { readonly archived?: boolean } = {},
): FoldQuery {
  return { index: options.archived ? 'created' : 'active', ...under(type) };
}

/** Records of a type in the order of their names, archived ones too. */
export function recordsByName(type: RecordType): FoldQuery {
  return { index: 'name', ...under(type) };
}

/** Records of a type with this name, whatever its case and spaces. */
export function recordsNamed(type: RecordType, name: string): FoldQuery {
  return { index: 'name', equals: `${type}/${foldName(name)}` };
}

/** The record that an outside system knows by this key, such as `<layout>/<key>` for time. */
export function recordsByExternalKey(type: RecordType, key: string): FoldQuery {
  return { index: 'external', equals: `${type}/${key}` };
}

/** Records of a type that belong to a party, by day; archived ones too. Days are inclusive. */
export function recordsOfParty(
  type: RecordType,
  party: Id,
  days: { readonly from?: string; readonly to?: string } = {},
): FoldQuery {
  return { index: 'party', ...between(`${type}/${party}`, days) };
}

/** Billable time of a party that no invoice has charged yet, by day. `''` is time without a party. */
export function unbilledTime(
  party: Id,
  days: { readonly from?: string; readonly to?: string } = {},
): FoldQuery {
  return { index: 'unbilled', ...between(party, days) };
}

export function recordKey(type: string, id: Id): string {
  return `${type}/${id}`;
}

/** A name as lists compare it: without case, accents kept, spaces and width folded. */
export function foldName(name: string): string {
  return name.normalize('NFKC').toLowerCase().replaceAll(/\s+/g, ' ').trim();
}

/** True for events that can change a record. */
export function isRecordEvent(eventType: string): boolean {
  return eventType === 'subject.erased' || isRecordType(eventType.slice(0, eventType.indexOf('.')));
}

/** What `subject.erased` says: whose data went, and the records that held some of it. */
export interface Erasure {
  readonly subject: Id;
  readonly records: readonly {
    readonly type: string;
    readonly id: Id;
    /** how many versions the record had then */
    readonly versions: number;
  }[];
}

export function erasureIn(event: Pick<StoredEvent, 'type' | 'data'>): Erasure | undefined {
  const { subject, records } = event.data;
  if (event.type !== 'subject.erased' || typeof subject !== 'string') return undefined;
  const listed: readonly unknown[] = Array.isArray(records) ? records : [];
  return { subject, records: listed.filter(isErasedRecord) };
}

/** Rows without what they held about a subject; those that held nothing are left out. */
export function redactRows(
  rows: ReadonlyMap<string, RecordState>,
  subject: Id,
): ReadonlyMap<string, RecordState> {
  const changed = new Map<string, RecordState>();
  for (const [key, row] of rows) {
    if (Object.values(row.subjects).includes(subject)) changed.set(key, redactRecord(row, subject));
  }
  return changed;
}

function isErasedRecord(value: unknown): value is Erasure['records'][number] {
  return (
    isJsonObject(value) &&
    typeof value.type === 'string' &&
    typeof value.id === 'string' &&
    typeof value.versions === 'number'
  );
}

function dayOf(row: RecordState<JsonObject>): string {
  return findDefinition(row.type)?.day?.(row.fields) ?? row.createdAt.slice(0, 10);
}

/** `0` is the character after `/`, so this is everything below `prefix/`. */
function under(prefix: string): { readonly from: string; readonly to: string } {
  return { from: `${prefix}/`, to: `${prefix}0` };
}

function between(
  prefix: string,
  { from, to }: { readonly from?: string; readonly to?: string },
): { readonly from: string; readonly to: string } {
  const all = under(prefix);
  return {
    from: from === undefined ? all.from : `${prefix}/${from}`,
    // times of that last day sort behind its date and before `~`
    to: to === undefined ? all.to : `${prefix}/${to}~`,
  };
}
