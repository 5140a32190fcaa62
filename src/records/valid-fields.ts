import type { z } from 'zod';
import { atPath, type Json, type JsonObject } from '../base/index.ts';
import { type Failure, failure } from '../contract/index.ts';
import type { RecordDefinition } from './define-record.ts';
import { isErased } from './erased.ts';
import { expectedOf } from './expected.ts';
import { normaliseFields } from './fields.ts';
import { nearest } from './nearest.ts';
import { leavesOf, pathsOf, placeAt } from './schema-paths.ts';

/** faults named at once: more do not fit a screen */
const FAULTS_SHOWN = 20;

/**
 * The fields as the schema wants them: trimmed, defaults filled in, nothing unknown. Fails with
 * `invalid_input` (facts: path, expected, found, faults). What was erased is not missed.
 */
export function validFields(definition: RecordDefinition, fields: JsonObject): JsonObject {
  const parsed = definition.schema.safeParse(fields);
  // a record's schema has JSON fields only, so what it makes of JSON is JSON
  if (parsed.success) return normaliseFields(definition, parsed.data as JsonObject);
  const faults = parsed.error.issues
    .flatMap((issue) => faultsOf(definition, issue, fields))
    .filter(({ path }) => !isUnderErased(fields, path));
  const [first] = faults;
  if (!first) return normaliseFields(definition, fields);
  throw failure('invalid_input', first.message, {
    path: first.path,
    expected: first.expected,
    found: atPath(fields, first.path) ?? null,
    faults: faults.slice(0, FAULTS_SHOWN).map(({ path, message }) => ({ path, message })),
  });
}

/** A path that the type does not have; names the nearest that it has. */
export function unknownPath(definition: RecordDefinition, path: string): Failure {
  const near = nearestPath(definition, path);
  return failure(
    'invalid_input',
    `${definition.title} has no field "${path}".${near === undefined ? '' : ` Did you mean "${near}"?`}`,
    { path, expected: near ?? leavesOf(definition.schema).map((leaf) => leaf.path), found: path },
    near === undefined ? undefined : `Use ${near}.`,
  );
}

interface Fault {
  readonly path: string;
  readonly message: string;
  readonly expected: Json;
}

function faultsOf(
  definition: RecordDefinition,
  issue: z.core.$ZodIssue,
  fields: JsonObject,
): readonly Fault[] {
  const path = issue.path.join('.');
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => {
      const unknown = path === '' ? key : `${path}.${key}`;
      return {
        path: unknown,
        message: unknownPath(definition, unknown).message,
        expected: nearestPath(definition, unknown) ?? null,
      };
    });
  }
  const place = placeAt(definition.schema, path);
  const expected = place ? expectedOf(place.schema) : 'something else';
  if (atPath(fields, path) === undefined) {
    return [{ path, message: `${definition.title} needs "${path}".`, expected }];
  }
  const ours = /^(is|must|does|has) /.test(issue.message);
  return [
    {
      path,
      message: ours ? `"${path}" ${issue.message}.` : `"${path}" should be ${expected}.`,
      expected,
    },
  ];
}

function nearestPath(definition: RecordDefinition, path: string): string | undefined {
  const paths = pathsOf(definition.schema);
  const last = lastPart(path).toLowerCase();
  // `city` means `address.city`
  return nearest(path, paths) ?? paths.find((known) => lastPart(known).toLowerCase() === last);
}

function lastPart(path: string): string {
  return path.slice(path.lastIndexOf('.') + 1);
}

function isUnderErased(fields: JsonObject, path: string): boolean {
  const parts = path.split('.');
  return parts.some((_, index) => isErased(atPath(fields, parts.slice(0, index + 1).join('.'))));
}
