import { createServer, IncomingMessage, type Server } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import { failure } from '../contract/index.ts';
import { errorCode } from './durable-file.ts';

/** `address`: of who connected; empty on this machine's socket. */
export type Fetch = (request: Request, address: string) => Promise<Response>;

export interface HttpServer {
  readonly port: number;
  /** Takes no more requests, lets short ones end, cuts long ones (event streams). */
  readonly close: () => Promise<void>;
}

/** time for requests under way when the server is closed */
const GRACE_MS = 1_500;
/** a request's head and body must arrive within so long: slow senders hold nothing open */
const REQUEST_MS = 120_000;
const HEADERS_MS = 15_000;

/**
 * Serves on this machine's own addresses only, IPv4 and IPv6, since `localhost` may mean either. Port 0
 * takes any free one. Fails with `home_busy` when the port is taken, `not_authorised` when it is not
 * for this user.
 */
export async function serveHttp(fetch: Fetch, port: number): Promise<HttpServer> {
  const first = await listen(fetch, port, '127.0.0.1');
  const bound = portOf(first);
  const servers = [first];
  try {
    servers.push(await listen(fetch, bound, '::1'));
  } catch (error) {
    // no IPv6 here is fine; somebody else on its port is not, for they would get our requests
    if (errorCode(error) === 'EADDRINUSE') {
      await stop(first);
      if (port === 0) return serveHttp(fetch, 0);
      throw portTaken(bound);
    }
  }
  return {
    port: bound,
    close: async () => {
      await Promise.all(servers.map(stop));
    },
  };
}

function listen(fetch: Fetch, port: number, host: string): Promise<Server> {
  const server = createHttpServer(fetch);
  return new Promise((resolve, reject) => {
    server.once('error', (error) => {
      if (host === '127.0.0.1' && errorCode(error) === 'EADDRINUSE') reject(portTaken(port));
      else if (errorCode(error) === 'EACCES') reject(portRefused(port));
      else reject(error);
    });
    server.listen({ port, host }, () => resolve(server));
  });
}

/** A node server for a fetch function, with the limits of ours. */
export function createHttpServer(fetch: Fetch): Server {
  const listener = getRequestListener((request, env) => fetch(request, addressOf(env)), {
    // a malformed head (a bad Host) never reaches the app
    errorHandler: () => new Response('Bad request\n', { status: 400 }),
  });
  const server = createServer(
    { requestTimeout: REQUEST_MS, headersTimeout: HEADERS_MS, keepAliveTimeout: 5_000 },
    (incoming, outgoing) => void listener(incoming, outgoing),
  );
  return server;
}

/** What the library hands over beside the request: Node's own, for a server of HTTP/1. */
function addressOf({ incoming }: { readonly incoming: unknown }): string {
  return incoming instanceof IncomingMessage ? (incoming.socket.remoteAddress ?? '') : '';
}

/** Ends a server within the grace period. */
export function stop(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => server.closeAllConnections(), GRACE_MS);
    server.close(() => {
      clearTimeout(timer);
      resolve();
    });
    server.closeIdleConnections();
  });
}

function portOf(server: Server): number {
  const address = server.address();
  if (typeof address === 'object' && address !== null) return address.port;
  throw failure('internal', 'The server listens, but not on a port.');
}

function portTaken(port: number) {
  return failure(
    'home_busy',
    `Port ${port} is taken by another program.`,
    { port },
    'Stop it, or choose another port: steward up --port 0',
  );
}

function portRefused(port: number) {
  return failure(
    'not_authorised',
    `This user may not serve on port ${port}.`,
    { port },
    'Choose a port above 1023: steward up --port 4747',
  );
}
