import type { z } from 'zod';
import { isJsonObject, type Json, type JsonObject } from '../../base/index.ts';
import { failure } from '../../contract/index.ts';
import { type Operation, pathFields } from '../operations/operation.ts';

/** bytes of a JSON body where the operation names no other limit */
const JSON_BODY_BYTES = 256 * 1024;

/**
 * Everything the caller gave, as the operation's schema makes of it. Fails with `invalid_input`,
 * `too_large`, `usage` (a body that is not JSON).
 */
export async function readInput(
  operation: Operation,
  request: Request,
  parameters: { readonly [name: string]: string },
): Promise<z.infer<Operation['input']>> {
  const given: Record<string, Json> = {};
  for (const [name, value] of new URL(request.url).searchParams) {
    if (Object.hasOwn(given, name)) throw twice(name);
    given[name] = value;
  }
  if (operation.body === 'json') {
    for (const [name, value] of Object.entries(await readJson(request, operation.bodyBytes))) {
      if (Object.hasOwn(given, name)) throw twice(name);
      given[name] = value;
    }
  }
  for (const name of pathFields(operation.path)) {
    if (Object.hasOwn(given, name)) throw twice(name);
    given[name] = parameters[name] ?? '';
  }
  return operation.input.parse(given);
}

/** The body as a JSON object. Fails with `usage` (no JSON), `too_large`. */
export async function readJson(request: Request, limit = JSON_BODY_BYTES): Promise<JsonObject> {
  const type = request.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase();
  if (type !== 'application/json') {
    throw failure('usage', 'Only JSON is taken here.', {}, 'Send it as application/json.');
  }
  const parts: Uint8Array[] = [];
  for await (const part of limited(request, limit)) parts.push(part);
  try {
    const value: unknown = JSON.parse(
      new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(parts)),
    );
    if (isJsonObject(value)) return value;
  } catch {
    // told below, in words of ours
  }
  throw failure('usage', 'The body is not a JSON object.', {}, 'Send one JSON object.');
}

/** The body in pieces, refused with `too_large` as soon as it passes the limit. */
export async function* limited(request: Request, limit: number): AsyncGenerator<Uint8Array> {
  const declared = Number(request.headers.get('content-length') ?? 0);
  let bytes = 0;
  if (declared > limit) throw tooLarge(limit);
  for await (const part of request.body ?? []) {
    bytes += part.byteLength;
    if (bytes > limit) throw tooLarge(limit);
    yield part;
  }
}

function tooLarge(limit: number) {
  return failure('too_large', `At most ${limit.toLocaleString('en')} bytes are taken here.`, {
    limit,
  });
}

function twice(name: string) {
  return failure('invalid_input', `"${name}" was given twice.`, { path: name });
}
