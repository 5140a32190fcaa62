import { atPath } from '../base/index.ts';
import type { RecordState } from './define-record.ts';
import { formatValue } from './format-value.ts';
import { findDefinition } from './record-types.ts';

/** What to call a record in a list: its name, number or day and text; `(erased)` where that is gone. */
export function titleOf(state: Pick<RecordState, 'type' | 'id' | 'fields'>): string {
  const definition = findDefinition(state.type);
  const parts = (definition?.name ?? [])
    .map((path) => atPath(state.fields, path))
    .filter((value) => value !== undefined && value !== '')
    .map((value) => formatValue(value));
  return parts.length > 0 ? parts.join(', ') : (definition?.title ?? state.type);
}
