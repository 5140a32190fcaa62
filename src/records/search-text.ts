import { atPath, type Json } from '../base/index.ts';
import type { RecordState } from './define-record.ts';
import { isErased } from './erased.ts';
import { findDefinition } from './record-types.ts';
import { atOrAbove, leavesOf } from './schema-paths.ts';

/**
 * The words of a record for an index: texts and lists of texts, one per line. Personal fields only
 * where they are asked for (their index must forget them with the person); secret ones never. Ids
 * of other records are left out.
 */
export function searchText(
  state: Pick<RecordState, 'type' | 'fields'>,
  options: { readonly personal?: boolean } = {},
): string {
  const definition = findDefinition(state.type);
  if (!definition) return '';
  const lines: string[] = [];
  for (const { path } of leavesOf(definition.schema)) {
    const fieldClass = atOrAbove(definition.fields, path);
    const isOpen = fieldClass === 'public' || fieldClass === 'business';
    if (!isOpen && !(fieldClass === 'personal' && options.personal)) continue;
    if (atOrAbove(definition.references ?? {}, path) !== undefined) continue;
    lines.push(...wordsIn(atPath(state.fields, path)));
  }
  return lines.join('\n');
}

/** Texts that hold a word; hashes, ids and times say nothing to a reader. */
function wordsIn(value: Json | undefined): readonly string[] {
  if (typeof value === 'string') {
    return /\p{L}/u.test(value) && !/^([0-9a-f]{64}|\d{4}-\d\d-\d\dT[\d:.]+Z)$/.test(value)
      ? [value]
      : [];
  }
  if (typeof value !== 'object' || value === null || isErased(value)) return [];
  const members: readonly Json[] = Array.isArray(value) ? value : Object.values(value);
  return members.flatMap(wordsIn);
}
