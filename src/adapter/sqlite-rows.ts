import type { DatabaseSync } from 'node:sqlite';
import type { Id } from '../base/index.ts';
import { type EventHeader, INTEGRITIES, type Label, PLACEMENTS } from '../contract/index.ts';
import { type ChainLink, headerText, type RawEvent } from '../log/index.ts';
import { ONE_COMPANY } from './sqlite-schema.ts';

/** Columns of `events` after `company`, in the order of `EventRow`. */
export const EVENT_COLUMNS =
  'seq, stream, version, type, at, id, actor, run, cause, engine, data_hash, hash, salt, data, label, field_labels';

/** One row as an array: twice as quick to make as an object. STRICT tables hold these types. */
export type EventRow = readonly [
  seq: number,
  stream: string,
  version: number,
  type: string,
  at: number,
  id: string,
  by: string,
  run: string | null,
  cause: string | null,
  engine: string,
  dataHash: string,
  hash: string,
  salt: string | null,
  data: string | null,
  label: string,
  fieldLabels: string | null,
];

/** Every event after `seq`, in order. */
export function prepareEvents(db: DatabaseSync): (after: number, limit: number) => EventRow[] {
  const statement = db.prepare(
    `SELECT ${EVENT_COLUMNS} FROM events WHERE +company = ? AND seq > ? ORDER BY seq LIMIT ?`,
  );
  statement.setReturnArrays(true);
  // setReturnArrays makes rows arrays of the columns named; the declared type does not know of it
  return (after, limit) =>
    statement.all(ONE_COMPANY, after, Math.min(limit, LARGEST_LIMIT)) as unknown as EventRow[];
}

/** The events with these seqs, in order. */
export function prepareEventsNamed(db: DatabaseSync): (seqs: readonly number[]) => EventRow[] {
  const statement = db.prepare(
    `SELECT ${EVENT_COLUMNS} FROM events WHERE +company = ? AND seq IN (SELECT value FROM json_each(?))
     ORDER BY seq`,
  );
  statement.setReturnArrays(true);
  return (seqs) => statement.all(ONE_COMPANY, JSON.stringify(seqs)) as unknown as EventRow[]; // as above
}

const LARGEST_LIMIT = Number.MAX_SAFE_INTEGER; // SQLite takes no Infinity

export function toRawEvent(company: Id, row: EventRow): RawEvent {
  const header = toHeader(company, row);
  const [, , , , , , , , , , , hash, salt, data, label, fieldLabels] = row;
  const labels = readLabels(label, fieldLabels);
  return { header: { ...header, ...labels }, hash, salt, data };
}

/** What was hashed, from the columns as they lie there. */
export function toChainLink(company: Id, row: EventRow): ChainLink {
  const [seq, , , , , , , , , , dataHash, hash, salt, data, label, fieldLabels] = row;
  // what is no label could hold the member that stands behind it, taken from its own column
  const areLabels = readLabels(label, fieldLabels) !== LEAST;
  const header = areLabels
    ? headerText(toHeader(company, row), label, fieldLabels ?? undefined)
    : '';
  return { seq, header, dataHash, hash, salt, data };
}

function toHeader(company: Id, row: EventRow): Omit<EventHeader, 'label' | 'fieldLabels'> {
  const [seq, stream, version, type, at, id, by, run, cause, engine, dataHash] = row;
  const header = { company, seq, id, stream, version, type, at, by, engine, dataHash };
  if (run === null && cause === null) return header;
  if (cause === null) return { ...header, run: run ?? '' };
  return run === null ? { ...header, cause } : { ...header, run, cause };
}

type HeaderLabels = Pick<EventHeader, 'label' | 'fieldLabels'>;

/** What a damaged label is read as: the least that a value can be trusted, the least that it may go. */
const LEAST: HeaderLabels = { label: { integrity: 'public', placement: 'this-machine' } };

/** There are few labels and every event has one: each is parsed once. */
const knownLabels = new Map<string, HeaderLabels>();
const KNOWN_LABELS = 100;

function readLabels(label: string, fieldLabels: string | null): HeaderLabels {
  if (fieldLabels !== null) return parseLabels(label, fieldLabels);
  const known = knownLabels.get(label);
  if (known) return known;
  const labels = parseLabels(label, null);
  if (knownLabels.size < KNOWN_LABELS) knownLabels.set(label, labels);
  return labels;
}

function parseLabels(label: string, fieldLabels: string | null): HeaderLabels {
  try {
    const base: unknown = JSON.parse(label);
    if (!isLabel(base)) return LEAST;
    if (fieldLabels === null) return { label: base };
    const at: unknown = JSON.parse(fieldLabels);
    return isLabelMap(at) ? { label: base, fieldLabels: at } : LEAST;
  } catch {
    return LEAST; // not JSON any more; `log verify` names the event
  }
}

function isLabel(value: unknown): value is Label {
  return (
    typeof value === 'object' &&
    value !== null &&
    'integrity' in value &&
    'placement' in value &&
    INTEGRITIES.some((integrity) => integrity === value.integrity) &&
    PLACEMENTS.some((placement) => placement === value.placement)
  );
}

function isLabelMap(value: unknown): value is NonNullable<EventHeader['fieldLabels']> {
  return typeof value === 'object' && value !== null && Object.values(value).every(isLabel);
}
