import type { z } from 'zod';
import { atPath, type Json, type JsonObject } from '../base/index.ts';
import { failure } from '../contract/index.ts';
import type { RecordDefinition } from './define-record.ts';
import { expectedOf } from './expected.ts';
import { parseMoney } from './parse-money.ts';
import type { FieldValues } from './record-command.ts';
import { definitionOf, type RecordType } from './record-types.ts';
import { definitionInside, isMoney, placeAt, type SchemaPlace } from './schema-paths.ts';
import { unknownPath } from './valid-fields.ts';

/** What a command needs: values in the schema's types, and paths to empty. */
export interface CoercedSet {
  readonly set: FieldValues;
  readonly unset: readonly string[];
}

/**
 * Turns what people type (`address.city=Graz`, `billing.hourlyRate=120.00 EUR`) into a command's `set`
 * and `unset`: numbers, yes and no, amounts, days, lists by comma, objects as JSON. An empty text
 * empties an optional field. An amount without a currency takes `currency`. Values that are no text
 * pass as they are. Fails with `invalid_input` (facts: path, expected, found).
 */
export function coerceSet(
  type: RecordType,
  typed: { readonly [path: string]: Json },
  options: { readonly currency?: string } = {},
): CoercedSet {
  const definition = definitionOf(type);
  const set: Record<string, Json> = {};
  const unset: string[] = [];
  for (const [path, value] of Object.entries(typed)) {
    const place = placeAt(definition.schema, path);
    if (!place) throw unknownPath(definition, path);
    if (value === '' && place.optional) unset.push(path);
    else set[path] = coerced(definition, place, value, options.currency);
  }
  return { set, unset };
}

function coerced(
  definition: RecordDefinition,
  place: SchemaPlace,
  value: Json,
  currency: string | undefined,
): Json {
  const guess = typeof value === 'string' ? fromText(place.schema, value, currency) : value;
  const parsed = place.schema['~standard'].validate(guess);
  if (parsed instanceof Promise) throw new TypeError('record schemas are synchronous');
  if (parsed.issues === undefined) return guess;
  const [issue] = parsed.issues;
  const path = [place.path, ...(issue?.path ?? []).map(String)].join('.');
  throw wrongValue(definition, place, path, value, issue?.message ?? '');
}

function wrongValue(
  definition: RecordDefinition,
  place: SchemaPlace,
  path: string,
  value: Json,
  message: string,
) {
  const inner = placeAt(definition.schema, path) ?? place;
  const expected = expectedOf(inner.schema);
  const found =
    path === place.path ? value : (atPath({ [place.path]: value } as JsonObject, path) ?? value);
  const ours = /^(is|must|does|has) /.test(message);
  return failure(
    'invalid_input',
    ours ? `"${path}" ${message}.` : `"${path}" should be ${expected}.`,
    { path, expected, found },
  );
}

/** The best reading of a text; a text that cannot be read stays one and is refused by the schema. */
function fromText(schema: z.core.$ZodType, text: string, currency: string | undefined): Json {
  if (isMoney(schema)) return parseMoney(text, currency) ?? text;
  const definition = definitionInside(schema);
  switch (definition.type) {
    case 'number':
      return /^[+-]?\d+(\.\d+)?$/.test(text.trim()) ? Number(text) : text;
    case 'boolean':
      return YES_NO.get(text.trim().toLowerCase()) ?? text;
    case 'enum':
      return (
        Object.values(definition.entries).find(
          (entry) => String(entry).toLowerCase() === text.trim().toLowerCase(),
        ) ?? text
      );
    case 'array':
      return text.trim().startsWith('[')
        ? fromJson(text)
        : listFromText(definition.element, text, currency);
    case 'object':
    case 'record':
      return fromJson(text);
    case 'string':
      return 'format' in definition && definition.format === 'date' ? dayFromText(text) : text;
    default:
      return text;
  }
}

const YES_NO: ReadonlyMap<string, boolean> = new Map([
  ...['yes', 'true', 'y', 'on', '1', 'ja', 'j'].map((word) => [word, true] as const),
  ...['no', 'false', 'n', 'off', '0', 'nein'].map((word) => [word, false] as const),
]);

function listFromText(
  element: z.core.$ZodType,
  text: string,
  currency: string | undefined,
): readonly Json[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .map((part) => fromText(element, part, currency));
}

/** `31.10.2026` is a day too: with dots the day always comes first. Slashes are not guessed. */
function dayFromText(text: string): string {
  const dotted = /^(\d{1,2})\.(\d{1,2})\.(\d{4})$/.exec(text.trim());
  if (!dotted) return text.trim();
  const [, day = '', month = '', year = ''] = dotted;
  return `${year}-${month.padStart(2, '0')}-${day.padStart(2, '0')}`;
}

function fromJson(text: string): Json {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
