import { atPath, isJsonObject, type Json, type JsonObject } from '../base/index.ts';
import {
  isTrusted,
  joinLabels,
  type Label,
  type Labels,
  labelWithin,
  OWN,
  type StoredEvent,
} from '../contract/index.ts';
import type { FieldLabels, RecordDefinition, RecordState } from './define-record.ts';
import { isErased } from './erased.ts';
import { changedPaths } from './fields.ts';
import { leavesOf } from './schema-paths.ts';

/** Who wrote an event and where single fields of it came from; absent where nothing is stored yet. */
export type EventLabels = Partial<Pick<StoredEvent, 'label' | 'fieldLabels'>>;

/** The labels of a record's fields, as whoever reads them needs them. */
export function labelsOfRecord(state: Pick<RecordState, 'labels'>): Labels {
  return state.labels ? { base: OWN, at: state.labels } : { base: OWN };
}

/**
 * The labels after an event. A field that is written is worth what the event is worth; a list keeps what
 * it held before, so it is worth the less of both. Undefined when all are our own: most records.
 */
export function labelsAfter(
  definition: RecordDefinition,
  before: RecordState | undefined,
  after: JsonObject,
  event: EventLabels & Pick<StoredEvent, 'type' | 'data' | 'erased'>,
): FieldLabels | undefined {
  const old = before?.labels;
  if (!old && isFree(event)) return undefined;
  if (event.erased) return old;
  const { type, data } = event;
  if (type === raisedType(definition.type)) return raisedLabels(old, data);

  const root = rootOf(definition.type, type);
  const written = root === undefined ? changedPaths(definition, before?.fields ?? {}, after) : [];
  const next: { [path: string]: Label } = {};
  for (const { path } of leavesOf(definition.schema)) {
    const value = atPath(after, path);
    if (value === undefined || isErased(value)) continue;
    const isWritten =
      root === undefined ? written.includes(path) : atPath(data, `${root}.${path}`) !== undefined;
    const kept = old?.[path];
    // what is said once more has the label that it says, whatever can still be read of before
    const standing = type === `${definition.type}.kept` ? undefined : kept;
    const label = isWritten ? writtenLabel(event, root, path, value, standing) : kept;
    if (label && !isFreeLabel(label)) next[path] = label;
  }
  return Object.keys(next).length > 0 ? next : undefined;
}

/** Names the event with which the operator says that they checked some fields themselves. */
export function raisedType(recordType: string): string {
  return `${recordType}.label-raised`;
}

function writtenLabel(
  event: EventLabels,
  root: string | undefined,
  path: string,
  value: Json,
  kept: Label | undefined,
): Label {
  const labels: Labels = { base: event.label ?? OWN, at: event.fieldLabels ?? {} };
  const label = labelWithin(labels, root === undefined ? '' : `${root}.${path}`);
  return kept && isCompound(value) ? joinLabels(label, kept) : label;
}

/** A list or a map may still hold what was in it before; an amount of money is one value. */
function isCompound(value: Json): boolean {
  return Array.isArray(value) || (isJsonObject(value) && !('minor' in value));
}

function raisedLabels(old: FieldLabels | undefined, data: JsonObject): FieldLabels | undefined {
  const paths: readonly Json[] = Array.isArray(data.paths) ? data.paths : [];
  const left = Object.entries(old ?? {}).flatMap(([path, label]) => {
    const raised = paths.some(
      (raise) => path === raise || (typeof raise === 'string' && path.startsWith(`${raise}.`)),
    );
    if (!raised) return [[path, label] as const];
    // where a value may go is not a matter of who wrote it
    const { placement } = label;
    return placement === 'anywhere'
      ? []
      : [[path, { integrity: OWN.integrity, placement }] as const];
  });
  return left.length > 0 ? Object.fromEntries(left) : undefined;
}

function rootOf(recordType: string, eventType: string): string | undefined {
  if (eventType === `${recordType}.created` || eventType === `${recordType}.kept`) return 'fields';
  return eventType === `${recordType}.changed` ? 'set' : undefined;
}

function isFree({ label, fieldLabels }: EventLabels): boolean {
  return fieldLabels === undefined && (label === undefined || isFreeLabel(label));
}

function isFreeLabel(label: Label): boolean {
  return isTrusted(label) && label.placement === 'anywhere';
}
