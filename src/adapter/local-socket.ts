import { createHash } from 'node:crypto';
import { chmodSync, rmSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
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

/**
 * Asks the process that serves this home; undefined when there is none. Fails with `interrupted` when it
 * went away in the middle.
 */
export function localFetch(home: string): (request: Request) => Promise<Response | undefined> {
  const path = socketPath(home);
  return (request) =>
    new Promise((resolve, reject) => {
      const url = new URL(request.url);
      const outgoing = httpRequest(
        {
          socketPath: path,
          method: request.method,
          path: url.pathname + url.search,
          headers: Object.fromEntries([...request.headers, ['host', 'localhost']]),
        },
        (incoming) => {
          const headers = new Headers();
          for (const [name, value] of Object.entries(incoming.headers)) {
            if (value !== undefined) headers.set(name, String(value));
          }
          const status = incoming.statusCode ?? 500;
          const hasBody = status !== 204 && status !== 304;
          // node's stream type and the web's are the same object at run time
          const body = hasBody ? (Readable.toWeb(incoming) as unknown as ReadableStream) : null;
          resolve(new Response(body, { status, headers }));
        },
      );
      outgoing.once('error', (error) => {
        const code = errorCode(error) ?? '';
        if (code === 'ENOENT' || code === 'ECONNREFUSED') resolve(undefined);
        else reject(failure('interrupted', 'Steward stopped while it worked on this.', { code }));
      });
      if (request.body) {
        // as above
        Readable.fromWeb(request.body as never).pipe(outgoing);
      } else {
        outgoing.end();
      }
    });
}
