import {
  canonicalJson,
  isJsonObject,
  type Json,
  type JsonObject,
  sha256,
} from '../../base/index.ts';
import { failure } from '../../contract/index.ts';
import { definitionOf, isRecordType, type RecordState } from '../../records/index.ts';
import type { RecordStore } from '../record-reads.ts';
import type { ActBodies } from './act-bodies.ts';

type Raise = ActBodies['label'];
type Ports = { readonly records: RecordStore };

/** With the digest of the values as they are now, so that whoever signs signs them too. */
export async function pinRaise(ports: Ports, body: Raise): Promise<Raise> {
  if (body.shown !== undefined) return body;
  return { ...body, shown: digestOf(valuesIn(await recordOf(ports, body), body)) };
}

/** What a raise says, value by value. Fails with `not_found`, `invalid_input`, `stale`. */
export async function describeRaise(ports: Ports, body: Raise): Promise<readonly string[]> {
  const values = valuesIn(await recordAsShown(ports, body), body);
  const lines = Object.entries(values).map(
    ([path, value]) => `${path}: ${typeof value === 'string' ? value : JSON.stringify(value)}`,
  );
  const { record, id, to } = body;
  const title = definitionOf(record).title.toLowerCase();
  return [`You checked this yourself. From now on it counts as ${to} (${title} ${id}):`, ...lines];
}

/**
 * The record, holding the very values that are signed. Fails with `stale` when another one was written
 * meanwhile: it would count as checked, and nobody looked at it.
 */
export async function recordAsShown(ports: Ports, body: Raise): Promise<RecordState> {
  const state = await recordOf(ports, body);
  if (body.shown === digestOf(valuesIn(state, body))) return state;
  throw failure(
    'stale',
    'What you checked was changed since you looked.',
    { id: body.id },
    'Look at it again, and sign what it says now.',
  );
}

async function recordOf({ records }: Ports, { record, id }: Raise): Promise<RecordState> {
  if (isRecordType(record)) return records.get(record, id);
  throw failure('not_found', `There is no record type "${record}".`, { id: record });
}

function valuesIn({ fields }: RecordState, { paths }: Raise): JsonObject {
  return Object.fromEntries(
    paths.map((path) => {
      const value = path.split('.').reduce<Json | undefined>(step, fields);
      if (value !== undefined) return [path, value] as const;
      throw failure('invalid_input', `It has no ${path}.`, { path: 'paths' });
    }),
  );
}

function step(here: Json | undefined, part: string): Json | undefined {
  return isJsonObject(here) && Object.hasOwn(here, part) ? here[part] : undefined;
}

function digestOf(values: JsonObject): string {
  return sha256(canonicalJson(values));
}
