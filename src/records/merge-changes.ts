import { atPath, type Json } from '../base/index.ts';
import { changeFields } from './decide-record.ts';
import type { RecordState } from './define-record.ts';
import { changedPaths, isSame } from './fields.ts';
import type { ChangeCommand } from './record-command.ts';
import { definitionOf } from './record-types.ts';

/** One field that two writers want to be different things; null is "nothing there". */
export interface Clash {
  readonly path: string;
  readonly base: Json;
  readonly ours: Json;
  readonly theirs: Json;
}

export type Merge =
  /** nothing overlaps: decide this command on their state instead */
  | { readonly status: 'disjoint'; readonly command: ChangeCommand }
  /** somebody has to choose; `paths` are those of `clashes` */
  | {
      readonly status: 'clash';
      readonly paths: readonly string[];
      readonly clashes: readonly Clash[];
    };

/**
 * What to do with a change that was made on `base` when the record has become `theirs` meanwhile. The
 * same value on both sides is no clash. A record that they archived clashes as a whole.
 */
export function mergeChanges(base: RecordState, ours: ChangeCommand, theirs: RecordState): Merge {
  const definition = definitionOf(ours.record);
  const wanted = changeFields(definition, base.fields, ours);
  const theirPaths = new Set(changedPaths(definition, base.fields, theirs.fields));
  const ourPaths = changedPaths(definition, base.fields, wanted);

  const clashes: Clash[] = [];
  if (theirs.archived && !base.archived) {
    clashes.push({ path: 'archived', base: false, ours: false, theirs: true });
  }
  const set: Record<string, Json> = {};
  const unset: string[] = [];
  for (const path of ourPaths) {
    const value = atPath(wanted, path);
    const theirValue = atPath(theirs.fields, path);
    if (isSame(value, theirValue)) continue;
    if (theirPaths.has(path)) {
      const before = atPath(base.fields, path);
      clashes.push({ path, base: before ?? null, ours: value ?? null, theirs: theirValue ?? null });
    } else if (value === undefined) unset.push(path);
    else set[path] = value;
  }
  return clashes.length > 0
    ? { status: 'clash', paths: clashes.map(({ path }) => path), clashes }
    : { status: 'disjoint', command: { ...ours, set, unset } };
}
