import { atPath, type Id, isJsonObject, type Json, type JsonObject } from '../base/index.ts';
import { failure, type PersonalFields } from '../contract/index.ts';
import type { EventDraft, RecordContext, RecordDefinition, RecordState } from './define-record.ts';
import { isErased } from './erased.ts';
import { evolveFields, personalPaths } from './evolve-record.ts';
import { changeBetween, changedPaths, isSame, withoutPath, withValue } from './fields.ts';
import type { ChangeCommand, CreateCommand, FieldValues, RecordCommand } from './record-command.ts';
import { definitionOf } from './record-types.ts';
import { atOrAbove, placeAt } from './schema-paths.ts';
import { unknownPath, validFields } from './valid-fields.ts';

/** An event for the record's stream; the writer adds who, why and the label. */
export interface NewRecordEvent {
  readonly type: string;
  readonly data: JsonObject;
  readonly personal?: PersonalFields;
}

/**
 * Decides what a command does to one record; does nothing. An empty list means that it is so already.
 * Fails with `not_found`, `already_exists`, `invalid_input` (facts: path, expected, found) and
 * `not_possible` (with the way out).
 */
export function decideRecord(
  state: RecordState | undefined,
  command: RecordCommand,
  context: RecordContext,
): readonly NewRecordEvent[] {
  const definition = definitionOf(command.record);
  let fields = state?.fields ?? {};
  return draftsFor(definition, state, command, context).map((draft) => {
    fields = evolveFields(definition, fields, draft);
    return withSubject(definition, command.id, fields, draft);
  });
}

/**
 * The records that `context.references` must know to decide a command on this state. Fails with
 * `invalid_input` for a path that does not exist.
 */
export function referencesOf(
  state: RecordState | undefined,
  command: RecordCommand,
): readonly { readonly type: string; readonly id: Id }[] {
  if (command.type !== 'create' && command.type !== 'change') return [];
  const definition = definitionOf(command.record);
  const fields = changeFields(definition, state?.fields ?? {}, command);
  return referencesIn(definition, fields, () => true).map(({ type, id }) => ({ type, id }));
}

function draftsFor(
  definition: RecordDefinition,
  state: RecordState | undefined,
  command: RecordCommand,
  context: RecordContext,
): readonly EventDraft[] {
  if (command.type === 'create') return create(definition, state, command, context);
  if (!state) {
    throw failure('not_found', `There is no ${definition.title.toLowerCase()} with this id.`, {
      type: command.record,
      id: command.id,
    });
  }
  switch (command.type) {
    case 'change':
      return change(definition, state, command, context);
    case 'archive':
      if (state.archived) return [];
      definition.checkArchive?.(state.fields);
      return [{ type: `${command.record}.archived`, data: {} }];
    case 'restore':
      return state.archived ? [{ type: `${command.record}.restored`, data: {} }] : [];
    default:
      return ownCommand(definition, state, command, context);
  }
}

function create(
  definition: RecordDefinition,
  state: RecordState | undefined,
  command: CreateCommand,
  context: RecordContext,
): readonly EventDraft[] {
  if (state) {
    throw failure('already_exists', `${definition.title} exists already.`, {
      type: command.record,
      id: command.id,
    });
  }
  const valid = validFields(definition, applyValues(definition, {}, command.set));
  const { fields, followedBy = [] } = definition.prepare?.(valid, context) ?? { fields: valid };
  const paths = changedPaths(definition, {}, fields);
  definition.check?.({ after: fields, paths }, context);
  requireReferences(definition, valid, () => true, context);
  return [{ type: `${command.record}.created`, data: { fields } }, ...followedBy];
}

function change(
  definition: RecordDefinition,
  state: RecordState,
  command: ChangeCommand,
  context: RecordContext,
): readonly EventDraft[] {
  requireActive(definition, state);
  const before = state.fields;
  const wanted = changeFields(definition, before, command);
  if (isSame(before, wanted)) return [];
  const after = validFields(definition, wanted);
  const paths = changedPaths(definition, before, after);
  if (paths.length === 0) return [];
  definition.check?.({ before, after, paths }, context);
  for (const path of paths) requireByHand(definition, path);
  requireReferences(definition, after, (path) => paths.includes(path), context);
  const { set, unset } = changeBetween(after, paths);
  return [{ type: `${command.record}.changed`, data: { set, unset } }];
}

