import { COUNTERPARTY, type Device, failure, OPERATOR, OWN } from '../../contract/index.ts';
import { devicesFold, refuseBearer } from '../../kernel/index.ts';
import type { Caller, Operation, Services } from '../operations/operation.ts';

/** Which door a request came through; set by the door itself, never by who asks. */
export interface DoorInfo {
  readonly door: 'http' | 'local';
  /** of who connected, on the network's door */
  readonly address?: string;
}

export const COOKIE = 'steward_session';
/** the device that a local caller will sign with; the socket is private to the user */
export const DEVICE_HEADER = 'steward-device';

/**
 * Who asks. Sessions of revoked devices can look, and no more. A token counts before everything else that
 * came along, so that it can never borrow a session or the socket. Fails with `not_signed_in`,
 * `rate_limited` for a token that is none.
 */
export async function callerOf(
  services: Services,
  request: Request,
  { door }: DoorInfo,
): Promise<Caller> {
  const authorization = request.headers.get('authorization');
  if (authorization !== null) return bearerOf(services, authorization, door);
  if (door === 'local') {
    const device = await enrolled(services, request.headers.get(DEVICE_HEADER));
    return {
      ...{ door, access: 'local', device, session: undefined },
      by: `operator:${device?.id ?? 'local'}`,
      // only what is typed at an enrolled device is the operator's own word
      label: device ? OPERATOR : OWN,
    };
  }
  const token = cookieOf(request);
  const session = token === undefined ? undefined : services.sessions.find(token);
  if (!session) {
    return {
      ...{ door, access: 'none', device: undefined, session: undefined },
      ...{ by: 'nobody', label: OWN },
    };
  }
  const device = await enrolled(services, session.device);
  return {
    door,
    access: device ? 'operate' : 'look',
    device,
    session: session.hash,
    by: `operator:${device?.id ?? 'session'}`,
    label: device ? OPERATOR : OWN,
  };
}

async function bearerOf(
  { tokens }: Services,
  authorization: string,
  door: DoorInfo['door'],
): Promise<Caller> {
  const text = /^Bearer +(\S+)$/i.exec(authorization)?.[1] ?? '';
  const bearer = await tokens.check(text);
  return {
    ...{ door, access: 'bearer', bearer, device: undefined, session: undefined },
    by: `${bearer.holder}:${bearer.token}`,
    // whoever speaks through it, and whatever talked them into it: no grant covers what it asks for
    label: COUNTERPARTY,
  };
}

/** Fails with `not_signed_in` or `not_authorised`, saying the way in. */
export function checkAccess(operation: Pick<Operation, 'access' | 'bearer'>, caller: Caller): void {
  if (caller.bearer) {
    if (!operation.bearer) refuseBearer(caller.bearer);
    return;
  }
  const needed = operation.access;
  if (needed === 'open' || caller.access === 'local') return;
  if (needed === 'local') {
    throw failure('not_authorised', 'This works on the machine itself only.', {}, 'Use: steward');
  }
  if (caller.access === 'none') throw failure('not_signed_in', 'You are not signed in here.');
  if (needed === 'operate' && caller.access === 'look') {
    throw failure(
      'not_authorised',
      'This browser can look, but it is not one of your devices.',
      {},
      'Make it one: run steward devices invite where you decide, and open that link here.',
    );
  }
}

async function enrolled({ log }: Services, id: string | null): Promise<Device | undefined> {
  const device = id === null ? undefined : await log.fold(devicesFold).get(id);
  return device && device.revokedAt === undefined ? device : undefined;
}

function cookieOf(request: Request): string | undefined {
  const header = request.headers.get('cookie') ?? '';
  for (const part of header.split(';')) {
    const at = part.indexOf('=');
    if (at > 0 && part.slice(0, at).trim() === COOKIE) return part.slice(at + 1).trim();
  }
  return undefined;
}

/** The header that sets the session, or ends it. */
export function cookieHeader(token: string | null, maxAgeMs: number, secure: boolean): string {
  const age = token === null ? 0 : Math.floor(maxAgeMs / 1_000);
  const base = `${COOKIE}=${token ?? ''}; Path=/; HttpOnly; SameSite=Strict; Max-Age=${age}`;
  return secure ? `${base}; Secure` : base;
}
