import { atPath, isJsonObject, type Json, type JsonObject } from '../../../src/base/portable.ts';
import type { CarriedChange } from '../../../src/contract/portable.ts';
import { isMoney } from '../words/format.ts';

/** Equal changes of several records of one type, as one thing to read. */
export interface ChangeGroup {
  readonly record: string;
  readonly ids: readonly string[];
  readonly when: CarriedChange['when'];
  /** `issue`, `create` ... */
  readonly type: string;
  readonly command: JsonObject;
}

/** One field before and after. `before` is undefined when it is new or not known. */
export interface FieldChange {
  readonly path: string;
  readonly before: Json | undefined;
  readonly after: Json | undefined;
}

/** Puts equal commands together: "8 time entries: billed". */
export function groupChanges(carries: readonly CarriedChange[]): readonly ChangeGroup[] {
  const groups = new Map<string, ChangeGroup>();
  for (const { record, id, when, command } of carries) {
    const key = JSON.stringify([record, when, command]);
    const found = groups.get(key);
    if (found) {
      groups.set(key, { ...found, ids: [...found.ids, id] });
    } else {
      const type = typeof command.type === 'string' ? command.type : 'change';
      groups.set(key, { record, ids: [id], when, type, command });
    }
  }
  return [...groups.values()];
}

/** Every field that a command names, beside what the record holds now. */
export function changedFieldsOf(
  command: JsonObject,
  now: JsonObject | undefined,
): readonly FieldChange[] {
  const { type: _, set, unset, ...own } = command;
  const given = isJsonObject(set) ? set : own;
  const changes = [...leaves('', given)].map(([path, after]) => ({
    path,
    before: now && atPath(now, path),
    after,
  }));
  const emptied = Array.isArray(unset) ? unset.filter((path) => typeof path === 'string') : [];
  return [
    ...changes.filter(({ before, after }) => JSON.stringify(before) !== JSON.stringify(after)),
    ...emptied.map((path) => ({ path, before: now && atPath(now, path), after: undefined })),
  ];
}

function* leaves(path: string, value: Json): Generator<readonly [string, Json]> {
  if (isJsonObject(value) && !isMoney(value) && Object.keys(value).length > 0) {
    for (const [name, member] of Object.entries(value)) {
      yield* leaves(path === '' ? name : `${path}.${name}`, member);
    }
  } else if (path !== '') {
    yield [path, value];
  }
}
