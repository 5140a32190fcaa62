import { type NewEvent, OPERATOR } from '../../contract/index.ts';
import { hookSecretHandle } from '../../contract/portable.ts';
import type { Log, StreamAppend } from '../../log/index.ts';
import { fact } from '../events.ts';
import type { KernelPorts } from '../ports.ts';
import type { ActBodies } from '../trust/act-bodies.ts';
import { activeHook, isLive } from './describe-hook.ts';
import { hooksFold } from './hook-folds.ts';

type Ports = Pick<KernelPorts, 'log' | 'clock'>;

/**
 * The appends that a signed hook is: itself, and what its secrets are from now on, so that the store of
 * secrets can be made to fit the log after any crash.
 */
export async function changeHook(
  { log, clock }: Ports,
  body: ActBodies['hook'],
  by: string,
): Promise<readonly StreamAppend[]> {
  if ('change' in body) {
    const { change, settings } = body;
    return [await next(log, `hook/${change}`, fact('hook.changed', { settings }, signed(by)))];
  }
  const name = 'add' in body ? body.add : body.rotate;
  const stream = `hook/${name}`;
  const row = await log.fold(hooksFold).get(name);
  const handle = hookSecretHandle(name, body.secret);
  const kept = await setSecret(log, handle, body.secret, by);
  if ('add' in body) {
    const { settings } = body;
    return [
      await next(log, stream, fact('hook.added', { secret: handle, settings }, signed(by))),
      kept,
    ];
  }
  const oldUntil = Date.parse(body.oldUntil);
  const over = (row?.secrets ?? []).filter((secret) => !isLive(secret, clock.now()));
  return [
    await next(log, stream, fact('hook.rotated', { secret: handle, oldUntil }, signed(by))),
    kept,
    ...(await Promise.all(over.map((secret) => setSecret(log, secret.handle, null, by)))),
  ];
}

/** Ends a hook, and all of its secrets with it. */
export async function endHook(
  { log }: Ports,
  { hook, because }: { readonly hook: string; readonly because: string },
  by: string,
): Promise<readonly StreamAppend[]> {
  const { secrets } = await activeHook(log, hook);
  return [
    await next(log, `hook/${hook}`, fact('hook.ended', { because }, signed(by))),
    ...(await Promise.all(secrets.map(({ handle }) => setSecret(log, handle, null, by)))),
  ];
}

/** It is sent nowhere, so it has no hosts. */
function setSecret(
  log: Log,
  name: string,
  commitment: string | null,
  by: string,
): Promise<StreamAppend> {
  const change = commitment === null ? 'removed' : 'set';
  const data = { name, change, hosts: [], commitment } as const;
  return next(log, `secret/${name}`, fact('secret.changed', data, signed(by)));
}

function signed(by: string) {
  return { by, label: OPERATOR };
}

async function next(log: Log, stream: string, event: NewEvent): Promise<StreamAppend> {
  return { stream, expectedVersion: await log.streamVersion(stream), events: [event] };
}
