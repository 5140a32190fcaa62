import { isJsonObject, type Json, type JsonObject } from '../../base/index.ts';
import { FAILURES, Failure, type FailureCode, failure } from '../../contract/index.ts';
import { DEVICE_HEADER } from '../http/caller.ts';
import { type Operation, pathFields } from '../operations/operation.ts';
import type { Door } from './cli-ports.ts';

/** Asks for operations through a door, as any other client does. */
export interface Client {
  /** Fails with what the other side answered. */
  readonly ask: (operation: Operation, input: JsonObject, body?: Body) => Promise<Json>;
  readonly bytes: (operation: Operation, input: JsonObject) => Promise<Uint8Array | undefined>;
}

type Body = AsyncIterable<Uint8Array>;

export function createClient(door: Door, device: () => Promise<string | undefined>): Client {
  async function send(operation: Operation, input: JsonObject, body?: Body): Promise<Response> {
    const response = await door.fetch(
      requestFor(operation, input, { device: await device(), ...(body ? { body } : {}) }),
    );
    if (response.ok) return response;
    throw toFailureOf(await response.text());
  }
  return {
    ask: async (operation, input, body) => {
      const response = await send(operation, input, body);
      return (await response.json()) as Json; // our own server's JSON
    },
    bytes: async (operation, input) => {
      try {
        return new Uint8Array(await (await send(operation, input)).arrayBuffer());
      } catch (error) {
        if (error instanceof Failure && error.code === 'not_found') return undefined;
        throw error;
      }
    },
  };
}

/** The request that an operation's path, method and input make. */
export function requestFor(
  operation: Operation,
  input: JsonObject,
  options: { readonly device?: string | undefined; readonly body?: Body } = {},
): Request {
  const inPath = pathFields(operation.path);
  const path = operation.path.replaceAll(/:(\w+)/g, (_, name: string) =>
    encodeURIComponent(String(input[name] ?? '')),
  );
  const url = new URL(path, 'http://localhost');
  const rest = Object.entries(input).filter(([name]) => !inPath.includes(name));
  const headers = new Headers();
  if (options.device !== undefined) headers.set(DEVICE_HEADER, options.device);
  if (operation.body === 'json') {
    headers.set('content-type', 'application/json');
    const body = JSON.stringify(Object.fromEntries(rest));
    return new Request(url, { method: operation.method, headers, body });
  }
  for (const [name, value] of rest) url.searchParams.set(name, String(value));
  if (operation.body === 'none' || !options.body) {
    return new Request(url, { method: operation.method, headers });
  }
  headers.set('content-type', 'text/csv');
  const init = { method: operation.method, headers, body: streamOf(options.body), duplex: 'half' };
  return new Request(url, init as RequestInit); // `duplex` is missing in the DOM's types
}

function streamOf(pieces: Body): ReadableStream<Uint8Array> {
  const iterator = pieces[Symbol.asyncIterator]();
  return new ReadableStream({
    pull: async (controller) => {
      const next = await iterator.next();
      if (next.done) controller.close();
      else controller.enqueue(next.value);
    },
    cancel: async () => {
      await iterator.return?.();
    },
  });
}

/** A problem document as the failure that it was. */
function toFailureOf(text: string): Failure {
  try {
    const problem: unknown = JSON.parse(text);
    if (isJsonObject(problem) && isFailureCode(problem.code)) {
      const { type: _, title: _t, status: _s, detail, code, remedy, ...facts } = problem;
      return failure(code, String(detail), facts, String(remedy));
    }
  } catch {
    // told below
  }
  return failure('internal', 'The answer of the server could not be read.');
}

function isFailureCode(code: unknown): code is FailureCode {
  return typeof code === 'string' && Object.hasOwn(FAILURES, code);
}
