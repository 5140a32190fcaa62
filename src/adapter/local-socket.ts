import { createHash } from 'node:crypto';
import { chmodSync, rmSync } from 'node:fs';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { failure } from '../contract/index.ts';
import { errorCode, makePrivateDirectorySync, PRIVATE_FILE_MODE } from './durable-file.ts';
import { createHttpServer, type Fetch, stop } from './http-server.ts';

/** Systems keep a socket's path in 104 (BSD, macOS) or 108 (Linux) bytes. */
const PATH_BYTES = 100;

/** Where a home's socket lies: in it, or for a home with a long path in a private directory of this user. */
export function socketPath(home: string): string {
  const inHome = join(home, 'steward.sock');
  if (Buffer.byteLength(inHome) <= PATH_BYTES) return inHome;
  const name = createHash('sha256').update(home).digest('hex').slice(0, 24);
  return join(tmpdir(), `steward-${userInfo().uid}`, `${name}.sock`);
}

/** Serves on the home's socket, for this user alone. The caller holds the home's lock. */
export async function serveLocal(home: string, fetch: Fetch): Promise<() => Promise<void>> {
  const path = socketPath(home);
  if (!path.startsWith(home)) makePrivateDirectorySync(join(path, '..'));
  rmSync(path, { force: true }); // left by a process that was killed: we hold the lock, so it is gone
  const server = createHttpServer(fetch);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, () => resolve());
  });
  chmodSync(path, PRIVATE_FILE_MODE);
  return async () => {
    await stop(server);
    rmSync(path, { force: true });
  };
}

/** The process that serves a home, as this user's other processes reach it. */
export interface LocalServer {
  /** True if somebody serves this home right now. */
  readonly isThere: () => Promise<boolean>;
  /** Fails with `interrupted` when it goes away in the middle. */
  readonly fetch: (request: Request) => Promise<Response>;
}

export function localServer(home: string): LocalServer {
  const path = socketPath(home);
  return {
    isThere: () =>
      new Promise((resolve) => {
        const probe = connect(path);
        probe.once('connect', () => {
          probe.destroy();
          resolve(true);
        });
        probe.once('error', () => resolve(false));
      }),
    fetch: (request) => fetchOver(path, request),
  };
}

function fetchOver(path: string, request: Request): Promise<Response> {
  const url = new URL(request.url);
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest(
      {
        socketPath: path,
        method: request.method,
        path: url.pathname + url.search,
        headers: { ...Object.fromEntries(request.headers), host: 'localhost' },
        agent: false, // one connection per request: nothing keeps the process alive
      },
      (incoming) => resolve(toResponse(incoming)),
    );
    const lost = (error: Error): void =>
      reject(
        failure('interrupted', 'Steward stopped while it worked on this.', {
          reason: errorCode(error) ?? error.message,
        }),
      );
    outgoing.once('error', lost);
    if (request.body) {
      // the web's stream and node's are one object under two type names
      pipeline(Readable.fromWeb(request.body as never), outgoing).catch(lost);
    } else {
      outgoing.end();
    }
  });
}

function toResponse(incoming: IncomingMessage): Response {
  const headers = new Headers();
  for (const [name, value] of Object.entries(incoming.headers)) {
    if (value !== undefined) headers.set(name, String(value));
  }
  const status = incoming.statusCode ?? 500;
  const body = status === 204 || status === 304 ? null : Readable.toWeb(incoming);
  return new Response(body as ReadableStream | null, { status, headers }); // as above
}
