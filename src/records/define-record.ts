import type { z } from 'zod';
import type { Id, JsonObject } from '../base/index.ts';
import type { Label } from '../contract/index.ts';

/**
 * Who may see a field. `personal`: about a person, erased with that person's key. `secret`: shown to
 * nobody but the operator.
 */
export const FIELD_CLASSES = ['public', 'business', 'personal', 'secret'] as const;
export type FieldClass = (typeof FIELD_CLASSES)[number];

/** Labels of single fields, by the path of the leaf. A field without one is our own and free. */
export type FieldLabels = { readonly [path: string]: FieldLabel };

/** A label as a row holds it: plain JSON. */
export type FieldLabel = Readonly<Pick<Label, keyof Label>>;

/** One record as it is at one moment: the row of both folds, and what commands are decided on. */
export type RecordState<Fields = JsonObject> = {
  readonly type: string;
  readonly id: Id;
  /** version of its stream: what a writer hands back as the expected version */
  readonly version: number;
  /** seq of the event that made it so */
  readonly seq: number;
  readonly archived: boolean;
  /** RFC 3339 UTC */
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly fields: Fields;
  /** fields that others wrote or that are bound to a place, by dotted path; absent when none is */
  readonly labels?: FieldLabels;
  /** whose person's data a field holds, by dotted path; erased fields are no longer in it */
  readonly subjects: { readonly [path: string]: Id };
};

/** What a decision may look at beside the record itself. */
export interface RecordContext {
  readonly newId: () => Id;
  /** UTC milliseconds */
  readonly now: number;
  /** other records, loaded before: those that `referencesOf(command)` names */
  readonly references: (type: string, id: Id) => RecordState | undefined;
}

/** A command that only one type knows, such as `bill` for a time entry. */
export interface OwnCommand {
  readonly type: string;
}

/** An event of a type's own, before it is addressed. */
export interface EventDraft {
  readonly type: string;
  readonly data: JsonObject;
  /** dotted paths into `data` that belong to the record's data subject */
  readonly personal?: readonly string[];
}

/**
 * All there is to know about a record type. The hooks are methods, so that the table of all types
 * can hold them: `decideRecord` hands each one only records and commands of its own type.
 */
export interface RecordDefinition<Type = string, Fields = JsonObject, Command = OwnCommand> {
  /** kebab-case; names streams (`time-entry/<id>`) and events (`time-entry.created`) */
  readonly type: Type;
  /** in plain words, singular */
  readonly title: string;
  /** other words people use for it */
  readonly aliases?: readonly string[];
  readonly schema: z.ZodObject;
  /** class by dotted path; a path without one has that of its nearest ancestor */
  readonly fields: { readonly [path: string]: FieldClass };
  /** paths whose values name it in a list */
  readonly name: readonly string[];
  /** paths that hold ids of other records, and their type; `'*'` holds `{type, id}` */
  readonly references?: { readonly [path: string]: string };
  /** paths that only its own commands change, and the way out that is shown */
  readonly ownOnly?: { readonly [path: string]: string };
  /** its own commands, each in one plain sentence */
  readonly commands?: { readonly [type: string]: string };
  /** whose personal data it holds; needed when a field is `personal` */
  subject?(id: Id, fields: Fields): Id;
  /** what an outside system calls it: finds it again at the next import */
  externalKey?(fields: Fields): string | undefined;
  /** the business day that lists are ordered by */
  day?(fields: Fields): string | undefined;
  /** a new one: fills in what follows from other records; `followedBy` are events right after */
  prepare?(
    fields: Fields,
    context: RecordContext,
  ): { readonly fields: Fields; readonly followedBy?: readonly EventDraft[] };
  /** refuses a creation (no `before`) or a change that the schema alone cannot; `paths` changed */
  check?(
    change: {
      readonly before?: Fields;
      readonly after: Fields;
      readonly paths: readonly string[];
    },
    context: RecordContext,
  ): void;
  /** refuses to archive */
  checkArchive?(fields: Fields): void;
  decide?(
    state: RecordState<Fields>,
    command: Command,
    context: RecordContext,
  ): readonly EventDraft[];
  /** total: an event it does not know changes nothing */
  evolve?(fields: Fields, event: { readonly type: string; readonly data: JsonObject }): Fields;
  /** its own events in a plain sentence; undefined for those it does not know */
  describe?(event: { readonly type: string; readonly data: JsonObject }): string | undefined;
}

/** Every top-level field needs a class, or it does not compile; deeper paths may differ from it. */
type ClassesOf<Fields> = { readonly [Key in keyof Fields]-?: FieldClass } & {
  readonly [path: `${string}.${string}`]: FieldClass;
};

/** Declares a record type. Add it to the table in record-types.ts and it exists everywhere. */
export function defineRecord<
  const Type extends string,
  Schema extends z.ZodObject,
  Command extends OwnCommand = never,
>(
  definition: RecordDefinition<Type, Readonly<z.infer<Schema>>, Command> & {
    readonly schema: Schema;
    readonly fields: ClassesOf<z.infer<Schema>>;
    readonly commands?: { readonly [Name in Command['type']]: string };
  },
): RecordDefinition<Type, Readonly<z.infer<Schema>>, Command> {
  return definition;
}
