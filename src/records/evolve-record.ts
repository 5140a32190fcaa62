import {
  atPath,
  type Id,
  isJsonObject,
  type JsonObject,
  toTimestamp,
  withPath,
} from '../base/index.ts';
import type { Label, StoredEvent } from '../contract/index.ts';
import type { RecordDefinition, RecordState } from './define-record.ts';
import { ERASED, isErased } from './erased.ts';
import { applyChange, changedPaths, type FieldChange, normaliseFields } from './fields.ts';
import { type EventLabels, labelsAfter } from './record-labels.ts';
import { findDefinition } from './record-types.ts';
import { atOrAbove, leavesOf } from './schema-paths.ts';

/** What evolving needs of a stored event. */
export type RecordEvent = Pick<
  StoredEvent,
  'stream' | 'type' | 'data' | 'version' | 'seq' | 'at' | 'erased'
> &
  EventLabels;

/**
 * The record after an event of its stream; undefined as long as it was not created. Total: an event
 * that it does not know counts as a version and changes no field.
 */
export function evolveRecord(
  state: RecordState | undefined,
  event: RecordEvent,
): RecordState | undefined {
  const address = recordOfStream(event.stream);
  const definition = address && findDefinition(address.type);
  if (!address || !definition) return state;
  const isCreated = event.type === `${address.type}.created`;
  if (!state && !isCreated) return undefined;

  const fields = evolveFields(definition, state?.fields ?? {}, event);
  const at = toTimestamp(event.at);
  const labels = labelsAfter(definition, state, fields, event);
  return {
    type: address.type,
    id: address.id,
    version: event.version,
    seq: event.seq,
    archived: archivedAfter(state?.archived ?? false, address.type, event.type),
    createdAt: state?.createdAt ?? at,
    updatedAt: at,
    fields,
    ...(labels ? { labels } : {}),
    subjects: subjectsAfter(definition, address.id, state, fields, event),
  };
}

/** The fields after an event. */
export function evolveFields(
  definition: RecordDefinition,
  fields: JsonObject,
  event: { readonly type: string; readonly data: JsonObject; readonly erased?: true },
): JsonObject {
  if (event.erased) return fields;
  if (event.type === `${definition.type}.created`) {
    return normaliseFields(definition, isJsonObject(event.data.fields) ? event.data.fields : {});
  }
  if (event.type === `${definition.type}.changed`) {
    return applyChange(definition, fields, changeIn(event.data));
  }
  if (event.type === keptType(definition.type)) {
    const set = isJsonObject(event.data.fields) ? event.data.fields : {};
    return applyChange(definition, fields, { set, unset: [] });
  }
  return normaliseFields(definition, definition.evolve?.(fields, event) ?? fields);
}

/** The record without what it held about a subject: equal to one built from the erased log. */
export function redactRecord(state: RecordState, subject: Id): RecordState {
  const { labels: before, ...rest } = state;
  let { fields } = state;
  const subjects: Record<string, Id> = {};
  const labels: Record<string, Label> = { ...before };
  for (const [path, owner] of Object.entries(state.subjects)) {
    if (owner === subject) {
      fields = withPath(fields, path, ERASED);
      delete labels[path];
    } else subjects[path] = owner;
  }
  const left = Object.keys(labels).length > 0 ? { labels } : {};
  return { ...rest, fields, ...left, subjects };
}

/**
 * Names the event that says once more what a record holds of a person, as property of the record
 * itself: what the law asks to keep stays readable when the person's own key is destroyed.
 */
export function keptType(recordType: string): string {
  return `${recordType}.kept`;
}

/** `time-entry/<id>` taken apart; undefined for streams of other things. */
export function recordOfStream(
  stream: string,
): { readonly type: string; readonly id: Id } | undefined {
  const slash = stream.indexOf('/');
  if (slash < 1) return undefined;
  const type = stream.slice(0, slash);
  return findDefinition(type) ? { type, id: stream.slice(slash + 1) } : undefined;
}

/** The change that a `changed` event carries. */
export function changeIn(data: JsonObject): FieldChange {
  const { set, unset } = data;
  return {
    set: isJsonObject(set) ? set : {},
    unset: Array.isArray(unset) ? unset.filter((path) => typeof path === 'string') : [],
  };
}

/** Dotted paths of a record's fields that are about a person. */
export function personalPaths(definition: RecordDefinition): readonly string[] {
  let paths = personalByDefinition.get(definition);
  if (!paths) {
    paths = leavesOf(definition.schema)
      .map(({ path }) => path)
      .filter((path) => atOrAbove(definition.fields, path) === 'personal');
    personalByDefinition.set(definition, paths);
  }
  return paths;
}

const personalByDefinition = new WeakMap<RecordDefinition, readonly string[]>();

function archivedAfter(before: boolean, type: string, eventType: string): boolean {
  if (eventType === `${type}.archived`) return true;
  return eventType === `${type}.restored` ? false : before;
}

/**
 * Whose data each personal field holds. An event that writes a field makes it the property of the
 * subject that the record has after it: `decideRecord` seals it under the same.
 */
function subjectsAfter(
  definition: RecordDefinition,
  id: Id,
  before: RecordState | undefined,
  fields: JsonObject,
  event: RecordEvent,
): RecordState['subjects'] {
  if (personalPaths(definition).length === 0) return {};
  const written = new Set(writtenPaths(definition, before?.fields ?? {}, fields, event));
  const subjects: Record<string, Id> = {};
  for (const path of personalPaths(definition)) {
    const value = atPath(fields, path);
    if (value === undefined || isErased(value)) continue;
    const writer = event.type === keptType(definition.type) ? id : definition.subject?.(id, fields);
    const owner = written.has(path) ? writer : before?.subjects[path];
    if (owner !== undefined) subjects[path] = owner;
  }
  return subjects;
}

function writtenPaths(
  definition: RecordDefinition,
  before: JsonObject,
  after: JsonObject,
  event: RecordEvent,
): readonly string[] {
  const { type, data } = event;
  if (event.erased) return [];
  if (type === `${definition.type}.changed`) {
    const { set } = changeIn(data);
    return personalPaths(definition).filter((path) => atPath(set, path) !== undefined);
  }
  if (type === keptType(definition.type)) {
    const { fields: kept } = data;
    return personalPaths(definition).filter((path) => atPath(kept, path) !== undefined);
  }
  return type === `${definition.type}.created`
    ? personalPaths(definition)
    : changedPaths(definition, before, after);
}
