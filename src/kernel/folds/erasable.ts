import { isJsonObject, type JsonObject } from '../../base/index.ts';
import type { StoredEvent } from '../../contract/index.ts';
import type { Fold } from '../../log/index.ts';

/**
 * A fold that forgets together with the log: payloads that were shredded give no rows, and
 * `subject.erased` drops the rows that it names for this fold. So what the fold holds is at any time
 * what a rebuild from the erased log finds.
 */
export function erasable<Row extends JsonObject>(fold: Fold<Row>): Fold<Row> {
  return {
    ...fold,
    reads: (type) => type === 'subject.erased' || fold.reads(type),
    keys: (event) => {
      if (event.type === 'subject.erased') return droppedKeys(event, fold.name);
      return event.erased ? [] : fold.keys(event);
    },
    apply: (rows, event) => {
      if (event.type === 'subject.erased') {
        return new Map<string, Row | null>([...rows.keys()].map((key) => [key, null]));
      }
      return event.erased ? new Map<string, Row>() : fold.apply(rows, event);
    },
  };
}

/** Keys of one fold whose rows go, as `subject.erased` names them. */
function droppedKeys({ data }: StoredEvent, fold: string): readonly string[] {
  const rows = isJsonObject(data.rows) ? data.rows[fold] : undefined;
  const keys: readonly unknown[] = Array.isArray(rows) ? rows : [];
  return keys.filter((key) => typeof key === 'string');
}
