import { atPath, type Json } from '../base/index.ts';
import { failure, type Labelled, labelWithin } from '../contract/index.ts';
import { labelsOfRecord, type RecordState } from '../records/index.ts';

/** A field of a record with where it came from. Fails with `not_found` when it is empty. */
export function labelledField(state: RecordState, path: string): Labelled<Json> {
  const value = atPath(state.fields, path);
  if (value === undefined) {
    throw failure(
      'not_found',
      `The ${state.type.replace('-', ' ')} has no ${path}.`,
      { type: state.type, id: state.id, path },
      `Add it: steward change ${state.type} ${state.id} --set ${path}=...`,
    );
  }
  return { value, labels: { base: labelWithin(labelsOfRecord(state), path) } };
}
