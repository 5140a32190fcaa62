import { canonicalJson, type Id, type Json } from '../../../base/index.ts';
import { BILLED_ELSEWHERE, type TimeEntry, timeEntrySchema } from '../../../records/index.ts';
import { type EntryKey, fingerprint, writeKey } from './entry-key.ts';
import type { TimeRow } from './read-row.ts';
import type { TimeField } from './time-layouts.ts';

export type EntryReading =
  | { readonly status: 'read'; readonly fields: TimeEntry }
  | { readonly status: 'refused'; readonly field: TimeField; readonly reason: string };

/** The fields a file decides on. `billedBy` and `source` have rules of their own. */
const FILE_FIELDS = [
  'party',
  'project',
  'task',
  'text',
  'day',
  'start',
  'end',
  'seconds',
  'billable',
  'rateHint',
  'tags',
] as const satisfies readonly (keyof TimeEntry)[];

const FIELD_OF_PATH: { readonly [path: string]: TimeField } = {
  task: 'task',
  tags: 'tags',
  day: 'startDay',
  start: 'startTime',
  end: 'endTime',
  seconds: 'duration',
  rateHint: 'rate',
};

/** Names are at most this long in records; longer ones are notes in the wrong column. */
const NAME_MAX = 500;

/** The client and project of an entry: their ids, once they are known or made. */
export interface EntryOwner {
  readonly party?: Id;
  readonly project?: Id;
}

/** A row as a time entry of nobody yet. Refused when records would not take it. */
export function entryFields(row: TimeRow): EntryReading {
  for (const field of ['client', 'project', 'projectCode'] as const) {
    if ((row[field]?.length ?? 0) > NAME_MAX) {
      return { status: 'refused', field, reason: `It is longer than ${NAME_MAX} characters.` };
    }
  }
  // Projects belong to clients. Without one, the project's name still says what the work was.
  const task = row.client === undefined ? joined(row.project, row.task) : row.task;
  const parsed = timeEntrySchema.safeParse({
    ...(task !== undefined && { task }),
    text: row.text,
    day: row.day,
    ...(row.start !== undefined && { start: row.start }),
    ...(row.end !== undefined && { end: row.end }),
    seconds: row.seconds,
    billable: row.billable,
    ...(row.rateHint && { rateHint: row.rateHint }),
    tags: row.tags,
    ...(row.invoiced && row.billable && { billedBy: BILLED_ELSEWHERE }),
  });
  if (parsed.success) return { status: 'read', fields: parsed.data };
  const [issue] = parsed.error.issues;
  const field = FIELD_OF_PATH[String(issue?.path[0])] ?? 'text';
  return { status: 'refused', field, reason: `It ${issue?.message ?? 'cannot be stored'}.` };
}

/** The entry with its owner, and with the key under which the next import finds it. */
export function withOwner(
  fields: TimeEntry,
  owner: EntryOwner,
  row: TimeRow,
  number: number,
): TimeEntry {
  const owned = { ...fields, ...owner };
  const key = writeKey({ ...row, number, fields: fieldsFingerprint(owned) });
  return { ...owned, source: { layout: row.layout, key, line: row.line } };
}

/** What turns `before` into `after`, in the form of a change command. */
export function changedFields(
  before: TimeEntry,
  after: TimeEntry,
): { readonly set: { readonly [path: string]: Json }; readonly unset: readonly string[] } {
  const set: { [path: string]: Json } = {};
  const unset: string[] = [];
  for (const path of [...FILE_FIELDS, 'source'] as const) {
    const value = json(after[path]);
    if (canonicalJson(value ?? null) === canonicalJson(json(before[path]) ?? null)) continue;
    if (value === undefined) unset.push(path);
    else set[path] = value;
  }
  return { set, unset };
}

/** True when the entry is no longer what its import made of it. */
export function isEdited(fields: TimeEntry, key: Pick<EntryKey, 'fields'>): boolean {
  return fieldsFingerprint(fields) !== key.fields;
}

function fieldsFingerprint(fields: Partial<TimeEntry>): string {
  return fingerprint(FILE_FIELDS.map((path) => json(fields[path]) ?? null));
}

/** A field's value; the schema of time entries holds nothing but JSON. */
function json(
  value: TimeEntry[(typeof FILE_FIELDS)[number] | 'source'] | undefined,
): Json | undefined {
  return value as Json | undefined;
}

function joined(project: string | undefined, task: string | undefined): string | undefined {
  return project === undefined || task === undefined ? (project ?? task) : `${project}, ${task}`;
}
