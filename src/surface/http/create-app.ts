import { Hono } from 'hono';
import type { Json } from '../../base/index.ts';
import { failure, toFailure } from '../../contract/index.ts';
import type { Log } from '../../log/index.ts';
import { redactFailure } from '../../policy/index.ts';
import type { Operation, OperationRequest, Services } from '../operations/operation.ts';
import { OPERATIONS } from '../operations/table.ts';
import { type Assets, serveAsset } from './assets.ts';
import { callerOf, checkAccess, cookieHeader, type DoorInfo } from './caller.ts';
import { guardRequest, type Origins } from './guard.ts';
import { createHookDoor, HOOKS_PATH } from './hook-door.ts';
import { openApiDocument } from './openapi.ts';
import { problemResponse, toPublicFailure } from './problem.ts';
import { limited, readInput } from './read-input.ts';
import { secured } from './security-headers.ts';

/** The one app behind every door: the network, this machine's socket, and the command line itself. */
export interface App {
  readonly fetch: (request: Request, door: DoorInfo) => Promise<Response>;
}

export interface AppOptions {
  readonly services: Services;
  readonly assets: Assets;
  /** where the network may reach it */
  readonly origins: Origins;
  /** told of defects: their words stay in the house */
  readonly report: (error: unknown, where: string) => void;
}

export function createApp(options: AppOptions): App {
  const { services, assets, origins, report } = options;
  const sayNo = (error: unknown): Response =>
    problemResponse(redactFailure(services.redactor, toPublicFailure(error)));
  const routes = new Hono<{ Bindings: DoorInfo }>();
  for (const operation of inMatchingOrder(OPERATIONS)) {
    routes.on(operation.method, [operation.path], (context) =>
      answer(options, operation, context.req.raw, context.req.param(), context.env),
    );
  }
  routes.get('/healthz', () => Response.json({ status: 'ok', seq: services.log.durableSeq() }));
  routes.get('/api/openapi.json', () => Response.json(openApiDocument(services.version)));
  routes.get('*', async ({ req }) => {
    const found = req.path.startsWith('/api/') ? undefined : await serveAsset(assets, req.path);
    return found ?? sayNo(nothingAt(req.path));
  });
  routes.notFound(({ req }) => sayNo(nothingAt(req.path)));
  /** What was asked wrongly is none. */
  function tellDefect(error: unknown): void {
    if (toPublicFailure(error).code !== 'internal') return;
    report(redactFailure(services.redactor, toFailure(error)), 'http');
  }
  routes.onError((error) => {
    tellDefect(error);
    return sayNo(error);
  });

  const hookDoor = createHookDoor({ receive: services.kernel.hooks.receive, origins });
  return {
    fetch: async (request, door) => {
      try {
        // signed by machines: a door of its own, which no session and no route of ours lies behind
        if (new URL(request.url).pathname.startsWith(HOOKS_PATH)) {
          return secured(await hookDoor(request, door));
        }
        if (door.door === 'http') guardRequest(request, origins);
        return secured(await routes.fetch(request, door));
      } catch (error) {
        tellDefect(error);
        return secured(sayNo(error));
      }
    },
  };
}

async function answer(
  { services, origins }: AppOptions,
  operation: Operation,
  request: Request,
  parameters: { readonly [name: string]: string },
  door: DoorInfo,
): Promise<Response> {
  const caller = await callerOf(services, request, door);
  checkAccess(operation, caller);
  const input = await readInput(operation, request, parameters);
  // parsed by this operation's own schema just above
  if (caller.bearer) await operation.bearer?.(caller.bearer, input as never, services);
  const cookies: string[] = [];
  const secure = origins().every((origin) => origin.startsWith('https:'));
  const asked: OperationRequest = {
    services,
    caller,
    origin: door.door === 'http' ? (request.headers.get('origin') ?? undefined) : undefined,
    bytes: () => limited(request, operation.bodyBytes ?? 0),
    cookie: (token) => {
      cookies.push(cookieHeader(token, services.sessions.lifetimeMs, secure));
    },
    lastEventId: lastEventId(request),
    signal: request.signal,
  };
  let result: unknown;
  try {
    result = await operation.handle(input as never, asked); // parsed by its own schema just above
  } finally {
    // a refusal too may tell of what was written before it, such as the card that took another's place
    if (operation.method !== 'GET') await makeDurable(services.log);
  }
  const response =
    result instanceof Response ? result : Response.json(withoutSecrets(services, result));
  // asked for its head alone: nobody will ever read or end a stream that was opened for it
  if (request.method === 'HEAD') await response.body?.cancel();
  for (const cookie of cookies) response.headers.append('set-cookie', cookie);
  return response;
}

/** Whoever is told that it is done, or why it is not, may switch the power off. */
async function makeDurable(log: Log): Promise<void> {
  if (log.durableSeq() < log.head().seq) await log.append([], { barrier: true });
}

/** What was kept before a text became a secret of yours may still hold it; no answer does. */
function withoutSecrets({ redactor }: Services, result: unknown): unknown {
  if (!redactor.isNeeded() || result === undefined) return result;
  return redactor.json(JSON.parse(JSON.stringify(result)) as Json); // what JSON.parse gives is Json
}

function lastEventId(request: Request): number | undefined {
  const text = request.headers.get('last-event-id') ?? '';
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

/** Fixed words before parameters, so that `/api/session` is never read as somebody's id. */
function inMatchingOrder(operations: readonly Operation[]): readonly Operation[] {
  return [...operations].sort((a, b) => weight(a.path) - weight(b.path));
}

function weight(path: string): number {
  return path.split('/').filter((part) => part.startsWith(':')).length;
}

function nothingAt(path: string) {
  return failure('not_found', `There is nothing at ${path}.`, { path }, 'See /api/openapi.json.');
}
