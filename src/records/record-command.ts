import type { Id, Json } from '../base/index.ts';
import type { OwnCommandOf, RecordType } from './record-types.ts';

/** Values by dotted path, such as `{ 'address.city': 'Graz' }`. An object as a value replaces the whole. */
export type FieldValues = { readonly [path: string]: Json };

export interface CreateCommand<Type extends RecordType = RecordType> {
  readonly type: 'create';
  readonly record: Type;
  readonly id: Id;
  readonly set: FieldValues;
}

export interface ChangeCommand<Type extends RecordType = RecordType> {
  readonly type: 'change';
  readonly record: Type;
  readonly id: Id;
  readonly set: FieldValues;
  /** paths to empty; a parent empties all below it */
  readonly unset?: readonly string[];
}

/** Hides it from lists. Nothing is deleted. */
export interface ArchiveCommand<Type extends RecordType = RecordType> {
  readonly type: 'archive';
  readonly record: Type;
  readonly id: Id;
}

export interface RestoreCommand<Type extends RecordType = RecordType> {
  readonly type: 'restore';
  readonly record: Type;
  readonly id: Id;
}

/** Commands that one type alone knows, such as `bill` for a time entry, addressed to one record. */
export type TypedCommand = {
  [Type in RecordType]: OwnCommandOf<Type> extends infer Command
    ? Command extends object
      ? Command & { readonly record: Type; readonly id: Id }
      : never
    : never;
}[RecordType];

export type RecordCommand =
  | CreateCommand
  | ChangeCommand
  | ArchiveCommand
  | RestoreCommand
  | TypedCommand;

/** The stream of a record. */
export function recordStream(type: RecordType, id: Id): string {
  return `${type}/${id}`;
}
