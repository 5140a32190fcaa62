import type { JsonObject } from '../../base/index.ts';
import type { StoredEvent } from '../../contract/index.ts';

/** When an event was appended, as rows hold it. */
export const UTC = (event: StoredEvent): string => new Date(event.at).toISOString();

export function one<Row extends JsonObject>(
  key: string,
  row: Row | null,
): ReadonlyMap<string, Row | null> {
  return new Map<string, Row | null>([[key, row]]);
}

export const NOTHING: ReadonlyMap<string, never> = new Map<string, never>();

/** The id behind the slash of a stream's name. */
export function idOf(stream: string): string {
  return stream.slice(stream.indexOf('/') + 1);
}
