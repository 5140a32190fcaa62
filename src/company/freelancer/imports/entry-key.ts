import { canonicalJson, type Json, sha256 } from '../../../base/index.ts';
import type { TimeLayoutName } from './time-layouts.ts';

/**
 * The key in a time entry's `source.key`:
 *
 *     <person>/<day>/<identity>[#n]@<content>.<fields>
 *
 * Everything is hashed, so no name or address stands in an index. Before the `@` is what finds an
 * entry again (KEY_RULES); `#n` tells apart entries that share it. Behind it are fingerprints: of the
 * row as the file had it, which shows whether the file changed since, and of the fields it became,
 * which shows whether somebody edited the entry since.
 */
export interface EntryKey {
  /** `<person>/<day>/` */
  readonly prefix: string;
  /** prefix and identity, without number and fingerprints */
  readonly base: string;
  /** from 1 */
  readonly number: number;
  readonly content: string;
  readonly fields: string;
}

/** What identifies a row, as the layout allows. All as written in the file, spaces folded. */
export interface RowIdentity {
  readonly layout: TimeLayoutName;
  readonly person: string;
  readonly day: string;
  /** `HH:MM:SS`; Harvest has none */
  readonly startTime: string;
  readonly client: string;
  readonly project: string;
  readonly task: string;
  readonly text: string;
}

/** `<person>/<day>/<identity>` */
export function baseKey(row: RowIdentity): string {
  const { layout, person, day, startTime, client, project, task, text } = row;
  const identity = layout === 'harvest' ? [client, project, task, text] : [startTime];
  return `${fingerprint(person)}/${day}/${fingerprint(identity, 16)}`;
}

export function keyPrefix(base: string): string {
  return base.slice(0, base.lastIndexOf('/') + 1);
}

export function writeKey(key: Pick<EntryKey, 'base' | 'number' | 'content' | 'fields'>): string {
  const number = key.number > 1 ? `#${key.number}` : '';
  return `${key.base}${number}@${key.content}.${key.fields}`;
}

/** Undefined for a key that was not made here. */
export function readKey(text: string): EntryKey | undefined {
  const match = /^(([0-9a-f]+\/[0-9-]+\/)[0-9a-f]+)(?:#([0-9]+))?@([0-9a-f]+)\.([0-9a-f]+)$/.exec(
    text,
  );
  if (!match) return undefined;
  const [, base = '', prefix = '', number = '1', content = '', fields = ''] = match;
  return { prefix, base, number: Number(number), content, fields };
}

/** The first `digits` hexadecimal digits of a SHA-256: 12 of them (48 bits) tell rows of one key apart. */
export function fingerprint(value: Json, digits = 12): string {
  return sha256(canonicalJson(value)).slice(0, digits);
}