function ownCommand(
  definition: RecordDefinition,
  state: RecordState,
  command: Exclude<RecordCommand, { readonly type: 'create' | 'change' | 'archive' | 'restore' }>,
  context: RecordContext,
): readonly EventDraft[] {
  if (!definition.decide || !Object.hasOwn(definition.commands ?? {}, command.type)) {
    throw failure('invalid_input', `${definition.title} knows no command "${command.type}".`, {
      path: 'type',
      expected: [
        'create',
        'change',
        'archive',
        'restore',
        ...Object.keys(definition.commands ?? {}),
      ],
      found: command.type,
    });
  }
  requireActive(definition, state);
  const drafts = definition.decide(state, command, context);
  const after = drafts.reduce(
    (fields, draft) => evolveFields(definition, fields, draft),
    state.fields,
  );
  validFields(definition, after);
  return drafts;
}

/** Fields with a command's values in place; nothing is checked but that the paths exist. */
export function changeFields(
  definition: RecordDefinition,
  fields: JsonObject,
  command: Pick<ChangeCommand, 'set' | 'unset'>,
): JsonObject {
  let out = fields;
  for (const path of command.unset ?? []) {
    if (!placeAt(definition.schema, path)) throw unknownPath(definition, path);
    out = withoutPath(out, path);
  }
  return applyValues(definition, out, command.set);
}

function applyValues(
  definition: RecordDefinition,
  fields: JsonObject,
  values: FieldValues,
): JsonObject {
  let out = fields;
  for (const [path, value] of Object.entries(values)) {
    if (!placeAt(definition.schema, path)) throw unknownPath(definition, path);
    out = isEmptyObject(value) ? withoutPath(out, path) : withValue(out, path, value);
  }
  return out;
}

function requireActive(definition: RecordDefinition, state: RecordState): void {
  if (!state.archived) return;
  throw failure(
    'not_possible',
    `This ${definition.title.toLowerCase()} is archived.`,
    { type: state.type, id: state.id },
    'Restore it first.',
  );
}

function requireByHand(definition: RecordDefinition, path: string): void {
  const wayOut = atOrAbove(definition.ownOnly ?? {}, path);
  if (wayOut === undefined) return;
  throw failure('not_possible', `"${path}" cannot be changed by hand.`, { path }, wayOut);
}

function requireReferences(
  definition: RecordDefinition,
  fields: JsonObject,
  isChanged: (path: string) => boolean,
  context: RecordContext,
): void {
  for (const { path, type, id } of referencesIn(definition, fields, isChanged)) {
    if (context.references(type, id)) continue;
    throw failure(
      'invalid_input',
      `There is no ${type} with the id "${id}".`,
      { path, expected: `the id of a ${type}`, found: id },
      `Look it up with: steward records ${type}`,
    );
  }
}

function referencesIn(
  definition: RecordDefinition,
  fields: JsonObject,
  isWanted: (path: string) => boolean,
): readonly { readonly path: string; readonly type: string; readonly id: Id }[] {
  return Object.entries(definition.references ?? {}).flatMap(([path, type]) => {
    const value = isWanted(path) ? atPath(fields, path) : undefined;
    if (value === undefined) return [];
    const items: readonly Json[] = Array.isArray(value) ? value : [value];
    return items.flatMap((item) => {
      if (typeof item === 'string') return [{ path, type, id: item }];
      if (!isJsonObject(item) || isErased(item)) return [];
      return typeof item.type === 'string' && typeof item.id === 'string'
        ? [{ path, type: item.type, id: item.id }]
        : [];
    });
  });
}

/** Adds whose personal data the event holds, so that the log seals it under that person's key. */
function withSubject(
  definition: RecordDefinition,
  id: Id,
  after: JsonObject,
  { type, data, personal }: EventDraft,
): NewRecordEvent {
  const paths = personal ?? personalPathsIn(definition, type, data);
  const subject = definition.subject?.(id, after);
  if (subject === undefined || paths.length === 0) return { type, data };
  return { type, data, personal: { subject, paths } };
}

function personalPathsIn(
  definition: RecordDefinition,
  type: string,
  data: JsonObject,
): readonly string[] {
  const root = ROOTS.get(type.slice(definition.type.length + 1));
  if (root === undefined) return [];
  return personalPaths(definition)
    .map((path) => `${root}.${path}`)
    .filter((path) => atPath(data, path) !== undefined);
}

/** Where the fields stand in the data of the events that every type has. */
const ROOTS: ReadonlyMap<string, string> = new Map([
  ['created', 'fields'],
  ['changed', 'set'],
]);

function isEmptyObject(value: Json): boolean {
  return isJsonObject(value) && Object.keys(value).length === 0;
}
