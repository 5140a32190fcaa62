import { isJsonObject, type Json, type JsonObject } from '../../../src/base/portable.ts';
import { NotSigned } from '../device/not-signed.ts';

/** The server said no, with a cause and a way out. */
export class Problem extends Error {
  override readonly name = 'Problem';
  readonly status: number;
  readonly code: string;
  readonly remedy: string;
  readonly facts: JsonObject;

  constructor(status: number, facts: JsonObject) {
    super(
      textOf(facts.detail) ?? textOf(facts.message) ?? textOf(facts.title) ?? 'It did not work.',
    );
    this.status = status;
    this.code = textOf(facts.code) ?? 'internal';
    this.remedy = textOf(facts.remedy) ?? '';
    this.facts = facts;
  }
}

/** No answer came. Whether the server acted is not known: read the state again before saying anything. */
export class LostAnswer extends Error {
  override readonly name = 'LostAnswer';
  /** what to look at */
  readonly remedy: string;

  constructor(
    words = 'Steward does not answer.',
    remedy = 'Check that it still runs.',
    options?: ErrorOptions,
  ) {
    super(words, options);
    this.remedy = remedy;
  }
}

type Method = 'GET' | 'POST' | 'PATCH';

/** An approval waits up to 10 s for the run to rest; anything above this is a lost connection. */
const ANSWER_MS = 30_000;

const signedOutListeners = new Set<() => void>();

/** Told when the server no longer knows this session. */
export function onSignedOut(listener: () => void): void {
  signedOutListeners.add(listener);
}

/**
 * One request to our own door. Fails with `Problem` for a no, with `LostAnswer` when nobody knows.
 *
 * @example const { items } = await call<{ items: InboxRow[] }>('GET', '/api/inbox');
 */
export async function call<Answer>(method: Method, path: string, body?: Json): Promise<Answer> {
  const response = await send(method, path, body);
  const text = await response.text().catch(lost);
  const data = parsed(text);
  if (response.ok && data !== undefined) {
    // Our own server of the same version made this; the page shows it and decides nothing by it but
    // what is hashed and compared again before a signature.
    return data as Answer;
  }
  if (response.status === 401) for (const listener of signedOutListeners) listener();
  throw new Problem(response.status, isJsonObject(data) ? data : {});
}

/** Bytes of a blob; undefined when there are none. Whoever shows them compares their hash first. */
export async function fetchBlob(blob: string): Promise<Uint8Array | undefined> {
  const response = await send('GET', `/api/blobs/${encodeURIComponent(blob)}`);
  if (!response.ok) return undefined;
  return new Uint8Array(await response.arrayBuffer().catch(lost));
}

/** What to tell a person about any failure: what happened, and the way out. */
export function sayProblem(error: unknown): { readonly words: string; readonly remedy: string } {
  if (error instanceof Problem || error instanceof NotSigned || error instanceof LostAnswer)
    return { words: error.message, remedy: error.remedy };
  return {
    words: error instanceof Error ? error.message : String(error),
    remedy: 'Try again. If it stays like this, load the page again.',
  };
}

async function send(method: Method, path: string, body?: Json): Promise<Response> {
  return fetch(path, {
    method,
    credentials: 'same-origin',
    redirect: 'error',
    headers: {
      accept: 'application/json',
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(ANSWER_MS),
  }).catch(lost);
}

function lost(cause: unknown): never {
  throw new LostAnswer(undefined, undefined, { cause });
}

function parsed(text: string): Json | undefined {
  try {
    return text === '' ? {} : JSON.parse(text);
  } catch {
    return undefined;
  }
}

function textOf(value: Json | undefined): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
